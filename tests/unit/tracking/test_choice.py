"""Which carrier a parcel goes with: scores that follow from figures, a choice with its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from shipby.application.ports.writes import AddScan, SaveCarrier, SaveProductCard
from shipby.application.tracking.choosing.choose import CarrierChosen, ParcelAsked, carrier_choice, choose_carrier
from shipby.application.tracking.choosing.kept import learned_limits, learned_tracks
from shipby.application.tracking.choosing.learned import learn_again, learn_carriers
from shipby.application.tracking.watch_silence import watch_silence
from shipby.application.tracking.ways import posting_way
from shipby.domain.carriers.carrier import Carrier, PriceBand, PriceList
from shipby.domain.carriers.s10 import s10
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError, PreconditionFailedError
from shipby.domain.events import EventType, posting_ref
from shipby.domain.money import Money
from shipby.domain.packing.cards import ProductCard
from shipby.domain.postings.posting import Scheme
from shipby.domain.tracking.choice import POINTS, Need, Track, score, track_of, tracks
from shipby.domain.tracking.scans import Scan, ScanStatus
from shipby.domain.tracking.scorecard import ENOUGH, Fate, Parcel
from tests.support import builders as a
from tests.support.fake_marketplace import ASSEMBLED_ACTIONS
from tests.unit.world_support import World, forget

DAY = timedelta(days=1)
ON = date(2026, 3, 2)
WORTH = Money(100_000, "RUB")


def carrier(code: str, minor: int = 20_000, **more: Any) -> Carrier:
    bands = (PriceBand(up_to_grams=1000, price=Money(minor, more.pop("currency", "RUB"))),)
    listed = PriceList(valid_from=ON - DAY, announced_on=ON - DAY, source="contract", bands=bands)
    return Carrier(code=code, names={"en": code}, prices=(listed,), **more)


def track(code: str, days: int = 3, lost: int = 0, count: int = 200, lane: str = "") -> Track:
    hours = (24 * days,) * 10
    return Track(carrier=code, lane=lane, ended=count + lost, lost=lost, delivered=count, hours=hours)


def best(carriers: list[Carrier], found: list[Track], **need: Any) -> list[str]:
    facts: dict[str, Any] = {"on": ON, "grams": 500, "worth": WORTH, "time_left": 5 * DAY, **need}
    return [one.carrier for one in score({one.code: one for one in carriers}, found, Need(**facts)) if one.offered]


def test_a_cheap_carrier_that_loses_parcels_is_dearer_than_one_that_does_not() -> None:
    both = [carrier("cheap", 20_000), carrier("sure", 25_000)]
    assert best(both, [track("cheap"), track("sure")]) == ["cheap", "sure"]
    assert best(both, [track("cheap", lost=20), track("sure")]) == ["sure", "cheap"]
    assert best(both, [track("cheap", lost=20), track("sure")], worth=Money(1_000, "RUB")) == ["cheap", "sure"]


def test_the_chance_to_be_in_time_counts_only_while_a_promise_is_ahead() -> None:
    both = [carrier("slow", 20_000), carrier("fast", 25_000)]
    found = [track("slow", days=8), track("fast", days=3)]
    assert best(both, found, time_left=5 * DAY) == ["fast", "slow"]
    assert best(both, found, time_left=9 * DAY) == ["slow", "fast"]
    assert best(both, found, time_left=-DAY) == ["slow", "fast"]
    assert best(both, found, time_left=None) == ["slow", "fast"]


def test_a_carrier_that_nobody_knows_is_neither_perfect_nor_out() -> None:
    known, other = carrier("known", 20_000), carrier("new", 20_000)
    assert best([known, other], [track("known")]) == ["known", "new"]
    assert best([known, other], [track("known", days=9, lost=40)]) == ["new", "known"]
    [one] = score({"new": other}, [], Need(on=ON, grams=500, worth=WORTH, time_left=5 * DAY))
    assert (one.samples, one.in_time_interval) == (0, (0.0, 1.0))


@pytest.mark.parametrize(
    ("unfit", "why"),
    [
        ({"retired_on": ON}, "takes no parcels"),
        ({"max_grams": 400}, "500 g are more"),
        ({"max_sides_mm": (100, 300, 200)}, "mm are more"),
    ],
)
def test_who_cannot_take_it_is_last_with_the_reason(unfit: dict[str, Any], why: str) -> None:
    carriers = {"a": carrier("a", 1, **unfit), "b": carrier("b")}
    need = Need(on=ON, grams=500, sides_mm=(250, 250, 50), worth=WORTH)
    found = score(carriers, [], need)
    assert [one.carrier for one in found] == ["b", "a"]
    assert why in found[1].why_not[0]


def test_too_heavy_for_every_band_is_a_reason_and_no_price_list_is_none() -> None:
    carriers = {"a": carrier("a"), "b": Carrier(code="b", names={"en": "b"})}
    found = score(carriers, [], Need(on=ON, grams=1500, worth=WORTH))
    assert [(one.carrier, one.offered) for one in found] == [("b", True), ("a", False)]


def test_prices_of_another_currency_are_not_added_to_the_orders_price() -> None:
    found = score({"cn": carrier("cn", currency="CNY")}, [track("cn")], Need(on=ON, grams=500, worth=WORTH))
    assert (found[0].price, found[0].expected) == (Money(20_000, "CNY"), None)


def test_a_lane_counts_once_it_has_enough_parcels() -> None:
    few, many = track("c", count=ENOUGH - 1, lane="7"), track("c", count=ENOUGH, lane="8")
    every = track("c")
    assert track_of([few, many, every], "c", "7") is every
    assert track_of([few, many, every], "c", "8") is many
    assert track_of([], "c", "8").ended == 0


def test_what_is_kept_of_a_track_record_tells_shares_as_the_parcels_do() -> None:
    parcels = [
        Parcel(
            carrier="c",
            lane="7",
            handed_over_at=a.NOW,
            fate=Fate.DELIVERED,
            delivered_at=a.NOW + timedelta(minutes=60 * hours - 30),
        )
        for hours in range(1, 1001)
    ]
    parcels += [Parcel(carrier="c", lane="7", handed_over_at=a.NOW, fate=fate) for fate in (Fate.LOST, Fate.OPEN)]
    for one in tracks(parcels):
        assert (one.ended, one.lost, one.delivered, len(one.hours)) == (1001, 1, 1000, POINTS)
        for hours in (0, 100, 500, 999, 2000):
            assert abs(one.within(timedelta(hours=hours)) - min(hours, 1000)) <= 1000 / POINTS


OWN = {"scheme": Scheme.RFBS, "integration": "non_integrated"}


@pytest.fixture
def world() -> World:
    world = World()
    for one in (carrier("alpha", 20_000), carrier("beta", 30_000)):
        world.write(SaveCarrier(replace(one, seller=a.SELLER)))
    world.arrives(
        status="awaiting_deliver",
        actions=ASSEMBLED_ACTIONS,
        lines=(a.line(sku="11", quantity=2, price=a.rub("500.00")),),
        delivery_by=a.NOW + 9 * DAY,
        **OWN,
    )
    world.write(SaveProductCard(ProductCard(seller=a.SELLER, sku="11", version=1, weight_g=300, sides_mm=(9, 8, 7))))
    return world


def card(world: World, **more: Any) -> Any:
    return carrier_choice(ParcelAsked(seller=a.SELLER, number=a.NUMBER, **more), store=world.store, clock=world.clock)


def chosen(world: World, carrier: str = "", reason: str = "", **more: Any) -> Any:
    parcel = ParcelAsked(seller=a.SELLER, number=a.NUMBER)
    wish = CarrierChosen(parcel=parcel, actor="key:k1", carrier=carrier, reason=reason, **more)
    return choose_carrier(wish, forget, store=world.store, clock=world.clock).body


def test_the_weight_is_the_products_own_and_the_best_can_be_chosen_without_a_word(world: World) -> None:
    shown = card(world)
    assert (shown["grams"], shown["grams_from"]) == (600, "product_cards")
    assert (shown["best"], shown["chosen"]) == ("alpha", None)
    assert card(world, grams=1500)["best"] not in ("alpha", "beta"), "heavier than their bands"
    body = chosen(world)
    assert (body["chosen"]["carrier"], body["chosen"]["override"]) == ("alpha", False)
    assert "best of the directory" in card(world)["chosen"]["reason"]


def test_another_than_the_best_needs_a_reason_and_history_has_both_scores(world: World) -> None:
    with pytest.raises(InvalidInputError, match="needs a reason"):
        chosen(world, "beta", "  ")
    assert card(world)["chosen"] is None, "nothing was kept"
    before = world.posting().version
    chosen(world, "BETA", "their van is here")
    told = [one.event for one in world.store.events(a.SELLER, posting_ref(a.NUMBER), after_version=before)]
    [event] = [one for one in told if one.type == EventType.POSTING_CARRIER_CHOSEN]
    assert (event.data["carrier"], event.data["override"], event.reason) == ("beta", True, "their van is here")
    assert event.data["best"]["carrier"] == "alpha"  # type: ignore[call-overload,index]  # JSON
    chosen(world, "alpha")
    assert card(world)["chosen"]["carrier"] == "alpha", "the last word counts"


def test_what_is_not_there_to_choose_is_refused(world: World) -> None:
    with pytest.raises(InvalidInputError, match="nobody knows"):
        chosen(world, "pigeon", "fast")
    with pytest.raises(PreconditionFailedError):
        chosen(world, if_match=99)
    world.market.change(a.NUMBER, status="delivering", delivering_date=world.clock.now())
    world.clock.advance(timedelta(minutes=1))
    world.read()
    with pytest.raises(ActionNotOfferedError, match="left the house"):
        chosen(world)
    world.arrives("39219509-0001-1")
    with pytest.raises(ActionNotOfferedError, match="the marketplace chooses"):
        carrier_choice(ParcelAsked(seller=a.SELLER, number="39219509-0001-1"), store=world.store, clock=world.clock)


def test_what_happened_to_parcels_is_learned_once_a_day_and_turns_the_choice(world: World) -> None:
    learn_again(a.SELLER, under_way=False, store=world.store, clock=world.clock)
    assert learned_tracks(a.SELLER, store=world.store, now=world.clock.now()) == ((), None), "nothing was read"
    for index in range(30):
        name, number = f"49219509-{index:04d}-1", s10("RB", index, "CN")
        world.arrives(name, status="awaiting_deliver", actions=ASSEMBLED_ACTIONS, **OWN)
        world.settle(world.ask_tracking(number, name, carrier="alpha" if index % 2 else "beta"))
        world.market.change(name, status="delivering", delivering_date=world.clock.now())
        world.clock.advance(timedelta(seconds=2))
        world.read(name)
        if not index % 2:
            scan = Scan(at=a.NOW + 2 * DAY, status=ScanStatus.DELIVERED, source="csv")
            world.write(AddScan(a.SELLER, number, scan))
    world.clock.advance(40 * DAY)
    learn_carriers(a.SELLER, store=world.store, clock=world.clock)
    found, at = learned_tracks(a.SELLER, store=world.store, now=world.clock.now())
    assert {(one.carrier, one.ended, one.lost) for one in found if one.lane == ""} == {
        ("alpha", 15, 15),
        ("beta", 15, 0),
    }
    shown = card(world)
    assert (shown["best"], shown["learned_at"]) == ("beta", at), "alpha lost every parcel"
    world.clock.advance(4 * DAY)
    assert card(world)["learned_at"] is None, "old figures are not believed"


def test_a_learned_limit_calls_a_parcel_lost_that_the_default_would_wait_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shipby.domain.tracking.silence.LEARNED_FROM", 20)
    for index in range(25):
        name, number = f"59219509-{index:04d}-1", s10("RB", index, "CN")
        world.arrives(name, status="awaiting_deliver", actions=ASSEMBLED_ACTIONS, **OWN)
        world.settle(world.ask_tracking(number, name, carrier="alpha"))
        world.market.change(name, status="delivering", delivering_date=world.clock.now())
        world.clock.advance(timedelta(seconds=2))
        world.read(name)
        for hours, status in ((10, ScanStatus.ACCEPTED), (34, ScanStatus.DELIVERED)):
            if index or status is ScanStatus.ACCEPTED:
                scan = Scan(at=a.NOW + timedelta(hours=hours), status=status, source="csv")
                world.write(AddScan(a.SELLER, number, scan))
    silent = "59219509-0000-1"
    world.clock.advance(12 * DAY)

    def says() -> Any:
        return posting_way(a.SELLER, silent, store=world.store, clock=world.clock)["silence"]

    assert (says()["says"], says()["samples"]) == ("delayed", 0), "the default waits for 20 days"
    assert learned_limits(a.SELLER, store=world.store, now=world.clock.now()) is None
    learn_carriers(a.SELLER, store=world.store, clock=world.clock)
    assert (says()["says"], says()["samples"], says()["limits_from"]) == (
        "lost",
        24,
        "24 finished journeys of this carrier",
    )
    assert watch_silence(a.SELLER, store=world.store, clock=world.clock)["opened"] == 1
