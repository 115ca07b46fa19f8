"""Several people on one walk: each line is one picker's, until it is picked, given back or its time is over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shipby.domain.labels.own_labels import PickList

CLAIM_FOR = timedelta(minutes=30)
"""How long a line is one picker's: who has gone home blocks nobody for longer."""
EMPTY_FOR = timedelta(hours=12)
"""How long an empty bin sends nobody, unless somebody says that it is filled."""
EMPTY_BIN = "-"
"""Stands where a posting does in the claim that keeps everybody from an empty bin; no posting has that number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PickClaim:
    """A line that somebody fetches: a product of a posting."""

    seller: str
    posting_number: str
    sku: str
    version: int
    by: str
    until: datetime

    @property
    def line(self) -> tuple[str, str]:
        return self.posting_number, self.sku


@dataclass(frozen=True, slots=True)
class Lines:
    """Who has which line now."""

    claims: Mapping[tuple[str, str], PickClaim]
    now: datetime

    def holder(self, number: str, sku: str) -> str:
        """Whose a line is; "" where it is nobody's."""
        claim = self.claims.get((number, sku))
        return claim.by if claim is not None and claim.until > self.now else ""

    def is_empty(self, sku: str) -> bool:
        """Whether somebody found this product's bin empty."""
        return bool(self.holder(EMPTY_BIN, sku))

    def next_version(self, number: str, sku: str) -> int:
        claim = self.claims.get((number, sku))
        return claim.version + 1 if claim else 1


def lines_of(claims: Iterable[PickClaim], now: datetime) -> Lines:
    """The claims as they stand."""
    return Lines({claim.line: claim for claim in claims}, now)


def lines_for(picked: PickList, lines: Lines, by: str, most: int) -> list[tuple[str, str]]:
    """The next lines for a picker: those they have, then those that nobody has, in walking order; whole postings'
    lines of a product, none of an empty bin."""
    walk = [(number, row.sku) for row in picked.rows if not lines.is_empty(row.sku) for number, _ in row.postings]
    mine = [line for line in walk if lines.holder(*line) == by]
    free = [line for line in walk if not lines.holder(*line)]
    return [*mine, *free][:most]
