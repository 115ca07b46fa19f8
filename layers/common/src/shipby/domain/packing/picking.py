"""The walk through the warehouse: which product lies where, for which parcels, and in which order parcels are packed.

Everything here is sorted by bin, then ladder (earliest cut-off, then posting number), whatever order it came in: a
list printed twice is the same list. Bins sort as people read them, A-2 before A-10; what has no bin comes last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from shipby.domain.labels.options import HandlingMark
from shipby.domain.labels.own_labels import LabelLine, PackingSlip, PickList, PickRow
from shipby.domain.packing.cards import ProductCard
from shipby.domain.postings.posting import Line, MarketplacePosting, Posting

Cards: TypeAlias = Mapping[str, ProductCard]
"""SKU -> product card."""
Details: TypeAlias = Mapping[str, MarketplacePosting]
"""Posting number -> the marketplace's facts of it."""
BinKey: TypeAlias = tuple[bool, tuple[tuple[bool, int, str], ...], str]

_PARTS = re.compile(r"[0-9]+|[^0-9]+")
_NEVER = datetime.max.replace(tzinfo=UTC)


def bin_key(place: str) -> BinKey:
    """Sorts bins as people read them: A-2 before A-10, capitals like small letters, no bin last."""
    parts = tuple(
        (False, int(part), "") if part[0] in "0123456789" else (True, 0, part)
        for part in _PARTS.findall(place.casefold())
    )
    return (not place, parts, place)


def ladder_key(posting: Posting) -> tuple[datetime, str]:
    """Sorts postings by the earliest cut-off, those without one last, then by number."""
    return (posting.cut_off or _NEVER, posting.number)


def bin_of(sku: str, cards: Cards) -> str:
    """Where a product lies; empty where nobody has said it."""
    card = cards.get(sku)
    return card.bin if card else ""


def _place(posting: Posting, details: Details, cards: Cards) -> BinKey:
    detail = details.get(posting.number)
    bins = (bin_key(bin_of(line.sku, cards)) for line in (detail.lines if detail else ()) if line.quantity > 0)
    return min(bins, default=bin_key(""))


def pick_order(postings: Iterable[Posting], details: Details, cards: Cards) -> tuple[str, ...]:
    """Posting numbers by the first bin of each in walking order, then by the ladder."""
    ordered = sorted(postings, key=lambda posting: (_place(posting, details, cards), ladder_key(posting)))
    return tuple(dict.fromkeys(posting.number for posting in ordered))


def make_pick_list(
    postings: Iterable[Posting],
    details: Details,
    cards: Cards,
    *,
    code: str,
    made_at: datetime,
    time_zone: str,
    warehouse_id: str = "",
) -> PickList:
    """One row per product, with how many pieces go to which posting.

    The pieces of all rows are the pieces of all lines: nothing is left out, whether it has a card or not.
    """
    by_number = {posting.number: posting for posting in postings}
    ladder = sorted(by_number.values(), key=ladder_key)
    wanted: dict[str, list[tuple[Posting, Line]]] = {}
    for posting in ladder:
        detail = details.get(posting.number)
        for line in detail.lines if detail else ():
            if line.quantity > 0:
                wanted.setdefault(line.sku, []).append((posting, line))
    rows = [_row(sku, found, cards) for sku, found in wanted.items()]
    rows.sort(key=lambda row: (bin_key(row.bin), row.cut_off or _NEVER, row.sku))
    return PickList(
        code=code,
        made_at=made_at,
        time_zone=time_zone,
        rows=tuple(rows),
        postings=pick_order(ladder, details, cards),
        warehouse_id=warehouse_id,
    )


def _row(sku: str, found: list[tuple[Posting, Line]], cards: Cards) -> PickRow:
    pieces: dict[str, int] = {}
    for posting, line in found:
        pieces[posting.number] = pieces.get(posting.number, 0) + line.quantity
    card = cards.get(sku)
    # A seller may rename a product between two orders: the row takes the words of the most urgent one.
    first, named = found[0]
    return PickRow(
        bin=bin_of(sku, cards),
        sku=sku,
        offer_id=named.offer_id,
        name=named.name,
        quantity=sum(pieces.values()),
        postings=tuple(pieces.items()),
        barcodes=card.barcodes if card else (),
        marks=_ordered(card.marks if card else ()),
        cut_off=first.cut_off,
    )


def _ordered(marks: Iterable[HandlingMark]) -> tuple[HandlingMark, ...]:
    found = set(marks)
    return tuple(mark for mark in HandlingMark if mark in found)


def packing_slip(
    posting: Posting,
    detail: MarketplacePosting,
    cards: Cards,
    *,
    boxes: int = 0,
    time_zone: str = "UTC",
    insert_language: str = "",
) -> PackingSlip:
    """What goes into one parcel, in walking order, with the inserts, marks and notes of its products.

    `boxes`: in how many it is packed; left out, what the marketplace shows or was told.

    Inserts are those of the buyer's language; the cut-off stands in it in the seller's `time_zone`, as it is printed.
    """
    lines = sorted(
        detail.lines,
        key=lambda line: (bin_key(bin_of(line.sku, cards)), line.sku, line.offer_id, line.name, line.quantity),
    )
    found = [cards[sku] for sku in dict.fromkeys(line.sku for line in lines) if sku in cards]
    offers = {line.sku: line.offer_id or line.sku for line in reversed(lines)}
    return PackingSlip(
        posting_number=posting.number,
        order_number=detail.order_number,
        lines=tuple(
            LabelLine(
                offer_id=line.offer_id,
                name=line.name,
                quantity=line.quantity,
                sku=line.sku,
                bin=bin_of(line.sku, cards),
            )
            for line in lines
        ),
        inserts=tuple(dict.fromkeys(insert for card in found for insert in card.inserts_for(insert_language))),
        marks=_ordered(mark for card in found for mark in card.marks),
        notes=tuple(f"{offers[card.sku]}: {card.note}" for card in found if card.note),
        cut_off=posting.cut_off.astimezone(ZoneInfo(time_zone)) if posting.cut_off else None,
        boxes=boxes or detail.boxes or posting.boxes or 1,
    )
