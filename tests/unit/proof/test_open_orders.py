"""The invariants of an open posting, one by one."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.domain.deadlines.ladder import rewind
from shipby.domain.intents import IntentState
from shipby.domain.postings.posting import FINAL, Posting, RungKind, Stage
from shipby.domain.proof.open_orders import Evidence, Row, Rule, check, check_rows, row_of
from shipby.domain.sellers.owners import owner_of
from shipby.domain.sellers.settings import Recipient, SellerSettings
from tests.support import builders as a

NOTHING = Evidence(intents={})
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ANNA = Recipient(name="anna")


def rules(
    posting: Posting, settings: SellerSettings | None = None, evidence: Evidence = NOTHING, later: timedelta = HOUR
) -> list[Rule]:
    found = check(posting, settings or SellerSettings(seller=a.SELLER), evidence, now=a.NOW + later)
    assert all(violation.text for violation in found)
    return [violation.rule for violation in found]


def settings(**changes: Any) -> SellerSettings:
    return replace(SellerSettings(seller=a.SELLER), **changes)


def test_a_new_posting_breaks_no_rule() -> None:
    assert rules(a.posting()) == []


def test_a_posting_that_came_when_a_clock_had_passed_has_an_hour_for_it() -> None:
    passed = (a.rung(RungKind.REMIND_AT, a.NOW - 3 * HOUR),)
    posting = rewind(a.posting(rungs=passed, stage=Stage.CONFIRMED))
    assert posting.next_alarm is not None
    assert rules(posting, later=HOUR) == []
    assert rules(posting, later=HOUR + timedelta(seconds=1)) == [Rule.NEXT_TIME]


@pytest.mark.parametrize("stage", sorted(FINAL))
def test_a_finished_posting_breaks_no_rule(stage: Stage) -> None:
    assert rules(a.posting(stage=stage, next_alarm=None, status="cancelled"), later=30 * DAY) == []


# One stage


def test_one_worklist_that_shows_it_as_it_is_is_in_order() -> None:
    assert check_rows(a.posting(), [row_of(a.posting())]) is None


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], "no worklist shows it"),
        ([row_of(a.posting()), row_of(a.posting(stage=Stage.PICKED))], "several worklists show it: picked, received"),
        ([Row(Stage.PICKED, a.CUT_OFF)], "the worklist picked"),
        ([Row(Stage.RECEIVED, None)], "shows another state"),
    ],
)
def test_a_posting_in_no_worklist_several_or_another_state_is_found(rows: list[Row], says: str) -> None:
    found = check_rows(a.posting(), rows)

    assert found is not None
    assert (found.rule, says in found.text) == (Rule.ONE_STAGE, True)


# An owner


def test_without_owners_and_recipients_everybody_owns_it() -> None:
    assert rules(a.posting(), settings()) == []
    assert owner_of(a.posting(), settings()) == ""


def test_the_owner_of_the_stage_comes_before_the_owner_of_all() -> None:
    owners = {"received": "anna", "*": "bo"}

    assert owner_of(a.posting(), settings(owners=owners)) == "anna"
    assert owner_of(a.posting(stage=Stage.PACKED), settings(owners=owners)) == "bo"


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({"owners": {"packed": "anna"}}, True),
        ({"owners": {"received": "anna"}}, False),
        ({"owners": {"*": "anna"}, "recipients": (ANNA,)}, False),
        ({"owners": {"*": "bo"}, "recipients": (ANNA,)}, True),
        ({"recipients": (ANNA,)}, False),
        ({"recipients": (Recipient(name="anna", warehouses=("1",)),)}, True),
        ({"recipients": (Recipient(name="anna", warehouses=("1", "21321684811000")),)}, False),
    ],
)
def test_a_posting_nobody_owns_or_hears_of_is_found(changes: dict[str, Any], broken: bool) -> None:
    assert rules(a.posting(), settings(**changes)) == [Rule.OWNER] * broken


# A next time


def test_a_posting_without_the_alarm_its_ladder_asks_for_is_found() -> None:
    assert rules(a.posting(next_alarm=None)) == [Rule.NEXT_TIME]


def test_an_alarm_later_than_the_next_rung_is_found_and_an_earlier_one_is_not() -> None:
    assert rules(a.posting(next_alarm=a.alarm(a.CUT_OFF, RungKind.SHIPMENT_DATE))) == [Rule.NEXT_TIME]
    assert rules(a.posting(next_alarm=a.alarm(a.NOW + HOUR, RungKind.CONFIRM_BY))) == []


def test_an_alarm_may_wait_an_hour_for_the_sweep_and_no_longer() -> None:
    assert rules(a.posting(), later=3 * HOUR) == []
    assert rules(a.posting(), later=3 * HOUR + timedelta(seconds=1)) == [Rule.NEXT_TIME]


def test_an_alarm_that_was_set_aside_is_found_at_once() -> None:
    assert rules(a.posting(), evidence=Evidence(intents={}, aside="cannot be read")) == [Rule.NEXT_TIME]


def test_something_must_ring_for_every_open_posting_but_not_yet_for_what_just_left_without_a_date() -> None:
    silent = a.posting(rungs=(), next_alarm=None, assembled_at=a.NOW)

    assert rules(silent) == [Rule.NEXT_TIME]
    assert rules(replace(silent, stage=Stage.EXPIRED, blocked_from=Stage.PACKED, expired_reason="x")) == [
        Rule.NEXT_TIME
    ]
    left = replace(silent, stage=Stage.IN_TRANSIT, status="delivering")
    assert rules(replace(left, fired={RungKind.DELIVERY_BY: a.NOW})) == [Rule.NEXT_TIME]
    assert rules(left) == []


# Open calls


def test_an_open_call_past_its_limit_needs_an_alarm() -> None:
    intent = a.intent(state=IntentState.UNKNOWN)
    posting = a.posting(open_intents=(intent.id,))
    alarmed = replace(intent, next_alarm=a.alarm(a.NOW + HOUR, RungKind.SETTLE_INTENT))

    assert rules(posting, evidence=Evidence(intents={intent.id: intent}), later=timedelta(minutes=15)) == []
    assert rules(posting, evidence=Evidence(intents={intent.id: intent})) == [Rule.INTENT]
    assert rules(posting, evidence=Evidence(intents={intent.id: alarmed})) == []


def test_a_call_that_is_settled_or_gone_must_not_be_named_as_open() -> None:
    intent = a.intent(state=IntentState.CONFIRMED)
    posting = a.posting(open_intents=(intent.id,))

    assert rules(posting, evidence=Evidence(intents={intent.id: intent})) == [Rule.INTENT]
    assert rules(posting, evidence=Evidence(intents={intent.id: None})) == [Rule.INTENT]


# Cut-off, reasons, status, reading


def test_a_posting_without_any_date_waits_a_day_for_it_before_it_is_brought_to_mind() -> None:
    dateless = rewind(a.posting(stage=Stage.CONFIRMED, shipment_date=None, rungs=(), synced_at=a.NOW + DAY))

    assert dateless.next_alarm == a.alarm(a.NOW + DAY, RungKind.LOOK_AGAIN)
    assert rules(dateless, later=DAY) == []
    assert rules(dateless, later=DAY + HOUR) == [Rule.CUT_OFF]


def test_an_empty_cut_off_may_wait_a_day_and_no_longer() -> None:
    waiting = a.posting(shipment_date=None, synced_at=a.NOW + DAY, rungs=(a.rung(due=a.NOW + 2 * DAY),))
    waiting = rewind(waiting)

    assert rules(waiting, later=DAY) == []
    assert rules(waiting, later=DAY + HOUR) == [Rule.CUT_OFF]


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({"stage": Stage.BLOCKED, "blocked_from": Stage.PICKED, "blocked_reason": "arbitration"}, 0),
        ({"stage": Stage.BLOCKED, "blocked_from": Stage.PICKED}, 1),
        ({"stage": Stage.BLOCKED, "blocked_reason": "arbitration"}, 1),
        ({"stage": Stage.EXPIRED, "blocked_from": Stage.PICKED, "expired_reason": "too late"}, 0),
        ({"stage": Stage.EXPIRED, "blocked_from": Stage.PICKED}, 1),
    ],
)
def test_what_is_blocked_or_expired_says_why_and_from_where(changes: dict[str, Any], broken: int) -> None:
    alarm = a.rung(RungKind.GIVE_UP_AT, a.NOW + 4 * DAY)
    posting = rewind(a.posting(rungs=(alarm,), **changes))
    posting = replace(posting, next_alarm=posting.next_alarm or a.alarm(a.NOW + 4 * DAY))

    assert rules(posting) == [Rule.REASON] * broken


@pytest.mark.parametrize(
    ("status", "stage", "agrees"),
    [
        ("awaiting_packaging", Stage.PACKED, True),
        ("awaiting_deliver", Stage.HANDED_OVER, True),
        ("awaiting_deliver", Stage.RECEIVED, True),
        ("delivering", Stage.IN_TRANSIT, True),
        ("delivering", Stage.RECEIVED, False),
        ("driver_pickup", Stage.HANDED_OVER, False),
        ("delivered", Stage.IN_TRANSIT, False),
        ("cancelled", Stage.PICKED, False),
        ("awaiting_packaging", Stage.IN_TRANSIT, False),
        ("a_status_of_tomorrow", Stage.PICKED, True),
    ],
)
def test_status_and_stage_must_both_be_possible(status: str, stage: Stage, agrees: bool) -> None:
    posting = rewind(a.posting(status=status, stage=stage, rungs=(a.rung(due=a.NOW + DAY),)))

    assert rules(posting) == ([] if agrees else [Rule.STATUS])


def test_a_posting_in_the_house_is_read_every_day_while_the_poll_works() -> None:
    quiet = rewind(a.posting(rungs=(a.rung(due=a.NOW + 4 * DAY),)))
    late = DAY + timedelta(seconds=1)

    assert rules(quiet, later=DAY) == []
    assert rules(quiet, later=late) == [Rule.READ]
    assert rules(quiet, evidence=Evidence(intents={}, polled=False), later=late) == []
    assert rules(rewind(replace(quiet, stage=Stage.IN_TRANSIT, status="delivering")), later=late) == []


# After the hand-over


def gone(stage: Stage, status: str, **changes: Any) -> Posting:
    """It left a day after it was received, and was read just now."""
    base: dict[str, Any] = {"stage": stage, "status": status, "handed_over_at": a.NOW + DAY, "next_alarm": None}
    return rewind(a.posting(**{**base, **changes}))


def after(posting: Posting, days: float) -> set[Rule]:
    """What is broken so many days after the hand-over, of a posting that was read right before."""
    now = a.NOW + DAY + days * DAY
    found = check(replace(posting, synced_at=now, next_alarm=None), settings(), NOTHING, now=now)
    return {violation.rule for violation in found} - {Rule.NEXT_TIME}


@pytest.mark.parametrize(
    ("posting", "days"),
    [
        (gone(Stage.HANDED_OVER, "awaiting_deliver"), 3),
        (gone(Stage.HANDED_OVER, "sent_by_seller"), 3),
        (gone(Stage.IN_TRANSIT, "delivering"), 45),
        (gone(Stage.IN_TRANSIT, "driver_pickup"), 45),
        (gone(Stage.IN_TRANSIT, "delivering", delivery_by=a.NOW + 6 * DAY), 12),
        (gone(Stage.IN_TRANSIT, "driver_pickup", delivery_by=a.NOW + 6 * DAY), 12),
        (gone(Stage.BLOCKED, "arbitration", blocked_reason="arbitration", blocked_from=Stage.IN_TRANSIT), 45),
        (gone(Stage.BLOCKED, "client_arbitration", blocked_reason="x", blocked_from=Stage.DELIVERED), 45),
        (gone(Stage.BLOCKED, "not_accepted", blocked_reason="x", blocked_from=Stage.HANDED_OVER), 45),
        (gone(Stage.DELIVERED, "delivered", delivered_at=a.NOW + DAY), 120),
    ],
)
def test_every_stage_after_the_hand_over_has_an_end(posting: Posting, days: float) -> None:
    assert after(posting, days - 0.01) == set()
    assert after(posting, days + 0.01) == {Rule.AFTER_HAND_OVER}


def test_delivered_without_a_time_is_found() -> None:
    assert after(gone(Stage.DELIVERED, "delivered"), 1) == {Rule.AFTER_HAND_OVER}


@pytest.mark.parametrize("stage", [Stage.HANDED_OVER, Stage.IN_TRANSIT, Stage.DELIVERED])
@pytest.mark.parametrize("status", ["arbitration", "client_arbitration", "not_accepted"])
def test_a_dispute_that_nobody_took_in_is_found(stage: Stage, status: str) -> None:
    posting = gone(stage, status, delivered_at=a.NOW + DAY if stage is Stage.DELIVERED else None)
    assert Rule.STATUS in after(posting, 1)


@pytest.mark.parametrize("stage", [Stage.HANDED_OVER, Stage.IN_TRANSIT, Stage.DELIVERED])
def test_what_left_the_house_is_read_every_other_day_once_no_list_shows_it(stage: Stage) -> None:
    posting = gone(stage, "delivering" if stage is not Stage.DELIVERED else "delivered", delivered_at=a.NOW + DAY)
    for days, broken in ((10, False), (15.9, False), (16.1, True), (40, True)):
        now = a.NOW + days * DAY
        read = replace(posting, synced_at=now - timedelta(hours=49))
        assert (Rule.READ in {one.rule for one in check(read, settings(), NOTHING, now=now)}) is broken
        read = replace(posting, synced_at=now - timedelta(hours=47))
        assert Rule.READ not in {one.rule for one in check(read, settings(), NOTHING, now=now)}
        quiet = Evidence(intents={}, polled=False)
        read = replace(posting, synced_at=now - timedelta(hours=49))
        assert Rule.READ not in {one.rule for one in check(read, settings(), quiet, now=now)}
