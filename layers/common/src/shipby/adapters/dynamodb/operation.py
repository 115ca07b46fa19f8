"""One entry of a DynamoDB transaction, with the meaning of its refusal, and the kinds of entries there are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import IntEnum
from typing import Any, Literal

from shipby.adapters.dynamodb import keys, rows
from shipby.adapters.dynamodb.keys import Key
from shipby.adapters.dynamodb.rows import kind
from shipby.adapters.dynamodb.values import Item, item_size, item_to_wire, to_wire
from shipby.application.ports import writes as w
from shipby.domain.errors import (
    POINTER_TAKEN,
    AlreadyExistsError,
    CapReachedError,
    InvalidInputError,
    KillSwitchOnError,
    ShipbyError,
    VersionConflictError,
)

MAX_OPERATIONS = 100
MAX_BYTES = 4 * 1024 * 1024
MAX_ITEM_BYTES = 400 * 1024
MAX_TOKEN = 36


class Meaning(IntEnum):
    """What a failed condition says. When several fail, the smallest is told: an answered Idempotency-Key explains a
    moved version, and a moved version explains everything else, for the caller reads again and decides again."""

    ANSWERED = 1
    VERSION = 2
    EVENT = 3
    TRACKING = 4
    POINTER = 5
    KILL_SWITCH = 6
    CAP = 7
    RELEASE = 8
    NONE = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One entry of TransactItems without its table name.

    `error` is what a failed condition means; it is given the item as it stands, where the operation asks for that.
    `holds` is the condition of `body` said of the item as it stands, {} where there is none, and `becomes` what an
    Update makes of it: for a store that has no expressions. The contract suite holds both to say the same.
    """

    action: Literal["Put", "Update", "Delete", "ConditionCheck"]
    key: Key
    body: dict[str, Any]
    meaning: Meaning = Meaning.NONE
    error: Callable[[Item], ShipbyError] | None = None
    holds: Callable[[Item], bool] | None = None
    becomes: Callable[[Item], Item] | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """What the API takes beside the table's name."""
        return self.body if self.action == "Put" else {"Key": self.key.wire, **self.body}


SWITCHED_OFF = "attribute_not_exists(kill_switch) OR kill_switch = :off"
NEW = "attribute_not_exists(PK)"


def missing(stands: Item) -> bool:
    """`NEW`, said of an item."""
    return not stands


def not_stopped(stands: Item) -> bool:
    """`SWITCHED_OFF`, said of an item."""
    return stands.get("kill_switch", {"BOOL": False}) == {"BOOL": False}


def points_to(*targets: str) -> Callable[[Item], bool]:
    return lambda stands: not stands or stands["target"]["S"] in targets


def versioned(
    item: Item,
    version: int,
    what: str,
    *,
    further: str = "",
    values: Item | None = None,
    besides: Callable[[Item], bool] | None = None,
) -> Operation:
    """A Put that stands on the version before; `further` is one more condition, and `besides` says the same."""
    key = Key(item["PK"]["S"], item["SK"]["S"])
    if version < 1:
        raise InvalidInputError(f"{what} has version {version}; the first is 1")
    if version == 1:
        body: dict[str, Any] = {"Item": item, "ConditionExpression": NEW}
    else:
        body = {
            "Item": item,
            "ConditionExpression": f"version = :before{further}",
            "ExpressionAttributeValues": {":before": to_wire(version - 1), **(values or {})},
        }
    before = to_wire(version - 1)
    return Operation(
        action="Put",
        key=key,
        body=body,
        meaning=Meaning.VERSION,
        holds=missing
        if version == 1
        else lambda stands: stands.get("version") == before and (besides is None or besides(stands)),
        error=lambda _: VersionConflictError(
            f"{what} was changed by somebody else before its version {version} was written: read it again"
        ),
    )


def once(item: Item, what: str, kind: str, meaning: Meaning) -> Operation:
    """A Put of a row that must not exist yet."""
    return Operation(
        action="Put",
        key=Key(item["PK"]["S"], item["SK"]["S"]),
        body={"Item": item, "ConditionExpression": NEW},
        meaning=meaning,
        holds=missing,
        error=lambda _: AlreadyExistsError(f"{what} exists already", what=kind),
    )


def put(item: Item) -> Operation:
    """A Put that replaces whatever is there."""
    return Operation(action="Put", key=Key(item["PK"]["S"], item["SK"]["S"]), body={"Item": item})


def drop(item: Item) -> Operation:
    """A Delete, whether the row is there or not."""
    return Operation(action="Delete", key=Key(item["PK"]["S"], item["SK"]["S"]), body={})


def registration(seller: str) -> Operation:
    key = keys.registered_seller(seller)
    return Operation(action="Put", key=key, body={"Item": item_to_wire({"PK": key.pk, "SK": key.sk, "schema": 1})})


def spend(cap: w.SpendCap, count: int) -> Operation:
    refusal = CapReachedError(
        f"seller {cap.seller} allows {cap.limit} automatic {cap.action} a day, and {cap.day} has no more left: "
        "a person has to decide",
    )
    if cap.limit < count:
        raise refusal
    kept_until = datetime.combine(cap.day, time(), UTC) + rows.sellers.CAP_KEPT
    key = keys.cap(cap.seller, cap.action, cap.day)

    def used(stands: Item) -> int:
        return int(stands["used"]["N"]) if stands else 0

    return Operation(
        action="Update",
        key=key,
        body={
            "UpdateExpression": "ADD used :count SET #ttl = :ttl, #schema = :schema",
            "ConditionExpression": "attribute_not_exists(used) OR used <= :room",
            "ExpressionAttributeNames": {"#ttl": "ttl", "#schema": "schema"},
            "ExpressionAttributeValues": {
                ":count": to_wire(count),
                ":room": to_wire(cap.limit - count),
                ":ttl": to_wire(kind.ttl(kept_until)),
                ":schema": to_wire(1),
            },
        },
        meaning=Meaning.CAP,
        holds=lambda stands: used(stands) <= cap.limit - count,
        becomes=lambda stands: item_to_wire(
            {"PK": key.pk, "SK": key.sk, "schema": 1, "used": used(stands) + count, "ttl": kind.ttl(kept_until)}
        ),
        error=lambda _: refusal,
    )


def switched_off(seller: str) -> Operation:
    return Operation(
        action="ConditionCheck",
        key=keys.settings(seller),
        body={"ConditionExpression": SWITCHED_OFF, "ExpressionAttributeValues": {":off": {"BOOL": False}}},
        meaning=Meaning.KILL_SWITCH,
        holds=not_stopped,
        error=lambda _: stopped(seller),
    )


def stopped(seller: str) -> ShipbyError:
    return KillSwitchOnError(f"seller {seller} has stopped all automatic actions: a person has to decide")


def claim(write: w.ClaimPointer) -> Operation:
    key = keys.pointer(write.seller, write.kind, write.value)
    return Operation(
        action="Put",
        key=key,
        body={
            "Item": item_to_wire({"PK": key.pk, "SK": key.sk, "schema": 1, "target": write.target}),
            "ConditionExpression": f"{NEW} OR target = :target",
            "ExpressionAttributeValues": {":target": to_wire(write.target)},
        },
        meaning=Meaning.POINTER,
        holds=points_to(write.target),
        error=lambda _: AlreadyExistsError(
            f"{write.kind} {write.value!r} belongs to another item already", what=POINTER_TAKEN
        ),
    )


def release(write: w.ReleasePointer) -> Operation:
    return Operation(
        action="Delete",
        key=keys.pointer(write.seller, write.kind, write.value),
        body={
            "ConditionExpression": f"{NEW} OR target = :target",
            "ExpressionAttributeValues": {":target": to_wire(write.target)},
        },
        meaning=Meaning.RELEASE,
        holds=points_to(write.target),
    )


def told(failed: Sequence[tuple[Operation, Item]]) -> ShipbyError:
    """The refusal that explains the others."""
    worst, stands = min(failed, key=lambda pair: pair[0].meaning)
    if worst.error is None:
        return AlreadyExistsError(f"the item {worst.key.pk} / {worst.key.sk} is not as expected", what=worst.key.sk)
    return worst.error(stands)


def check(operations: Sequence[Operation], token: str) -> None:
    """Raises InvalidInputError for a change that no transaction can hold."""
    if len(token) > MAX_TOKEN:
        raise InvalidInputError(f"the token of a change has at most {MAX_TOKEN} characters, not {len(token)}")
    if len(operations) > MAX_OPERATIONS:
        raise InvalidInputError(
            f"a change of {len(operations)} items is more than the {MAX_OPERATIONS} of one transaction: split it"
        )
    total = 0
    for operation in operations:
        # No character takes more than four bytes: what is short in any spelling need not be measured.
        if len(operations) * 4 * len(str(operation.body.get("Item", ""))) < MAX_ITEM_BYTES:
            continue
        size = item_size(operation.body.get("Item", {}))
        if size > MAX_ITEM_BYTES:
            raise InvalidInputError(
                f"the item {operation.key.pk} / {operation.key.sk} would have {size} bytes; {MAX_ITEM_BYTES} fit"
            )
        total += size
    if total > MAX_BYTES:
        raise InvalidInputError(f"a change of {total} bytes is more than the {MAX_BYTES} of one transaction: split it")
