"""What reserving costs, over the real store: write units are counted from the items by the published rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import boto3
import pytest
from moto import mock_aws

from bench.write_units import Meter
from shipby.adapters.dynamodb import DynamoDBStore
from shipby.adapters.dynamodb.table import table_definition
from shipby.application.ports.writes import SaveSettings
from shipby.domain.deadlines.workflow import Command
from shipby.domain.intents import IntentAction
from shipby.domain.postings.posting import StockMark
from tests.support import builders as a
from tests.unit.stock.stock_support import MUG, check_books, keeping, numbers, receive
from tests.unit.world_support import World

MOST_TO_RESERVE = 6
"""Write units of reserving a line: the SKU's row, its movement, what the posting holds."""


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Meter]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(**table_definition("stock"))
        yield Meter(client, "stock")


def world_on(meter: Meter) -> World:
    world = World()
    world.store = DynamoDBStore(meter, "stock", clock=world.clock)  # type: ignore[arg-type,assignment]  # metered
    world.write(SaveSettings(a.settings()))
    return world


def units(meter: Meter) -> int:
    return meter.units.total()


def test_reserving_one_line_costs_six_units_and_nothing_where_no_stock_is_kept(meter: Meter) -> None:
    world = world_on(meter)
    before = units(meter)
    world.arrives("1-1")
    plain = units(meter) - before
    keeping(world, OTHER=3)
    before = units(meter)
    world.arrives("2-1")
    assert units(meter) - before == plain
    receive(world, 5)
    before = units(meter)
    assert world.arrives("3-1").stock is StockMark.RESERVED
    assert units(meter) - before - plain <= MOST_TO_RESERVE


def test_a_whole_life_over_the_real_store_leaves_the_books_right(meter: Meter) -> None:
    world = keeping(world_on(meter), TEA_CUP_02=5)
    posting = world.arrives()
    assert posting.stock is StockMark.RESERVED
    for command in (Command.CONFIRM, Command.PICK, Command.PACK):
        world.do(command)
    world.settle(world.ask(IntentAction.SHIP))
    world.clock.advance(timedelta(minutes=1))
    world.read()
    world.do(Command.HAND_OVER)
    assert numbers(world.store) == (3, 0, 3)
    world.arrives("2-1", lines=(a.line(quantity=4),))
    assert world.posting("2-1").stock is StockMark.SHORT
    world.clock.advance(timedelta(minutes=1))
    world.market.cancel_by("2-1", "client")
    world.read("2-1")
    assert numbers(world.store) == (3, 0, 3)
    assert world.store.waiting(a.SELLER, "main", MUG) == []
    check_books(world.store, [(a.SELLER, a.NUMBER), (a.SELLER, "2-1")])
