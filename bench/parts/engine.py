"""A DynamoDB in this process that really stores and checks: single items, queries, transactions and their tokens.

It speaks the wire's JSON, so that everything of botocore but the network runs: serialising, signing, parsing, retries.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.parts.capacity import PAGE_BYTES, read_units
from bench.parts.expressions import holds, key_range, updated
from shipby.adapters.dynamodb.table import table_definition
from shipby.adapters.dynamodb.values import item_size

Item = dict[str, Any]
Place = tuple[str, str]


class RefusedError(Exception):
    """An answer with an error: `code` and what else its body has."""

    def __init__(self, code: str, **body: Any) -> None:
        super().__init__(code)
        self.code = code
        self.body = body


@dataclass(slots=True)
class _Index:
    """Entries of one key, ordered as DynamoDB does: sort key first, then the item's own key."""

    name: str
    partition: str
    sort: str
    columns: frozenset[str] | None
    """What it projects; None = everything."""
    entries: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)

    def change(self, place: Place, old: Item, new: Item) -> None:
        before, after = self._entry(place, old), self._entry(place, new)
        if before == after:
            return
        if before is not None:
            listed = self.entries[before[0]]
            del listed[bisect.bisect_left(listed, before[1])]
        if after is not None:
            bisect.insort(self.entries.setdefault(after[0], []), after[1])

    def _entry(self, place: Place, item: Item) -> tuple[str, tuple[str, str, str]] | None:
        if self.partition not in item or self.sort not in item:
            return None
        return item[self.partition]["S"], (item[self.sort]["S"], *place)

    def shown(self, item: Item) -> Item:
        return item if self.columns is None else {name: value for name, value in item.items() if name in self.columns}


class Engine:
    """One table. Calls take and return the bodies of DynamoDB's JSON protocol; RefusedError is an error answer."""

    def __init__(self) -> None:
        self.items: dict[Place, Item] = {}
        self.units_of_last = 0.0
        """Read units of the last request."""
        self.inserted: list[Item] | None = None
        """Rows that were not there before, where somebody wants them: what the table's stream tells of."""
        self._tokens: dict[str, list[Any]] = {}
        self._indexes = {"": _Index("", "PK", "SK", None)}
        for index in table_definition("bench")["GlobalSecondaryIndexes"]:
            partition, sort = (key["AttributeName"] for key in index["KeySchema"])
            columns = frozenset({"PK", "SK", partition, sort, *index["Projection"].get("NonKeyAttributes", ())})
            self._indexes[index["IndexName"]] = _Index(index["IndexName"], partition, sort, columns)

    def load(self, item: Item) -> None:
        """Put an item without any request: the bench's own preparation."""
        self._store((item["PK"]["S"], item["SK"]["S"]), item)

    def drop(self, pk: str) -> None:
        """Forget all items of a partition, without any request."""
        for _, _, sk in list(self._indexes[""].entries.get(pk, ())):
            self._remove((pk, sk))

    def _remove(self, place: Place) -> None:
        old = self.items.pop(place, {})
        for index in self._indexes.values():
            index.change(place, old, {})

    def call(self, operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one request. Raises NotImplementedError for an operation that the store never uses."""
        match operation:
            case "GetItem":
                found = self.items.get(_place(body["Key"]))
                size = item_size(found or {})
                self.units_of_last = read_units(size, consistent=body.get("ConsistentRead", False))
                return {} if found is None else {"Item": found}
            case "BatchGetItem":
                return self._batch_get(body)
            case "PutItem" | "UpdateItem":
                change = self._checked(operation.removesuffix("Item"), body)
                if isinstance(change, RefusedError):
                    raise change
                self._store(*change)
                return {}
            case "DeleteItem":
                self._remove(_place(body["Key"]))
                return {}
            case "Query":
                return self._query(body)
            case "TransactWriteItems":
                return self._transact(body)
        raise NotImplementedError(f"this engine does not know {operation}")

    def _batch_get(self, body: Mapping[str, Any]) -> dict[str, Any]:
        ((name, wanted),) = body["RequestItems"].items()
        if len(wanted["Keys"]) > 100 or len({_place(key) for key in wanted["Keys"]}) < len(wanted["Keys"]):
            raise RefusedError("ValidationException")
        found = [self.items[place] for key in wanted["Keys"] if (place := _place(key)) in self.items]
        consistent = wanted.get("ConsistentRead", False)
        self.units_of_last = sum(read_units(item_size(item), consistent=consistent) for item in found)
        found = [_part(item, wanted) for item in found]
        return {"Responses": {name: found}, "UnprocessedKeys": {}}

    def _transact(self, body: Mapping[str, Any]) -> dict[str, Any]:
        token, entries = body.get("ClientRequestToken", ""), body["TransactItems"]
        if token and token in self._tokens:
            if self._tokens[token] != entries:
                raise RefusedError("IdempotentParameterMismatchException")
            return {}
        outcomes = [self._checked(kind, change) for entry in entries for kind, change in entry.items()]
        if any(isinstance(outcome, RefusedError) for outcome in outcomes):
            reasons = [
                {"Code": "ConditionalCheckFailed", **o.body} if isinstance(o, RefusedError) else {"Code": "None"}
                for o in outcomes
            ]
            raise RefusedError("TransactionCanceledException", CancellationReasons=reasons)
        for outcome in outcomes:
            if not isinstance(outcome, RefusedError):
                self._store(*outcome)
        if token:
            self._tokens[token] = entries
        return {}

    def _checked(self, kind: str, body: Mapping[str, Any]) -> tuple[Place, Item] | RefusedError:
        """The item as it will stand, or the refusal of its condition."""
        place = _place(body["Item"] if kind == "Put" else body["Key"])
        old = self.items.get(place, {})
        names, values = body.get("ExpressionAttributeNames", {}), body.get("ExpressionAttributeValues", {})
        condition = body.get("ConditionExpression")
        if condition and not holds(condition, old, names, values):
            shown = {"Item": old} if old and body.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" else {}
            return RefusedError("ConditionalCheckFailedException", **shown)
        match kind:
            case "Put":
                return place, body["Item"]
            case "Update":
                return place, updated(body["UpdateExpression"], {**body["Key"], **old}, names, values)
            case "ConditionCheck":
                return place, old
        raise NotImplementedError(f"this engine does not know {kind} in a transaction")

    def _store(self, place: Place, item: Item) -> None:
        old = self.items.get(place, {})
        if not item:
            return
        if not old and self.inserted is not None:
            self.inserted.append(item)
        self.items[place] = item
        for index in self._indexes.values():
            index.change(place, old, item)

    def _query(self, body: Mapping[str, Any]) -> dict[str, Any]:
        index = self._indexes[body.get("IndexName", "")]
        if body.get("ScanIndexForward") is False:
            raise NotImplementedError("this engine knows no descending order")
        names, values = body.get("ExpressionAttributeNames", {}), body["ExpressionAttributeValues"]
        only = body.get("FilterExpression", "")
        expression = body["KeyConditionExpression"]
        wanted = key_range(expression, body["ExpressionAttributeValues"])
        listed = index.entries.get(wanted.partition, [])
        position = bisect.bisect_left(listed, (wanted.low, "", ""))
        start = body.get("ExclusiveStartKey")
        if start:
            position = bisect.bisect_right(listed, (start[index.sort]["S"], start["PK"]["S"], start["SK"]["S"]))
        found: list[Item] = []
        size, looked_at, limit = 0, 0, body.get("Limit", len(listed) + 1)
        answer: dict[str, Any] = {"Items": found}
        while position < len(listed) and listed[position][0] < wanted.high:
            sort, pk, sk = listed[position]
            item = index.shown(self.items[pk, sk])
            size += item_size(item)
            looked_at += 1
            position += 1
            if not only or holds(only, item, names, values):
                found.append(_part(item, body))
            if looked_at == limit or size >= PAGE_BYTES:
                keys = {"PK": {"S": pk}, "SK": {"S": sk}, index.sort: {"S": sort}}
                answer["LastEvaluatedKey"] = keys | {index.partition: {"S": wanted.partition}}
                break
        answer["Count"], answer["ScannedCount"] = len(found), looked_at
        self.units_of_last = read_units(size, consistent=body.get("ConsistentRead", False))
        return answer


def _part(item: Item, request: Mapping[str, Any]) -> Item:
    """The attributes that a request wants."""
    if "ProjectionExpression" not in request:
        return item
    names = request.get("ExpressionAttributeNames", {})
    wanted = (names.get(name, name) for name in request["ProjectionExpression"].split(", "))
    return {name: item[name] for name in wanted if name in item}


def _place(keys: Mapping[str, Any]) -> Place:
    return keys["PK"]["S"], keys["SK"]["S"]
