"""Leaving is booked once, in the transaction of leaving: by the scan, or by the marketplace's word."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shipby.application.deadlines.due_soon import Wanted, deadlines
from shipby.application.deadlines.impact import DEFINITION, impact
from shipby.application.ports.writes import SaveOutcome
from shipby.domain.deadlines.outcome import Outcome
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import EventType
from shipby.domain.money import Money
from shipby.domain.postings.posting import Posting, Stage, TariffStep
from tests.support import builders as a
from tests.support.fake_marketplace import ASSEMBLED_ACTIONS
from tests.unit.world_support import World

HOUR = timedelta(hours=1)
NEVER = datetime(9999, 12, 31, tzinfo=a.NOW.tzinfo)


def tariff(*charges: tuple[datetime, str]) -> tuple[TariffStep, ...]:
    return tuple(
        TariffStep(until=until, rate=Decimal(1), minimum=a.rub("0"), charge=a.rub(charge)) for until, charge in charges
    )


TARIFF = tariff((a.CUT_OFF, "0"), (a.CUT_OFF + 24 * HOUR, "50"), (NEVER, "100"))


@pytest.fixture
def world() -> World:
    world = World()
    world.arrives(status="awaiting_deliver", actions=ASSEMBLED_ACTIONS, tariff_steps=TARIFF)
    return world


def packs(world: World) -> None:
    for command in (Command.CONFIRM, Command.PICK, Command.PACK):
        if world.posting().stage is not Stage.PACKED:
            world.do(command)


def rings_until(world: World, moment: datetime) -> None:
    """Let every alarm ring that is due by a moment, then wait for it."""
    while (alarm := world.posting().next_alarm) is not None and alarm.due <= moment:
        world.ring_next()
    world.clock.time = moment


def outcomes(world: World) -> list[Outcome]:
    days = (a.NOW.date() + timedelta(days=number) for number in range(-2, 10))
    return [outcome for day in days for outcome in world.store.outcomes_on(a.SELLER, day).items]


def moves(world: World, **changes: object) -> Posting:
    """The marketplace shows it on its way."""
    facts = replace(world.market.posting(a.NUMBER), status="delivering", read_at=world.clock.now(), **changes)  # type: ignore[arg-type]  # replace() is typed per field
    world.market.put(facts)
    return world.read()


def test_a_scan_after_a_reminder_books_what_it_saved_and_the_event_says_it(world: World) -> None:
    rings_until(world, a.CUT_OFF - timedelta(minutes=10))
    packs(world)
    world.do(Command.HAND_OVER)

    [outcome] = outcomes(world)
    last = world.history()[-1].event

    assert (outcome.saved, outcome.lost, outcome.late) == (a.rub("50"), None, False)
    assert outcome.shipped_at == a.CUT_OFF - timedelta(minutes=10)
    assert outcome.packed_at == outcome.shipped_at
    assert last.type is EventType.POSTING_HANDED_OVER
    assert last.data["saved"] == {"amount": "50.00", "currency": "RUB"}


def test_a_late_scan_books_what_was_lost_and_what_the_next_step_would_have_cost(world: World) -> None:
    rings_until(world, a.CUT_OFF + HOUR)
    packs(world)
    world.do(Command.HAND_OVER)

    [outcome] = outcomes(world)

    assert (outcome.late, outcome.lost, outcome.saved) == (True, a.rub("50"), a.rub("50"))
    assert outcome.cost_at == a.CUT_OFF + 24 * HOUR
    assert world.history()[-1].event.data["lost"] == {"amount": "50.00", "currency": "RUB"}


def test_after_the_last_step_everything_is_lost_and_nothing_saved(world: World) -> None:
    rings_until(world, a.CUT_OFF + 30 * HOUR)
    packs(world)
    world.do(Command.HAND_OVER)

    [outcome] = outcomes(world)

    assert (outcome.lost, outcome.saved) == (a.rub("100"), None)


def test_what_leaves_without_a_scan_is_booked_when_the_marketplace_shows_it(world: World) -> None:
    rings_until(world, a.CUT_OFF - HOUR)
    moves(world, delivering_date=a.CUT_OFF - 2 * HOUR)

    [outcome] = outcomes(world)

    assert outcome.shipped_at == a.CUT_OFF - 2 * HOUR
    assert outcome.late is False


def test_a_scan_is_not_booked_again_when_the_marketplace_shows_it_moving_and_delivered(world: World) -> None:
    packs(world)
    world.do(Command.HAND_OVER)
    [first] = outcomes(world)

    world.clock.advance(HOUR)
    moves(world, delivering_date=world.clock.now())
    world.clock.advance(24 * HOUR)
    world.market.put(replace(world.market.posting(a.NUMBER), status="delivered", read_at=world.clock.now()))
    world.read()

    assert world.posting().stage is Stage.DELIVERED
    assert outcomes(world) == [first]


def test_an_alarm_that_rang_after_it_had_left_costs_nothing(world: World) -> None:
    rings_until(world, a.CUT_OFF + HOUR)
    assert world.posting().late
    moves(world, delivering_date=a.CUT_OFF - HOUR)

    [outcome] = outcomes(world)

    assert (outcome.late, outcome.lost) == (False, None)


def test_a_posting_that_is_moving_at_its_first_read_has_no_outcome() -> None:
    world = World()
    world.arrives(status="delivering", actions=(), delivering_date=a.NOW)

    assert outcomes(world) == []


# The report ------------------------------------------------------------------------------------------------------


def left(number: str, at: datetime, **changes: object) -> SaveOutcome:
    base = Outcome(seller=a.SELLER, posting_number=number, shipped_at=at)
    return SaveOutcome(replace(base, **changes))  # type: ignore[arg-type]  # replace() is typed per field


def reported(world: World, first: date, last: date) -> Any:
    """The report as a client reads it."""
    return json.loads(json.dumps(impact(a.SELLER, first, last, store=world.store)))


def test_the_report_adds_up_each_day_and_currency() -> None:
    world = World()
    day = a.NOW.date()
    world.write(
        left("in-time", a.NOW, saved=a.rub("50"), reminded_at=a.NOW - HOUR),
        left("late", a.NOW, late=True, lost=a.rub("50")),
        left("overdue", a.NOW, late=True, overdue=True, lost=Money(700, "CNY"), saved=a.rub("1.50")),
        left("next-day", a.NOW + 24 * HOUR),
    )

    report = reported(world, day - timedelta(days=1), day + timedelta(days=1))

    assert report["definition"] == DEFINITION
    assert report["next_from"] is None
    empty, first, second = report["days"]
    assert empty == {
        "date": "2026-03-01",
        "shipped": 0,
        "on_time": 0,
        "late": 0,
        "overdue": 0,
        "reminded": 0,
        "money": [],
    }
    assert (first["shipped"], first["on_time"], first["late"], first["overdue"]) == (3, 1, 2, 1)
    assert second["shipped"] == 1
    assert report["total"]["shipped"] == 4
    assert report["total"]["money"] == [
        {
            "currency": "CNY",
            "lost": {"amount": "7.00", "currency": "CNY"},
            "saved": {"amount": "0.00", "currency": "CNY"},
        },
        {
            "currency": "RUB",
            "lost": {"amount": "50.00", "currency": "RUB"},
            "saved": {"amount": "51.50", "currency": "RUB"},
        },
    ]


def test_an_overdue_one_without_a_cut_off_is_not_on_time() -> None:
    world = World()
    world.write(left("n", a.NOW, overdue=True))

    total = reported(world, a.NOW.date(), a.NOW.date())["total"]

    assert (total["on_time"], total["late"], total["overdue"]) == (0, 1, 1)


def test_a_report_beyond_what_one_call_reads_says_where_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    monkeypatch.setattr("shipby.application.deadlines.impact.OUTCOMES_READ", 2)
    world.write(*(left(f"n{number}", a.NOW + timedelta(days=number // 2)) for number in range(6)))
    first = a.NOW.date()

    seen, start = 0, first
    for _ in range(5):
        report = reported(world, start, first + timedelta(days=3))
        seen += report["total"]["shipped"]
        if report["next_from"] is None:
            break
        start = date.fromisoformat(str(report["next_from"]))

    assert seen == 6
    assert report["next_from"] is None


@pytest.mark.parametrize("days", [-1, 92])
def test_a_report_has_1_to_92_days(days: int) -> None:
    first = a.NOW.date()

    with pytest.raises(InvalidInputError, match="1 to 92 days"):
        impact(a.SELLER, first, first + timedelta(days=days), store=World().store)


@pytest.mark.parametrize(
    "status", ["delivering", "driver_pickup", "sent_by_seller", "delivered", "arbitration", "cancelled"]
)
def test_what_left_in_time_is_not_late_because_its_clocks_rang_before_anybody_heard(world: World, status: str) -> None:
    """Its pushes were lost: every alarm has rung by the time that the marketplace says when it was handed over."""
    left = a.CUT_OFF - HOUR
    rings_until(world, a.CUT_OFF + 48 * HOUR)
    assert world.posting().late
    world.market.change(a.NUMBER, status=status, actions=(), delivering_date=left)
    posting = world.read()
    assert (posting.late, posting.overdue, posting.late_price) == (False, False, None)
    assert posting.handed_over_at == left
    assert world.history()[-1].event.data.get("late") is not True
    assert all(not outcome.late and outcome.lost is None for outcome in outcomes(world))


def test_what_left_late_is_late_though_no_clock_has_rung(world: World) -> None:
    packs(world)
    world.clock.time = a.CUT_OFF + HOUR
    world.market.change(a.NUMBER, status="delivering", actions=(), delivering_date=a.CUT_OFF + timedelta(seconds=1))
    assert world.read().late
    assert world.history()[-1].event.data["late"] is True
    [outcome] = outcomes(world)
    assert outcome.late


def test_the_date_that_the_marketplace_has_now_counts_for_what_left_meanwhile(world: World) -> None:
    """It moved the cut-off before the parcel left, and neither push came."""
    world.market.change(a.NUMBER, shipment_date=a.CUT_OFF + 24 * HOUR, status="delivering", actions=())
    world.market.change(a.NUMBER, delivering_date=a.CUT_OFF + 2 * HOUR)
    rings_until(world, a.CUT_OFF + 20 * HOUR)
    assert not world.read().late
    [outcome] = outcomes(world)
    assert (outcome.late, outcome.cut_off) == (False, a.CUT_OFF + 24 * HOUR)


@pytest.mark.parametrize(("seconds", "late"), [(0, False), (1, True)])
def test_the_scan_the_board_and_the_outcome_agree_at_the_very_moment(world: World, seconds: int, late: bool) -> None:
    packs(world)
    rings_until(world, a.CUT_OFF + timedelta(seconds=seconds))
    world.do(Command.HAND_OVER)
    [outcome] = outcomes(world)
    assert world.posting().late == outcome.late == world.history()[-1].event.data["late"] == late


def test_a_tariff_in_roubles_beside_prices_in_yuan_never_becomes_yuan() -> None:
    """What is due, what was lost and what was paid each keep their own currency, on every list of sums."""
    world = World()
    yuan = a.line(quantity=1, price=Money.parse("118.90", "CNY"))
    world.arrives(status="awaiting_deliver", actions=ASSEMBLED_ACTIONS, tariff_steps=TARIFF, lines=(yuan,))
    assert world.ledger().currency == "CNY"
    wanted = Wanted(within=timedelta(days=3))
    told: Any = deadlines(a.SELLER, wanted, store=world.store, clock=world.clock)
    [total] = told["totals"]
    assert (total["currency"], total["at_risk"]["amount"]) == ("RUB", "50.00")
    rings_until(world, a.CUT_OFF + HOUR)
    packs(world)
    world.do(Command.HAND_OVER)
    [outcome] = outcomes(world)
    assert (outcome.lost, outcome.saved) == (a.rub("50.00"), a.rub("50.00"))
    day = world.clock.now().date()
    assert [one["currency"] for one in reported(world, day, day)["total"]["money"]] == ["RUB"]
