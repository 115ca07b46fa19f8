"""The whole store over one DynamoDB table."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.dynamodb import changes, keys, paper_rows, rows
from shipby.adapters.dynamodb.aside import AsideAlarms
from shipby.adapters.dynamodb.changes import Seen
from shipby.adapters.dynamodb.client import call, error_code
from shipby.adapters.dynamodb.commit import Committer
from shipby.adapters.dynamodb.inbox import PushInbox
from shipby.adapters.dynamodb.keys import Key
from shipby.adapters.dynamodb.matters import Matters
from shipby.adapters.dynamodb.operations import operations
from shipby.adapters.dynamodb.values import Item, from_wire, item_to_wire, to_wire
from shipby.application.ports.clock import Clock
from shipby.application.ports.writes import Write
from shipby.domain.carriages import Carriage
from shipby.domain.cases.case import Case
from shipby.domain.cases.watch import Watch
from shipby.domain.errors import AlreadyExistsError, NotFoundError
from shipby.domain.events import Ref
from shipby.domain.intents import Intent, intent_owner
from shipby.domain.json_types import Json
from shipby.domain.labels.documents import Document
from shipby.domain.labels.pages import RefusedPage
from shipby.domain.labels.prints import PrintJob, PrintState
from shipby.domain.notices.digest_entry import DigestEntry
from shipby.domain.packing.cards import BenchCheck, ProductCard
from shipby.domain.postings.inbox import PushRow, PushState, PushToken
from shipby.domain.postings.posting import MarketplacePosting, Posting
from shipby.domain.refunds.ledger import MoneyLedger
from shipby.domain.remembered import RememberedResponse
from shipby.domain.returns.return_case import ReturnCase
from shipby.domain.sellers.keys import ApiKey
from shipby.domain.sellers.settings import SellerSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


_REPLAYED = frozenset({keys.POSTING, keys.RETURN})
"""Items whose changes are kept in their event rows."""


class DynamoDBStore(Matters, AsideAlarms, PushInbox):
    """Implements `shipby.application.ports.store.Store`.

    `alarm_shards` must be the same in every function: an item's shard is part of its index key. `clock` decides only
    when a remembered response has expired. `sleep` waits between attempts of transactions that collide.
    """

    def __init__(
        self,
        client: "DynamoDBClient | None" = None,
        table_name: str = "shipby",
        alarm_shards: int = 4,
        *,
        clock: Clock | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(client, table_name=table_name)
        self._shards = alarm_shards
        self._clock = clock or SystemClock()
        self._seen = Seen()
        self._committer = Committer(lambda: self._client, table_name, sleep=sleep)

    @property
    def alarm_shards(self) -> int:
        """How many shards `due_alarms` knows."""
        return self._shards

    def commit(self, writes: Sequence[Write], *, token: str = "") -> None:
        """Apply all writes or none; see the port for what is raised.

        Raises InvalidInputError in addition for a change that no transaction can hold: two writes of one item, more
        than 100 items or 4 MB, or a token that was used for another change.
        """
        # A repeat with a token must be the same to the byte, whoever sends it: it keeps whole items.
        seen = Seen() if token else self._seen
        wanted = operations(writes, shards=self._shards, now=self._clock.now(), seen=seen)
        self._committer.run(wanted, token)
        for operation in wanted:
            if operation.key.sk in _REPLAYED and operation.action == "Put":
                self._seen.note(operation.key, operation.body["Item"])

    # Single items ------------------------------------------------------------------------------------------------

    def _get(self, key: Key) -> Item | None:
        answer = call(self._client.get_item, TableName=self._table, Key=key.wire, ConsistentRead=True)
        item: Item | None = answer.get("Item")
        if item is not None and key.sk in _REPLAYED:
            self._seen.note(key, item)
        return item

    def _read(self, kind: rows.Kind[Any], key: Key) -> Any:
        item = self._get(key)
        return None if item is None else kind.read(item)

    def posting(self, seller: str, number: str) -> Posting | None:
        found: Posting | None = self._read(rows.postings(), keys.posting(seller, number))
        return found

    def detail(self, seller: str, number: str) -> MarketplacePosting | None:
        found: MarketplacePosting | None = self._read(rows.details(), keys.detail(seller, number))
        return found

    def money(self, seller: str, number: str) -> MoneyLedger | None:
        found: MoneyLedger | None = self._read(rows.ledgers(), keys.money(seller, number))
        return found

    def return_case(self, seller: str, return_id: str) -> ReturnCase | None:
        found: ReturnCase | None = self._read(rows.returns(), keys.return_case(seller, return_id))
        return found

    def intent(self, seller: str, identifier: str) -> Intent | None:
        """Raises InvalidInputError if the text is not an intent id."""
        key = keys.intent(seller, intent_owner(identifier), identifier)
        found: Intent | None = self._read(rows.intents(), key)
        return found

    def document(self, seller: str, number: str, identifier: str) -> Document | None:
        found: Document | None = self._read(paper_rows.documents(), keys.document(seller, number, identifier))
        return found

    def print_job(self, seller: str, identifier: str) -> PrintJob | None:
        found: PrintJob | None = self._read(paper_rows.print_jobs(), keys.print_job(seller, identifier))
        return found

    def watch(self, seller: str, identifier: str) -> Watch | None:
        found: Watch | None = self._read(rows.watches(), keys.watch(seller, identifier))
        return found

    def product_card(self, seller: str, sku: str) -> ProductCard | None:
        found: ProductCard | None = self._read(paper_rows.product_cards(), keys.product_card(seller, sku))
        return found

    def bench_check(self, seller: str, number: str) -> BenchCheck | None:
        found: BenchCheck | None = self._read(paper_rows.bench_checks(), keys.bench_check(seller, number))
        return found

    def carriage(self, seller: str, identifier: str) -> Carriage | None:
        found: Carriage | None = self._read(paper_rows.carriages(), keys.carriage(seller, identifier))
        return found

    def refused_page(self, seller: str, day: date, identifier: str) -> RefusedPage | None:
        found: RefusedPage | None = self._read(paper_rows.refused_pages(), keys.refused_page(seller, day, identifier))
        return found

    def case(self, seller: str, identifier: str) -> Case | None:
        found: Case | None = self._read(rows.cases(), keys.case(seller, identifier))
        return found

    def settings(self, seller: str) -> SellerSettings | None:
        found: SellerSettings | None = self._read(rows.settings(), keys.settings(seller))
        return found

    def remembered(self, seller: str, key: str, now: datetime) -> RememberedResponse | None:
        """What the key answered before, unless it has expired by `now`: TTL deletes days late."""
        found: RememberedResponse | None = self._read(rows.responses(), keys.remembered(seller, key))
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

    def api_key(self, identifier: str) -> ApiKey | None:
        found: ApiKey | None = self._read(rows.api_keys(), keys.api_key(identifier))
        return found

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
            call(self._client.delete_item, TableName=self._table, Key=rows.digest_key(entry).wire)

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
        self._save_owned(rows.push_tokens().item(keys.push_token(token.sha256), token), token.seller, "PUSHTOKEN")

    def save_api_key(self, key: ApiKey) -> None:
        """Write or replace a key. Raises AlreadyExistsError if another seller has its id."""
        self._save_owned(rows.api_keys().item(keys.api_key(key.id), key), key.seller, "APIKEY")

    def try_write(self) -> None:
        """Raise StoreUnavailableError unless the table takes writes: a write whose condition never holds."""
        nobody = keys.api_key("health").wire
        self._conditional(self._client.update_item, Key=nobody, ConditionExpression="attribute_exists(PK)")

    def _save_owned(self, item: Item, seller: str, what: str) -> None:
        if not self._conditional(
            self._client.put_item,
            Item=item,
            ConditionExpression="attribute_not_exists(PK) OR seller = :seller",
            ExpressionAttributeValues={":seller": to_wire(seller)},
        ):
            raise AlreadyExistsError(f"another seller has this {what}", what=what)

    def _conditional(self, operation: Callable[..., Any], **arguments: Any) -> bool:
        """Whether the condition held and the write was done."""
        try:
            call(operation, TableName=self._table, **arguments)
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True
