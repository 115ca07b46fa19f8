"""How often tracking numbers had to be replaced, by carrier, person and cause, with an interval that says how sure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import sqrt

from shipby.domain.postings.tracking import ChangeReason

ENOUGH = 20
"""Numbers below which a group is shown with its interval and not ranked: one replacement more would turn the order."""
_Z = 1.959963984540054
"""95 % of the normal distribution lie within so many standard deviations."""


class Cut(StrEnum):
    """What the figures are split by."""

    CARRIER = "carrier"
    PERSON = "person"
    """Who asked for the number that had to be replaced."""
    CAUSE = "cause"
    """Why it was replaced: the kind of the change that replaced it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberSet:
    """A number that the marketplace was seen to show after a person asked for it."""

    posting: str
    number: str
    carrier: str
    person: str
    kind: ChangeReason
    at: datetime
    """When it was asked for."""
    sequence: int = 0
    """Of two at one moment the one asked for first is the smaller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Numbers of a group that were set, and those of them that were replaced; the interval is Wilson's, 95 %."""

    group: tuple[str, ...]
    """A value per cut, in their order; "" is unknown."""
    numbers: int
    replaced: int

    @property
    def rate(self) -> float:
        return self.replaced / self.numbers if self.numbers else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.replaced, self.numbers)

    @property
    def enough(self) -> bool:
        return self.numbers >= ENOUGH


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927): within 0 and 1, and wide where little is known."""
    if of == 0:
        return 0.0, 1.0
    share, square = hits / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = _Z / (1 + square / of) * sqrt(share * (1 - share) / of + square / (4 * of * of))
    return (0.0 if hits == 0 else max(0.0, middle - half)), (1.0 if hits == of else min(1.0, middle + half))


def rates(numbers: Iterable[NumberSet], cuts: Sequence[Cut], *, first: datetime, until: datetime) -> list[Rate]:
    """Of the numbers asked for in [first, until) those that another number of their posting replaced, whenever it did.

    `numbers` go on to the present. By cause every group is out of the numbers of its other cuts, since a number that
    was not replaced has none. Groups that are large enough come first, the surest trouble before all; then the others.
    """
    replaced_by = _followers(numbers)
    cohort = [(one, after) for one, after in replaced_by if first <= one.at < until]
    plain = [cut for cut in cuts if cut is not Cut.CAUSE]
    out_of: dict[tuple[str, ...], int] = {}
    hits: dict[tuple[str, ...], int] = {}
    for one, after in cohort:
        base = tuple(_value(cut, one, after) for cut in plain)
        out_of[base] = out_of.get(base, 0) + 1
        if Cut.CAUSE not in cuts:
            hits.setdefault(base, 0)
        if after is not None:
            whole = tuple(_value(cut, one, after) for cut in cuts)
            hits[whole] = hits.get(whole, 0) + 1
    found = [
        Rate(group=group, numbers=out_of[_without_cause(group, cuts)], replaced=count) for group, count in hits.items()
    ]
    return sorted(found, key=lambda rate: (not rate.enough, -rate.interval[0] if rate.enough else 0.0, rate.group))


def whole(numbers: Iterable[NumberSet], *, first: datetime, until: datetime) -> Rate:
    """All of them together."""
    found = rates(numbers, (), first=first, until=until)
    return found[0] if found else Rate(group=(), numbers=0, replaced=0)


def _followers(numbers: Iterable[NumberSet]) -> list[tuple[NumberSet, NumberSet | None]]:
    """Each number with the one that replaced it; None: it stands."""
    postings: dict[str, list[NumberSet]] = {}
    for one in sorted(numbers, key=lambda one: (one.at, one.sequence)):
        postings.setdefault(one.posting, []).append(one)
    return [(one, after) for chain in postings.values() for one, after in zip(chain, [*chain[1:], None], strict=True)]


def _value(cut: Cut, one: NumberSet, after: NumberSet | None) -> str:
    match cut:
        case Cut.CARRIER:
            return one.carrier
        case Cut.PERSON:
            return one.person
        case Cut.CAUSE:
            return after.kind if after else ""


def _without_cause(group: tuple[str, ...], cuts: Sequence[Cut]) -> tuple[str, ...]:
    return tuple(value for value, cut in zip(group, cuts, strict=True) if cut is not Cut.CAUSE)
