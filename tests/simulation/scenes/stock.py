"""Goods: the last piece, a split, a cancel, and goods that come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from shipby.application.alarms.route_events import route_event
from shipby.application.intake.goods_came import goods_came
from shipby.application.ports.writes import SaveStock, Write
from shipby.domain.errors import ShipbyError
from shipby.domain.events import stock_ref
from shipby.domain.postings.posting import StockMark
from shipby.domain.stock.item import MovementKind
from tests.simulation.scenes.stage import Scene
from tests.simulation.watch import need
from tests.support import builders as a
from tests.unit.stock.stock_support import MUG, keeping, move, numbers, receive
from tests.unit.world_support import World

ONE = (a.line(quantity=1),)
PART, UNREAD, OTHER = "24219509-0020-3", "24219509-0020-4", "1-1"


def another_orders_while_a_posting_is_split() -> None:
    """What was reserved for a posting goes to its parts, whoever else wants it before they are read."""
    for whole in (True, False):
        world = keeping(World(), TEA_CUP_02=3)
        world.arrives(lines=(a.line(quantity=3),))
        world.clock.advance(timedelta(minutes=1))
        ended = {"status": "cancelled_from_split_pending", "substatus": "posting_split_pending", "actions": ()}
        facts: dict[str, Any] = ended if whole else {"lines": ONE}
        world.market.change(a.NUMBER, related_numbers=(PART, UNREAD), **facts)
        world.market.put(a.detail(number=PART, lines=ONE, parent_number=a.NUMBER, requirements={}))
        world.read()
        world.arrives(OTHER, lines=ONE)
        world.read(PART)
        marks = world.posting(OTHER).stock, world.posting(PART).stock
        right = marks == (StockMark.SHORT, StockMark.RESERVED) and numbers(world.store) == (3, 3, 0)
        need(right, "a split frees no piece", f"whole {whole}: {marks}, {numbers(world.store)}")


def a_cancel_gives_its_goods_back() -> None:
    world = keeping(World(), TEA_CUP_02=1)
    world.arrives(lines=ONE)
    world.clock.advance(timedelta(minutes=1))
    world.market.cancel_by(a.NUMBER, "client")
    world.read()
    need(numbers(world.store) == (1, 0, 1), "what is cancelled is free", str(numbers(world.store)))


def whoever_loses_every_race_for_goods_is_stored() -> None:
    """An order is never lost over its goods: it is stored, and read again at once."""
    world = keeping(World(), TEA_CUP_02=90)
    real: Any = world.store.commit

    def raced(writes: Sequence[Write], *, token: str = "") -> None:
        if any(isinstance(write, SaveStock) for write in writes):
            world.store.commit = real  # type: ignore[method-assign]  # the other one's commit is not raced
            move(world, MovementKind.CORRECTION, -1)
            world.store.commit = raced  # type: ignore[method-assign]  # the loser of the race
        real(writes, token=token)

    world.store.commit = raced  # type: ignore[method-assign]  # the loser of the race
    try:
        world.arrives(lines=ONE)
    except ShipbyError as error:
        need(False, "no order is lost over its goods", type(error).__name__)
    need(world.posting().stock is StockMark.PENDING, "no order is lost over its goods", str(world.posting().stock))
    told = [route for stored in world.history() for route in route_event(stored, label_delay_seconds=0)]
    again = [route.message.body for route in told if route.message.body.get("why") == "goods"]
    need(len(again) == 1, "what is not settled is read again", str(again))


def goods_that_come_reach_who_waits() -> None:
    world = keeping(World())
    move(world, MovementKind.STOCK_TAKE, 0, if_match=0)
    world.arrives(lines=ONE)
    receive(world, 1)
    world.clock.advance(timedelta(minutes=1))
    for stored in world.history(stock_ref("main", MUG)):
        for route in route_event(stored, label_delay_seconds=0):
            if route.message.body.get("task") == "goods":
                goods_came(a.SELLER, "main", MUG, store=world.store, read=lambda _, number: world.sync(number))
    need(world.posting().stock is StockMark.RESERVED, "who waits gets what comes", str(world.posting().stock))


SCENES: tuple[Scene, ...] = (
    another_orders_while_a_posting_is_split,
    a_cancel_gives_its_goods_back,
    whoever_loses_every_race_for_goods_is_stored,
    goods_that_come_reach_who_waits,
)
