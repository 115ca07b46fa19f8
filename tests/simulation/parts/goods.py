"""Stock in a simulated world: a pool, goods that come at times, and books that must agree after every commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from shipby.application.ports.writes import AppendEvents, SavePool, SaveReservation, SaveStock, Write
from shipby.application.stock.booking import Why, movement_writes
from shipby.domain.errors import VersionConflictError
from shipby.domain.events import EventType
from shipby.domain.postings.posting import StockMark
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.stock.item import Movement, MovementKind, StockItem
from shipby.domain.stock.pool import Pool
from shipby.domain.stock.reservation import HeldLine, Pieces, pieces_of
from tests.simulation.clocks import Time
from tests.simulation.errors import Violation
from tests.support.memory_store import MemoryStore

POOL = "main"
KEEPING = 0.5
"""Share of seeds whose shop keeps stock; the others play as they did before there was any."""
_NAMES = ("on_hand", "reserved", "picked", "quarantine")
_INVARIANT = "the sum of movements is the stock, and what is reserved is what postings hold"


class Goods:
    """Sees every committed write. Raises Violation at the first number that does not agree."""

    def __init__(self, seed: int, seller: str, time: Time, raw: MemoryStore) -> None:
        self.rng = Random(f"stock of {seed}")
        self.keeps = self.rng.random() < KEEPING
        self._seller, self._time, self._raw = seller, time, raw
        self._sums: dict[str, Counter[str]] = {}
        self._items: dict[str, StockItem] = {}
        self._held: dict[str, tuple[HeldLine, ...]] = {}

    def policy(self, settings: SellerSettings) -> SellerSettings:
        return replace(settings, stock_pools={"*": POOL}) if self.keeps else settings

    def opens(self, skus: Sequence[str]) -> None:
        """The pool is made, with a few pieces of some of the SKUs: often fewer than are ordered."""
        if not self.keeps:
            return
        self._commit([SavePool(Pool(seller=self._seller, id=POOL, version=1))])
        for sku in skus:
            if self.rng.random() < 0.8:
                self.come(sku, self.rng.choice((1, 1, 2, 3, 6)))

    def come(self, sku: str, count: int) -> list[Write]:
        """Goods come in, whoever else is at them."""
        known = self._raw.stock_items(self._seller, POOL, [sku]).get(sku)
        item = known or StockItem(seller=self._seller, pool=POOL, sku=sku, version=0)
        movement = Movement(kind=MovementKind.RECEIPT, on_hand=count)
        _, writes = movement_writes(item, movement, Why(at=self._time.now, actor="key:anna"))
        self._commit(writes)
        return writes

    def _commit(self, writes: list[Write]) -> None:
        try:
            self._raw.commit(writes)
        except VersionConflictError as error:
            raise Violation(_INVARIANT, "goods came in between: nothing else runs now") from error
        self.committed(writes)

    def committed(self, writes: Sequence[Write]) -> None:
        touched: set[str] = set()
        for write in writes:
            match write:
                case SaveStock(item):
                    self._items[item.sku] = item
                    touched.add(item.sku)
                case AppendEvents(_, ref, _, events):
                    for event in events:
                        if event.type is EventType.STOCK_CHANGED:
                            sku = ref.id.partition("/")[2]
                            change = event.data["change"]
                            assert isinstance(change, dict)
                            self._sums.setdefault(sku, Counter()).update(change)
                            touched.add(sku)
                case SaveReservation(held):
                    lines = (*self._held.get(held.posting_number, ()), *held.lines)
                    touched |= {part for line in lines for part in line.parts}
                    self._held[held.posting_number] = held.lines
        if touched:
            self._check(touched)

    def quiet(self, numbers: Sequence[str]) -> None:
        """Nothing is under way: nobody holds what was cancelled, is unsettled, or waits for what is free."""
        for number in numbers:
            posting = self._raw.posting(self._seller, number)
            if posting is None or posting.stock is None:
                continue
            lines = self._held.get(number, ())
            held = sum(line.held for line in lines)
            told = f"{number} is {posting.stage} and {posting.stock}, holds {held}"
            if posting.stock is StockMark.PENDING:
                raise Violation("every posting's goods are settled in the end", told)
            if held and posting.stock not in (StockMark.RESERVED, StockMark.SHORT):
                raise Violation("nobody holds what is cancelled or gone", told)
            for line in lines if posting.stock is StockMark.SHORT else ():
                free = min(self._items[part].free // each for part, each in line.parts.items())
                if line.short and free > 0:
                    raise Violation("nobody waits for goods that are free", f"{told}: {free} of {line.sku} are free")

    def _check(self, touched: set[str]) -> None:
        held = pieces_of([line for lines in self._held.values() for line in lines])
        for sku in touched:
            item = self._items[sku]
            state = {name: getattr(item, name) for name in _NAMES}
            sums = {name: self._sums[sku][name] for name in _NAMES}
            of_postings = held.get(sku, Pieces())
            right = (
                state == sums
                and min(*state.values(), item.free, item.on_shelf) >= 0
                and (item.reserved, item.picked) == (of_postings.held, of_postings.picked)
            )
            if not right:
                raise Violation(_INVARIANT, f"{sku}: {state}, moved {sums}, postings hold {of_postings}")
