"""Stock through the deployment: a movement in a pool becomes every shop's number at the simulated marketplace."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.marketplace_poll.handler import handler as poll
from functions.tracking.handler import handler as track
from shipby.adapters.aws.clock import SystemClock
from shipby.application.ports.writes import SavePool, SaveSettings
from shipby.application.stock.ledger import Wish, move_by_hand
from shipby.domain.sellers.settings import Automation
from shipby.domain.stock.item import MovementKind
from shipby.domain.stock.pool import Pool
from shipby_local.simulator import Simulator
from tests.functions.shop_support import SELLER, LambdaContext, Shop, failed_ids, sqs_event

CONTEXT = LambdaContext()
OTHER, SKU = "7002", "MUG-1"


@pytest.fixture
def shops(shop: Shop, market: Simulator) -> Shop:
    other = market.add_seller(client_id=OTHER)
    shop.add_seller(OTHER, api_key=other.api_key, stock_pools={"*": f"{SELLER}:main"}, tell_stock=Automation.ON)

    own = shop.store.settings(SELLER)
    assert own is not None
    changed = replace(own, version=own.version + 1, stock_pools={"*": "main"}, tell_stock=Automation.ON)
    shop.store.commit([SaveSettings(changed), SavePool(Pool(seller=SELLER, id="main", version=1, shops=(OTHER,)))])
    for client in (SELLER, OTHER):
        market.control("POST", "/_sim/stocks", {"client_id": client, "offer_id": SKU, "sku": 11})
    shop.pump()
    shop.empty("tracking")
    return shop


def move(shop: Shop, kind: MovementKind, pieces: int) -> None:
    wish = Wish(shop=SELLER, pool="main", sku=SKU, kind=kind, quantity=pieces, actor="key:k1", reason="test")
    move_by_hand(wish, lambda _: [], store=shop.store, clock=SystemClock())


def shown(market: Simulator) -> dict[str, int]:
    stocks = market.control("GET", "/_sim/stocks")["stocks"]
    return {one["client_id"]: one["free"] for one in stocks}


def test_a_movement_is_told_to_every_shop_of_its_pool(shops: Shop, market: Simulator) -> None:
    move(shops, MovementKind.RECEIPT, 5)
    shops.pump()
    assert shops.bodies("tracking") == [{"seller": SELLER, "task": "stock_free", "pool": "main", "sku": SKU}]
    assert shops.deliver("tracking", track) == []
    shops.pump()
    assert sorted(one["seller"] for one in shops.bodies("tracking")) == [SELLER, OTHER]
    assert shops.deliver("tracking", track) == []
    assert shown(market) == {SELLER: 5, OTHER: 5}
    shops.pump()
    assert shops.bodies("tracking") == []


def test_a_shortage_goes_to_all_shops_and_waits_only_as_long_as_the_marketplace_asks(
    shops: Shop, market: Simulator
) -> None:
    move(shops, MovementKind.RECEIPT, 5)
    for _ in range(2):
        shops.pump()
        shops.deliver("tracking", track)
    move(shops, MovementKind.WRITE_OFF, 5)
    shops.pump()
    shops.deliver("tracking", track)
    shops.pump()
    shops.deliver("tracking", track)
    shops.pump()
    # Told a moment ago: each pair's next number has a message of its second.
    assert all(20 <= delay <= 31 for delay in shops.delays("tracking"))
    assert len(shops.delays("tracking")) == 2


def test_goods_that_are_set_aside_and_back_at_once_are_no_call(shops: Shop, market: Simulator) -> None:
    move(shops, MovementKind.RECEIPT, 5)
    message = {"seller": SELLER, "task": "stock_free", "pool": "main", "sku": SKU}
    assert failed_ids(track(sqs_event(message, message, message), CONTEXT)) == []
    outcomes = [line["outcome"] for line in shops.logged() if "outcome" in line]
    assert outcomes == ["stock_wished"] * 3
    assert failed_ids(track(sqs_event(message), CONTEXT)) == []
    assert shops.logged()[-1]["outcome"] == "stock_unchanged"


def test_a_shop_without_pools_writes_nothing(shop: Shop, market: Simulator) -> None:
    message = {"seller": SELLER, "task": "stock_free", "pool": "main", "sku": SKU}
    assert failed_ids(track(sqs_event(message), CONTEXT)) == []
    assert shop.store.offers_of(SELLER).items == ()
    assert failed_ids(track(sqs_event({"seller": SELLER, "task": "stock_free", "pool": "main"}), CONTEXT)) == ["m0"]


def test_the_poll_has_a_shop_with_pools_compared_once_a_day(shops: Shop, market: Simulator) -> None:
    move(shops, MovementKind.RECEIPT, 5)
    for _ in range(2):
        shops.pump()
        shops.deliver("tracking", track)
    market.control("POST", "/_sim/stocks", {"client_id": SELLER, "offer_id": SKU, "present": 9})
    for _ in range(2):
        poll({"task": "poll"}, CONTEXT)
    shops.pump()
    asked = [one["seller"] for one in shops.bodies("tracking") if one["task"] == "stock_compare"]
    assert sorted(asked) == [SELLER, OTHER]
    assert shops.deliver("tracking", track) == []
    shops.pump()
    # Only the one that differs is looked at again, two minutes later.
    assert [(one["seller"], one["task"]) for one in shops.bodies("tracking")] == [(SELLER, "stock_compare")]
    assert shops.delays("tracking") == [120]
    report = shops.store.report(OTHER, "stock", SystemClock().now().date())
    assert report is not None
    assert report["green"] is True


def test_the_poll_asks_nothing_of_a_shop_without_pools(shop: Shop, market: Simulator) -> None:
    poll({"task": "poll"}, CONTEXT)
    shop.pump()
    assert shop.bodies("tracking") == []
    assert shop.store.watch(SELLER, "stock-compare") is None
