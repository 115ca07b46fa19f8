"""The whole store over one DynamoDB table."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.dynamodb import changes, keys, rows
from shipby.adapters.dynamodb.access.people import PeopleOfShops
from shipby.adapters.dynamodb.alarms.aside import AsideAlarms
from shipby.adapters.dynamodb.alarms.due import SHARDS
from shipby.adapters.dynamodb.changes import Seen
from shipby.adapters.dynamodb.client import call, held
from shipby.adapters.dynamodb.inbox import PushInbox
from shipby.adapters.dynamodb.keys import Key
from shipby.adapters.dynamodb.operations import operations
from shipby.adapters.dynamodb.paging import projection
from shipby.adapters.dynamodb.stocks import Stocks
from shipby.adapters.dynamodb.values import Item, from_wire, item_to_wire, to_wire
from shipby.application.ports.writes import SaveDetail
from shipby.domain.errors import AlreadyExistsError, NotFoundError
from shipby.domain.events import print_job_ref
from shipby.domain.intents import Intent, intent_owner
from shipby.domain.labels.prints import PrintJob, PrintState
from shipby.domain.pointers import scope
from shipby.domain.postings.inbox import PushRow, PushState, PushToken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime

    from mypy_boto3_dynamodb.client import DynamoDBClient

    from shipby.adapters.dynamodb.rows.kind import Kind, T
    from shipby.application.ports.clock import Clock
    from shipby.application.ports.papers import BenchScene
    from shipby.application.ports.postings import LookedUp
    from shipby.application.ports.writes import Write
    from shipby.domain.carriages import Carriage
    from shipby.domain.carriers.carrier import Carrier
    from shipby.domain.cases.case import Case
    from shipby.domain.cases.watch import Watch
    from shipby.domain.deadlines.priority import OpenPosting, StatedPrices
    from shipby.domain.events import Ref
    from shipby.domain.json_types import Json
    from shipby.domain.labels.documents import Document
    from shipby.domain.labels.pages import RefusedPage
    from shipby.domain.notices.digest_entry import DigestEntry
    from shipby.domain.packing.cards import BenchCheck, ExemplarSheet, ProductCard
    from shipby.domain.postings.posting import MarketplacePosting, Posting
    from shipby.domain.refunds.ledger import MoneyLedger
    from shipby.domain.remembered import RememberedResponse
    from shipby.domain.returns.return_case import ReturnCase
    from shipby.domain.sellers.settings import SellerSettings
    from shipby.domain.tracking.number_job import NumberJob
    from shipby.domain.tracking.purchases import Purchase

_REPLAYED = frozenset({keys.POSTING, keys.RETURN})
"""Items whose changes are kept in their event rows."""


_MOST_AT_ONCE = 100
"""Items of one BatchGetItem."""
PACKED_KEPT = timedelta(minutes=5)
"""How old it may be what was packed on a day that is over. What is open is always read."""
_PACKED_DAYS = 512
"""Days of sellers that a process remembers."""


class Records(Stocks, PeopleOfShops, AsideAlarms, PushInbox):
    """What is read by key of Shipby's rows, whatever database keeps them: the other half gives `_get` and `_get_many`.

    Nothing in it speaks to AWS. `_seen` remembers the newest items, for changes that are kept as what is new in them.
    """

    if TYPE_CHECKING:
        _seen: Seen

        def _get(self, key: Key) -> Item | None: ...
        def _get_many(self, wanted: Sequence[Key], columns: Sequence[str] = ()) -> dict[Key, Item]: ...

    def _read(self, kind: Kind[T], key: Key) -> T | None:
        item = self._get(key)
        return None if item is None else kind.read(item)

    def posting(self, seller: str, number: str) -> Posting | None:
        return self._read(rows.postings.postings(), keys.posting(seller, number))

    def detail(self, seller: str, number: str, *, of: Posting | None = None) -> MarketplacePosting | None:
        found = self._read(rows.postings.details(), keys.detail(seller, number))
        return found and rows.postings.with_newest(found, of or self.posting(seller, number))

    def postings_with_details(
        self, seller: str, numbers: Sequence[str]
    ) -> dict[str, tuple[Posting, MarketplacePosting | None]]:
        """Those of the numbers that exist, in their order, with what the marketplace says of them."""
        named = {number: (keys.posting(seller, number), keys.detail(seller, number)) for number in numbers}
        found = self._get_many([key for pair in named.values() for key in pair])
        pairs: dict[str, tuple[Posting, MarketplacePosting | None]] = {}
        for number, (at, detail_at) in named.items():
            posting, detail = found.get(at), found.get(detail_at)
            if posting is not None:
                known = rows.postings.postings().read(posting)
                facts = None if detail is None else rows.postings.details().read(detail)
                pairs[number] = known, facts and rows.postings.with_newest(facts, known)
        return pairs

    def looked_up(self, seller: str, numbers: Sequence[str], values: Sequence[tuple[str, str]]) -> LookedUp:
        """Those of the postings and of the pointers that exist."""
        by_number = {keys.posting(seller, number): number for number in numbers}
        by_value = {keys.pointer(scope(seller, kind), kind, value): (kind, value) for kind, value in values}
        found = self._get_many([*by_number, *by_value])
        from shipby.application.ports.postings import LookedUp  # searches alone: cold starts

        read = rows.postings.postings().read
        return LookedUp(
            {number: read(found[key]) for key, number in by_number.items() if key in found},
            {pointer: str(found[key]["target"]["S"]) for key, pointer in by_value.items() if key in found},
        )

    def open_postings(self, seller: str, numbers: Sequence[str]) -> dict[str, OpenPosting]:
        """Those of the numbers that exist, in their order: of each what the order of work needs."""
        return self._parts(rows.postings.open_postings(), {each: keys.posting(seller, each) for each in numbers})

    def stated_prices(self, seller: str, numbers: Sequence[str]) -> dict[str, StatedPrices]:
        """What the marketplace says of those that it says anything of: their prices."""
        return self._parts(rows.postings.stated_prices(), {each: keys.detail(seller, each) for each in numbers})

    def _parts(self, kind: Kind[T], wanted: Mapping[str, Key]) -> dict[str, T]:
        found = self._get_many(list(wanted.values()), ("PK", "SK", "schema", *kind.record.attributes))
        return {name: kind.read(found[key]) for name, key in wanted.items() if key in found}

    def money(self, seller: str, number: str) -> MoneyLedger | None:
        return self._read(rows.refunds.ledgers(), keys.money(seller, number))

    def return_case(self, seller: str, return_id: str) -> ReturnCase | None:
        return self._read(rows.returns.returns(), keys.return_case(seller, return_id))

    def intent(self, seller: str, identifier: str) -> Intent | None:
        """Raises InvalidInputError if the text is not an intent id."""
        key = keys.intent(seller, intent_owner(identifier), identifier)
        return self._read(rows.intents.intents(), key)

    def intents_by_id(self, seller: str, identifiers: Sequence[str]) -> dict[str, Intent]:
        """Those of the ids that exist, in their order. Raises InvalidInputError for a text that is no intent id."""
        wanted = {one: keys.intent(seller, intent_owner(one), one) for one in dict.fromkeys(identifiers)}
        found = self._get_many(list(wanted.values()))
        return {one: rows.intents.intents().read(found[key]) for one, key in wanted.items() if key in found}

    def document(self, seller: str, number: str, identifier: str) -> Document | None:
        return self._read(rows.labels.documents(), keys.document(seller, number, identifier))

    def print_job(self, seller: str, identifier: str) -> PrintJob | None:
        job = self._read(rows.labels.print_jobs(), keys.print_job(seller, identifier))
        if job is None or job.state is not PrintState.WAITING:
            return job
        end = self._get(keys.event(seller, print_job_ref(identifier), job.version + 1, 0))
        return (end and rows.labels.read_print_end(end)) or job

    def watch(self, seller: str, identifier: str) -> Watch | None:
        return self._read(rows.cases.watches(), keys.watch(seller, identifier))

    def carrier(self, seller: str, code: str) -> Carrier | None:
        return self._read(rows.carriers.carriers(), keys.carrier(seller, code))

    def number_job(self, seller: str, identifier: str) -> NumberJob | None:
        return self._read(rows.tracking.number_jobs(), keys.number_job(seller, identifier))

    def purchase(self, seller: str, identifier: str) -> Purchase | None:
        return self._read(rows.tracking.purchases(), keys.purchase(seller, identifier))

    def product_card(self, seller: str, sku: str) -> ProductCard | None:
        return self._read(rows.packing.product_cards(), keys.product_card(seller, sku))

    def product_cards_of(self, seller: str, skus: Sequence[str]) -> dict[str, ProductCard]:
        """Cards of products by SKU; those that have none are left out."""
        wanted = {sku: keys.product_card(seller, sku) for sku in skus}
        found = self._get_many(list(wanted.values()))
        return {sku: rows.packing.product_cards().read(found[key]) for sku, key in wanted.items() if key in found}

    def bench_scene(self, seller: str, number: str, *, labels: Sequence[str] = ()) -> BenchScene | None:
        """A posting with everything beside it that a scan needs, in one request."""
        from shipby.application.ports.papers import BenchScene  # only the bench needs it: cold starts

        at, detail_at = keys.posting(seller, number), keys.detail(seller, number)
        check_at, sheet_at = keys.bench_check(seller, number), keys.exemplar_sheet(seller, number)
        labels_at = {each: keys.document(seller, number, each) for each in labels}
        settings_at = keys.settings(seller)
        found = self._get_many([at, detail_at, check_at, sheet_at, settings_at, *labels_at.values()])
        if (item := found.get(at)) is None:
            return None
        self._seen.note(at, item)
        posting = rows.postings.postings().read(item)

        def read(kind: Kind[T], key: Key) -> T | None:
            return kind.read(found[key]) if key in found else None

        facts = read(rows.postings.details(), detail_at)
        documents = {each: read(rows.labels.documents(), key) for each, key in labels_at.items()}
        return BenchScene(
            posting=posting,
            detail=facts and rows.postings.with_newest(facts, posting),
            check=read(rows.packing.bench_checks(), check_at),
            sheet=read(rows.packing.exemplar_sheets(), sheet_at),
            settings=read(rows.sellers.settings(), settings_at),
            labels={each: document for each, document in documents.items() if document is not None},
        )

    def bench_check(self, seller: str, number: str) -> BenchCheck | None:
        return self._read(rows.packing.bench_checks(), keys.bench_check(seller, number))

    def exemplar_sheet(self, seller: str, number: str) -> ExemplarSheet | None:
        return self._read(rows.packing.exemplar_sheets(), keys.exemplar_sheet(seller, number))

    def carriage(self, seller: str, identifier: str) -> Carriage | None:
        return self._read(rows.carriages.carriages(), keys.carriage(seller, identifier))

    def refused_page(self, seller: str, day: date, identifier: str) -> RefusedPage | None:
        return self._read(rows.labels.refused_pages(), keys.refused_page(seller, day, identifier))

    def case(self, seller: str, identifier: str) -> Case | None:
        return self._read(rows.cases.cases(), keys.case(seller, identifier))

    def settings(self, seller: str) -> SellerSettings | None:
        return self._read(rows.sellers.settings(), keys.settings(seller))

    def remembered(self, seller: str, key: str, now: datetime) -> RememberedResponse | None:
        """What the key answered before, unless it has expired by `now`: TTL deletes days late."""
        found = self._read(rows.sellers.responses(), keys.remembered(seller, key))
        return found if found is not None and found.expires_at > now else None

    def find(self, seller: str, kind: str, value: str) -> str | None:
        """The target of a pointer."""
        item = self._get(keys.pointer(seller, kind, value))
        return None if item is None else str(item["target"]["S"])

    def stored_item(self, seller: str, ref: Ref) -> Mapping[str, Json] | None:
        """A posting or return as it is stored, without its keys."""
        item = self._get(Key(keys.aggregate_pk(seller, ref), str(ref.kind)))
        return None if item is None else changes.plain(item)

    def cap_used(self, seller: str, action: str, day: date) -> int:
        """How many automatic actions of a day are counted."""
        item = self._get(keys.cap(seller, action, day))
        return 0 if item is None else int(item["used"]["N"])

    def report(self, seller: str, kind: str, day: date) -> Mapping[str, Json] | None:
        """The newest report of a kind for a day."""
        item = self._get(keys.report(seller, kind, day))
        body: Mapping[str, Json] | None = None if item is None else from_wire(item["body"])
        return body


class DynamoDBStore(Records):
    """Implements `shipby.application.ports.store.Store`.

    `alarm_shards` must be the same in every function: an item's shard is part of its index key. `clock` decides only
    when a remembered response has expired, and how old a count of packed postings is. `sleep` waits between attempts
    of transactions that collide.
    """

    def __init__(
        self,
        client: DynamoDBClient | None = None,
        table_name: str = "shipby",
        alarm_shards: int = SHARDS,
        *,
        clock: Clock | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        from shipby.adapters.dynamodb.commit import Committer  # with botocore: not for a store without AWS

        super().__init__(client, table_name, alarm_shards)
        self._clock = clock or SystemClock()
        self._seen = Seen()
        self._packed: dict[tuple[str, date], tuple[Mapping[tuple[str, datetime], int], datetime]] = {}
        self._committer = Committer(lambda: self._client, table_name, sleep=sleep)

    def commit(self, writes: Sequence[Write], *, token: str = "") -> None:
        """Apply all writes or none; see the port for what is raised.

        Raises InvalidInputError in addition for a change that no transaction can hold: two writes of one item, more
        than 100 items or 4 MB, or a token that was used for another change.
        """
        # A repeat with a token must be the same to the byte, whoever sends it: it keeps whole items.
        seen = Seen() if token else self._seen
        wanted = operations(writes, shards=self._shards, now=self._clock.now(), seen=seen)
        self._note_words(writes)
        self._committer.run(wanted, token)
        for operation in wanted:
            if operation.key.sk in _REPLAYED and operation.action == "Put":
                self._seen.note(operation.key, operation.body["Item"])

    def _note_words(self, writes: Sequence[Write]) -> None:
        """A row for each new word, before the transaction: a word that leads to no posting is passed over, one that a
        crash left out would be missed for good; and it costs half as much."""
        details = [write for write in writes if isinstance(write, SaveDetail)]
        if not details:
            return
        from shipby.domain.postings.words import KEPT, words_of  # only who reads the marketplace: cold starts

        ttl = int((self._clock.now() + KEPT).timestamp())
        for detail in details:
            for word in words_of(detail.detail) if detail.words is None else detail.words:
                key = keys.word(detail.seller, word.text, word.kind, word.number)
                item = item_to_wire({"PK": key.pk, "SK": key.sk, "schema": 1, "ttl": ttl})
                call(self._client.put_item, TableName=self._table, Item=item)

    def _get(self, key: Key) -> Item | None:
        answer = call(self._client.get_item, TableName=self._table, Key=key.wire, ConsistentRead=True)
        item: Item | None = answer.get("Item")
        if item is not None and key.sk in _REPLAYED:
            self._seen.note(key, item)
        return item

    def _get_many(self, wanted: Sequence[Key], columns: Sequence[str] = ()) -> dict[Key, Item]:
        """Items by key, strongly consistent; of each only some attributes where they are named.

        What the database leaves out under load is asked for again, one by one.
        """
        found: dict[Key, Item] = {}
        part_of = projection(columns, {}) if columns else {}
        for start in range(0, len(wanted), _MOST_AT_ONCE):
            part = wanted[start : start + _MOST_AT_ONCE]
            request: Any = {self._table: {"Keys": [key.wire for key in part], "ConsistentRead": True, **part_of}}
            answer = call(self._client.batch_get_item, RequestItems=request)
            for item in answer["Responses"].get(self._table, []):
                found[Key(item["PK"]["S"], item["SK"]["S"])] = item
            for left in answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", []):
                key = Key(left["PK"]["S"], left["SK"]["S"])
                if (item := self._get(key)) is not None:
                    found[key] = item
        return found

    def packed_on(self, seller: str, day: date, *, most: int) -> Mapping[tuple[str, datetime], int] | None:
        """As listed; a day that is over is remembered for some minutes: boards stay open, and ask again and again."""
        now = self._clock.now()
        kept = self._packed.get((seller, day))
        if kept is None or abs(now - kept[1]) > PACKED_KEPT:
            counted = super().packed_on(seller, day, most=most)
            if counted is None or day >= now.date():
                return counted
            if len(self._packed) >= _PACKED_DAYS:
                self._packed.clear()
            kept = self._packed[seller, day] = counted, now
        return kept[0] if sum(kept[0].values()) <= most else None

    # Single writes -----------------------------------------------------------------------------------------------

    def mark_synced(self, seller: str, number: str, read_at: datetime) -> None:
        """Raise synced_at to `read_at`; nothing happens where it is later already or the posting is not there."""
        self._conditional(
            self._client.update_item,
            Key=keys.posting(seller, number).wire,
            UpdateExpression="SET synced_at = :read",
            ConditionExpression="synced_at < :read",
            ExpressionAttributeValues={":read": to_wire(keys.micros(read_at))},
        )

    def note_progress(self, seller: str, job: str, done: int) -> None:
        """Raise a waiting print job's `done`; nothing happens where it has ended or is further already."""
        self._conditional(
            self._client.update_item,
            Key=keys.print_job(seller, job).wire,
            UpdateExpression="SET done = :done",
            ConditionExpression="#state = :waiting AND (attribute_not_exists(done) OR done < :done)",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":done": to_wire(done), ":waiting": to_wire(str(PrintState.WAITING))},
        )

    def drop_digest_entries(self, entries: Sequence[DigestEntry]) -> None:
        """Forget entries that were told; those that are gone already do no harm."""
        for entry in entries:
            call(self._client.delete_item, TableName=self._table, Key=rows.notices.digest_key(entry).wire)

    def quarantine_push(self, push: PushRow, problem: str) -> None:
        """Mark a stored push QUARANTINED. Raises NotFoundError if it is not stored."""
        key = keys.push(push.seller, push.received_at, push.type, push.digest, push.window)
        if not self._conditional(
            self._client.update_item,
            Key=key.wire,
            UpdateExpression="SET #state = :state, problem = :problem",
            ConditionExpression="attribute_exists(PK)",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":state": to_wire(str(PushState.QUARANTINED)), ":problem": to_wire(problem)},
        ):
            raise NotFoundError(f"push {push.digest[:16]} of {push.received_at} is not stored for seller {push.seller}")

    def save_report(self, seller: str, kind: str, day: date, body: Mapping[str, Json]) -> None:
        """Keep the newest report of a kind for a day; the one before is replaced."""
        key = keys.report(seller, kind, day)
        item = item_to_wire({"PK": key.pk, "SK": key.sk, "schema": 1, "body": body})
        call(self._client.put_item, TableName=self._table, Item=item)

    def save_push_token(self, token: PushToken) -> None:
        """Write or replace a token. Raises AlreadyExistsError if another seller has it."""
        if not self._conditional(
            self._client.put_item,
            Item=rows.inbox.push_tokens().item(keys.push_token(token.sha256), token),
            ConditionExpression="attribute_not_exists(PK) OR seller = :seller",
            ExpressionAttributeValues={":seller": to_wire(token.seller)},
        ):
            raise AlreadyExistsError("another seller has this PUSHTOKEN", what="PUSHTOKEN")

    def try_write(self) -> None:
        """Raise StoreUnavailableError unless the table takes writes: a write whose condition never holds."""
        nobody = keys.api_key("health").wire
        self._conditional(self._client.update_item, Key=nobody, ConditionExpression="attribute_exists(PK)")

    def _conditional(self, operation: Callable[..., Any], **arguments: Any) -> bool:
        """Whether the condition held and the write was done."""
        return held(operation, TableName=self._table, **arguments)
