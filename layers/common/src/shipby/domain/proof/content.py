"""What the marketplace lists of a posting, held against what we keep of it: status, dates, goods, money.

A list may leave out what a posting's own read has: nothing is no difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shipby.domain.money import Money
from shipby.domain.postings.posting import SPLIT, Line, MarketplacePosting, Posting
from shipby.domain.refunds.ledger import OBSERVED_ITEMS, EntryState, MoneyLedger


class Differs(StrEnum):
    """What differs, as findings name it."""

    STATUS = "status_differs"
    CUT_OFF = "cut_off_differs"
    LINES = "lines_differ"
    BEGAN = "began_differs"
    """`in_process_at`, which says to which window a posting belongs."""
    TRACKING = "tracking_differs"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same on both sides."""

    what: Differs
    text: str


def differences(
    posting: Posting, detail: MarketplacePosting | None, listed: MarketplacePosting
) -> tuple[Difference, ...]:
    """Where an entry of a list and our rows do not agree; `detail` None: it was never read whole."""
    return tuple(_differences(posting, detail, listed))


def _differences(
    posting: Posting, detail: MarketplacePosting | None, listed: MarketplacePosting
) -> Iterator[Difference]:
    if listed.status != posting.status:
        yield Difference(Differs.STATUS, f"{listed.status} at the marketplace, {posting.status} here")
    for name, there, here in (
        ("shipment_date", listed.shipment_date, posting.shipment_date),
        ("shipment_date_without_delay", listed.without_delay, posting.without_delay),
    ):
        if there is not None and there != here:
            yield Difference(Differs.CUT_OFF, f"{name} is {_time(there)} at the marketplace, {_time(here)} here")
    if listed.tracking_number and listed.tracking_number != posting.tracking_number:
        yield Difference(Differs.TRACKING, "another tracking number at the marketplace than here")
    if detail is None:
        if listed.lines:
            yield Difference(Differs.LINES, "the marketplace lists goods, here there are none")
        return
    if listed.in_process_at and detail.in_process_at and listed.in_process_at != detail.in_process_at:
        began = f"{_time(listed.in_process_at)} at the marketplace, {_time(detail.in_process_at)} here"
        yield Difference(Differs.BEGAN, f"in process since {began}")
    if listed.lines and listed.status != SPLIT:
        yield from (Difference(Differs.LINES, text) for text in _goods(listed.lines, detail.lines))


def _goods(there: tuple[Line, ...], here: tuple[Line, ...]) -> Iterator[str]:
    pieces_there, pieces_here = _pieces(there), _pieces(here)
    for sku in sorted({*pieces_there, *pieces_here}):
        if pieces_there[sku] != pieces_here[sku]:
            yield f"SKU {sku}: {pieces_there[sku]} pieces at the marketplace, {pieces_here[sku]} here"
            continue
        prices = _prices(there, sku), _prices(here, sku)
        if None not in prices and prices[0] != prices[1]:
            yield f"SKU {sku}: {_told(prices[0])} at the marketplace, {_told(prices[1])} here"


def _pieces(lines: tuple[Line, ...]) -> Counter[str]:
    pieces: Counter[str] = Counter()
    for line in lines:
        pieces[line.sku] += line.quantity
    return pieces


def _prices(lines: tuple[Line, ...], sku: str) -> Counter[Money] | None:
    """Price -> pieces at it; None while the price of any is unknown."""
    prices: Counter[Money] = Counter()
    for line in lines:
        if line.sku == sku:
            if line.price is None:
                return None
            prices[line.price] += line.quantity
    return prices


def _told(prices: Counter[Money] | None) -> str:
    listed = sorted((str(price), count) for price, count in (prices or {}).items())
    return " and ".join(f"{count} at {price}" for price, count in listed)


def _time(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S} UTC" if when else "empty"


def accounted(ledger: MoneyLedger) -> Money:
    """What the goods that are still in a posting cost, as its ledger has it: without cancelled pieces."""
    gone = sum(
        entry.minor
        for key, entry in ledger.entries.items()
        if key.startswith(OBSERVED_ITEMS) and entry.state is EntryState.REFUNDED
    )
    return Money(ledger.paid - gone, ledger.currency)


def worth(posting: Posting, detail: MarketplacePosting | None) -> Money | None:
    """What the goods of a posting cost as its lines say; None while nobody knows."""
    if detail is None or detail.paid is None:
        return None
    return Money(0 if posting.status == SPLIT else detail.paid.minor, detail.paid.currency)
