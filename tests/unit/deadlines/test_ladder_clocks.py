"""Every clock of the ladder: where it comes from, how it moves, and what it leaves in the posting's record."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shipby.adapters.dynamodb.rows.postings import posting_item
from shipby.adapters.dynamodb.values import item_size
from shipby.domain.deadlines.firing import Fired, fire
from shipby.domain.deadlines.fold import fold, receive
from shipby.domain.deadlines.ladder import MAX_REMINDERS, MAX_TARIFF_RUNGS, rewind
from shipby.domain.deadlines.policy import Offers
from shipby.domain.deadlines.workflow import Command, carry_out, start_tracking_clock, stop_tracking_clock
from shipby.domain.events import EventType
from shipby.domain.market import Market
from shipby.domain.postings.posting import Posting, RungKind, Scheme, Stage, TariffStep
from shipby.domain.sellers.settings import LatePolicy, SellerSettings
from tests.support import builders as a

S = a.settings()
NEVER = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
HOUR = timedelta(hours=1)


def step(until: datetime, charge: str, minimum: str = "0") -> TariffStep:
    return TariffStep(until=until, rate=Decimal(1), minimum=a.rub(minimum), charge=a.rub(charge))


def priced(cut_off: datetime = a.CUT_OFF) -> tuple[TariffStep, ...]:
    return (step(cut_off, "0"), step(cut_off + 12 * HOUR, "50"), step(cut_off + 24 * HOUR, "100"), step(NEVER, "150"))


def received(policy: SellerSettings = S, **changes: Any) -> Posting:
    return receive(a.detail(**changes), seller=a.SELLER, settings=policy, at=a.NOW).posting


def read(posting: Posting, at: datetime, policy: SellerSettings = S, **changes: Any) -> Posting:
    folded = fold(posting, a.detail(read_at=at, **changes), policy, at=at)
    return folded.posting if folded else posting


def ring(posting: Posting, at: datetime | None = None, policy: SellerSettings = S, *actions: str) -> Fired:
    assert posting.next_alarm is not None
    offers = Offers(actions=actions)
    return fire(posting, posting.next_alarm, policy, at=at or posting.next_alarm.due, actor="system:x", offers=offers)


def ring_past(posting: Posting, at: datetime) -> Posting:
    """Everything that is due by then has rung."""
    while posting.next_alarm is not None and posting.next_alarm.due <= at:
        posting = ring(posting, at).posting
    return posting


def dues(posting: Posting, kind: RungKind) -> list[datetime]:
    return [rung.due for rung in posting.rungs if rung.kind is kind]


def to(stage: Stage, posting: Posting) -> Posting:
    for command in (Command.CONFIRM, Command.PICK, Command.PACK, Command.HAND_OVER):
        if posting.stage is stage:
            break
        posting = carry_out(posting, command, at=a.NOW, actor="key:k").posting
    return posting


# Late and overdue


def test_the_cut_off_makes_late_and_the_second_date_overdue() -> None:
    second = a.CUT_OFF + 96 * HOUR
    posting = ring_past(received(without_delay=second), a.CUT_OFF)
    assert (posting.late, posting.overdue) == (True, False)
    posting = ring_past(posting, second)
    assert (posting.late, posting.overdue) == (True, True)
    again = read(posting, second + HOUR, without_delay=second, substatus="posting_registered")
    assert (again.late, again.overdue) == (True, True)


@pytest.mark.parametrize("stage", [Stage.RECEIVED, Stage.CONFIRMED, Stage.PACKED])
def test_a_date_moved_into_the_future_makes_it_punctual_again_before_and_after_packing(stage: Stage) -> None:
    second = a.CUT_OFF + 2 * HOUR
    known = to(stage, received(without_delay=second, tariff_steps=priced()))
    posting = ring_past(known, second)
    assert (posting.late, posting.overdue, posting.late_price) == (True, True, a.rub("50"))
    later = a.CUT_OFF + 48 * HOUR
    moved = read(posting, second + HOUR, shipment_date=later, without_delay=later + HOUR, tariff_steps=priced(later))
    assert (moved.late, moved.overdue, moved.late_price) == (False, False, None)
    assert moved.at_risk == a.rub("50")
    rang = ring_past(moved, later)
    assert (rang.late, rang.late_price) == (True, a.rub("50"))


def test_a_date_that_moves_back_to_where_it_rang_is_late_without_ringing_twice() -> None:
    posting = ring_past(received(tariff_steps=priced()), a.CUT_OFF)
    away = read(posting, a.CUT_OFF + HOUR, shipment_date=a.CUT_OFF + 48 * HOUR, tariff_steps=())
    assert not away.late
    back = read(away, a.CUT_OFF + 2 * HOUR, tariff_steps=priced())
    assert (back.late, back.late_price) == (True, a.rub("50"))
    assert dues(back, RungKind.SHIPMENT_DATE) == []


def test_a_date_moved_into_the_past_rings_at_once_and_only_as_late() -> None:
    posting = received(tariff_steps=())
    past = a.NOW - 3 * HOUR
    moved = read(posting, a.NOW + timedelta(minutes=5), shipment_date=past, tariff_steps=())
    assert moved.next_alarm is not None
    assert moved.next_alarm.due < a.NOW
    fired = ring(moved, a.NOW + timedelta(minutes=6))
    assert [event.type for event in fired.events] == [EventType.POSTING_LATE]
    assert fired.posting.late


def test_a_date_that_moves_twice_rings_for_the_last_one_only() -> None:
    posting = received(tariff_steps=())
    for minute, hours in ((1, 5), (2, 9)):
        shift = a.CUT_OFF + hours * HOUR
        posting = read(posting, a.NOW + timedelta(minutes=minute), shipment_date=shift, tariff_steps=())
    assert dues(posting, RungKind.SHIPMENT_DATE) == [a.CUT_OFF + 9 * HOUR]
    assert len(dues(posting, RungKind.REMIND_AT)) == len(S.remind_before)


def test_an_emptied_date_and_tariff_wait_with_their_prices() -> None:
    posting = received(tariff_steps=priced())
    waiting = read(posting, a.NOW + HOUR, shipment_date=None, tariff_steps=(), substatus="posting_registered")
    assert [(r.kind, r.due, r.price) for r in waiting.rungs] == [(r.kind, r.due, r.price) for r in posting.rungs]
    assert waiting.at_risk == posting.at_risk == a.rub("50")


def test_an_open_end_is_no_date() -> None:
    posting = received(shipment_date=NEVER, without_delay=NEVER, delivery_by=NEVER, tariff_steps=(step(NEVER, "5"),))
    assert {rung.kind for rung in posting.rungs} == {RungKind.CONFIRM_BY}
    late = ring_past(received(), a.CUT_OFF)
    assert not read(late, a.CUT_OFF + HOUR, shipment_date=NEVER, tariff_steps=()).late


def test_how_it_left_the_house_stays_whatever_the_dates_do_afterwards() -> None:
    posting = to(Stage.PACKED, received(tariff_steps=priced(), status="awaiting_deliver", actions=()))
    gone = carry_out(ring_past(posting, a.CUT_OFF), Command.HAND_OVER, at=a.CUT_OFF + HOUR, actor="key:k").posting
    moved = read(
        gone,
        a.CUT_OFF + 2 * HOUR,
        shipment_date=a.CUT_OFF + 48 * HOUR,
        tariff_steps=priced(a.CUT_OFF + 48 * HOUR),
        status="awaiting_deliver",
        actions=(),
    )
    assert (moved.late, moved.late_price) == (True, a.rub("50"))


@pytest.mark.parametrize("then", ["arbitration", "cancelled"])
def test_a_dispute_or_a_cancel_on_the_way_does_not_make_it_have_left_in_time(then: str) -> None:
    posting = to(Stage.PACKED, received(tariff_steps=priced(), status="awaiting_deliver", actions=()))
    gone = carry_out(ring_past(posting, a.CUT_OFF), Command.HAND_OVER, at=a.CUT_OFF + HOUR, actor="key:k").posting
    ended = read(gone, a.CUT_OFF + 2 * HOUR, tariff_steps=priced(), status=then, actions=())
    assert ended.stage in (Stage.BLOCKED, Stage.CANCELLED)
    assert (ended.late, ended.late_price) == (True, a.rub("50"))


def test_nothing_is_given_up_before_a_cut_off_that_was_moved_beyond_its_second_date() -> None:
    posting = received(without_delay=a.CUT_OFF + 24 * HOUR)
    moved = a.CUT_OFF + 240 * HOUR
    read_again = read(posting, a.NOW + HOUR, shipment_date=moved, without_delay=None)
    assert dues(read_again, RungKind.GIVE_UP_AT) == [moved + S.give_up_after]


# Prices


def test_a_lost_discount_has_a_price_but_makes_nothing_late() -> None:
    early = a.CUT_OFF - 12 * HOUR
    steps = (step(early, "-9"), step(a.CUT_OFF, "-6"), step(NEVER, "50", "50"))
    posting = to(Stage.CONFIRMED, received(tariff_steps=steps))
    assert posting.at_risk == a.rub("3")
    fired = ring(posting)
    assert [(event.type, event.data["price"]) for event in fired.events] == [
        (EventType.POSTING_CHANGED, {"amount": "3.00", "currency": "RUB"})
    ]
    assert (fired.posting.late, fired.posting.late_price, fired.posting.at_risk) == (False, None, a.rub("56"))
    late = ring_past(fired.posting, a.CUT_OFF)
    assert late.late_price == a.rub("56")
    assert read(late, a.CUT_OFF + HOUR, tariff_steps=steps, substatus="x").late_price == a.rub("56")


def test_steps_that_add_nothing_have_no_clock() -> None:
    steps = (step(a.CUT_OFF, "0"), step(a.CUT_OFF + HOUR, "50"), step(a.CUT_OFF + 2 * HOUR, "50"), step(NEVER, "70"))
    posting = received(tariff_steps=steps)
    assert dues(posting, RungKind.TARIFF_STEP) == [a.CUT_OFF + 2 * HOUR]


def test_an_outage_over_several_steps_adds_them_up_in_one_claim() -> None:
    posting = received(tariff_steps=priced())
    fired = ring(posting, a.CUT_OFF + 30 * HOUR)
    assert fired.posting.late_price == a.rub("150")
    (late,) = [event for event in fired.events if event.type is EventType.POSTING_LATE]
    assert late.data["price"] == {"amount": "150.00", "currency": "RUB"}
    again = read(fired.posting, a.CUT_OFF + 31 * HOUR, tariff_steps=priced(), substatus="x")
    assert again.late_price == a.rub("150")


def test_a_tariff_that_no_longer_lists_what_has_passed_counts_whole() -> None:
    posting = ring_past(received(tariff_steps=priced()), a.CUT_OFF + 13 * HOUR)
    shorter = read(posting, a.CUT_OFF + 14 * HOUR, tariff_steps=priced()[2:], substatus="x")
    assert shorter.late_price == posting.late_price == a.rub("100")


# The other clocks


def test_a_packed_posting_is_hurried_to_the_courier_and_never_reminded_to_be_packed() -> None:
    posting = to(Stage.PACKED, received())
    assert dues(posting, RungKind.REMIND_AT) == []
    fired = ring(posting)
    assert fired.posting.fired[RungKind.HAND_OVER_BY] == a.CUT_OFF - S.hand_over_before
    assert [event.type for event in fired.events] == [EventType.POSTING_PRIORITISED]


def test_missing_passport_data_starts_its_clock_at_first_sight_and_stops_it_when_it_came() -> None:
    missing = "posting_awaiting_passport_data"
    first = read(received(), a.NOW + HOUR, substatus=missing)
    again = read(first, a.NOW + 5 * HOUR, substatus=missing, actions=("cancel",))
    assert first.passport_since == again.passport_since == a.NOW + HOUR
    assert dues(again, RungKind.PASSPORT_BY) == [a.NOW + 19 * HOUR, a.NOW + 25 * HOUR]
    came = read(again, a.NOW + 6 * HOUR)
    assert came.passport_since is None
    assert dues(came, RungKind.PASSPORT_BY) == []


def test_a_matter_is_told_with_its_deadline() -> None:
    posting = read(to(Stage.PACKED, received()), a.NOW, substatus="posting_awaiting_passport_data")
    assert posting.next_alarm is not None
    (told,) = ring(posting, a.NOW + 18 * HOUR).events
    assert told.data["rung"] == RungKind.PASSPORT_BY
    assert told.data["by"] == (a.NOW + 24 * HOUR).isoformat()


def test_the_request_for_another_number_runs_until_a_new_number_is_known() -> None:
    posting = read(received(), a.NOW, status="delivering", tracking_number="OLD")
    asked = start_tracking_clock(posting, a.NOW, S, at=a.NOW, actor="key:k").posting
    assert dues(asked, RungKind.ANSWER_TRACKING_BY) == [a.NOW + timedelta(days=2), a.NOW + timedelta(days=3)]
    same = read(asked, a.NOW + HOUR, status="delivering", tracking_number="OLD", delivery_by=a.NOW + 240 * HOUR)
    assert dues(same, RungKind.ANSWER_TRACKING_BY) == dues(asked, RungKind.ANSWER_TRACKING_BY)
    answered = read(same, a.NOW + 2 * HOUR, status="delivering", tracking_number="NEW")
    assert answered.tracking_asked_at is None
    assert dues(answered, RungKind.ANSWER_TRACKING_BY) == []
    stopped = stop_tracking_clock(asked, S, at=a.NOW, actor="key:k").posting
    assert dues(stopped, RungKind.ANSWER_TRACKING_BY) == []


def test_the_delivery_date_rings_only_for_what_has_left() -> None:
    by = a.NOW + 240 * HOUR
    posting = received(delivery_by=by, status="awaiting_deliver")
    assert dues(posting, RungKind.DELIVERY_BY) == []
    assert dues(to(Stage.HANDED_OVER, posting), RungKind.DELIVERY_BY) == [by]


def test_a_move_of_the_policy_has_a_clock_only_while_it_is_offered_and_only_once() -> None:
    rfbs = a.settings(policy=LatePolicy.CROSS_BORDER_RFBS)
    offered = {"actions": ("can_create_chat", "set_cutoff", "ship"), "tariff_steps": ()}
    assert dues(received(rfbs), RungKind.MOVE_DATE_AT) == []
    assert dues(received(S, **offered), RungKind.MOVE_DATE_AT) == []
    posting = received(rfbs, **offered)
    assert dues(posting, RungKind.MOVE_DATE_AT) == [a.CUT_OFF - rfbs.move_date_before]
    assert dues(posting, RungKind.ASK_BUYER_AT) == [a.CUT_OFF + HOUR]
    rang = ring_past(posting, a.CUT_OFF + HOUR)
    moved = read(rang, a.CUT_OFF + 2 * HOUR, rfbs, shipment_date=a.CUT_OFF + 72 * HOUR, **offered)
    assert dues(moved, RungKind.MOVE_DATE_AT) == dues(moved, RungKind.ASK_BUYER_AT) == []


# When the marketplace may cancel by itself


def estimate(policy: SellerSettings, **changes: Any) -> datetime:
    (due,) = dues(received(policy, **changes), RungKind.AUTO_CANCEL_ESTIMATE)
    return due


RFBS = {"scheme": Scheme.RFBS, "integration": "non_integrated"}


def test_sellers_of_russia_have_only_their_own_guess() -> None:
    assert estimate(S, **RFBS) == a.CUT_OFF + timedelta(days=7)


def test_cross_border_postings_end_with_the_next_business_day_or_ten_days_after_packing() -> None:
    abroad = a.settings(market=Market.GLOBAL, time_zone="Asia/Shanghai")
    # The cut-off is a Tuesday, 18:00 in Shanghai; the end of Wednesday there is 16:00 UTC.
    assert estimate(abroad, **RFBS) == datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
    assert estimate(abroad, **RFBS, status="awaiting_deliver") == a.CUT_OFF + timedelta(days=10)
    assert estimate(abroad) == a.CUT_OFF + timedelta(days=7)


def test_a_sellers_own_estimate_goes_first() -> None:
    seven = a.settings(market=Market.GLOBAL, auto_cancel_estimate=timedelta(days=7))
    assert estimate(seven, **RFBS) == a.CUT_OFF + timedelta(days=7)
    own = a.settings(market=Market.GLOBAL, auto_cancel_estimate=timedelta(days=2))
    assert estimate(own, **RFBS) == a.CUT_OFF + timedelta(days=2)


# Zones


@pytest.mark.parametrize(
    ("zone", "local"),
    [
        ("Europe/Moscow", "2026-12-31T23:59"),
        ("Asia/Vladivostok", "2027-01-01T00:05"),
        ("Asia/Shanghai", "2028-02-29T00:00"),
        ("Europe/Kaliningrad", "2026-03-29T02:30"),
        ("Europe/Berlin", "2026-03-29T01:59"),
        ("Europe/Berlin", "2026-10-25T02:30"),
    ],
)
def test_reminders_stand_whole_hours_before_the_cut_off_in_every_zone(zone: str, local: str) -> None:
    cut_off = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone))
    posting = receive(
        a.detail(shipment_date=cut_off.astimezone(UTC), tariff_steps=(), read_at=a.NOW),
        seller=a.SELLER,
        settings=a.settings(time_zone=zone),
        at=a.NOW,
    ).posting
    before = [cut_off.astimezone(UTC) - due for due in dues(posting, RungKind.REMIND_AT)]
    assert before == sorted(S.remind_before, reverse=True)
    assert all(rung.due.utcoffset() == timedelta(0) for rung in posting.rungs)


# The record


def test_only_the_reminders_nearest_to_the_cut_off_are_kept() -> None:
    many = a.settings(remind_before=tuple(timedelta(minutes=minutes) for minutes in range(10, 100, 10)))
    kept = dues(received(many), RungKind.REMIND_AT)
    assert len(kept) == MAX_REMINDERS
    assert max(kept) == a.CUT_OFF - timedelta(minutes=10)


def units(posting: Posting) -> int:
    return -(-item_size(posting_item(posting, 16)) // 1024)


@pytest.mark.parametrize("policy", LatePolicy)
def test_a_posting_with_every_ordinary_clock_costs_one_write_unit_all_its_life(policy: LatePolicy) -> None:
    settings = a.settings(policy=policy)
    steps = (*(step(a.CUT_OFF + 12 * n * HOUR, str(1050 * n)) for n in range(7)), step(NEVER, "7350"))
    facts: dict[str, Any] = {
        "number": "24219509-0020-12",
        "without_delay": a.CUT_OFF + 96 * HOUR,
        "delivery_by": a.CUT_OFF + 240 * HOUR,
        "tariff_steps": steps,
        "actions": ("can_create_chat", "cancel", "ship"),
    }
    if policy is LatePolicy.CROSS_BORDER_RFBS:
        facts |= {"scheme": Scheme.RFBS, "integration": "non_integrated", "substatus": "posting_awaiting_passport_data"}
        facts["actions"] += ("set_cutoff", "set_track_number")
    posting = received(settings, **facts)
    assert len(dues(posting, RungKind.TARIFF_STEP)) == MAX_TARIFF_RUNGS
    sizes = [units(posting)]
    posting = read(
        posting, a.NOW + HOUR, settings, **facts | {"status": "awaiting_deliver", "tracking_number": "RB123456785CN"}
    )
    posting = rewind(replace(posting, label_ready_at=a.NOW + HOUR, printed_at=a.NOW + HOUR, intent_count=2))
    posting = replace(posting, open_intents=(f"p.{posting.number}.set_tracking.2",))
    sizes.append(units(posting))
    stages = iter((Command.CONFIRM, Command.PICK, Command.PACK))
    while posting.next_alarm and posting.next_alarm.kind not in (RungKind.GIVE_UP_AT, RungKind.LOOK_AGAIN):
        posting = ring(posting, None, settings, *facts["actions"]).posting
        sizes.append(units(posting))
        if command := next(stages, None):
            posting = carry_out(posting, command, at=a.NOW, actor="key:k").posting
            sizes.append(units(posting))
    posting = carry_out(posting, Command.HAND_OVER, at=a.CUT_OFF, actor="key:k").posting
    assert set(sizes) == {1}
    assert units(posting) == 1
