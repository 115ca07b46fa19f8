"""Into which parcels a posting may go, from the cards of its products. Nothing is done: a split is asked for apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shipby.application.packing.pick_lists import load_pickable
from shipby.application.ports.papers import StockReads
from shipby.application.ports.store import Store
from shipby.application.postings.work_posting import load_posting
from shipby.domain.errors import ActionNotOfferedError
from shipby.domain.json_types import Json
from shipby.domain.packing.splitting import Limits, Measure, Parcel, propose
from shipby.domain.postings.lines import quantities
from shipby.domain.postings.posting import Posting, StockMark


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitQuestion:
    """A posting, what its parcels may be, and what is there (SKU -> pieces).

    Of a SKU that is not named there is what the posting has reserved, or all of it where no stock is kept.
    """

    seller: str
    number: str
    limits: Limits
    there: Mapping[str, int] = field(default_factory=dict)


def propose_split(question: SplitQuestion, *, store: Store) -> dict[str, Json]:
    """The parcels, and what stands in the way. Raises NotFoundError, ActionNotOfferedError if its goods are unknown."""
    posting = load_posting(store, question.seller, question.number)
    found = load_pickable(question.seller, [question.number], store=store)
    goods = quantities(found.details.get(question.number))
    if not goods:
        raise ActionNotOfferedError(f"the goods of posting {posting.number} are not known yet; try again in a minute")
    measures = {sku: Measure(weight_g=card.weight_g, sides_mm=card.sides_mm) for sku, card in found.cards.items()}
    there = {**_reserved(posting, store), **question.there}
    proposal = propose(goods, measures, question.limits, there)
    return {
        "posting_number": posting.number,
        "version": posting.version,
        "parcels": [_parcel_view(parcel) for parcel in proposal.parcels],
        "splits": len(proposal.parcels) > 1,
        "problems": [{"sku": sku or None, "problem": problem} for sku, problem in proposal.problems],
    }


def _reserved(posting: Posting, store: StockReads) -> dict[str, int]:
    """What a posting that lacks pieces has of each SKU, as the marketplace names it."""
    held = store.reservation(posting.seller, posting.number) if posting.stock is StockMark.SHORT else None
    return {line.listed or line.sku: line.held for line in held.lines} if held is not None else {}


def _parcel_view(parcel: Parcel) -> Json:
    return {
        "products": dict(parcel.products),
        "weight_g": parcel.weight_g,
        "sides_mm": list(parcel.sides_mm) if parcel.sides_mm is not None else None,
        "waits": parcel.waits,
    }
