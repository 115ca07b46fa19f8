"""Rows of webhooks. They have no version beside the lane's own number, and the table's stream passes them over.

PK                               SK
WEBHOOKS                         <s>#<endpoint>
SELLER#<s>#HOOKLANE#<endpoint>   <kind>#<id>
SELLER#<s>#HOOKWAIT#<endpoint>   <kind>#<id>
SELLER#<s>#HOOKLOG#<endpoint>    LOG#<at>#<first event>
SELLER#<s>#HOOKDEAD#<endpoint>   DEAD#<at>#<event>
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from shipby.adapters.dynamodb.client import call, error_code
from shipby.adapters.dynamodb.keys import Key, micros, moment, part_of_key, seller_pk, sortable
from shipby.adapters.dynamodb.paging import Listing, page, query
from shipby.adapters.dynamodb.rows.kind import ttl
from shipby.adapters.dynamodb.values import Item, item_from_wire, item_to_wire
from shipby.adapters.dynamodb.webhooks.listening import LISTENERS, listening
from shipby.application.ports.pages import Page
from shipby.domain.errors import StoreUnavailableError
from shipby.domain.events import AggregateKind, Ref
from shipby.domain.webhooks.lane import Lane
from shipby.domain.webhooks.signing import message_id

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

    from shipby.domain.json_types import Json

_LANE, _WAIT, _LOG, _DEAD = "HOOKLANE", "HOOKWAIT", "HOOKLOG", "HOOKDEAD"
_TIMES = ("leased_until", "failing_since", "again_at", "gone_at")
_AT_ONCE = 25


def _pk(seller: str, kind: str, endpoint: str) -> str:
    return f"{seller_pk(seller)}#{kind}#{part_of_key(endpoint, 'webhook id')}"


def _sk(ref: Ref) -> str:
    return f"{ref.kind}#{part_of_key(ref.id, 'id', last=True)}"


def _ref(sort: str) -> Ref:
    kind, _, identifier = sort.partition("#")
    return Ref(AggregateKind(kind), identifier)


class WebhookTable:
    """Implements `shipby.application.ports.webhooks.WebhookRows`."""

    def __init__(self, client: DynamoDBClient | None = None, table_name: str = "shipby") -> None:
        self._made = client
        self._table = table_name

    @property
    def _client(self) -> DynamoDBClient:
        from shipby.adapters.aws import clients

        return self._made or clients.dynamodb()

    # Who listens ---------------------------------------------------------------------------------------------------

    def listening(self) -> frozenset[str]:
        return listening(self._client, self._table)

    def endpoint_ids(self, seller: str) -> list[str]:
        prefix = f"{part_of_key(seller, 'seller')}#"
        listing = Listing(
            name="webhooks",
            partition=("PK", LISTENERS),
            sort="SK",
            condition="begins_with(#sort, :prefix)",
            values={":prefix": prefix},
        )
        return [item["SK"]["S"].removeprefix(prefix) for item in query(self._client, self._table, listing)]

    def note_endpoint(self, seller: str, endpoint: str) -> None:
        self._put({"PK": LISTENERS, "SK": self._listener(seller, endpoint)})

    def drop_endpoint(self, seller: str, endpoint: str) -> None:
        key = Key(LISTENERS, self._listener(seller, endpoint)).wire
        call(self._client.delete_item, TableName=self._table, Key=key)

    @staticmethod
    def _listener(seller: str, endpoint: str) -> str:
        return f"{part_of_key(seller, 'seller')}#{part_of_key(endpoint, 'webhook id')}"

    # Lanes and what waits ------------------------------------------------------------------------------------------

    def lane(self, seller: str, endpoint: str, ref: Ref) -> Lane | None:
        key = Key(_pk(seller, _LANE, endpoint), _sk(ref)).wire
        item = call(self._client.get_item, TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        if item is None:
            return None
        found = item_from_wire(item)
        times = {name: moment(int(found[name])) if name in found else None for name in _TIMES}
        return Lane(
            seller=seller,
            endpoint=endpoint,
            ref=ref,
            number=int(found["number"]),
            version=int(found["version"]),
            index=int(found["index"]),
            attempts=int(found.get("attempts", 0)),
            **cast("Any", times),
        )

    def put_lane(self, lane: Lane) -> bool:
        attributes: dict[str, Any] = {
            "PK": _pk(lane.seller, _LANE, lane.endpoint),
            "SK": _sk(lane.ref),
            "number": lane.number,
            "version": lane.version,
            "index": lane.index,
            "ttl": ttl(lane.gone_at),
        }
        attributes |= {name: micros(at) for name in _TIMES if (at := getattr(lane, name)) is not None}
        if lane.attempts:
            attributes["attempts"] = lane.attempts
        condition: dict[str, Any] = (
            {"ConditionExpression": "attribute_not_exists(PK)"}
            if lane.number == 1
            else {
                "ConditionExpression": "#number = :before",
                "ExpressionAttributeNames": {"#number": "number"},
                "ExpressionAttributeValues": item_to_wire({":before": lane.number - 1}),
            }
        )
        try:
            self._put(attributes, **condition)
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def mark(self, seller: str, endpoint: str, ref: Ref, *, gone_at: datetime) -> None:
        self._put({"PK": _pk(seller, _WAIT, endpoint), "SK": _sk(ref), "ttl": ttl(gone_at)})

    def is_marked(self, seller: str, endpoint: str, ref: Ref) -> bool:
        key = Key(_pk(seller, _WAIT, endpoint), _sk(ref)).wire
        return "Item" in call(self._client.get_item, TableName=self._table, Key=key, ConsistentRead=True)

    def unmark(self, seller: str, endpoint: str, refs: Sequence[Ref]) -> None:
        partition = _pk(seller, _WAIT, endpoint)
        for start in range(0, len(refs), _AT_ONCE):
            part = refs[start : start + _AT_ONCE]
            left: Any = [{"DeleteRequest": {"Key": Key(partition, _sk(ref)).wire}} for ref in part]
            for _ in range(10):
                answer = call(self._client.batch_write_item, RequestItems={self._table: left})
                left = answer.get("UnprocessedItems", {}).get(self._table, [])
                if not left:
                    break
            else:
                raise StoreUnavailableError("the database is overloaded; try again")

    def marked(self, seller: str, endpoint: str, *, limit: int, cursor: str | None = None) -> Page[Ref]:
        items, following = page(
            self._client, self._table, self._listing(seller, _WAIT, endpoint), limit=limit, cursor=cursor
        )
        return Page(tuple(_ref(item["SK"]["S"]) for item in items), following)

    # The log -------------------------------------------------------------------------------------------------------

    def add_log(
        self, seller: str, endpoint: str, at: datetime, entries: Sequence[Mapping[str, Json]], *, gone_at: datetime
    ) -> None:
        place = f"LOG#{_newest_first(at)}#{entries[0].get('webhook_id', '')}"
        text = log_text(seller, at, entries)
        self._put({"PK": _pk(seller, _LOG, endpoint), "SK": place, "said": text, "ttl": ttl(gone_at)})

    def log(self, seller: str, endpoint: str, *, limit: int, cursor: str | None = None) -> Page[Mapping[str, Json]]:
        found = self._said(seller, _LOG, endpoint, limit, cursor)
        rows = ({"at": said[0], "entries": [_entry(seller, each) for each in said[1]]} for said in found.items)
        return Page(tuple(rows), found.cursor)

    def add_dead(
        self, seller: str, endpoint: str, at: datetime, entry: Mapping[str, Json], *, gone_at: datetime
    ) -> None:
        place = f"DEAD#{_newest_first(at)}#{entry.get('webhook_id', '')}"
        text = json.dumps([at.isoformat(), dict(entry)], ensure_ascii=False, separators=(",", ":"))
        self._put({"PK": _pk(seller, _DEAD, endpoint), "SK": place, "said": text, "ttl": ttl(gone_at)})

    def dead(self, seller: str, endpoint: str, *, limit: int, cursor: str | None = None) -> Page[Mapping[str, Json]]:
        found = self._said(seller, _DEAD, endpoint, limit, cursor)
        return Page(tuple({"given_up_at": said[0], **said[1]} for said in found.items), found.cursor)

    def _said(self, seller: str, kind: str, endpoint: str, limit: int, cursor: str | None) -> Page[Any]:
        listing = self._listing(seller, kind, endpoint)
        items, following = page(self._client, self._table, listing, limit=limit, cursor=cursor)
        return Page(tuple(json.loads(item["said"]["S"]) for item in items), following)

    @staticmethod
    def _listing(seller: str, kind: str, endpoint: str) -> Listing:
        partition = _pk(seller, kind, endpoint)
        return Listing(name=f"{kind}/{endpoint}", partition=("PK", partition), sort="SK", owner=seller_pk(seller))

    def _put(self, attributes: Mapping[str, Any], **condition: Any) -> None:
        item: Item = item_to_wire({"schema": 1, **attributes})
        call(self._client.put_item, TableName=self._table, Item=item, **condition)


_SHORT = ("event", "type", "at", "milliseconds", "status", "problem", "delivered")


def log_text(seller: str, at: datetime, entries: Sequence[Mapping[str, Json]]) -> str:
    """Tries as a row keeps them: what follows from the event is left out, for a page of them is billed by its size."""
    short = [_kept(seller, entry) for entry in entries]
    return json.dumps([at.isoformat(), short], ensure_ascii=False, separators=(",", ":"))


def _kept(seller: str, entry: Mapping[str, Json]) -> Json:
    follows = entry.get("webhook_id") == message_id(seller, str(entry.get("event")))
    if not follows or set(entry) != {*_SHORT, "webhook_id"}:
        return dict(entry)
    short: list[Json] = [entry[name] for name in _SHORT]
    return short


def _entry(seller: str, kept: Any) -> dict[str, Json]:
    if isinstance(kept, dict):
        return kept
    entry: dict[str, Json] = dict(zip(_SHORT, kept, strict=True))
    return {**entry, "webhook_id": message_id(seller, str(entry["event"]))}


def _newest_first(at: datetime) -> str:
    """Text that sorts the newest first."""
    return f"{10**18 - 1 - int(sortable(at)):018d}"
