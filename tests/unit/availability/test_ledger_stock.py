"""Free numbers, shops and kits as the ledger and the settings have them."""

import pytest

from shipby.application.availability.ledger_stock import LedgerStock
from shipby.application.ports.writes import SavePool, SaveSettings, SaveStock
from shipby.domain.stock.item import StockItem
from shipby.domain.stock.pool import Pool
from tests.support import builders as a
from tests.support.memory_store import MemoryStore

OWNER, OTHER, STRANGER = "shop-a", "shop-b", "shop-c"


def item(sku: str, on_hand: int = 0, **components: int) -> SaveStock:
    return SaveStock(StockItem(seller=OWNER, pool="main", sku=sku, version=1, on_hand=on_hand, components=components))


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore(clock=a.FixedClock())
    named = {
        OWNER: {"11": "main", "12": "spare"},
        OTHER: {"*": f"{OWNER}:main", "22": "own"},
        STRANGER: {"*": f"{OWNER}:main"},
    }
    for shop, pools in named.items():
        store.commit([SaveSettings(a.settings(seller=shop, version=1, stock_pools=pools))])
    store.commit([SavePool(Pool(seller=OWNER, id="main", version=1, shops=(OTHER,)))])
    store.commit([item("A", 10), item("B", 3), item("SET", A=2, B=1), item("TWO-SETS", SET=2, A=1)])
    return store


def test_shops_are_those_that_both_sides_name(store: MemoryStore) -> None:
    ledger = LedgerStock(store)
    assert ledger.shops(OWNER, "main") == {OWNER: ("11",), OTHER: ("*",)}
    assert ledger.shops(OWNER, "none") == {}
    assert ledger.named(OTHER) == ("22",)
    assert ledger.pools_of(OTHER) == [(OWNER, "main")]
    assert ledger.pools_of(STRANGER) == []


def test_what_an_article_is_in_moves_with_it_however_deep(store: MemoryStore) -> None:
    ledger = LedgerStock(store)
    assert ledger.with_kits(OWNER, "main", "B") == ["B", "SET", "TWO-SETS"]
    assert sorted(ledger.with_kits(OWNER, "main", "A")) == ["A", "SET", "TWO-SETS"]
    free = ledger.free(OWNER, "main", ["A", "B", "SET", "TWO-SETS", "none"])
    assert free == {"A": 10, "B": 3, "SET": 3, "TWO-SETS": 1}
    assert ledger.reserved(OWNER, "main", ["A", "SET"]) == {"A": 0}
    assert ledger.skus(OWNER, "main") == ["A", "B", "SET", "TWO-SETS"]


def test_a_kit_that_is_changed_is_seen_with_the_pools_next_version(store: MemoryStore) -> None:
    ledger = LedgerStock(store)
    ledger.with_kits(OWNER, "main", "B")
    store.commit([item("PAIR", B=2), SavePool(Pool(seller=OWNER, id="main", version=2, shops=(OTHER,)))])
    assert sorted(ledger.with_kits(OWNER, "main", "B")) == ["B", "PAIR", "SET", "TWO-SETS"]
