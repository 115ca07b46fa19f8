"""Inspecting goods before they are packed: what is wanted of which posting, and what became of a unit that failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TypeAlias

from shipby.domain.packing.cards import ProductCard
from shipby.domain.postings.posting import MarketplacePosting, Posting, Stage
from shipby.domain.sellers.settings import InspectionRule

ScoreOf: TypeAlias = Callable[[str], int | None]
"""A supplier -> their score, 0 to 100; None where nobody knows it."""
_BEFORE_INSPECTED = frozenset({Stage.RECEIVED, Stage.CONFIRMED, Stage.PICKED})


@dataclass(frozen=True, slots=True)
class InspectionWanted:
    """What has to be inspected of a posting before it is packed."""

    skus: tuple[str, ...]
    photo: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityFailure:
    """Units that failed their inspection: what their supplier is told, and counted by."""

    seller: str
    posting_number: str
    sku: str
    pieces: int
    at: datetime
    reason: str
    by: str
    supplier: str = ""
    """As the product card said then."""
    version: int = 0
    """Of the posting, with which it was told."""


def no_scores(_: str) -> int | None:
    """Where nobody keeps scores of suppliers."""
    return None


def rule_for(
    sku: str, card: ProductCard | None, rules: Sequence[InspectionRule], score_of: ScoreOf
) -> InspectionRule | None:
    """The first rule that fits a product."""
    supplier, kind = (card.supplier, card.product_type) if card else ("", "")
    for rule in rules:
        if rule.sku not in ("", sku) or rule.supplier not in ("", supplier) or rule.product_type not in ("", kind):
            continue
        if rule.below_score is not None:
            score = score_of(supplier) if supplier else None
            if score is not None and score >= rule.below_score:
                continue
        return rule
    return None


def is_sampled(number: str, sku: str, share: int) -> bool:
    """Whether a posting is among the share of those that are looked at: always the same answer for the same posting."""
    place = int.from_bytes(sha256(f"{number}/{sku}".encode()).digest()[:8]) % 100
    return place < share


def find_inspection(
    number: str,
    detail: MarketplacePosting | None,
    cards: Mapping[str, ProductCard],
    rules: Sequence[InspectionRule],
    score_of: ScoreOf = no_scores,
) -> InspectionWanted | None:
    """What of a posting is to be inspected; None where nothing is."""
    found = {}
    for sku in dict.fromkeys(line.sku for line in detail.lines) if detail and rules else ():
        rule = rule_for(sku, cards.get(sku), rules, score_of)
        if rule is not None and is_sampled(number, sku, rule.share):
            found[sku] = rule
    return InspectionWanted(tuple(found), any(rule.photo for rule in found.values())) if found else None


def lacks_inspection(posting: Posting, wanted: InspectionWanted | None) -> bool:
    """Whether a posting may not be packed before it has passed an inspection."""
    return posting.reinspect or (wanted is not None and posting.stage in _BEFORE_INSPECTED)
