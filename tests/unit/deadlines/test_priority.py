"""The order of work: what the next date costs, and most money per minute first."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipby.domain.deadlines.priority import CostKind, Due, Step, main_currency, minutes_of, next_step, order_of_work
from shipby.domain.money import Money
from shipby.domain.postings.posting import Rung, RungKind, Stage, TariffStep
from tests.support import builders as a

HOUR = timedelta(hours=1)
NEVER = datetime(9999, 12, 31, tzinfo=a.NOW.tzinfo)


def tariff(*steps: tuple[datetime, str]) -> tuple[TariffStep, ...]:
    return tuple(
        TariffStep(until=until, rate=Decimal(1), minimum=a.rub("0"), charge=a.rub(charge)) for until, charge in steps
    )


def due(number: str, minor: int | None, *, minutes: int = 1, currency: str = "RUB", hours: int = 1) -> Due:
    price = None if minor is None else Money(minor, currency)
    posting = a.posting(
        number=number, rungs=(Rung(kind=RungKind.SHIPMENT_DATE, due=a.NOW + hours * HOUR, price=price),)
    )
    step = next_step(posting, a.NOW)
    assert step is not None
    return Due(posting=posting, step=step, minutes=minutes)


def order(*dues: Due) -> list[str]:
    return [each.posting.number for _, each in order_of_work(dues)]


def test_the_next_step_is_the_first_date_ahead_that_costs_something() -> None:
    step = next_step(a.posting(), a.NOW)

    assert step == Step(due=a.CUT_OFF, rung=RungKind.SHIPMENT_DATE)
    assert step.at_risk is None


def test_a_priced_cut_off_is_a_surcharge() -> None:
    posting = a.posting(rungs=(a.rung(price=a.rub("50")),))

    step = next_step(posting, a.NOW, tariff=tariff((a.CUT_OFF, "0"), (NEVER, "50")))

    assert step is not None
    assert [(cost.kind, cost.amount) for cost in step.costs] == [(CostKind.SURCHARGE, a.rub("50"))]
    assert (step.at_risk, step.stated) == (a.rub("50"), True)


def test_a_discount_that_ends_is_told_apart_from_the_surcharge_that_begins() -> None:
    posting = a.posting(rungs=(a.rung(price=a.rub("56")),))

    step = next_step(posting, a.NOW, tariff=tariff((a.CUT_OFF, "-6"), (NEVER, "50")))

    assert step is not None
    assert [(cost.kind, cost.amount) for cost in step.costs] == [
        (CostKind.DISCOUNT_LOST, a.rub("6")),
        (CostKind.SURCHARGE, a.rub("50")),
    ]
    assert step.at_risk == a.rub("56")


def test_a_discount_that_only_shrinks_is_no_surcharge() -> None:
    early = a.NOW + HOUR
    posting = a.posting(rungs=(a.rung(RungKind.TARIFF_STEP, early, a.rub("3")), a.rung(price=a.rub("56"))))

    step = next_step(posting, a.NOW, tariff=tariff((early, "-9"), (a.CUT_OFF, "-6"), (NEVER, "50")))

    assert step is not None
    assert [(cost.kind, cost.amount) for cost in step.costs] == [(CostKind.DISCOUNT_LOST, a.rub("3"))]


def test_the_line_of_the_error_index_counts_and_its_charge_is_only_an_estimate() -> None:
    posting = a.posting(rungs=(a.rung(RungKind.WITHOUT_DELAY),), late=True)

    plain = next_step(posting, a.NOW)
    estimated = next_step(posting, a.NOW, delay_charge=a.rub("20"))

    assert plain is not None
    assert [(cost.kind, cost.amount) for cost in plain.costs] == [(CostKind.ERROR_INDEX, None)]
    assert (plain.at_risk, plain.stated) == (None, True)
    assert estimated is not None
    assert (estimated.at_risk, estimated.stated) == (a.rub("20"), False)


def test_two_things_at_the_same_moment_are_one_step() -> None:
    posting = a.posting(rungs=(a.rung(RungKind.TARIFF_STEP, price=a.rub("50")), a.rung(RungKind.WITHOUT_DELAY)))

    step = next_step(posting, a.NOW, delay_charge=a.rub("20"))

    assert step is not None
    assert step.rung is RungKind.TARIFF_STEP
    assert step.at_risk == a.rub("70")


def test_a_date_is_ahead_only_until_its_moment() -> None:
    posting = a.posting(rungs=(a.rung(price=a.rub("50")),))

    assert next_step(posting, a.CUT_OFF - timedelta(microseconds=1)) is not None
    assert next_step(posting, a.CUT_OFF) is None


@pytest.mark.parametrize(
    ("stage", "blocked_from", "open_"),
    [
        (Stage.PACKED, None, True),
        (Stage.BLOCKED, Stage.PICKED, True),
        (Stage.BLOCKED, Stage.IN_TRANSIT, False),
        (Stage.EXPIRED, Stage.PICKED, False),
        (Stage.HANDED_OVER, None, False),
        (Stage.CANCELLED, None, False),
    ],
)
def test_only_what_is_before_hand_over_has_a_step(stage: Stage, blocked_from: Stage | None, open_: bool) -> None:
    posting = a.posting(stage=stage, blocked_from=blocked_from)

    assert (next_step(posting, a.NOW) is not None) is open_


def test_minutes_come_from_the_settings_and_are_never_none() -> None:
    settings = a.settings(minutes_per_posting={"received": 8, "packed": 0})

    assert minutes_of(Stage.RECEIVED, settings) == 8
    assert minutes_of(Stage.PACKED, settings) == 1
    assert minutes_of(Stage.PICKED, settings) == 5


def test_most_money_saved_per_minute_comes_first_not_most_money() -> None:
    assert order(due("slow", 8_000, minutes=8), due("quick", 5_000, minutes=1)) == ["quick", "slow"]


def test_among_equals_the_earlier_date_comes_first_and_then_the_number() -> None:
    assert order(due("c", 100, hours=2), due("b", 100), due("a", 100)) == ["a", "b", "c"]


def test_currencies_stand_one_after_the_other_and_what_has_no_price_last() -> None:
    found = order(
        due("none", None),
        due("cny", 9_999, currency="CNY"),
        due("rub-1", 100),
        due("rub-2", 200),
        due("byn", 1, currency="BYN"),
    )

    assert found == ["rub-2", "rub-1", "byn", "cny", "none"]


def test_the_main_currency_is_the_one_most_have() -> None:
    assert main_currency(["RUB", "CNY", "CNY"]) == "CNY"
    assert main_currency(["RUB", "CNY"]) == "CNY"
    assert main_currency([]) == ""


@given(st.lists(st.tuples(st.integers(0, 50_000), st.integers(1, 30)), max_size=20))
def test_no_posting_stands_before_one_that_saves_more_per_minute(wanted: list[tuple[int, int]]) -> None:
    dues = [due(f"n{at:02d}", minor, minutes=minutes) for at, (minor, minutes) in enumerate(wanted)]

    saves = [Fraction(each.per_minute) for _, each in order_of_work(dues)]

    assert saves == sorted(saves, reverse=True)
    assert len(saves) == len(dues)


@given(st.lists(st.tuples(st.integers(0, 300), st.sampled_from(["RUB", "CNY", ""])), max_size=15))
def test_places_are_all_different_so_a_page_can_go_on_after_any_of_them(wanted: list[tuple[int, str]]) -> None:
    dues = [
        due(f"n{at}", minor if currency else None, currency=currency) for at, (minor, currency) in enumerate(wanted)
    ]

    ranks = [place.rank for place, _ in order_of_work(dues)]

    assert len(set(ranks)) == len(ranks)
    assert ranks == sorted(ranks)
