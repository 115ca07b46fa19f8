"""Writing requests: times, ids, packages and amounts as the marketplace wants them. Wrong data is never sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from shipby.domain.errors import InvalidInputError
from shipby.domain.money import Money
from shipby.domain.returns.return_case import COMPENSATE_ACTION, REJECT_ACTIONS


def rfc3339(when: datetime) -> str:
    """UTC, milliseconds, `Z`. Raises InvalidInputError for a naive time."""
    if when.tzinfo is None:
        raise InvalidInputError("a time without a time zone cannot be sent to the marketplace")
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def identifier(text: str, field: str) -> int:
    """An int64 id, which requests want as a number. Raises InvalidInputError."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise InvalidInputError(
            f"{field} {text!r} is not an id of the marketplace", errors=[(field, "is not a number")]
        )
    return int(text)


def ship_packages(packages: Sequence[Mapping[str, int]]) -> list[dict[str, object]]:
    """The `packages` of ship: `product_id` there is the SKU, not the product id. Source: /v4/posting/fbs/ship."""
    if not packages or any(not package or min(package.values()) < 1 for package in packages):
        raise InvalidInputError(
            "each package needs a product with a positive quantity", errors=[("packages", "is empty")]
        )
    return [
        {"products": [{"product_id": identifier(sku, "sku"), "quantity": count} for sku, count in package.items()]}
        for package in packages
    ]


def return_action_problems(
    action_id: int, comment: str, compensation: Money | None, rejection_reason_id: int | None
) -> list[tuple[str, str]]:
    """What a return action lacks. Source: /v1/returns/rfbs/action/set."""
    problems: list[tuple[str, str]] = []
    if action_id in REJECT_ACTIONS:
        if not comment.strip():
            problems.append(("comment", "a rejection needs it"))
        if rejection_reason_id is None:
            problems.append(("rejection_reason_id", "a rejection needs it"))
    if action_id == COMPENSATE_ACTION and (compensation is None or compensation.minor <= 0):
        problems.append(("compensation", "a partial refund needs a positive amount"))
    return problems


def compensation_number(amount: Money) -> int | float:
    """The amount as a JSON number, which is all that the method takes.

    A float is exact here: its shortest text is the decimal again for every amount below 15 digits.
    """
    value = Decimal(amount.amount)
    return int(value) if value == value.to_integral_value() else float(value)
