"""The store in memory, for tests of everything above the port. The same contract suite proves it and the real one."""

import threading
from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TypeVar, cast

from shipby.adapters.dynamodb import index_keys, keys
from shipby.adapters.dynamodb.keys import Key
from shipby.application.ports.clock import Clock
from shipby.application.ports.postings import PostingStory
from shipby.application.ports.writes import Write
from shipby.domain.alarm import AlarmRef
from shipby.domain.carriages import Carriage
from shipby.domain.cases.case import Case
from shipby.domain.cases.watch import Watch
from shipby.domain.errors import AlreadyExistsError, InvalidInputError, NotFoundError
from shipby.domain.events import Ref, StoredEvent, posting_ref
from shipby.domain.intents import Intent, intent_owner
from shipby.domain.json_types import Json
from shipby.domain.labels.documents import Document
from shipby.domain.labels.pages import RefusedPage
from shipby.domain.labels.prints import PrintJob, PrintState
from shipby.domain.notices.digest_entry import DigestEntry
from shipby.domain.packing.cards import BenchCheck, ExemplarSheet, ProductCard
from shipby.domain.people.session import Session
from shipby.domain.postings.inbox import PushRow, PushState, PushToken
from shipby.domain.postings.posting import MarketplacePosting, Posting, with_newest
from shipby.domain.postings.tracking import TrackingChange
from shipby.domain.refunds.ledger import MoneyLedger
from shipby.domain.remembered import RememberedResponse
from shipby.domain.returns.return_case import ReturnCase
from shipby.domain.sellers.keys import USE_NOTED_EVERY, ApiKey
from shipby.domain.sellers.settings import SellerSettings
from tests.support.builders import FixedClock
from tests.support.frozen import freeze, freeze_json
from tests.support.memory.boards import MemoryBoards
from tests.support.memory.index import Index
from tests.support.memory.people import MemoryPeople
from tests.support.memory.replay import Kept, MemoryReplay
from tests.support.memory_writes import Planned, Rows, plan

R = TypeVar("R")
_REPLAY = timedelta(minutes=10)


class MemoryStore(MemoryPeople, MemoryReplay, MemoryBoards):
    """Thread-safe; everything handed in is copied deep and everything handed out refuses changes.

    `clock` (standing still at the builders' NOW unless given) decides when a remembered response or a token expired.
    """

    def __init__(self, *, alarm_shards: int = 4, clock: Clock | None = None) -> None:
        self._shards = alarm_shards
        self._clock = clock or FixedClock()
        self._lock = threading.Lock()
        self._rows: Rows = {}
        self._columns: dict[Key, Mapping[str, str]] = {}
        self._partitions: dict[str, list[str]] = {}
        self._alarms, self._worklist, self._days = Index("AK", "AS"), Index("WK", "WS"), Index("DK", "DS")
        self._aside: dict[Key, tuple[str, datetime]] = {}
        self._changes: dict[Key, Kept] = {}
        self._tokens: dict[str, tuple[datetime, list[Write]]] = {}

    @property
    def alarm_shards(self) -> int:
        return self._shards

    def commit(self, writes: Sequence[Write], *, token: str = "") -> None:
        now = self._clock.now()
        with self._lock:
            if token and self._replayed(token, writes, now):
                return
            planned_rows = plan(writes, self._rows, shards=self._shards, now=now, token=token)
            self._note_changes(writes)
            for planned in planned_rows:
                self._put(planned)
            if token:
                self._tokens[token] = (now, list(writes))

    def _replayed(self, token: str, writes: Sequence[Write], now: datetime) -> bool:
        done_at, done = self._tokens.get(token, (now - 2 * _REPLAY, []))
        if now - done_at >= _REPLAY:
            return False
        if done != list(writes):
            raise InvalidInputError("the token of this change was used for another change within ten minutes")
        return True

    def _put(self, planned: Planned) -> None:
        key, old = planned.key, self._columns.get(planned.key, {})
        for index in (self._alarms, self._worklist, self._days):
            index.move(key, old, planned.columns)
        in_partition = self._partitions.setdefault(key.pk, [])
        if planned.row is None:
            if key in self._rows:
                in_partition.remove(key.sk)
            self._rows.pop(key, None)
            self._columns.pop(key, None)
            return
        if key not in self._rows:
            insort(in_partition, key.sk)
        self._rows[key] = freeze(planned.row)
        self._columns[key] = planned.columns

    # Single items

    def posting(self, seller: str, number: str) -> Posting | None:
        return self._get(keys.posting(seller, number), Posting)

    def detail(self, seller: str, number: str, *, of: Posting | None = None) -> MarketplacePosting | None:
        found = self._get(keys.detail(seller, number), MarketplacePosting)
        return found and with_newest(found, of or self.posting(seller, number))

    def postings_with_details(
        self, seller: str, numbers: Sequence[str]
    ) -> dict[str, tuple[Posting, MarketplacePosting | None]]:
        return {
            number: (posting, self.detail(seller, number))
            for number in dict.fromkeys(numbers)
            if (posting := self.posting(seller, number)) is not None
        }

    def versions(self, seller: str, numbers: Sequence[str]) -> dict[str, int]:
        found = {number: self.posting(seller, number) for number in numbers}
        return {number: posting.version for number, posting in found.items() if posting is not None}

    def intents_by_id(self, seller: str, identifiers: Sequence[str]) -> dict[str, Intent]:
        found = {one: self.intent(seller, one) for one in dict.fromkeys(identifiers)}
        return {one: intent for one, intent in found.items() if intent is not None}

    def money(self, seller: str, number: str) -> MoneyLedger | None:
        return self._get(keys.money(seller, number), MoneyLedger)

    def return_case(self, seller: str, return_id: str) -> ReturnCase | None:
        return self._get(keys.return_case(seller, return_id), ReturnCase)

    def intent(self, seller: str, identifier: str) -> Intent | None:
        return self._get(keys.intent(seller, intent_owner(identifier), identifier), Intent)

    def document(self, seller: str, number: str, identifier: str) -> Document | None:
        return self._get(keys.document(seller, number, identifier), Document)

    def print_job(self, seller: str, identifier: str) -> PrintJob | None:
        return self._get(keys.print_job(seller, identifier), PrintJob)

    def watch(self, seller: str, identifier: str) -> Watch | None:
        return self._get(keys.watch(seller, identifier), Watch)

    def product_card(self, seller: str, sku: str) -> ProductCard | None:
        return self._get(keys.product_card(seller, sku), ProductCard)

    def bench_check(self, seller: str, number: str) -> BenchCheck | None:
        return self._get(keys.bench_check(seller, number), BenchCheck)

    def exemplar_sheet(self, seller: str, number: str) -> ExemplarSheet | None:
        return self._get(keys.exemplar_sheet(seller, number), ExemplarSheet)

    def carriage(self, seller: str, identifier: str) -> Carriage | None:
        return self._get(keys.carriage(seller, identifier), Carriage)

    def refused_page(self, seller: str, day: date, identifier: str) -> RefusedPage | None:
        return self._get(keys.refused_page(seller, day, identifier), RefusedPage)

    def case(self, seller: str, identifier: str) -> Case | None:
        return self._get(keys.case(seller, identifier), Case)

    def settings(self, seller: str) -> SellerSettings | None:
        return self._get(keys.settings(seller), SellerSettings)

    def remembered(self, seller: str, key: str, now: datetime) -> RememberedResponse | None:
        found = self._get(keys.remembered(seller, key), RememberedResponse)
        return found if found is not None and found.expires_at > now else None

    def find(self, seller: str, kind: str, value: str) -> str | None:
        return self._get(keys.pointer(seller, kind, value), str)

    def cap_used(self, seller: str, action: str, day: date) -> int:
        return self._get(keys.cap(seller, action, day), int) or 0

    def report(self, seller: str, kind: str, day: date) -> Mapping[str, Json] | None:
        return self._get(keys.report(seller, kind, day), cast("type[Mapping[str, Json]]", Mapping))

    def push_token(self, sha256: str) -> PushToken | None:
        return self._get(keys.push_token(sha256), PushToken)

    def try_write(self) -> None:
        """Memory always takes writes."""

    # Parts of one aggregate

    def events(self, seller: str, ref: Ref, *, after_version: int = 0) -> list[StoredEvent]:
        found = self._range(keys.aggregate_pk(seller, ref), keys.EVENT_PREFIX, StoredEvent)
        return [event for event in found if event.version > after_version]

    def tracking_history(self, seller: str, number: str) -> list[TrackingChange]:
        return self._range(keys.posting_pk(seller, number), keys.TRACKING_PREFIX, TrackingChange)

    def documents(self, seller: str, number: str) -> list[Document]:
        return self._range(keys.posting_pk(seller, number), keys.LABEL_PREFIX, Document)

    def intents(self, seller: str, ref: Ref) -> list[Intent]:
        found = self._range(keys.aggregate_pk(seller, ref), keys.INTENT_PREFIX, Intent)
        return sorted(found, key=lambda intent: (intent.created_at, intent.id))

    def posting_story(self, seller: str, number: str) -> PostingStory:
        ref = posting_ref(number)
        return PostingStory(
            posting=self.posting(seller, number),
            detail=self.detail(seller, number),
            money=self.money(seller, number),
            events=self.events(seller, ref),
            intents=self.intents(seller, ref),
        )

    def sellers(self) -> list[str]:
        with self._lock:
            return list(self._partitions.get(keys.SELLERS, []))

    # Single writes

    def mark_synced(self, seller: str, number: str, read_at: datetime) -> None:
        key = keys.posting(seller, number)
        with self._lock:
            posting = self._rows.get(key)
            if isinstance(posting, Posting) and posting.synced_at < read_at:
                self._put(Planned(key, replace(posting, synced_at=read_at), self._columns[key]))

    def note_progress(self, seller: str, job: str, done: int) -> None:
        key = keys.print_job(seller, job)
        with self._lock:
            stands = self._rows.get(key)
            if isinstance(stands, PrintJob) and stands.state is PrintState.WAITING and stands.done < done:
                self._put(Planned(key, replace(stands, done=done), self._columns[key]))

    def drop_digest_entries(self, entries: Sequence[DigestEntry]) -> None:
        with self._lock:
            for entry in entries:
                stored = entry.stored
                self._put(Planned(keys.digest_entry(entry.seller, entry.recipient, stored.event.at, stored.id), None))

    def set_alarm_aside(self, alarm: AlarmRef, reason: str, at: datetime) -> bool:
        return self._move_alarm(alarm, aside=True, note=(reason, at))

    def bring_alarm_back(self, alarm: AlarmRef) -> bool:
        return self._move_alarm(alarm, aside=False, note=None)

    def _move_alarm(self, alarm: AlarmRef, *, aside: bool, note: tuple[str, datetime] | None) -> bool:
        key = index_keys.alarm_item(alarm)
        due = index_keys.alarm(key, alarm.due, self._shards)
        hidden = {**due, "AK": keys.ASIDE}
        before, after = (due, hidden) if aside else (hidden, due)
        with self._lock:
            stands = self._columns.get(key, {})
            if any(stands.get(name) != value for name, value in before.items()):
                return False
            self._put(Planned(key, self._rows[key], {**stands, **after}))
            if note is not None:
                self._aside[key] = note
        return True

    def put_push(self, push: PushRow) -> bool:
        key = keys.push(push.seller, push.received_at, push.type, push.digest, push.window)
        with self._lock:
            if key in self._rows:
                return False
            self._put(Planned(key, push))
            return True

    def quarantine_push(self, push: PushRow, problem: str) -> None:
        key = keys.push(push.seller, push.received_at, push.type, push.digest, push.window)
        with self._lock:
            if key not in self._rows:
                raise NotFoundError(f"push {push.digest[:16]} is not stored for seller {push.seller}")
            self._put(Planned(key, replace(self._rows[key], state=PushState.QUARANTINED, problem=problem)))

    def save_report(self, seller: str, kind: str, day: date, body: Mapping[str, Json]) -> None:
        with self._lock:
            self._put(Planned(keys.report(seller, kind, day), freeze_json(body)))

    def save_push_token(self, token: PushToken) -> None:
        key = keys.push_token(token.sha256)
        with self._lock:
            stands = self._rows.get(key)
            if isinstance(stands, PushToken) and stands.seller != token.seller:
                raise AlreadyExistsError("another seller has this PUSHTOKEN", what="PUSHTOKEN")
            self._put(Planned(key, token))

    def note_key_use(self, seller: str, identifier: str, at: datetime) -> None:
        key = keys.api_key(identifier)
        with self._lock:
            stands = self._rows.get(key)
            if not isinstance(stands, ApiKey) or stands.seller != seller:
                return
            if stands.used_at is None or at - stands.used_at >= USE_NOTED_EVERY:
                self._put(Planned(key, replace(stands, used_at=at), self._columns[key]))

    def note_session_use(self, sha256: str, at: datetime) -> None:
        key = keys.session(sha256)
        with self._lock:
            stands = self._rows.get(key)
            if isinstance(stands, Session) and stands.closed_at is None and stands.seen_at < at:
                self._put(Planned(key, replace(stands, seen_at=at), self._columns[key]))
