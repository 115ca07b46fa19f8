"""What a probe is: one assumption held against what the marketplace said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from shipby_local.pilot.evidence import Evidence


class Verdict(StrEnum):
    """What became of an assumption."""

    HOLDS = "holds"
    DIFFERS = "differs"
    NOT_SEEN = "not seen"


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict with its reason, made of counts and masked values only; `paths` are the fields that it hangs on."""

    verdict: Verdict
    says: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Probe:
    """`of` is a name of `shipby.adapters.ozon.assumptions`, or, in small letters, a habit assumed elsewhere."""

    of: str
    asks: str
    look: Callable[[Evidence], Finding]


def holds(says: str, *paths: str) -> Finding:
    return Finding(Verdict.HOLDS, says, paths)


def differs(says: str, *paths: str) -> Finding:
    return Finding(Verdict.DIFFERS, says, paths)


def not_seen(says: str) -> Finding:
    return Finding(Verdict.NOT_SEEN, says)


def judged(wrong: Counter[str], right: int, *, what: str) -> Finding:
    """`wrong` are the places (path, with a masked value) that contradict, `right` counts those that agree."""
    if wrong:
        told = ", ".join(f"{place} ({count})" for place, count in wrong.most_common(10))
        return differs(
            f"{what}: {right} agree, {wrong.total()} do not: {told}", *(place.split(" ")[0] for place in wrong)
        )
    return holds(f"{what}: {right} agree") if right else not_seen(f"{what}: none was seen")
