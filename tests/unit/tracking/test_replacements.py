"""Frequent replacements: who had to be replaced, by what, and how sure that is."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipby.application.ports.writes import SaveAccess
from shipby.application.shared.csv_text import Separator
from shipby.application.tracking.replacement_report import (
    LONGEST,
    ReplacementsWanted,
    replacement_csv,
    replacement_report,
)
from shipby.domain.carriers.s10 import s10
from shipby.domain.errors import InvalidInputError
from shipby.domain.intents import IntentAction
from shipby.domain.postings.tracking import ChangeReason
from shipby.domain.sellers.keys import ApiKey, Role
from shipby.domain.tracking.replacements import Cut, NumberSet, rates, whole, wilson
from tests.support import builders as a
from tests.support.fake_marketplace import ASSEMBLED_ACTIONS
from tests.unit.world_support import World

FIRST, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 8, tzinfo=UTC)


def number(posting: str, hour: int, carrier: str = "cdek", person: str = "key:a", kind: str = "other") -> NumberSet:
    return NumberSet(
        posting=posting,
        number=f"{posting}-{hour}",
        carrier=carrier,
        person=person,
        kind=ChangeReason(kind),
        at=FIRST + timedelta(hours=hour),
        sequence=hour,
    )


def told(numbers: list[NumberSet], *cuts: Cut) -> dict[tuple[str, ...], tuple[int, int]]:
    return {rate.group: (rate.replaced, rate.numbers) for rate in rates(numbers, cuts, first=FIRST, until=UNTIL)}


# The interval


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (1, 10, 0.0179, 0.4042),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (20, 400, 0.0326, 0.0760),
        (0, 0, 0.0, 1.0),
    ],
)
def test_the_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_an_interval_holds_its_rate_and_narrows_with_the_sample(hits: int, of: int) -> None:
    hits = min(hits, of)
    low, high = wilson(hits, of)
    assert 0.0 <= low <= hits / of <= high <= 1.0
    wider = wilson(hits * 10, of * 10)
    assert wider[1] - wider[0] < high - low


# Who is counted


def test_the_number_that_was_replaced_is_blamed_and_not_the_one_that_replaced_it() -> None:
    numbers = [
        number("p1", 1, "cdek", "key:a"),
        number("p1", 2, "dpd", "key:b", "other_carrier"),
        number("p2", 3, "dpd", "key:b"),
    ]
    assert told(numbers, Cut.CARRIER) == {("cdek",): (1, 1), ("dpd",): (0, 2)}
    assert told(numbers, Cut.PERSON) == {("key:a",): (1, 1), ("key:b",): (0, 2)}
    assert told(numbers, Cut.CAUSE) == {("other_carrier",): (1, 3)}
    assert told(numbers, Cut.CARRIER, Cut.CAUSE) == {("cdek", "other_carrier"): (1, 1)}
    assert told(numbers, Cut.CAUSE, Cut.PERSON) == {("other_carrier", "key:a"): (1, 1)}


def test_a_number_counts_by_its_own_day_and_its_replacement_whenever_it_came() -> None:
    numbers = [
        number("before", -1),
        number("before", 1),
        number("within", 2),
        number("within", 500, kind="untraceable"),
        number("after", 500),
        number("after", 501),
    ]
    assert told(numbers, Cut.CARRIER) == {("cdek",): (1, 2)}
    assert told(numbers, Cut.CAUSE) == {("untraceable",): (1, 2)}
    assert whole(numbers, first=FIRST, until=UNTIL).numbers == 2
    assert whole([], first=FIRST, until=UNTIL).interval == (0.0, 1.0)


def test_a_number_replaced_twice_over_is_two_numbers_replaced() -> None:
    chain = [number("p", hour) for hour in (1, 2, 3)]
    assert told(list(reversed(chain)), Cut.CARRIER) == {("cdek",): (2, 3)}


def test_small_groups_are_shown_last_and_never_ranked_before_large_ones() -> None:
    numbers = [number(f"few-{index}", 1, "few") for index in range(3)]
    numbers += [number(f"few-{index}", 2, "other") for index in range(3)]
    numbers += [number(f"many-{index}", 1, "many") for index in range(40)]
    numbers += [number(f"many-{index}", 2, "other") for index in range(2)]
    numbers += [number(f"fine-{index}", 1, "fine") for index in range(40)]
    found = rates(numbers, (Cut.CARRIER,), first=FIRST, until=UNTIL)
    assert [(rate.group[0], rate.enough) for rate in found] == [
        ("many", True),
        ("fine", True),
        ("few", False),
        ("other", False),
    ]


# The report


@pytest.fixture
def world() -> World:
    return World()


def shipped(world: World, posting: str, serial: int, *, actor: str = "key:k1", **more: Any) -> None:
    if world.store.posting(a.SELLER, posting) is None:
        world.arrives(posting, status="awaiting_deliver", actions=ASSEMBLED_ACTIONS)
    world.clock.advance(timedelta(minutes=5))
    world.settle(world.ask_tracking(s10("RB", serial, "CN"), posting, actor=actor, **more))


def report(world: World, *by: Cut, back: int = 6) -> Any:
    today = world.clock.now().date()
    wanted = ReplacementsWanted(first=today - timedelta(days=back), last=today, by=by)
    return replacement_report(a.SELLER, wanted, store=world.store)


def test_the_report_reads_what_the_marketplace_was_seen_to_show(world: World) -> None:
    for key in ("k2", "k3"):
        made = ApiKey(id=key, seller=a.SELLER, role=Role.MANAGER, sha256="x", created_at=a.NOW, name="Анна")
        world.store.commit([SaveAccess(made)])
    shipped(world, "n-1", 1, actor="key:k2")
    shipped(world, "n-1", 2, kind=ChangeReason.TYPING_ERROR)
    shipped(world, "n-2", 3, carrier="China Post", actor="key:k3")
    world.market.refused_tracking[s10("RB", 4, "CN")] = "TRACK_NUMBER_IS_LOCKED"
    shipped(world, "n-3", 4)
    world.ask(IntentAction.CANCEL, "n-3")
    told = report(world, Cut.PERSON)
    assert (told["total"]["numbers"], told["total"]["replaced"]) == (3, 1)
    by_name = {item["group"]["person"]: item for item in told["items"]}
    assert (by_name["Анна"]["replaced"], by_name["Анна"]["rate"], by_name["Анна"]["enough"]) == (1, "0.5000", False)
    assert by_name["Анна"]["interval"] == {"low": "0.0945", "high": "0.9055"}
    [cause] = report(world, Cut.CAUSE)["items"]
    assert (cause["group"], cause["replaced"], cause["numbers"]) == ({"cause": "typing_error"}, 1, 3)
    [carrier] = report(world, Cut.CARRIER)["items"]
    assert (carrier["group"], carrier["numbers"]) == ({"carrier": "china_post"}, 3), "named or seen by its format"


def test_many_numbers_are_read_in_pages(world: World) -> None:
    for index in range(130):
        shipped(world, f"n-{index}", index)
    assert report(world, Cut.CARRIER)["total"]["numbers"] == 130


def test_the_table_opens_in_either_spreadsheet(world: World) -> None:
    shipped(world, "n-1", 1)
    shipped(world, "n-1", 2, kind=ChangeReason.UNTRACEABLE)
    today = world.clock.now().date()
    wanted = ReplacementsWanted(first=today, last=today, by=(Cut.CARRIER, Cut.CAUSE))
    text = replacement_csv(a.SELLER, wanted, store=world.store, separator=Separator.SEMICOLON)
    assert text.splitlines() == [
        "\ufeffcarrier;cause;numbers;replaced;rate;rate_low;rate_high;enough",
        "china_post;untraceable;2;1;0,5000;0,0945;0,9055;0",
    ]


@pytest.mark.parametrize("days", [-1, LONGEST])
def test_a_period_that_is_none_or_too_long_is_refused(world: World, days: int) -> None:
    wanted = ReplacementsWanted(first=date(2026, 3, 1), last=date(2026, 3, 1) + timedelta(days=days), by=())
    with pytest.raises(InvalidInputError, match="days"):
        replacement_report(a.SELLER, wanted, store=world.store)
