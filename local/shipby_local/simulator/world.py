"""The marketplace's state: shelves of documents, one lock, one clock."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter

from shipby_local.simulator import model
from shipby_local.simulator.desks import carriage_model, stock_model
from shipby_local.simulator.pushes import model as push_model
from shipby_local.simulator.settings import SimulatorSettings
from shipby_local.simulator.storage import DocumentStore


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


T = TypeVar("T", bound=_Keyed)


@cache
def _adapter(document: type[Any]) -> TypeAdapter[Any]:
    """Made once per process: it takes some 10 ms each."""
    return TypeAdapter(document)


class Shelf(Generic[T]):
    """All documents of one kind, in memory, in order of their first `put`; remembers which ones changed."""

    def __init__(self, kind: str, document: type[T]) -> None:
        self.kind = kind
        self._adapter: TypeAdapter[T] = _adapter(document)
        self._items: dict[str, T] = {}
        self._changed: set[str] = set()
        self.puts = 0

    def put(self, item: T) -> T:
        """Adds an item or notes that it changed."""
        self._items[item.key] = item
        self._changed.add(item.key)
        self.puts += 1
        return item

    def get(self, key: str) -> T | None:
        return self._items.get(key)

    def remove(self, key: str) -> None:
        """Forgets an item; unknown keys are fine."""
        if self._items.pop(key, None) is not None:
            self._changed.add(key)

    def all(self) -> list[T]:
        return list(self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def restore(self, bodies: list[bytes]) -> None:
        """Takes the documents of a file."""
        for body in bodies:
            item = self._adapter.validate_json(body)
            self._items[item.key] = item

    def take_changed(self) -> list[tuple[str, str, bytes | None]]:
        """What `DocumentStore.save` must write since the last call."""
        batch: list[tuple[str, str, bytes | None]] = []
        for key in self._changed:
            item = self._items.get(key)
            batch.append((self.kind, key, None if item is None else self._adapter.dump_json(item)))
        self._changed.clear()
        return batch

    def order_by(self, rank: Callable[[T], int]) -> None:
        """Puts restored items back into their order of creation."""
        self._items = {item.key: item for item in sorted(self._items.values(), key=rank)}


class World:
    """State of one marketplace. Mutate only inside `change()`; it persists the batch when the outermost one ends."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._depth = 0
        self._store = DocumentStore(settings.data_path)
        self.on_commit: list[Callable[[], None]] = []
        """Run after each batch (push sending must not run ahead of the books)."""
        self.sellers = Shelf("seller", model.SellerAccount)
        self.postings = Shelf("posting", model.Posting)
        self.returns = Shelf("return", model.RfbsReturn)
        self.goods_returns = Shelf("goods_return", model.GoodsReturn)
        self.cancellations = Shelf("cancellation", model.CancellationRequest)
        self.chats = Shelf("chat", model.Chat)
        self.label_tasks = Shelf("label_task", model.LabelTask)
        self.carriages = Shelf("carriage", carriage_model.Carriage)
        self.cargo_places = Shelf("cargo_place", carriage_model.CargoPlace)
        self.cargo_jobs = Shelf("cargo_job", carriage_model.CargoJob)
        self.money = Shelf("money", model.Money)
        self.rating_errors = Shelf("rating_error", model.RatingError)
        self.endpoints = Shelf("endpoint", push_model.Endpoint)
        self.pushes = Shelf("push", push_model.Push)
        self.products = Shelf("product", stock_model.Product)
        self.stocks = Shelf("stock", stock_model.Stock)
        self.stock_holds = Shelf("stock_hold", stock_model.Hold)
        self.due = Shelf("due", model.Due)
        self.faults = Shelf("fault", model.Fault)
        self.counters = Shelf("counter", model.Counter)
        self._restore()
        self._told: tuple[Shelf[Any], ...] = (
            self.postings,
            self.returns,
            self.goods_returns,
            self.cancellations,
            self.chats,
            self.carriages,
            self.money,
            self.rating_errors,
            self.endpoints,
        )
        self._agenda = [(due.at, due.id) for due in self.due.all()]
        heapq.heapify(self._agenda)

    def _restore(self) -> None:
        """Takes what the file holds."""
        for shelf in (self.sellers, self.chats, self.products, self.stocks, self.stock_holds, self.counters):
            shelf.restore(self._store.load(shelf.kind))
        self.postings.restore(self._store.load("posting"))
        self.postings.order_by(lambda posting: posting.order_id)
        for numbered in (
            self.returns,
            self.goods_returns,
            self.cancellations,
            self.label_tasks,
            self.carriages,
            self.cargo_places,
            self.cargo_jobs,
            self.money,
            self.rating_errors,
            self.endpoints,
            self.pushes,
            self.due,
            self.faults,
        ):
            numbered.restore(self._store.load(numbered.kind))
            numbered.order_by(lambda item: item.id)

    def now(self) -> datetime:
        """The marketplace's time, whole milliseconds, with the control API's offset."""
        moment = self.settings.now() + self.clock_offset
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def later(self, seconds: float) -> datetime:
        """Now plus a duration."""
        return self.now() + timedelta(seconds=seconds)

    @contextmanager
    def change(self) -> Iterator[None]:
        """One batch of changes: exclusive while it runs, in the file once it has ended."""
        with self._lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._commit()

    def next_id(self, kind: str, first: int = 1) -> int:
        """The next number of a sequence; never given twice, restarts included."""
        counter = self.counters.get(f"id:{kind}") or model.Counter(f"id:{kind}", first - 1)
        counter.value += 1
        self.counters.put(counter)
        return counter.value

    def tally(self, name: str, by: int = 1) -> None:
        """Adds to a number of the books."""
        counter = self.counters.get(name) or model.Counter(name)
        counter.value += by
        self.counters.put(counter)

    def count(self, name: str) -> int:
        """Reads a number of the books."""
        counter = self.counters.get(name)
        return 0 if counter is None else counter.value

    def schedule(self, at: datetime, kind: str, target: str, **data: object) -> None:
        """Leaves work for the engine."""
        due = self.due.put(model.Due(self.next_id("due"), at, kind, target, dict(data)))
        heapq.heappush(self._agenda, (at, due.id))

    def take_due(self) -> model.Due | None:
        """The earliest work that is due now, taken off the list; None if there is none."""
        while self._agenda and self._agenda[0][0] <= self.now():
            due = self.due.get(str(heapq.heappop(self._agenda)[1]))
            if due is not None:
                self.due.remove(due.key)
                return due
        return None

    def next_due(self) -> datetime | None:
        """When the earliest scheduled work is due, by the settings' clock; None if there is none."""
        with self._lock:
            while self._agenda and self.due.get(str(self._agenda[0][1])) is None:
                heapq.heappop(self._agenda)
            return self._agenda[0][0] - self.clock_offset if self._agenda else None

    @property
    def clock_offset(self) -> timedelta:
        """How far the marketplace's time is ahead of the settings' clock, by the control API."""
        return timedelta(milliseconds=self.count("clock_offset_ms"))

    def revision(self) -> int:
        """Grows with every change of what a seller can read."""
        return sum(shelf.puts for shelf in self._told)

    def close(self) -> None:
        """Writes what is left and closes the file."""
        with self._lock:
            self._commit()
            self._store.close()

    def _commit(self) -> None:
        shelves = (
            self.sellers,
            self.postings,
            self.returns,
            self.goods_returns,
            self.cancellations,
            self.chats,
            self.label_tasks,
            self.carriages,
            self.cargo_places,
            self.cargo_jobs,
            self.money,
            self.rating_errors,
            self.endpoints,
            self.pushes,
            self.products,
            self.stocks,
            self.stock_holds,
            self.due,
            self.faults,
            self.counters,
        )
        # Without a file nothing is written, so nothing is put into words either.
        if self._store.keeps:
            self._store.save([entry for shelf in shelves for entry in shelf.take_changed()])
        for act in self.on_commit:
            act()
