"""What each record looks like as an item: its codec, its key and its columns in the indexes."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Generic, TypeVar

from shipby.adapters.dynamodb import index_keys, keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.keys import Key
from shipby.adapters.dynamodb.upcast import current_schema, upcast
from shipby.adapters.dynamodb.values import Item, Wire, item_from_wire, item_to_wire
from shipby.domain.cases.case import Case
from shipby.domain.cases.watch import Watch
from shipby.domain.deadlines.outcome import Outcome
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import EVENT_TYPE_VERSION, AggregateKind, Event, Ref, StoredEvent
from shipby.domain.intents import Intent, intent_owner
from shipby.domain.notices.digest_entry import DigestEntry
from shipby.domain.postings.inbox import PushRow, PushToken
from shipby.domain.postings.posting import Alarm, MarketplacePosting, Posting
from shipby.domain.postings.tracking import TrackingChange
from shipby.domain.refunds.ledger import MoneyLedger
from shipby.domain.remembered import RememberedResponse
from shipby.domain.returns.return_case import ReturnCase
from shipby.domain.sellers.keys import ApiKey
from shipby.domain.sellers.settings import SellerSettings

T = TypeVar("T")
PUSH_KEPT = timedelta(days=30)
CAP_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One kind of row."""

    name: str
    record: Record[T]

    def item(self, key: Key, value: T, columns: Mapping[str, object] | None = None) -> Item:
        """The whole item; `columns` are index keys and TTL."""
        attributes = {"PK": key.pk, "SK": key.sk, "schema": current_schema(self.name)} | self.record.encode(value)
        return item_to_wire(attributes | dict(columns or {}))

    def read(self, item: Mapping[str, Wire]) -> T:
        return self.record.decode(upcast(self.name, item_from_wire(item)))


@functools.cache
def postings() -> Kind[Posting]:
    renamed = {"number": "posting_number", "shipment_date": "cut_off"}
    return Kind("POSTING", Record(Posting, rename=renamed, flat_alarm=True))


@functools.cache
def details() -> Kind[MarketplacePosting]:
    return Kind("DETAIL", Record(MarketplacePosting))


@functools.cache
def ledgers() -> Kind[MoneyLedger]:
    return Kind("MONEY", Record(MoneyLedger))


@functools.cache
def returns() -> Kind[ReturnCase]:
    return Kind("RETURN", Record(ReturnCase, flat_alarm=True))


@functools.cache
def intents() -> Kind[Intent]:
    return Kind("INTENT", Record(Intent, flat_alarm=True))


@functools.cache
def watches() -> Kind[Watch]:
    return Kind("WATCH", Record(Watch, flat_alarm=True))


@functools.cache
def cases() -> Kind[Case]:
    return Kind("CASE", Record(Case, flat_alarm=True))


@functools.cache
def outcomes() -> Kind[Outcome]:
    return Kind("OUTCOME", Record(Outcome))


@functools.cache
def digest_entries() -> Kind[DigestEntry]:
    return Kind("ENTRY", Record(DigestEntry))


@functools.cache
def tracking_changes() -> Kind[TrackingChange]:
    return Kind("TRACKING", Record(TrackingChange))


@functools.cache
def settings() -> Kind[SellerSettings]:
    return Kind("SETTINGS", Record(SellerSettings))


@functools.cache
def responses() -> Kind[RememberedResponse]:
    return Kind("IDEM", Record(RememberedResponse))


@functools.cache
def pushes() -> Kind[PushRow]:
    return Kind("PUSH", Record(PushRow))


@functools.cache
def push_tokens() -> Kind[PushToken]:
    return Kind("PUSHTOKEN", Record(PushToken))


@functools.cache
def api_keys() -> Kind[ApiKey]:
    return Kind("APIKEY", Record(ApiKey))


@functools.cache
def _events() -> Record[Event]:
    return Record(Event)


def alarm_columns(key: Key, alarm: Alarm | None, shards: int) -> dict[str, str]:
    return {} if alarm is None else index_keys.alarm(key, alarm.due, shards)


def ttl(when: datetime) -> int:
    """DynamoDB's TTL attribute: whole seconds, never earlier than `when`."""
    return ceil(keys.micros(when) / 1_000_000)


def posting_item(posting: Posting, shards: int) -> Item:
    key = keys.posting(posting.seller, posting.number)
    columns = (
        index_keys.worklist(posting.seller, posting.stage, posting.cut_off, posting.number)
        | index_keys.received(posting.seller, posting.received_at, posting.number)
        | alarm_columns(key, posting.next_alarm, shards)
    )
    return postings().item(key, posting, columns)


def return_item(case: ReturnCase, shards: int) -> Item:
    key = keys.return_case(case.seller, case.id)
    columns = (
        index_keys.returns(case.seller, case.decide_by, case.id, is_open=case.open)
        | index_keys.returns_opened(case.seller, case.opened_at, case.id)
        | alarm_columns(key, case.next_alarm, shards)
    )
    return returns().item(key, case, columns)


def intent_item(intent: Intent, shards: int) -> Item:
    if intent_owner(intent.id) != intent.ref:
        raise InvalidInputError(f"intent {intent.id} does not belong to {intent.ref.kind} {intent.ref.id}")
    key = keys.intent(intent.seller, intent.ref, intent.id)
    columns = index_keys.intents(intent.seller, intent.state, intent.created_at, intent.id) | alarm_columns(
        key, intent.next_alarm, shards
    )
    return intents().item(key, intent, columns)


def watch_item(watch: Watch, shards: int) -> Item:
    key = keys.watch(watch.seller, watch.id)
    return watches().item(key, watch, alarm_columns(key, watch.next_alarm, shards))


def case_item(case: Case, shards: int) -> Item:
    key = keys.case(case.seller, case.id)
    columns = index_keys.cases(case.seller, case.opened_at, case.id, is_open=case.open)
    return cases().item(key, case, columns | alarm_columns(key, case.next_alarm, shards))


def digest_key(entry: DigestEntry) -> Key:
    return keys.digest_entry(entry.seller, entry.recipient, entry.stored.event.at, entry.stored.id)


def event_item(seller: str, ref: Ref, version: int, index: int, event: Event, *, count: int) -> Item:
    """An event row holds all that the stream's consumer needs: it never reads the table.

    `count` is how many events its version has, so that a missing last one shows too. Beside it the first row of a
    version may keep what the version did to its item: see `changes`.
    """
    place = {
        "seller": seller,
        "kind": str(ref.kind),
        "id": ref.id,
        "version": version,
        "index": index,
        "count": count,
        "type_version": EVENT_TYPE_VERSION[event.type],
    }
    key = keys.event(seller, ref, version, index)
    return item_to_wire(
        {"PK": key.pk, "SK": key.sk, "schema": current_schema("EVENT")} | place | _events().encode(event)
    )


def read_event(item: Mapping[str, Wire]) -> StoredEvent:
    """The event of a row, read from the table or from the NEW_IMAGE of the table's stream."""
    attributes = upcast("EVENT", item_from_wire({n: v for n, v in item.items() if n != keys.CHANGE}))
    return StoredEvent(
        seller=attributes["seller"],
        ref=Ref(AggregateKind(attributes["kind"]), attributes["id"]),
        version=attributes["version"],
        index=attributes["index"],
        count=attributes.get("count", 0),
        type_version=attributes["type_version"],
        event=_events().decode(attributes),
    )


def read_push(item: Mapping[str, Wire]) -> PushRow:
    """The push of a row, read from the table or from the NEW_IMAGE of the table's stream."""
    return pushes().read(item)


def is_event(sort_key: str) -> bool:
    """Whether a row with this SK is an event."""
    return sort_key.startswith(keys.EVENT_PREFIX)


def is_push(sort_key: str) -> bool:
    """Whether a row with this SK is a push."""
    return sort_key.startswith(keys.PUSH_PREFIX)


def push_item(push: PushRow) -> Item:
    key = keys.push(push.seller, push.received_at, push.type, push.digest, push.window)
    return pushes().item(key, push, {"ttl": ttl(push.received_at + PUSH_KEPT)})


def response_item(response: RememberedResponse) -> Item:
    key = keys.remembered(response.seller, response.key)
    return responses().item(key, response, {"ttl": ttl(response.expires_at)})
