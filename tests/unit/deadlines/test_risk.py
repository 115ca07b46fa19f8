"""Lamps from what is stored: the backlog of the worklist, the history of the outcomes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shipby.application.deadlines import risk as room
from shipby.application.deadlines.risk import Asked, Change, lamp, what_if
from shipby.application.ports.writes import AppendEvents, SaveOutcome, SavePosting
from shipby.domain.deadlines.outcome import Outcome
from shipby.domain.deadlines.risk import RUNS
from shipby.domain.events import posting_ref
from shipby.domain.postings.posting import Stage
from tests.support import builders as a
from tests.unit.world_support import World

MOSCOW = ZoneInfo("Europe/Moscow")
HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> World:
    world = World()
    world.policy(hand_over_before=timedelta(minutes=30))
    return world


def packed_last_week(world: World, an_hour: int, *, warehouse: str = "1", days: int = 7) -> None:
    """So many an hour from 9 to 18 Moscow time, each whole day before today; they left on the evening of their day."""
    for back in range(1, days + 1):
        day = a.NOW.astimezone(MOSCOW).date() - timedelta(days=back)
        evening = datetime(day.year, day.month, day.day, 20, 0, tzinfo=MOSCOW).astimezone(a.NOW.tzinfo)
        for hour in range(9, 18):
            for number in range(an_hour):
                at = datetime(day.year, day.month, day.day, hour, number, tzinfo=MOSCOW).astimezone(a.NOW.tzinfo)
                outcome = Outcome(
                    seller=a.SELLER,
                    posting_number=f"{warehouse}-{back}-{hour}-{number}",
                    shipped_at=evening,
                    packed_at=at,
                    warehouse_id=warehouse,
                )
                world.write(SaveOutcome(outcome))


def open_(world: World, count: int, *, hours: float = 3.5, stage: Stage = Stage.RECEIVED, **changes: Any) -> None:
    """Postings of one cut-off. They must be packed half an hour before it."""
    for at in range(count):
        number = f"{stage}-{hours}-{at}-{changes.get('warehouse_id', '1')}"
        base = {"warehouse_id": "1", "shipment_date": a.NOW + timedelta(hours=hours), "at_risk": a.rub("50")}
        posting = a.posting(number=number, stage=stage, **{**base, **changes})
        world.write(SavePosting(posting), AppendEvents(a.SELLER, posting_ref(number), 1, (a.event(),)))


def ask(world: World, **more: Any) -> Any:
    return json.loads(json.dumps(lamp(a.SELLER, Asked(**more), store=world.store, clock=world.clock)))


def compare(world: World, change: Change, **more: Any) -> Any:
    return json.loads(json.dumps(what_if(a.SELLER, change, Asked(**more), store=world.store, clock=world.clock)))


def first(houses: Any) -> Any:
    return houses[0]["cut_offs"][0]


def test_a_backlog_that_the_measured_pace_covers_is_green_and_says_on_what_it_stands(world: World) -> None:
    packed_last_week(world, 4)
    open_(world, 12)

    answer = ask(world)

    [house] = answer["warehouses"]
    assert (house["warehouse_id"], house["lamp"], house["basis"]) == ("1", "green", "measured")
    assert (house["samples"], house["days"]) == (7 * 9 * 4, 7)
    assert house["earliest_cut_off"]["moscow"] == "2026-03-02T15:30:00+03:00"
    assert house["cut_offs"] == [
        {
            "cut_off": house["earliest_cut_off"],
            "pack_by": "2026-03-02T12:00:00Z",
            "postings": 12,
            "packed": 0,
            "lamp": "green",
            "detail": {
                "chance_percent": 100,
                "expected_missing": "0.0",
                "minutes_of_work": 96,
                "at_risk": [{"amount": "600.00", "currency": "RUB"}],
            },
        }
    ]
    assert (answer["runs"], answer["green_from_percent"], answer["yellow_from_percent"]) == (RUNS, 95, 70)


def test_one_posting_more_than_the_pace_covers_is_red_with_what_it_costs(world: World) -> None:
    packed_last_week(world, 4)
    open_(world, 13)

    found = first(ask(world)["warehouses"])

    assert (found["lamp"], found["detail"]["chance_percent"]) == ("red", 0)
    assert found["detail"]["expected_missing"] == "1.0"


def test_small_sellers_see_only_the_lamp(world: World) -> None:
    packed_last_week(world, 1, days=3)
    open_(world, 2)

    [house] = ask(world)["warehouses"]

    assert (house["basis"], house["samples"]) == ("prior", 27)
    assert house["cut_offs"][0]["detail"] is None
    assert house["cut_offs"][0]["lamp"] == "green"


def test_a_seller_without_settings_or_history_gets_an_answer() -> None:
    world = World()
    open_(world, 200)

    [house] = ask(world)["warehouses"]

    assert (house["lamp"], house["basis"], house["samples"]) == ("red", "prior", 0)


def test_no_open_posting_is_no_lamp(world: World) -> None:
    assert ask(world)["warehouses"] == []


def test_each_warehouse_is_judged_by_its_own_pace_earliest_cut_off_first(world: World) -> None:
    packed_last_week(world, 4, warehouse="quick")
    packed_last_week(world, 1, warehouse="slow")
    open_(world, 8, warehouse_id="slow", hours=3.5)
    open_(world, 8, warehouse_id="quick", hours=3.4)

    found = ask(world)["warehouses"]

    assert [(house["warehouse_id"], house["lamp"]) for house in found] == [("quick", "green"), ("slow", "red")]
    assert [house["warehouse_id"] for house in ask(world, warehouse="slow")["warehouses"]] == ["slow"]


def test_late_ones_are_counted_and_their_work_comes_first(world: World) -> None:
    packed_last_week(world, 4)
    open_(world, 10)
    open_(world, 3, hours=-1, late=True)

    [house] = ask(world)["warehouses"]

    assert house["late_postings"] == 3
    assert house["lamp"] == "red"


def test_blocked_ones_and_those_already_handed_over_are_no_backlog(world: World) -> None:
    packed_last_week(world, 4)
    open_(world, 50, stage=Stage.BLOCKED, blocked_from=Stage.PICKED)
    open_(world, 50, stage=Stage.HANDED_OVER)
    open_(world, 1)

    assert first(ask(world)["warehouses"])["postings"] == 1


def test_what_is_packed_is_no_work_and_no_money_at_risk_even_after_hours(world: World) -> None:
    packed_last_week(world, 4)
    world.clock.time = a.NOW + 12 * HOUR
    open_(world, 4, stage=Stage.PACKED, hours=13)

    green = first(ask(world)["warehouses"])
    open_(world, 1, hours=13)
    red = first(ask(world)["warehouses"])

    assert (green["postings"], green["packed"], green["lamp"]) == (4, 4, "green")
    assert (green["detail"]["minutes_of_work"], green["detail"]["at_risk"]) == (0, [])
    assert (red["postings"], red["packed"], red["lamp"]) == (5, 4, "red")
    assert red["detail"]["at_risk"] == [{"amount": "50.00", "currency": "RUB"}]


def test_what_left_without_a_scan_of_packing_counts_by_its_leaving(world: World) -> None:
    packed_last_week(world, 4)
    day = a.NOW.date()
    for back in range(1, 8):
        for row in world.store.outcomes_on(a.SELLER, day - timedelta(days=back)).items:
            world.write(SaveOutcome(replace(row, packed_at=None)))
    open_(world, 1)

    assert ask(world)["warehouses"][0]["samples"] == 7 * 9 * 4


def test_more_packers_and_a_later_courier_help_with_the_same_draws(world: World) -> None:
    packed_last_week(world, 4)
    open_(world, 20)

    more = compare(world, Change(packers=1))
    later = compare(world, Change(courier=timedelta(minutes=30)))
    nothing = compare(world, Change())

    assert (first(more["before"])["lamp"], first(more["after"])["lamp"]) == ("red", "green")
    assert more["change"] == {"packers_now": 1, "packers": 1, "courier_minutes": 0}
    assert first(later["after"])["pack_by"] == first(later["after"])["cut_off"]["utc"]
    assert first(later["after"])["detail"]["expected_missing"] < first(later["before"])["detail"]["expected_missing"]
    assert nothing["before"] == nothing["after"] == ask(world)["warehouses"]


def test_the_courier_never_comes_after_the_cut_off(world: World) -> None:
    packed_last_week(world, 4)
    open_(world, 20)

    assert (
        compare(world, Change(courier=timedelta(hours=1)))["after"]
        == (compare(world, Change(courier=timedelta(hours=9)))["after"])
    )


def test_without_any_packer_nothing_is_packed(world: World) -> None:
    packed_last_week(world, 4)
    open_(world, 1)

    assert first(compare(world, Change(packers=-5))["after"])["lamp"] == "red"


def test_one_packer_more_of_four_is_a_quarter_more(world: World) -> None:
    packed_last_week(world, 4)
    open_(world, 15)

    assert first(compare(world, Change(packers=1, packers_now=4))["after"])["lamp"] == "green"
    open_(world, 1, stage=Stage.CONFIRMED)
    assert first(compare(world, Change(packers=1, packers_now=4))["after"])["lamp"] == "red"


def test_a_large_seller_is_measured_by_the_newest_whole_days_that_fit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "OUTCOMES_READ", 80)
    packed_last_week(world, 4)
    open_(world, 12)

    [house] = ask(world)["warehouses"]

    assert (house["days"], house["samples"], house["lamp"]) == (1, 36, "green")


def test_a_backlog_beyond_the_bound_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "ROWS_READ", 3)
    open_(world, 4)

    answer = ask(world)

    assert answer["truncated"] is True
    assert first(answer["warehouses"])["postings"] == 3


def test_cut_offs_beyond_the_time_asked_for_are_left_out(world: World) -> None:
    open_(world, 1, hours=3)
    open_(world, 1, hours=30)

    assert len(ask(world, within=timedelta(hours=4))["warehouses"][0]["cut_offs"]) == 1
    assert len(ask(world)["warehouses"][0]["cut_offs"]) == 2
