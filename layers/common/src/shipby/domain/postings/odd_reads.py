"""What a posting's read could not make out, and what becomes of it. The one place that says what is essential.

A posting is nothing without its number, its status, who delivers it, and the dates that its own deadlines hang on
(`shipment_date`, `shipment_date_without_delay`): where one of these cannot be read, the entry is set aside with a case.
Everything else is kept as unknown, and noted by its name in `MarketplacePosting.odd`.
"""

from __future__ import annotations

from dataclasses import fields, replace

from shipby.domain.money import Money
from shipby.domain.postings.posting import Line, MarketplacePosting

PRICES = "prices"
"""In `odd`: the price of some line is unknown."""
LINES = "lines"
_CARRIED = frozenset(field.name for field in fields(MarketplacePosting)) - {"actions", "odd"}
"""Not what is offered: an action that is not surely offered is not taken."""


def carried_over(facts: MarketplacePosting, before: MarketplacePosting | None) -> MarketplacePosting:
    """A read with what it could not make out as it was read last."""
    if before is None or not facts.odd:
        return facts
    known: dict[str, object] = {name: getattr(before, name) for name in facts.odd if name in _CARRIED}
    if "related_numbers" in facts.odd:
        # Pieces that are gone were cancelled or moved into another posting: without knowing which, none is gone.
        known[LINES] = before.lines
    changed = replace(facts, **known)  # type: ignore[arg-type]  # replace() is typed per field
    prices = {line.sku: line.price for line in before.lines}
    return replace(changed, lines=tuple(_priced(line, prices) for line in changed.lines))


def _priced(line: Line, prices: dict[str, Money | None]) -> Line:
    return line if line.price is not None else replace(line, price=prices.get(line.sku))


def for_a_person(facts: MarketplacePosting) -> str:
    """Why somebody has to look at a posting that was kept with something unknown; empty if nobody has to."""
    reasons = []
    if LINES in facts.odd:
        reasons.append("its products could not be read: look in the cabinet what belongs into the parcel")
    if facts.lines and facts.paid is None:
        reasons.append("what was paid for it could not be read: nothing can be refunded for it from here")
    return "; ".join(reasons)
