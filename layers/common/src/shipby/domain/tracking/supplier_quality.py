"""How good suppliers are: inspections that failed and pieces that came back defective, each per 1,000, with intervals.

Few samples say little: the interval (Wilson, 95 %) goes with every rate, and only groups that are large enough are
ranked, by what is at least true of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from shipby.domain.tracking.replacements import wilson

ENOUGH = 20
"""Inspections or pieces below which a rate is shown with its interval and ranks nobody."""
PER = 1000


class QualityCut(StrEnum):
    """What the figures are split by."""

    SUPPLIER = "supplier"
    SKU = "sku"
    MONTH = "month"
    """Of receipt (UTC)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was seen of one product in one order; a supplier of "" is not known."""

    supplier: str
    sku: str
    at: datetime
    """When the order was received."""
    shipped: int = 0
    """Pieces."""
    defective: int = 0
    """Pieces of those that came back as defective, up to now."""
    passed: int = 0
    """Inspections of its order, with one of its products; 0 where goods of several suppliers were in it, since nobody
    knows whose failed."""
    failed: int = 0
    alone: bool = True
    """No other product was in its order."""


@dataclass(frozen=True, slots=True)
class PerThousand:
    """Hits of a number of samples, per 1,000."""

    hits: int
    of: int

    @property
    def rate(self) -> float | None:
        return self.hits / self.of * PER if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        low, high = wilson(self.hits, self.of)
        return low * PER, high * PER

    @property
    def enough(self) -> bool:
        return self.of >= ENOUGH


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """One line of the report."""

    group: tuple[str, ...]
    """A value per cut, in their order; "" is unknown."""
    inspections: PerThousand
    returns: PerThousand

    @property
    def worst(self) -> float:
        """What at least is true of it, per 1,000; 0 where too little is known."""
        return max((part.interval[0] for part in (self.inspections, self.returns) if part.enough), default=0.0)


def quality(observed: Iterable[Observed], cuts: Sequence[QualityCut]) -> list[Quality]:
    """A line per group, the surest trouble first, then by name; with no cuts one line, or none."""
    sums: dict[tuple[str, ...], list[int]] = {}
    for one in observed:
        group = tuple(_value(cut, one) for cut in cuts)
        found = sums.setdefault(group, [0, 0, 0, 0])
        # An inspection is of a whole order: it is of a product only where that was all.
        whose = one.alone or QualityCut.SKU not in cuts
        failed, seen = (one.failed, one.failed + one.passed) if whose else (0, 0)
        for place, count in enumerate((failed, seen, one.defective, one.shipped)):
            found[place] += count
    lines = [
        Quality(group=group, inspections=PerThousand(failed, seen), returns=PerThousand(back, shipped))
        for group, (failed, seen, back, shipped) in sums.items()
    ]
    return sorted(lines, key=lambda line: (-line.worst, line.group))


def _value(cut: QualityCut, one: Observed) -> str:
    match cut:
        case QualityCut.SUPPLIER:
            return one.supplier
        case QualityCut.SKU:
            return one.sku
        case QualityCut.MONTH:
            return f"{one.at:%Y-%m}"


def with_defects(observed: Observed, pieces: int) -> Observed:
    """At most what was shipped comes back."""
    return replace(observed, defective=min(observed.defective + max(pieces, 0), observed.shipped))
