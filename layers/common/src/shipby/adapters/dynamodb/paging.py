"""Listings: opaque cursors and pages that never promise more than there is."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shipby.adapters.dynamodb.client import call, error_code
from shipby.adapters.dynamodb.values import Item, Wire
from shipby.domain.errors import InvalidInputError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

MAX_LIMIT = 1000
_MAX_CURSOR = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One query that people page through. `name` tells it from every other listing, arguments included."""

    name: str
    partition: tuple[str, str]
    """Attribute and value."""
    sort: str
    """Attribute that orders the listing."""
    index: str = ""
    condition: str = ""
    """Further key condition, over `#sort` and `values`."""
    values: Mapping[str, str] | None = None
    owner: str = ""
    """What every PK of the listing begins with."""
    columns: tuple[str, ...] = ()
    """The attributes that are wanted; () = all. What is read and billed is the whole row all the same."""
    only: str = ""
    """A filter over attributes by their names and `only_values`; billed as if it were not there."""
    only_values: Mapping[str, Wire] | None = None
    only_names: Mapping[str, str] | None = None
    """Placeholders of `only` for names that might be reserved words."""
    lagging: bool = False
    """Whether a read of the table may lag behind, at half the price; those of an index always may."""


class Lists:
    """A database that lists rows by itself, where there is no DynamoDB to ask."""

    def listed(self, listing: Listing, *, after: Mapping[str, str] | None, limit: int | None) -> Iterator[Item]:
        """Rows in their order behind the one whose keys are `after`; at most `limit` where one is given."""
        raise NotImplementedError


def encode_cursor(name: str, key: Mapping[str, str]) -> str:
    """Opaque text that continues the listing `name` after an item."""
    return base64.urlsafe_b64encode(json.dumps([name, key], separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(name: str, cursor: str, attributes: frozenset[str]) -> dict[str, str]:
    """The item a cursor stands behind. Raises InvalidInputError unless this listing has given it out."""
    problem = InvalidInputError("the cursor does not belong to this listing", errors=[("cursor", "foreign or broken")])
    if len(cursor) > _MAX_CURSOR:
        raise problem
    try:
        found = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise problem from error
    if not (isinstance(found, list) and len(found) == 2 and found[0] == name and isinstance(found[1], dict)):
        raise problem
    key: dict[str, str] = found[1]
    if set(key) != attributes or not all(isinstance(part, str) and part for part in key.values()):
        raise problem
    return key


def check_limit(limit: int) -> None:
    """Raises InvalidInputError unless 1 <= limit <= 1000."""
    if not 1 <= limit <= MAX_LIMIT:
        problem = f"must be 1 to {MAX_LIMIT}"
        raise InvalidInputError(f"limit {problem}, not {limit}", errors=[("limit", problem)])


def page(
    client: "DynamoDBClient | Lists", table: str, listing: Listing, *, limit: int, cursor: str | None
) -> tuple[list[Item], str | None]:
    """Items of a listing, and the cursor behind the last of them if there are more."""
    check_limit(limit)
    names = frozenset({listing.partition[0], listing.sort, "PK", "SK"})
    start: dict[str, Any] = {}
    if cursor is not None:
        key = decode_cursor(listing.name, cursor, names - {listing.partition[0]}) | {
            listing.partition[0]: listing.partition[1]
        }
        if not key["PK"].startswith(listing.owner):
            raise InvalidInputError("the cursor does not belong to this listing", errors=[("cursor", "foreign")])
        start = {"ExclusiveStartKey": {name: {"S": part} for name, part in key.items()}}
    items: list[Item] = []
    # One more than asked for shows whether there is another page.
    try:
        # A limit counts what is looked at, not what a filter lets through.
        for item in query(client, table, listing, limit=None if listing.only else limit + 1, **start):
            items.append(item)
            if len(items) > limit:
                break
    except Exception as error:
        if cursor is not None and error_code(error) == "ValidationException":
            raise InvalidInputError(
                "the cursor does not belong to this listing", errors=[("cursor", "foreign or broken")]
            ) from error
        raise
    if len(items) <= limit:
        return items, None
    last = items[limit - 1]
    following = {name: last[name]["S"] for name in names if name != listing.partition[0]}
    return items[:limit], encode_cursor(listing.name, following)


def projection(columns: Sequence[str], names: Mapping[str, str]) -> dict[str, Any]:
    """Arguments for some attributes only, by placeholders beside `names`: any might be a reserved word."""
    own = {f"#c{at}": column for at, column in enumerate(columns)}
    return {"ProjectionExpression": ", ".join(own), "ExpressionAttributeNames": {**names, **own}}


def query(
    client: "DynamoDBClient | Lists", table: str, listing: Listing, *, limit: int | None = None, **start: Any
) -> Iterator[Item]:
    """All items of a query in order, read page by page; strongly consistent unless an index serves it."""
    if isinstance(client, Lists):
        after = start.get("ExclusiveStartKey")
        keys_after = None if after is None else {name: value["S"] for name, value in after.items()}
        yield from client.listed(listing, after=keys_after, limit=limit)
        return
    names = {"#partition": listing.partition[0]}
    values = {":partition": {"S": listing.partition[1]}}
    condition = "#partition = :partition"
    if listing.condition:
        names["#sort"] = listing.sort
        values |= {name: {"S": value} for name, value in (listing.values or {}).items()}
        condition += f" AND {listing.condition}"
    if listing.only:
        values |= listing.only_values or {}
        names |= listing.only_names or {}
    arguments: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
        **start,
    }
    arguments |= {"IndexName": listing.index} if listing.index else {"ConsistentRead": not listing.lagging}
    if listing.columns:
        arguments |= projection(listing.columns, names)
    if listing.only:
        arguments["FilterExpression"] = listing.only
    if limit is not None:
        arguments["Limit"] = limit
    while True:
        answer = call(client.query, **arguments)
        yield from answer["Items"]
        following = answer.get("LastEvaluatedKey")
        if not following:
            return
        arguments["ExclusiveStartKey"] = following
