"""Supplier quality: failed inspections and defect returns per 1,000, held against what really happened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from shipby.application.ports.writes import SaveProductCard
from shipby.application.shared.csv_text import Separator
from shipby.application.tracking.supplier_report import QualityWanted, supplier_csv, supplier_report
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import InvalidInputError
from shipby.domain.intents import IntentAction
from shipby.domain.packing.cards import ProductCard
from shipby.domain.tracking.replacements import wilson
from shipby.domain.tracking.supplier_quality import Observed, PerThousand, QualityCut, quality
from tests.support import builders as a
from tests.unit.world_support import World

TODAY = a.NOW.date()
GOOD, BAD, PLAIN = "11", "12", "13"
SENT: dict[str, Any] = {"status": "delivered", "actions": ()}


@pytest.fixture
def world() -> World:
    world = World()
    for sku, supplier in ((GOOD, "Yiwu 7"), (BAD, "Shenzhen 3")):
        world.write(SaveProductCard(ProductCard(seller=a.SELLER, sku=sku, version=1, supplier=supplier)))
    return world


def number(index: int) -> str:
    return f"24219509-{index:04d}-1"


def arrives(world: World, index: int, *skus: str, pieces: int = 1, **more: Any) -> str:
    lines = tuple(a.line(sku=sku, quantity=pieces, price=a.rub("10.00")) for sku in skus)
    world.arrives(number(index), lines=lines, **more)
    return number(index)


def inspect(world: World, name: str, *, passed: bool) -> None:
    for command in (Command.CONFIRM, Command.PICK):
        world.do(command, name)
    world.do(Command.INSPECT, name, passed=passed, reason="" if passed else "scratched")


def sent_and_back(world: World, index: int, sku: str, *, defect: bool, pieces: int = 1, back: int = 1) -> None:
    name = arrives(world, index, sku, pieces=pieces, scheme="rFBS", integration="non_integrated")
    for command in (Command.CONFIRM, Command.PICK, Command.PACK):
        world.do(command, name)
    world.market.change(name, status="delivered", actions=(), delivering_date=world.clock.now())
    world.clock.advance(timedelta(seconds=2))
    world.read(name)
    world.return_opens(f"r{index}", name, sku=sku, quantity=back, is_defect=defect)


def report(world: World, *by: QualityCut, first: date = TODAY, last: date = TODAY) -> Mapping[str, Any]:
    wanted = QualityWanted(first=first, last=last, by=by)
    return supplier_report(a.SELLER, wanted, store=world.store, clock=world.clock)


def lines(world: World, *by: QualityCut) -> dict[Any, tuple[int, int, int, int]]:
    return {
        tuple(item["group"].values()): (
            item["inspections"]["hits"],
            item["inspections"]["of"],
            item["returns"]["hits"],
            item["returns"]["of"],
        )
        for item in report(world, *by)["items"]
    }


def test_inspections_and_defects_are_counted_for_the_supplier_of_the_card(world: World) -> None:
    inspect(world, arrives(world, 1, GOOD), passed=True)
    inspect(world, arrives(world, 2, BAD), passed=False)
    inspect(world, arrives(world, 3, PLAIN), passed=True)
    sent_and_back(world, 4, BAD, defect=True, pieces=4, back=2)
    sent_and_back(world, 5, BAD, defect=False)
    assert lines(world, QualityCut.SUPPLIER) == {
        ("Yiwu 7",): (0, 1, 0, 0),
        ("Shenzhen 3",): (1, 1, 2, 5),
        (None,): (0, 1, 0, 0),
    }
    assert report(world)["total"]["inspections"]["per_thousand"] == "333.3"
    assert lines(world, QualityCut.SKU, QualityCut.MONTH)[(BAD, f"{TODAY:%Y-%m}")] == (1, 1, 2, 5)


def test_a_failed_one_that_passes_after_all_is_two_inspections(world: World) -> None:
    name = arrives(world, 1, BAD)
    inspect(world, name, passed=False)
    world.do(Command.UNBLOCK, name, reason="another piece")
    world.do(Command.INSPECT, name)
    assert lines(world, QualityCut.SUPPLIER) == {("Shenzhen 3",): (1, 2, 0, 0)}


def test_nobody_knows_whose_goods_failed_where_two_suppliers_are_in_one_order(world: World) -> None:
    inspect(world, arrives(world, 1, GOOD, BAD), passed=False)
    assert {line[:2] for line in lines(world, QualityCut.SUPPLIER).values()} == {(0, 0)}
    world.write(SaveProductCard(ProductCard(seller=a.SELLER, sku=BAD, version=2, supplier="Yiwu 7")))
    assert lines(world, QualityCut.SUPPLIER) == {("Yiwu 7",): (1, 1, 0, 0)}
    assert {line[:2] for line in lines(world, QualityCut.SKU).values()} == {(0, 0)}


def test_a_split_order_counts_by_its_parts_and_its_inspection_once(world: World) -> None:
    name = arrives(world, 1, BAD, pieces=2, actions=("cancel", "ship"))
    inspect(world, name, passed=True)
    world.settle(world.ask(IntentAction.SPLIT, name, request={"parcels": [{BAD: 1}, {BAD: 1}]}))
    for part in ("24219509-0001-2", "24219509-0001-3"):
        world.market.change(part, status="delivered", actions=(), delivering_date=world.clock.now())
        world.clock.advance(timedelta(seconds=2))
        world.read(part)
    assert lines(world, QualityCut.SUPPLIER) == {("Shenzhen 3",): (0, 1, 0, 2)}


def test_more_than_was_shipped_never_comes_back(world: World) -> None:
    sent_and_back(world, 1, BAD, defect=True, pieces=1, back=3)
    assert lines(world, QualityCut.SUPPLIER) == {("Shenzhen 3",): (0, 0, 1, 1)}


def test_orders_of_other_days_are_not_in_it(world: World) -> None:
    inspect(world, arrives(world, 1, BAD), passed=False)
    before = TODAY - timedelta(days=1)
    assert report(world, QualityCut.SUPPLIER, first=before, last=before)["items"] == []
    total = report(world, first=before, last=before)["total"]["inspections"]
    assert (total["of"], total["per_thousand"], total["interval"]) == (0, None, {"low": "0.0", "high": "1000.0"})


def test_a_period_has_1_to_92_days(world: World) -> None:
    for first in (TODAY + timedelta(days=1), TODAY - timedelta(days=92)):
        with pytest.raises(InvalidInputError):
            report(world, first=first)


def test_the_table_says_the_same(world: World) -> None:
    inspect(world, arrives(world, 1, BAD), passed=False)
    wanted = QualityWanted(first=TODAY, last=TODAY, by=(QualityCut.SUPPLIER,))
    text = supplier_csv(a.SELLER, wanted, store=world.store, clock=world.clock, separator=Separator.COMMA)
    head, row = text.lstrip("\ufeff").splitlines()
    assert head.split(",")[:4] == ["supplier", "inspections_failed", "inspections", "inspections_per_thousand"]
    assert row.split(",")[:4] == ["Shenzhen 3", "1", "1", "1000.0"]


def seen(supplier: str, failed: int, of: int, back: int = 0, shipped: int = 0) -> Observed:
    return Observed(
        supplier=supplier, sku="1", at=a.NOW, failed=failed, passed=of - failed, defective=back, shipped=shipped
    )


def test_few_samples_rank_nobody_and_the_surest_trouble_comes_first() -> None:
    found = quality(
        [seen("unlucky", 1, 1), seen("bad", 30, 100), seen("fair", 2, 100), seen("returns", 0, 0, 60, 100)],
        [QualityCut.SUPPLIER],
    )
    assert [line.group[0] for line in found] == ["returns", "bad", "fair", "unlucky"]
    assert found[-1].worst == 0


def test_rates_and_intervals_are_those_of_the_replacements_report_per_thousand() -> None:
    part = PerThousand(3, 40)
    assert part.rate == 75
    assert part.interval == tuple(side * 1000 for side in wilson(3, 40))
    assert (PerThousand(0, 0).rate, PerThousand(0, 0).interval, part.enough) == (None, (0.0, 1000.0), True)
