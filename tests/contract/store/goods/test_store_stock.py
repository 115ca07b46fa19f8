"""Goods in the store: pools, what they hold, movements, reservations, and who waits."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from shipby.application.intake.sync_posting import sync_posting
from shipby.application.ports.store import Store
from shipby.application.ports.writes import (
    AppendEvents,
    NoteWaiting,
    SavePool,
    SaveReservation,
    SaveSettings,
    SaveStock,
)
from shipby.application.stock.ledger import Wish, move_by_hand
from shipby.domain.errors import InvalidInputError, VersionConflictError
from shipby.domain.events import Event, EventType, stock_ref
from shipby.domain.postings.posting import StockMark
from shipby.domain.stock.item import Movement, MovementKind, StockItem, moved, movement_data
from shipby.domain.stock.pool import Pool
from shipby.domain.stock.reservation import HeldLine, Reservation, ReservationState
from shipby.domain.stock.waiting import Waiting
from tests.contract.store.conftest import SAFE_ENGINES
from tests.contract.store.paging_support import walk
from tests.support import builders as a
from tests.support.fake_marketplace import FakeMarketplace

THREADS = 8
MUG = "TEA-CUP-02"


def item(seller: str, sku: str = "mug-1", **changes: int) -> StockItem:
    return replace(StockItem(seller=seller, pool="main", sku=sku, version=1), **changes)  # type: ignore[arg-type]  # replace() is typed per field


def test_pools_are_read_one_by_one_and_listed_by_id(store: Store, seller: str) -> None:
    main = Pool(seller=seller, id="main", version=1, name="Склад", shops=("other-shop",))
    store.commit([SavePool(main)])
    store.commit([SavePool(replace(main, id="second", shops=()))])
    assert store.pool(seller, "main") == main
    assert store.pool(seller, "gone") is None
    found = walk(lambda **page: store.pools(seller, **page), 1)
    assert [pool.id for pool in found] == ["main", "second"]
    with pytest.raises(VersionConflictError):
        store.commit([SavePool(main)])
    store.commit([SavePool(replace(main, version=2, name="Main"))])
    assert store.pool(seller, "main") == replace(main, version=2, name="Main")


def test_what_a_pool_holds_goes_up_one_version_at_a_time(store: Store, seller: str) -> None:
    mug, kit = item(seller, on_hand=3), replace(item(seller, "set-1"), components={"mug-1": 2})
    store.commit([SaveStock(mug), SaveStock(kit), SaveStock(replace(mug, pool="second"))])
    assert store.stock_items(seller, "main", ["set-1", "none", "mug-1"]) == {"set-1": kit, "mug-1": mug}
    assert list(store.stock_items(seller, "main", ["set-1", "mug-1"])) == ["set-1", "mug-1"]
    assert [one.sku for one in walk(lambda **page: store.stock_in(seller, "main", **page), 1)] == [
        "mug-1",
        "set-1",
    ]
    changed = moved(mug, Movement(kind=MovementKind.RESERVE, reserved=1))
    store.commit([SaveStock(changed)])
    with pytest.raises(VersionConflictError, match="mug-1"):
        store.commit([SaveStock(changed)])
    assert store.stock_items(seller, "main", ["mug-1"])["mug-1"].free == 2


def test_movements_of_an_sku_are_listed_oldest_first_and_none_of_another(store: Store, seller: str) -> None:
    known = item(seller, version=0)
    for pieces in (5, -2):
        movement = Movement(kind=MovementKind.CORRECTION, on_hand=pieces)
        changed = moved(known, movement)
        event = Event(
            type=EventType.STOCK_CHANGED,
            at=a.NOW + timedelta(minutes=changed.version),
            actor="key:k",
            reason="counted",
            data=movement_data(known, movement, changed),
        )
        store.commit([SaveStock(changed), AppendEvents(seller, stock_ref("main", "mug-1"), changed.version, (event,))])
        known = changed
    other = Event(type=EventType.STOCK_CHANGED, at=a.NOW, actor="key:k", data={})
    store.commit([AppendEvents(seller, stock_ref("main", "mug-10"), 1, (other,))])
    found = walk(lambda **page: store.stock_movements(seller, "main", "mug-1", **page), 1)
    assert [(one.version, one.event.data["free_before"], one.event.data["free"]) for one in found] == [
        (1, 0, 5),
        (2, 5, 3),
    ]


def test_what_a_posting_has_reserved_goes_up_one_version_at_a_time(store: Store, seller: str) -> None:
    held = Reservation(
        seller=seller,
        posting_number=a.NUMBER,
        version=1,
        owner="other-shop",
        pool="main",
        lines=(HeldLine(sku="set-1", wanted=2, held=1, picked=1, parts={"mug-1": 2}, listed="149"),),
    )
    store.commit([SaveReservation(held)])
    assert store.reservation(seller, a.NUMBER) == held
    assert store.reservation(seller, "other") is None
    with pytest.raises(VersionConflictError):
        store.commit([SaveReservation(held)])
    store.commit([SaveReservation(replace(held, version=2, state=ReservationState.CONSUMED, lines=()))])
    assert store.reservation(seller, a.NUMBER) == replace(held, version=2, state=ReservationState.CONSUMED, lines=())


def test_who_waits_for_an_sku_is_noted_once_and_forgotten_once(store: Store, seller: str) -> None:
    first = Waiting(seller=seller, pool="main", sku="mug-1", shop="shop", posting_number="1-1")
    second = replace(first, posting_number="2-1")
    store.commit([NoteWaiting(second), NoteWaiting(first), NoteWaiting(replace(first, sku="mug-10"))])
    store.commit([NoteWaiting(first)])
    assert store.waiting(seller, "main", "mug-1") == [first, second]
    assert store.waiting(seller, "main", "mug-1", limit=1) == [first]
    store.commit([NoteWaiting(first, over=True)])
    store.commit([NoteWaiting(first, over=True)])
    assert store.waiting(seller, "main", "mug-1") == [second]


def test_an_sku_that_could_be_mistaken_for_a_part_of_a_key_is_refused(store: Store, seller: str) -> None:
    with pytest.raises(InvalidInputError, match="SKU"):
        store.stock_items(seller, "main", ["a#b"])


@pytest.mark.parametrize("engine", SAFE_ENGINES, indirect=True)
@pytest.mark.parametrize(("orders", "pieces"), [(120, 1), (48, 20)])
def test_each_piece_is_promised_once_and_everybody_else_is_short(
    store: Store, seller: str, orders: int, pieces: int
) -> None:
    other, clock = f"{seller}-b", a.FixedClock()
    store.commit([SavePool(Pool(seller=seller, id="main", version=1, shops=(other,)))])
    store.commit([SaveSettings(a.settings(seller=seller, stock_pools={"*": "main"}))])
    store.commit([SaveSettings(a.settings(seller=other, stock_pools={"*": f"{seller}:main"}))])
    receipt = Wish(shop=seller, pool="main", sku=MUG, kind=MovementKind.RECEIPT, quantity=pieces, actor="key:k1")
    move_by_hand(receipt, lambda _: [], store=store, clock=clock)
    wanted = [((seller, other)[number % 2], f"{number:04d}-1") for number in range(orders)]
    market = FakeMarketplace(clock)
    for _, number in wanted:
        market.put(a.detail(number=number, lines=(a.line(quantity=1),), requirements={}))
    gate = threading.Barrier(THREADS)

    def read(shop: str, number: str) -> None:
        """As the queue does: what lost every race comes again."""
        for _ in range(50):
            try:
                sync_posting(shop, number, hinted_at=None, store=store, marketplace=market, clock=clock)
            except VersionConflictError:
                continue
            posting = store.posting(shop, number)
            if posting is not None and posting.stock is not StockMark.PENDING:
                return

    def work(part: int) -> None:
        gate.wait()
        for shop, number in wanted[part::THREADS]:
            read(shop, number)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    marks = [posting.stock for shop, number in wanted if (posting := store.posting(shop, number)) is not None]
    assert (marks.count(StockMark.RESERVED), marks.count(StockMark.SHORT)) == (pieces, orders - pieces)
    found = store.stock_items(seller, "main", [MUG])[MUG]
    assert (found.on_hand, found.reserved, found.free, found.version) == (pieces, pieces, 0, pieces + 1)
    assert [move.version for move in store.stock_movements(seller, "main", MUG, limit=200).items] == list(
        range(1, pieces + 2)
    )
