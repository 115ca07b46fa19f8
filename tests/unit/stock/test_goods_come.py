"""Goods come: by receipt they wake who waits, by a return they go where its disposition says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shipby.application.alarms.route_events import Destination, route_event
from shipby.application.intake.goods_came import goods_came
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import MarketplaceUnavailableError
from shipby.domain.events import stock_ref
from shipby.domain.intents import IntentAction
from shipby.domain.postings.posting import StockMark
from shipby.domain.returns.return_case import ReturnSource
from shipby.domain.stock.item import MovementKind
from tests.support import builders as a
from tests.unit.returns.return_support import GOODS, dispose, goods, later, poll, step
from tests.unit.stock.stock_support import MUG, check_books, item, keeping, move, numbers, receive
from tests.unit.world_support import World

ONE = (a.line(quantity=1),)


def empty() -> World:
    """A pool that keeps mugs and has none."""
    world = keeping(World())
    move(world, MovementKind.STOCK_TAKE, 0, if_match=0)
    return world


def short(world: World, number: str, hours: float) -> None:
    cut_off = a.CUT_OFF + timedelta(hours=hours)
    assert world.arrives(number, lines=ONE, shipment_date=cut_off).stock is StockMark.SHORT


def come(world: World, **more: Any) -> str:
    world.clock.advance(timedelta(minutes=1))
    read = more.get("read") or (lambda _shop, number: world.sync(number))
    return goods_came(a.SELLER, "main", MUG, store=world.store, read=read)


def marks(world: World, *numbers_: str) -> list[StockMark | None]:
    return [world.posting(number).stock for number in numbers_]


def test_goods_go_to_the_posting_that_leaves_first() -> None:
    world = empty()
    short(world, "1-1", 5)
    short(world, "2-1", 1)
    short(world, "3-1", 9)
    receive(world, 2)
    assert come(world) == "woken"
    assert marks(world, "1-1", "2-1", "3-1") == [StockMark.RESERVED, StockMark.RESERVED, StockMark.SHORT]
    receive(world, 1)
    assert come(world) == "woken"
    assert come(world) == "nobody_waits"
    assert numbers(world.store) == (3, 3, 0)


def test_who_was_cancelled_meanwhile_is_passed_over() -> None:
    world = empty()
    short(world, "1-1", 1)
    short(world, "2-1", 5)
    world.market.cancel_by("1-1", "client")
    receive(world, 1)
    come(world)
    assert marks(world, "1-1", "2-1") == [StockMark.RELEASED, StockMark.RESERVED]
    assert world.store.waiting(a.SELLER, "main", MUG) == []


def test_a_posting_that_cannot_be_read_keeps_none_of_the_others_waiting() -> None:
    world = empty()
    short(world, "1-1", 1)
    short(world, "2-1", 5)
    receive(world, 1)

    def read(_: str, number: str) -> None:
        if number == "1-1":
            raise MarketplaceUnavailableError("away")
        world.sync(number)

    with pytest.raises(MarketplaceUnavailableError):
        come(world, read=read)
    assert marks(world, "1-1", "2-1") == [StockMark.SHORT, StockMark.RESERVED]


def test_only_goods_that_become_free_wake_anybody() -> None:
    world = keeping(World(), TEA_CUP_02=1)
    move(world, MovementKind.QUARANTINE, 1)
    move(world, MovementKind.UNQUARANTINE, 1)
    routed = [
        [
            one.destination
            for one in route_event(stored, label_delay_seconds=0)
            if one.destination is not Destination.TRACKING  # told to the marketplace, whatever became free
        ]
        for stored in world.history(stock_ref("main", MUG))
    ]
    assert routed == [[Destination.SYNC], [], [Destination.SYNC]]


def sent(world: World) -> None:
    world.arrives()
    for command in (Command.CONFIRM, Command.PICK, Command.PACK):
        world.do(command)
    world.settle(world.ask(IntentAction.SHIP))
    world.clock.advance(timedelta(minutes=1))
    world.read()
    world.do(Command.HAND_OVER)


def comes_back(world: World, disposition: str, **facts: Any) -> None:
    goods(world, offer_id=MUG, **facts)
    poll(world)
    later(world, minutes=1)
    step(world, "receive")
    step(world, "inspect", condition="new")
    dispose(world, disposition)


@pytest.mark.parametrize(
    ("disposition", "on_hand", "quarantine"), [("restock", 5, 0), ("quarantine", 3, 2), ("scrap", 3, 0)]
)
def test_what_comes_back_goes_where_its_disposition_says(disposition: str, on_hand: int, quarantine: int) -> None:
    world = keeping(World(), TEA_CUP_02=5)
    sent(world)
    comes_back(world, disposition)
    assert (item(world.store).on_hand, item(world.store).quarantine) == (on_hand, quarantine)
    last = world.history(stock_ref("main", MUG))[-1].event
    assert disposition == "scrap" or (last.data["cause"], last.actor) == (f"return {GOODS}", "key:k1")
    check_books(world.store, [(a.SELLER, a.NUMBER)])


def test_what_never_left_the_books_is_not_put_back_twice() -> None:
    world = keeping(World(), TEA_CUP_02=5)
    world.arrives()
    world.clock.advance(timedelta(minutes=1))
    world.market.cancel_by(a.NUMBER, "client")
    world.read()
    comes_back(world, "restock", source=ReturnSource.FBS)
    assert numbers(world.store) == (5, 0, 5)
