"""One entry of a DynamoDB transaction, with the meaning of its refusal, and the kinds of entries there are."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import IntEnum
from typing import Any, Literal

from shipby.adapters.dynamodb import keys, rows
from shipby.adapters.dynamodb.keys import Key
from shipby.adapters.dynamodb.rows import kind
from shipby.adapters.dynamodb.values import Item, item_to_wire, to_wire
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
    """

    action: Literal["Put", "Update", "Delete", "ConditionCheck"]
    key: Key
    body: dict[str, Any]
    meaning: Meaning = Meaning.NONE
    error: Callable[[Item], ShipbyError] | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """What the API takes beside the table's name."""
        return self.body if self.action == "Put" else {"Key": self.key.wire, **self.body}


SWITCHED_OFF = "attribute_not_exists(kill_switch) OR kill_switch = :off"
NEW = "attribute_not_exists(PK)"


def versioned(item: Item, version: int, what: str, *, further: str = "", values: Item | None = None) -> Operation:
    """A Put that stands on the version before."""
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
    return Operation(
        action="Put",
        key=key,
        body=body,
        meaning=Meaning.VERSION,
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
    return Operation(
        action="Update",
        key=keys.cap(cap.seller, cap.action, cap.day),
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
        error=lambda _: refusal,
    )


def switched_off(seller: str) -> Operation:
    return Operation(
        action="ConditionCheck",
        key=keys.settings(seller),
        body={"ConditionExpression": SWITCHED_OFF, "ExpressionAttributeValues": {":off": {"BOOL": False}}},
        meaning=Meaning.KILL_SWITCH,
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
    )
