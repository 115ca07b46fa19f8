"""Cancelling some products or pieces of a posting: what may be taken away, and what it was worth.

The marketplace publishes no other trace of such a cancel than the posting's own lines: their quantities go down, and a
line of which nothing is left is gone (inferred from /v2/posting/fbs/product/cancel and /v3/posting/fbs/get).
"""

from __future__ import annotations

from collections.abc import Mapping

from shipby.domain.errors import InvalidInputError
from shipby.domain.money import Money
from shipby.domain.postings.posting import MarketplacePosting


def quantities(detail: MarketplacePosting | None) -> dict[str, int]:
    """SKU -> pieces of a posting."""
    found: dict[str, int] = {}
    for line in detail.lines if detail else ():
        found[line.sku] = found.get(line.sku, 0) + line.quantity
    return found


def items_of(value: object) -> dict[str, int]:
    """SKU -> pieces as an intent's request holds them. Raises InvalidInputError."""
    if not isinstance(value, Mapping) or not value:
        raise InvalidInputError("name at least one product to cancel", errors=[("items", "is empty")])
    return {str(sku): int(count) for sku, count in value.items()}


def check_items(items: Mapping[str, int], have: Mapping[str, int], message: str) -> None:
    """Raises InvalidInputError that names each wrong item; the marketplace always wants a message."""
    problems = [
        (f"items/{sku}", f"the posting holds {have[sku]} of it" if sku in have else "the posting has no such SKU")
        for sku, count in items.items()
        if not 0 < count <= have.get(sku, 0)
    ]
    if not message.strip():
        problems.append(("message", "the marketplace wants one for every cancel of items"))
    if problems:
        raise InvalidInputError("these items cannot be cancelled", errors=problems)


def price_of_items(detail: MarketplacePosting, items: object) -> Money | None:
    """What was paid for some pieces; for the whole posting where no items are named."""
    if items is None:
        return detail.paid
    left, total = items_of(items), None
    for line in detail.lines:
        count = min(left.get(line.sku, 0), line.quantity)
        if count:
            if line.price is None:
                return None
            left[line.sku] -= count
            part = line.price * count
            total = part if total is None else total + part
    return total


def items_now(asked: Mapping[str, int], before: Mapping[str, int], now: Mapping[str, int]) -> str:
    """How the lines stand against a cancel of items: `same`, `done`, or `other` where neither is true."""
    if all(now.get(sku, 0) == before[sku] for sku in asked):
        return "same"
    if all(now.get(sku, 0) == before[sku] - count for sku, count in asked.items()):
        return "done"
    return "other"
