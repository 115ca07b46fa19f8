"""What is in a posting, in few bytes: lists show it, and choose by it, without reading the posting's facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shipby.domain.postings.posting import Line

_NAMED = 220
"""Bytes up to which articles and names are kept; of further lines SKU and quantity alone. A posting's item must stay
within one write unit."""
_NAME = 30
"""Signs of a name."""
_END, _NEXT = "\n", "\t"


class Good(NamedTuple):
    """A line; `offer_id` and `name` are "" where there was no room for them."""

    sku: str
    quantity: int
    offer_id: str = ""
    name: str = ""


def goods_text(lines: Sequence[Line]) -> str:
    """SKU, quantity, article and name of each line; "" where there are none."""
    kept: list[str] = []
    room = _NAMED
    for line in lines:
        short = f"{_clean(line.sku)}{_NEXT}{line.quantity}"
        named = f"{short}{_NEXT}{_clean(line.offer_id)}{_NEXT}{_clean(line.name)[:_NAME]}"
        room -= len(named.encode())
        kept.append(named if room >= 0 or not kept else short)
    return "".join(f"{line}{_END}" for line in kept)


def goods_of(text: str) -> tuple[Good, ...]:
    """The lines of `goods_text`, in its order."""
    return tuple(_good(line.split(_NEXT)) for line in text.split(_END) if line)


def _good(parts: Sequence[str]) -> Good:
    sku, quantity, *named = parts
    return Good(sku, int(quantity), *named)


def has_sku(sku: str) -> str:
    """What stands in the text of goods that hold a SKU; a longer SKU may end so too."""
    return f"{_clean(sku)}{_NEXT}"


def _clean(text: str) -> str:
    return " ".join(text.split())
