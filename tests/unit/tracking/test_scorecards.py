"""Scorecards of carriers: held against what really happened, open parcels and small samples in the open."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.ports.writes import AddScan
from shipby.application.shared.csv_text import Separator
from shipby.application.tracking.choosing.scorecard_report import ScoresWanted, scorecard_csv, scorecard_report
from shipby.domain.carriers.s10 import s10
from shipby.domain.errors import InvalidInputError
from shipby.domain.money import Money
from shipby.domain.postings.posting import Scheme
from shipby.domain.postings.tracking import ChangeReason
from shipby.domain.tracking.scans import Scan, ScanStatus
from shipby.domain.tracking.scorecard import ENOUGH, Fate, Parcel, ScoreCut, quantile, scorecards, whole
from tests.support import builders as a
from tests.support.fake_marketplace import ASSEMBLED_ACTIONS
from tests.unit.world_support import World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST, SECOND = s10("RB", 1, "CN"), s10("RB", 2, "CN")


def parcel(carrier: str = "cdek", **more: Any) -> Parcel:
    facts: dict[str, Any] = {"carrier": carrier, "lane": "7", "handed_over_at": a.NOW, "fate": Fate.OPEN, **more}
    return Parcel(**facts)


def delivered(after: timedelta, **more: Any) -> Parcel:
    return parcel(fate=Fate.DELIVERED, delivered_at=a.NOW + after, **more)


def test_open_parcels_are_counted_and_in_no_quantile_and_early_is_never_late() -> None:
    promised = a.NOW + 5 * DAY
    parcels = [
        delivered(2 * DAY, promised_by=promised),
        delivered(6 * DAY, promised_by=promised),
        parcel(promised_by=promised),
        parcel(),
    ]
    early = whole(parcels, a.NOW + 3 * DAY)
    assert (early.parcels, early.fates[Fate.OPEN], early.transit_p50.samples) == (4, 2, 2)
    assert (early.late.hits, early.late.of) == (1, 2), "an open one whose promise is not past is in neither number"
    later = whole(parcels, a.NOW + 7 * DAY)
    assert (later.late.hits, later.late.of) == (2, 3), "and it is late once it is past"
    assert sum(later.fates.values()) == later.parcels


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_the_interval_of_a_quantile_holds_the_truth_19_times_of_20(share: float) -> None:
    draws = random.Random(7)
    held = named = 0
    for _ in range(400):
        found = quantile([timedelta(hours=draws.random() * 100) for _ in range(80)], share)
        if found.low is not None and found.high is not None:
            named += 1
            held += found.low <= timedelta(hours=share * 100) <= found.high
    assert named == 400
    assert held / named >= 0.94
    few = quantile([HOUR, 2 * HOUR], share)
    assert (few.value, few.high) == (HOUR if share == 0.5 else 2 * HOUR, None)
    assert quantile([], share).value is None


def test_who_has_few_parcels_is_not_ranked_however_bad_they_look() -> None:
    good = [delivered(DAY, carrier="good") for _ in range(ENOUGH)]
    bad = [parcel(carrier="bad", fate=Fate.LOST) if index < 5 else delivered(DAY, carrier="bad") for index in range(30)]
    tiny = [parcel(carrier="tiny", fate=Fate.LOST)]
    found = scorecards([*tiny, *good, *bad], (ScoreCut.CARRIER,), a.NOW + 9 * DAY)
    assert [card.group for card in found] == [("bad",), ("good",), ("tiny",)]
    assert (found[0].lost.hits, found[0].lost.of) == (5, 30)
    assert found[2].lost.interval[0] < 1.0
    assert not found[2].enough


def test_costs_are_means_of_their_own_currency_and_cuts_divide_without_rest() -> None:
    parcels = [
        parcel(cost=Money(1000, "RUB"), lane="7"),
        parcel(cost=Money(2001, "RUB"), lane="8"),
        parcel(cost=Money(500, "CNY"), lane="8"),
        parcel(lane="8"),
    ]
    card = whole(parcels, a.NOW)
    assert (card.costs, card.costed) == ({"RUB": Money(1500, "RUB"), "CNY": Money(500, "CNY")}, 3)
    lanes = scorecards(parcels, (ScoreCut.LANE, ScoreCut.MONTH), a.NOW)
    assert [(one.group, one.parcels) for one in lanes] == [(("7", "2026-03"), 1), (("8", "2026-03"), 3)]


@pytest.fixture
def world() -> World:
    world = World()
    own = {"scheme": Scheme.RFBS, "integration": "non_integrated", "delivery_method_id": "77"}
    world.arrives(status="awaiting_deliver", actions=ASSEMBLED_ACTIONS, **own)
    world.settle(world.ask_tracking(FIRST, carrier="China Post"))
    world.market.change(a.NUMBER, status="delivering", delivering_date=world.clock.now())
    world.clock.advance(timedelta(minutes=1))
    world.read()
    return world


def report(world: World, *by: ScoreCut) -> Any:
    day = a.NOW.date()
    wanted = ScoresWanted(first=day, last=day, by=by or (ScoreCut.CARRIER,))
    return scorecard_report(a.SELLER, wanted, store=world.store, clock=world.clock)


def scan(world: World, number: str, status: ScanStatus, after: timedelta) -> None:
    world.write(AddScan(a.SELLER, number, Scan(at=a.NOW + after, status=status, source="csv")))


def test_a_parcel_is_told_by_its_carrier_its_lane_and_its_scans(world: World) -> None:
    scan(world, FIRST, ScanStatus.ACCEPTED, 6 * HOUR)
    scan(world, FIRST, ScanStatus.DELIVERED, 3 * DAY)
    world.clock.advance(4 * DAY)
    [line] = report(world, ScoreCut.CARRIER, ScoreCut.LANE)["items"]
    assert line["group"] == {"carrier": "china_post", "lane": "77"}
    assert line["fates"] == {"delivered": 1, "open": 0, "lost": 0, "returned": 0, "cancelled": 0}
    assert (line["first_scan"]["hours"], line["transit"]["p50"]["hours"]) == ("6.0", "72.0")


def test_a_lost_parcel_that_was_sent_again_counts_beside_the_second_one(world: World) -> None:
    world.clock.advance(30 * DAY)
    [line] = report(world)["items"]
    assert line["fates"]["lost"] == 1, "silent for too long"
    world.settle(world.ask_tracking(SECOND, carrier="China Post", kind=ChangeReason.LOST_AND_SENT_AGAIN, reason="lost"))
    [line] = report(world)["items"]
    assert (line["parcels"], line["fates"]["lost"], line["fates"]["open"]) == (2, 1, 1)
    scan(world, FIRST, ScanStatus.DELIVERED, 30 * DAY)
    assert report(world)["items"][0]["fates"] == {"delivered": 1, "open": 1, "lost": 0, "returned": 0, "cancelled": 0}


def test_a_number_that_was_only_corrected_is_no_second_parcel(world: World) -> None:
    world.clock.advance(DAY)
    world.settle(world.ask_tracking(SECOND, carrier="China Post", kind=ChangeReason.TYPING_ERROR, reason="typo"))
    assert report(world)["total"]["parcels"] == 1


def test_the_table_has_a_cell_for_every_heading_and_a_bad_period_is_refused(world: World) -> None:
    day = a.NOW.date()
    wanted = ScoresWanted(first=day, last=day, by=(ScoreCut.CARRIER, ScoreCut.MONTH))
    text = scorecard_csv(a.SELLER, wanted, store=world.store, clock=world.clock, separator=Separator.COMMA)
    heading, line = text.lstrip("\ufeff").strip().splitlines()
    assert len(heading.split(",")) == len(line.split(","))
    backwards = ScoresWanted(first=day, last=day - DAY)
    with pytest.raises(InvalidInputError, match="no period"):
        scorecard_report(a.SELLER, backwards, store=world.store, clock=world.clock)
