"""Many orders of two shops for the last pieces at once: each piece is promised once, everybody else is told."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shipby.application.intake.sync_posting import sync_posting
from shipby.application.ports.store import Store
from shipby.application.ports.writes import SavePool, SaveSettings
from shipby.application.stock.ledger import Wish, move_by_hand
from shipby.domain.errors import VersionConflictError
from shipby.domain.postings.posting import StockMark
from shipby.domain.stock.item import MovementKind
from shipby.domain.stock.pool import Pool
from tests.contract.store.conftest import SAFE_ENGINES
from tests.support import builders as a
from tests.support.fake_marketplace import FakeMarketplace

THREADS = 8
MUG = "TEA-CUP-02"

pytestmark = pytest.mark.parametrize("engine", SAFE_ENGINES, indirect=True)


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
