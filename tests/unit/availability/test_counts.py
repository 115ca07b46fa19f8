"""Counts from a file: what a spreadsheet does to cells is seen, doubles are nobody's, and all are booked or none."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipby.adapters.workbooks import workbook_lines
from shipby.application.availability.count_files import CountFile, import_counts
from shipby.application.ports.writes import SavePool, SaveStock
from shipby.application.shared.tables import csv_lines
from shipby.application.stock.ledger import Wish, move_by_hand
from shipby.domain.availability.counts import CountState, read_row
from shipby.domain.errors import InvalidInputError, NotFoundError, VersionConflictError
from shipby.domain.stock.item import MovementKind, StockItem
from shipby.domain.stock.pool import Pool
from tests.support import builders as a
from tests.support.workbook import formula, number, sheet, text, workbook
from tests.unit.world_support import World, forget

SKUS = ("MUG-1", "CUP-2", "POT-3")


@pytest.fixture
def world() -> World:
    world = World()
    world.store.commit([SavePool(Pool(seller=a.SELLER, id="main", version=1))])
    for sku in SKUS:
        world.store.commit([SaveStock(StockItem(seller=a.SELLER, pool="main", sku=sku, version=1, on_hand=10))])
    return world


def sent(world: World, table: str | bytes, *, dry_run: bool = False, pool: str = "") -> dict[str, Any]:
    lines = csv_lines(table) if isinstance(table, str) else workbook_lines(table)
    file = CountFile(
        shop=a.SELLER, pool=pool, lines=lines, field="csv", actor="key:k1", reason="yearly", dry_run=dry_run
    )
    return dict(import_counts(file, forget, store=world.store, clock=world.clock).body)


def verdicts(body: dict[str, Any]) -> list[str]:
    return [row["verdict"] for row in body["items"]]


def on_hand(world: World) -> dict[str, int]:
    return {sku: item.on_hand for sku, item in world.store.stock_items(a.SELLER, "main", SKUS).items()}


def test_a_dry_run_judges_and_books_nothing(world: World) -> None:
    body = sent(world, "sku;quantity\nMUG-1;7\nCUP-2;10", dry_run=True)
    assert (verdicts(body), body["dry_run"]) == (["good", "unchanged"], True)
    assert [(row["row"], row["before"], row["counted"]) for row in body["items"]] == [(2, 10, 7), (3, 10, 10)]
    assert set(on_hand(world).values()) == {10}


def test_counts_are_booked_as_stock_takes_with_actor_and_reason(world: World) -> None:
    assert verdicts(sent(world, "offer_id,quantity\nMUG-1,7\nCUP-2,0")) == ["booked", "booked"]
    assert on_hand(world) == {"MUG-1": 7, "CUP-2": 0, "POT-3": 10}
    page = world.store.stock_movements(a.SELLER, "main", "MUG-1")
    event = page.items[-1].event
    assert (event.actor, event.reason, event.data["kind"]) == ("key:k1", "yearly", "stock_take")
    # Sent again it changes nothing.
    assert verdicts(sent(world, "offer_id,quantity\nMUG-1,7\nCUP-2,0")) == ["unchanged", "unchanged"]


def test_one_refused_row_and_nothing_of_the_file_is_booked(world: World) -> None:
    body = sent(world, "sku,quantity\nMUG-1,7\nNOBODY,1\nCUP-2,10")
    assert verdicts(body) == ["left_out", "refused", "unchanged"]
    assert "keeps no NOBODY" in body["items"][1]["problem"]
    assert set(on_hand(world).values()) == {10}


@pytest.mark.parametrize(
    ("quantity", "said"),
    [
        ("-3", "negative"),
        ("−3", "negative"),
        ("1.5", "no whole number"),
        ("1,5", "no whole number"),
        ("1.000", "no whole number"),
        ("", "empty"),
        ("1,23457E+13", "rounded"),
        ("1.23457e13", "rounded"),
        ("1,23457Е+13", "rounded"),
        ("4607143560598", "no number"),
        ("99999999", "code in the wrong column"),
        ("1 000", "without a sign"),
        ("ten", "no number"),
        ("#REF!", "error of a spreadsheet"),
        ("#ССЫЛКА!", "error of a spreadsheet"),
        ("=A1+1", "formula"),
        ("٣", "no number"),
        ("+5", "formula"),
    ],
)
def test_what_is_no_number_of_pieces_is_refused_by_its_row(world: World, quantity: str, said: str) -> None:
    body = sent(world, f'sku\tquantity\nMUG-1\t"{quantity}"', dry_run=True)
    (row,) = body["items"]
    assert row["verdict"] == "refused"
    assert said in row["problem"]


@pytest.mark.parametrize(
    ("sku", "said"),
    [("", "empty"), ("1,23457E+13", "rounded"), ("#N/A", "error"), ("x" * 101, "101 signs"), ("A/B", "keeps no")],
)
def test_what_is_no_article_is_refused_by_its_row(world: World, sku: str, said: str) -> None:
    (row,) = sent(world, f'sku\tquantity\n"{sku}"\t1', dry_run=True)["items"]
    assert row["verdict"] == "refused"
    assert said in row["problem"]


def test_rows_of_one_article_are_all_refused(world: World) -> None:
    body = sent(world, "sku,quantity\nMUG-1,7\nCUP-2,1\n MUG-1 ,7")
    assert verdicts(body) == ["refused", "left_out", "refused"]
    assert "lines 2, 4 name MUG-1" in body["items"][0]["problem"]


def test_a_count_of_another_version_is_refused_unless_it_agrees(world: World) -> None:
    body = sent(world, "sku,quantity,version\nMUG-1,7,0\nCUP-2,10,0\nPOT-3,4,1", dry_run=True)
    assert verdicts(body) == ["refused", "unchanged", "good"]
    assert "moved since" in body["items"][0]["problem"]
    assert "is none" in sent(world, "sku,quantity,version\nMUG-1,7,x", dry_run=True)["items"][0]["problem"]


def test_more_reserved_than_counted_is_refused_in_the_words_of_the_ledger(world: World) -> None:
    held = StockItem(seller=a.SELLER, pool="main", sku="HELD", version=1, on_hand=5, reserved=4)
    kit = StockItem(seller=a.SELLER, pool="main", sku="SET", version=1, components={"MUG-1": 1})
    world.store.commit([SaveStock(held), SaveStock(kit)])
    body = sent(world, "sku,quantity\nHELD,3\nSET,1", dry_run=True)
    assert verdicts(body) == ["refused", "refused"]
    assert "4 of them reserved" in body["items"][0]["problem"]
    assert "is a kit" in body["items"][1]["problem"]


def test_two_stock_takes_at_once_are_one_and_a_refused_row(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = world.store.commit

    def between(writes: Any, **more: Any) -> None:
        monkeypatch.setattr(world.store, "commit", commit)
        wish = Wish(
            shop=a.SELLER, pool="", sku="MUG-1", kind=MovementKind.STOCK_TAKE, quantity=9, actor="key:k2", if_match=1
        )
        move_by_hand(wish, forget, store=world.store, clock=world.clock)
        raise VersionConflictError("somebody else")

    monkeypatch.setattr(world.store, "commit", between)
    body = sent(world, "sku,quantity\nMUG-1,7\nCUP-2,3")
    assert verdicts(body) == ["refused", "booked"]
    assert on_hand(world) == {"MUG-1": 9, "CUP-2": 3, "POT-3": 10}


def test_a_workbook_is_read_as_a_table_is(world: World) -> None:
    rows = {
        1: [text("Артикул"), text("Количество")],
        2: [text("MUG-1"), number("7")],
        3: [text("CUP-2"), number("1.5")],
        4: [text("POT-3"), formula("A1*2", "12")],
        5: [number("1.23457E+16"), number("1")],
    }
    body = sent(world, workbook(sheet(rows)), dry_run=True)
    assert verdicts(body) == ["good", "refused", "refused", "refused"]
    assert "formula" in body["items"][2]["problem"]
    assert "lost the last ones" in body["items"][3]["problem"]


@pytest.mark.parametrize(
    "table",
    ["", "sku,quantity", "sku,amount\nA,1", "quantity\n1", "sku,quantity,sku\nA,1,B", "sku,quantity,price\nA,1,2"],
)
def test_a_file_that_is_no_such_table_is_refused_whole(world: World, table: str) -> None:
    with pytest.raises(InvalidInputError):
        sent(world, table)


def test_too_many_rows_and_a_foreign_pool_are_refused(world: World) -> None:
    with pytest.raises(InvalidInputError, match="501 rows"):
        sent(world, "sku,quantity\n" + "\n".join(f"S{at},1" for at in range(501)))
    with pytest.raises(NotFoundError):
        sent(world, "sku,quantity\nMUG-1,1", pool="stranger:main")


@given(st.text(max_size=12))
def test_whatever_stands_in_a_cell_is_a_number_of_pieces_or_refused(cell: str) -> None:
    row = read_row(2, "A", cell, "")
    assert (row.counted is None) is (row.state is CountState.REFUSED)
    assert row.counted is None or 0 <= row.counted <= 10_000_000
