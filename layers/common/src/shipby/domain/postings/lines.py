"""Lines of a posting: how many of what, and at which price."""

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
