"""The part of the store in memory that lists: pages of partitions and of indexes."""

import threading
from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar, cast

from shipby.adapters.dynamodb import index_keys, keys
from shipby.adapters.dynamodb.keys import Key
from shipby.adapters.dynamodb.paging import check_limit, decode_cursor, encode_cursor
from shipby.application.ports.pages import Page
from shipby.application.ports.postings import WorkItem
from shipby.application.postings.rows import work_item
from shipby.domain.alarm import AlarmRef, AsideAlarm
from shipby.domain.deadlines.outcome import Outcome
from shipby.domain.events import AggregateKind
from shipby.domain.intents import IntentState
from shipby.domain.labels.pages import RefusedPage
from shipby.domain.notices.digest_entry import DigestEntry
from shipby.domain.packing.cards import ProductCard
from shipby.domain.postings.choice import Choice
from shipby.domain.postings.inbox import PushRow
from shipby.domain.postings.posting import Posting, Stage
from shipby.domain.tracking.purchases import Purchase
from tests.support.memory.index import Index, alarm_ref, worklist_id
from tests.support.memory_writes import Rows

R = TypeVar("R")


class MemoryListings:
    """Reads of rows and pages of them; the store that is built on it fills both."""

    _lock: threading.Lock
    _rows: Rows
    _partitions: dict[str, list[str]]
    _alarms: Index
    _worklist: Index
    _days: Index
    _aside: dict[Key, tuple[str, datetime]]

    def _get(self, key: Key, kind: type[R]) -> R | None:
        with self._lock:
            row = self._rows.get(key)
        if row is not None and not isinstance(row, kind):
            raise TypeError(f"{key} holds a {type(row).__name__}, not a {kind.__name__}")
        return row

    def _range(self, pk: str, prefix: str, kind: type[R]) -> list[R]:
        with self._lock:
            found = [self._rows[Key(pk, sk)] for sk in self._partitions.get(pk, []) if sk.startswith(prefix)]
        return [row for row in found if isinstance(row, kind)]

    def _page(
        self,
        name: str,
        index: Index,
        partition: str,
        read: Callable[[str, Key], R],
        *,
        limit: int,
        cursor: str | None,
        before: str = "\U0010ffff",
        start: str = "",
    ) -> Page[R]:
        check_limit(limit)
        after = (start, "", "")
        if cursor is not None:
            found = decode_cursor(name, cursor, frozenset({"sort", "PK", "SK"}))
            after = (found["sort"], found["PK"], found["SK"])
        with self._lock:
            rows = index.between(partition, after, before)[: limit + 1]
            items = tuple(read(sort, Key(pk, sk)) for sort, pk, sk in rows[:limit])
        if len(rows) <= limit:
            return Page(items)
        sort, pk, sk = rows[limit - 1]
        return Page(items, encode_cursor(name, {"sort": sort, "PK": pk, "SK": sk}))

    def worklist(
        self,
        seller: str,
        stage: Stage,
        *,
        due_before: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
        only: Choice | None = None,
    ) -> Page[WorkItem]:
        partition = index_keys.worklist_partition(seller, stage)
        before = index_keys.due_before(due_before) if due_before else "\U0010ffff"
        name = f"worklist/{partition}"
        found: list[WorkItem] = []
        while True:
            wanted = limit - len(found)
            page = self._page(
                name, self._worklist, partition, self._work_item, limit=wanted, cursor=cursor, before=before
            )
            found += [item for item in page.items if only is None or only.shows(item)]
            cursor = page.cursor
            if cursor is None or len(found) == limit:
                return Page(tuple(found), cursor)

    def _work_item(self, _: str, key: Key) -> WorkItem:
        return work_item(cast("Posting", self._rows[key]))

    def received_on(self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None) -> Page[str]:
        partition = index_keys.received_partition(seller, day)
        return self._page(partition, self._days, partition, lambda sort, _: sort, limit=limit, cursor=cursor)

    def returns_opened_on(self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None) -> Page[str]:
        partition = index_keys.returns_opened_partition(seller, day)
        return self._page(partition, self._days, partition, lambda sort, _: sort, limit=limit, cursor=cursor)

    def asked_on(
        self, seller: str, kind: AggregateKind, day: date, *, limit: int = 500, cursor: str | None = None
    ) -> Page[str]:
        partition = index_keys.asked_partition(seller, kind, day)
        return self._page(partition, self._days, partition, lambda sort, _: sort, limit=limit, cursor=cursor)

    def intents_in(
        self,
        seller: str,
        state: IntentState,
        *,
        since: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        partition = index_keys.intents_partition(seller, state)
        start = keys.sortable(since) if since else ""
        return self._page(partition, self._worklist, partition, worklist_id, limit=limit, cursor=cursor, start=start)

    def open_intents(
        self, seller: str, *, since: datetime | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[str]:
        return self.intents_in(seller, IntentState.PENDING, since=since, limit=limit, cursor=cursor)

    def returns_in(
        self,
        seller: str,
        *,
        open_only: bool = True,
        since: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        partition = index_keys.returns_partition(seller, is_open=open_only)
        start = keys.sortable(since) if since else ""
        return self._page(partition, self._worklist, partition, worklist_id, limit=limit, cursor=cursor, start=start)

    def purchases(self, seller: str, *, limit: int = 50, cursor: str | None = None) -> Page[Purchase]:
        return self._rows_of(keys.purchases_pk(seller), Purchase, limit, cursor)

    def product_cards(self, seller: str, *, limit: int = 50, cursor: str | None = None) -> Page[ProductCard]:
        return self._rows_of(keys.products_pk(seller), ProductCard, limit, cursor)

    def refused_pages_on(
        self, seller: str, day: date, *, limit: int = 50, cursor: str | None = None
    ) -> Page[RefusedPage]:
        return self._rows_of(keys.pages_pk(seller, day), RefusedPage, limit, cursor)

    def _rows_of(self, partition: str, kind: type[R], limit: int, cursor: str | None) -> Page[R]:
        def row(_: str, key: Key) -> R:
            found = self._rows[key]
            assert isinstance(found, kind)
            return found

        return self._page(partition, self._primary(partition), partition, row, limit=limit, cursor=cursor)

    def outcomes_on(self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None) -> Page[Outcome]:
        return self._rows_of(keys.outcomes_pk(seller, day), Outcome, limit, cursor)

    def digest_entries(self, seller: str, recipient: str) -> list[DigestEntry]:
        return self._range(keys.digest_pk(seller, recipient), keys.ENTRY_PREFIX, DigestEntry)

    def alarms_aside(self, *, limit: int = 200, cursor: str | None = None) -> Page[AsideAlarm]:
        return self._page("aside", self._alarms, keys.ASIDE, self._aside_alarm, limit=limit, cursor=cursor)

    def _aside_alarm(self, sort: str, key: Key) -> AsideAlarm:
        reason, at = self._aside[key]
        return AsideAlarm(alarm=alarm_ref(sort, key), reason=reason, at=at)

    def due_alarms(self, shard: int, *, until: datetime, limit: int = 200, cursor: str | None = None) -> Page[AlarmRef]:
        partition = index_keys.alarm_partition(shard)
        before = index_keys.alarms_until(until)
        return self._page(partition, self._alarms, partition, alarm_ref, limit=limit, cursor=cursor, before=before)

    def pushes_on(self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None) -> Page[PushRow]:
        return self._rows_of(keys.inbox_pk(seller, day), PushRow, limit, cursor)

    def _primary(self, partition: str) -> Index:
        """One partition of the table itself, as an index to page through."""
        index = Index("PK", "SK")
        with self._lock:
            for sk in self._partitions.get(partition, []):
                index.move(Key(partition, sk), {}, {"PK": partition, "SK": sk})
        return index
