"""How a parcel is packed: what the seller's rules say of the goods in it, together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256

from shipby.domain.packing.cards import ProductCard
from shipby.domain.packing.exemplars import pieces_of
from shipby.domain.postings.posting import MarketplacePosting
from shipby.domain.sellers.settings import PackagingRule


@dataclass(frozen=True, slots=True)
class Packaging:
    """What has to be done to a parcel; the rules in the order of the settings."""

    rules: tuple[PackagingRule, ...]

    @property
    def token(self) -> str:
        """Names exactly these instructions: who confirms others has not seen these."""
        told = json.dumps([asdict(rule) for rule in self.rules], ensure_ascii=False, sort_keys=True)
        return sha256(told.encode()).hexdigest()[:12]

    @property
    def box(self) -> str:
        """Of several boxes the one of the rule that is most particular about the goods, then of the first."""
        boxes = [rule for rule in self.rules if rule.box]
        most = max(boxes, key=lambda rule: (len(rule.skus), rule.pieces_from), default=None)
        return most.box if most else ""


def find_packaging(
    detail: MarketplacePosting | None, cards: Mapping[str, ProductCard], rules: Sequence[PackagingRule]
) -> Packaging | None:
    """What the rules say of a parcel; None where none fits."""
    if detail is None or not rules:
        return None
    counted = pieces_of(detail)
    marks = {mark for sku in counted if (card := cards.get(sku)) for mark in card.marks}
    found = tuple(
        rule
        for rule in rules
        if set(rule.skus) <= set(counted)
        and sum(counted.values()) >= rule.pieces_from
        and (not rule.marks or marks & set(rule.marks))
    )
    return Packaging(found) if found else None
