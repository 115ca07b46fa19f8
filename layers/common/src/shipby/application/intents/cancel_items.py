"""Cancelling some products or pieces of a posting: what may be taken away, and what it was worth.

The marketplace publishes no other trace of such a cancel than the posting's own lines: their quantities go down, and a
line of which nothing is left is gone (inferred from /v2/posting/fbs/product/cancel and /v3/posting/fbs/get).
"""

from __future__ import annotations

from collections.abc import Mapping

from shipby.domain.errors import InvalidInputError


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


def items_now(asked: Mapping[str, int], before: Mapping[str, int], now: Mapping[str, int]) -> str:
    """How the lines stand against a cancel of items: `same`, `done`, or `other` where neither is true."""
    if all(now.get(sku, 0) == before[sku] for sku in asked):
        return "same"
    if all(now.get(sku, 0) == before[sku] - count for sku, count in asked.items()):
        return "done"
    return "other"
