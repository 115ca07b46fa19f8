"""How postings leave: what lateness cost, what a reminder saved, and that it is booked once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipby.domain.deadlines.outcome import Outcome
from shipby.domain.deadlines.outcomes import has_left, outcome_data, outcome_of
from shipby.domain.money import Money
from shipby.domain.postings.posting import Posting, Rung, RungKind, Stage, TariffStep
from tests.support import builders as a

HOUR = timedelta(hours=1)
OVERDUE = a.CUT_OFF + 48 * HOUR
NEVER = datetime(9999, 12, 31, tzinfo=a.NOW.tzinfo)


def packed(**changes: Any) -> Posting:
    """A packed posting with 50 at the cut-off, 50 more a day later, and the line of the error index after two."""
    rungs = (
        a.rung(RungKind.SHIPMENT_DATE, a.CUT_OFF, a.rub("50")),
        a.rung(RungKind.TARIFF_STEP, a.CUT_OFF + 24 * HOUR, a.rub("50")),
        a.rung(RungKind.WITHOUT_DELAY, OVERDUE),
    )
    base = {"stage": Stage.PACKED, "rungs": rungs, "without_delay": OVERDUE, "packed_at": a.NOW, "fired": {}}
    return a.posting(**{**base, **changes})


def leaves(before: Posting, at: datetime, **changes: Any) -> Outcome | None:
    after = replace(before, version=2, stage=Stage.HANDED_OVER, handed_over_at=at, **changes)
    return outcome_of(before, after, at)


def late(before: Posting, at: datetime, **changes: Any) -> Outcome:
    found = leaves(before, at, **changes)
    assert found is not None
    return found


REMINDED = {RungKind.REMIND_AT: a.CUT_OFF - HOUR}


def test_leaving_in_time_without_a_reminder_loses_nothing_and_saves_nothing() -> None:
    outcome = late(packed(), a.CUT_OFF - 2 * HOUR)

    assert (outcome.late, outcome.overdue) == (False, False)
    assert (outcome.lost, outcome.saved, outcome.reminded_at, outcome.cost_at) == (None, None, None, None)
    assert (outcome.packed_at, outcome.cut_off, outcome.warehouse_id) == (a.NOW, a.CUT_OFF, "21321684811000")


def test_leaving_after_a_reminder_and_before_the_step_saves_its_price() -> None:
    outcome = late(packed(fired=REMINDED), a.CUT_OFF - timedelta(minutes=5))

    assert outcome.saved == a.rub("50")
    assert outcome.cost_at == a.CUT_OFF
    assert outcome.reminded_at == a.CUT_OFF - HOUR
    assert outcome.lost is None


@pytest.mark.parametrize(("seconds", "is_late"), [(-1, False), (0, False), (1, True)])
def test_the_very_moment_of_the_cut_off_is_still_in_time(seconds: int, is_late: bool) -> None:
    outcome = late(packed(fired=REMINDED), a.CUT_OFF + timedelta(seconds=seconds))

    assert outcome.late is is_late
    assert outcome.lost == (a.rub("50") if is_late else None)
    assert outcome.saved == a.rub("50"), "in time the cut-off's price, late the one of the following step"


def test_a_late_one_that_leaves_before_the_next_step_lost_the_first_and_saved_the_second() -> None:
    rang = packed(
        late=True,
        late_price=a.rub("50"),
        fired={RungKind.SHIPMENT_DATE: a.CUT_OFF},
        rungs=(a.rung(RungKind.TARIFF_STEP, a.CUT_OFF + 24 * HOUR, a.rub("70")),),
    )

    outcome = late(rang, a.CUT_OFF + 3 * HOUR)

    assert (outcome.late, outcome.overdue) == (True, False)
    assert (outcome.lost, outcome.saved) == (a.rub("50"), a.rub("70"))
    assert outcome.reminded_at == a.CUT_OFF


def test_steps_that_passed_before_their_alarm_rang_are_lost_too() -> None:
    outcome = late(packed(), OVERDUE + HOUR)

    assert outcome.lost == a.rub("100")
    assert (outcome.saved, outcome.overdue) == (None, True)


def test_a_reminder_of_a_date_that_was_moved_away_saves_nothing() -> None:
    moved = packed(
        shipment_date=a.CUT_OFF + timedelta(days=5),
        rungs=(a.rung(RungKind.SHIPMENT_DATE, a.CUT_OFF + timedelta(days=5), a.rub("50")),),
        fired=REMINDED,
    )

    outcome = late(moved, a.CUT_OFF)

    assert (outcome.saved, outcome.reminded_at) == (None, None)


def test_the_marketplaces_own_time_of_hand_over_counts_and_an_alarm_after_it_costs_nothing() -> None:
    rang = packed(late=True, late_price=a.rub("50"), fired={RungKind.SHIPMENT_DATE: a.CUT_OFF})
    after = replace(rang, stage=Stage.IN_TRANSIT, handed_over_at=a.CUT_OFF - HOUR)

    outcome = outcome_of(rang, after, a.CUT_OFF + 5 * HOUR)

    assert outcome is not None
    assert outcome.shipped_at == a.CUT_OFF - HOUR
    assert (outcome.late, outcome.lost) == (False, None)


def step(until: datetime, charge: str) -> TariffStep:
    return TariffStep(until=until, rate=Decimal(1), minimum=a.rub("0"), charge=a.rub(charge))


def test_the_tariff_tells_what_was_lost_when_a_step_rang_after_it_had_left() -> None:
    tariff = (step(a.CUT_OFF, "0"), step(a.CUT_OFF + 24 * HOUR, "50"), step(NEVER, "100"))
    fired = {RungKind.SHIPMENT_DATE: a.CUT_OFF, RungKind.TARIFF_STEP: a.CUT_OFF + 24 * HOUR}
    rang = packed(late=True, late_price=a.rub("100"), fired=fired, rungs=())
    after = replace(rang, stage=Stage.IN_TRANSIT, handed_over_at=a.CUT_OFF + HOUR)

    outcome = outcome_of(rang, after, a.CUT_OFF + 30 * HOUR, tariff=tariff)

    assert outcome is not None
    assert outcome.lost == a.rub("50")


@pytest.mark.parametrize(
    ("left", "lost", "saved", "cost_at"),
    [
        (-5, None, "50", 0),
        (0, None, "50", 0),
        (60, "50", "70", 24 * 60),
        (24 * 60, "50", "70", 24 * 60),
        (25 * 60, "120", "80", 48 * 60),
    ],
)
def test_a_step_that_rang_before_we_heard_of_the_leaving_is_the_one_that_was_saved(
    left: int, lost: str | None, saved: str, cost_at: int
) -> None:
    day = 24 * HOUR
    tariff = (step(a.CUT_OFF, "0"), step(a.CUT_OFF + day, "50"), step(a.CUT_OFF + 2 * day, "120"), step(NEVER, "200"))
    fired = {**REMINDED, RungKind.SHIPMENT_DATE: a.CUT_OFF, RungKind.TARIFF_STEP: a.CUT_OFF + day}
    ahead = (a.rung(RungKind.TARIFF_STEP, a.CUT_OFF + 2 * day, a.rub("80")),)
    known = packed(late=True, late_price=a.rub("120"), fired=fired, rungs=ahead)
    shipped_at = a.CUT_OFF + timedelta(minutes=left)
    after = replace(known, stage=Stage.IN_TRANSIT, handed_over_at=shipped_at)

    outcome = outcome_of(known, after, a.CUT_OFF + 26 * HOUR, tariff=tariff)

    assert outcome is not None
    assert outcome.lost == (a.rub(lost) if lost else None)
    assert (outcome.saved, outcome.cost_at) == (a.rub(saved), a.CUT_OFF + timedelta(minutes=cost_at))


def test_without_the_tariff_no_later_step_is_taken_for_the_one_that_was_saved() -> None:
    ahead = (a.rung(RungKind.TARIFF_STEP, a.CUT_OFF + 24 * HOUR, a.rub("70")),)
    known = packed(late=True, fired={**REMINDED, RungKind.SHIPMENT_DATE: a.CUT_OFF}, rungs=ahead)
    after = replace(known, stage=Stage.IN_TRANSIT, handed_over_at=a.CUT_OFF - timedelta(minutes=5))

    outcome = outcome_of(known, after, a.CUT_OFF + HOUR)

    assert outcome is not None
    assert (outcome.lost, outcome.saved, outcome.cost_at) == (None, None, None)


@pytest.mark.parametrize("stage", [Stage.HANDED_OVER, Stage.IN_TRANSIT, Stage.DELIVERED])
def test_only_the_first_leaving_counts(stage: Stage) -> None:
    gone = packed(stage=stage, handed_over_at=a.NOW)

    for later in (Stage.IN_TRANSIT, Stage.DELIVERED, Stage.CLOSED):
        assert outcome_of(gone, replace(gone, stage=later), a.CUT_OFF) is None


def test_a_dispute_after_leaving_and_its_end_are_no_second_leaving() -> None:
    gone = packed(stage=Stage.IN_TRANSIT)
    disputed = replace(gone, stage=Stage.BLOCKED, blocked_from=Stage.IN_TRANSIT)

    assert has_left(disputed)
    assert outcome_of(gone, disputed, a.CUT_OFF) is None
    assert outcome_of(disputed, gone, a.CUT_OFF) is None


def test_what_is_cancelled_blocked_or_only_packed_has_no_outcome() -> None:
    before = packed(late=True, late_price=a.rub("50"))

    for stage in (Stage.CANCELLED, Stage.BLOCKED, Stage.PACKED, Stage.EXPIRED):
        assert outcome_of(before, replace(before, stage=stage, blocked_from=Stage.PACKED), a.CUT_OFF) is None


def test_an_expired_one_that_the_marketplace_sees_moving_has_left() -> None:
    expired = packed(stage=Stage.EXPIRED, blocked_from=Stage.PACKED)

    assert outcome_of(expired, replace(expired, stage=Stage.IN_TRANSIT, blocked_from=None), OVERDUE) is not None


def test_the_event_of_leaving_says_only_what_there_is() -> None:
    both = late(packed(late_price=a.rub("5"), fired={RungKind.SHIPMENT_DATE: a.CUT_OFF}), a.CUT_OFF + HOUR)

    assert outcome_data(both) == {
        "lost": {"amount": "5.00", "currency": "RUB"},
        "saved": {"amount": "50.00", "currency": "RUB"},
    }
    assert outcome_data(late(packed(), a.NOW)) == {}
    assert outcome_data(None) == {}


@given(
    hours=st.integers(-200, 200),
    prices=st.lists(st.integers(1, 10_000), min_size=2, max_size=2),
    fired=st.sets(st.sampled_from([RungKind.REMIND_AT, RungKind.SHIPMENT_DATE, RungKind.TARIFF_STEP])),
)
def test_money_is_never_below_zero_and_never_of_a_step_on_the_other_side(
    hours: int, prices: list[int], fired: set[RungKind]
) -> None:
    first, second = (Money(price, "RUB") for price in prices)
    at = a.CUT_OFF + hours * HOUR
    dues = {
        RungKind.REMIND_AT: a.CUT_OFF - HOUR,
        RungKind.SHIPMENT_DATE: a.CUT_OFF,
        RungKind.TARIFF_STEP: a.CUT_OFF + 24 * HOUR,
    }
    rang = {kind: due for kind, due in dues.items() if kind in fired and due <= at}
    prices_of = {RungKind.SHIPMENT_DATE: first, RungKind.TARIFF_STEP: second}
    total = sum(price.minor for kind, price in prices_of.items() if kind in rang)
    before = packed(
        fired=rang,
        late_price=Money(total, "RUB") if total else None,
        rungs=tuple(a.rung(kind, dues[kind], price) for kind, price in prices_of.items() if kind not in rang),
    )

    outcome = late(before, at)

    assert outcome.late is (at > a.CUT_OFF)
    assert (outcome.lost is None) or (outcome.late and outcome.lost.minor > 0)
    assert (outcome.saved is None) or (outcome.saved.minor > 0 and outcome.cost_at is not None)
    assert outcome.cost_at is None or outcome.cost_at >= at
    assert outcome.lost is None or outcome.lost.minor <= first.minor + second.minor


def test_steps_in_another_currency_are_not_added_to_what_was_told_in_the_first() -> None:
    """The tariff changed its currency between two reads: what was lost in roubles stays that, and leaving is booked."""
    cut_off = a.CUT_OFF
    before = packed(
        late=True,
        late_price=a.rub("50.00"),
        rungs=(Rung(kind=RungKind.TARIFF_STEP, due=cut_off + timedelta(hours=1), price=Money.parse("7.00", "CNY")),),
        fired={RungKind.SHIPMENT_DATE: cut_off},
    )
    assert late(before, cut_off + timedelta(hours=2)).lost == a.rub("50.00")
