"""What does not fit: with how bad it is, who says so, and what to do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shipby.domain.json_types import Json
from shipby.domain.sellers.check_rules import Severity

MOST_TOLD = 50
"""Mismatches that one event and one answer name; more are counted."""
_ORDER = (Severity.BLOCKING, Severity.AT_BENCH, Severity.WARNING, Severity.SHADOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """One thing that does not fit. No personal data is in it: of an address it says that it is missing, no more."""

    code: str
    severity: Severity
    source: str
    """Who says so: `marketplace`, or `rule <name>`."""
    what: str
    """What is wrong, with the figures."""
    todo: str
    sku: str = ""
    """Empty: of the whole posting."""
    pieces: tuple[int, ...] = ()
    """Which pieces of the product, counted from 1; empty: all of them."""
    ask_buyer: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that does not fit, worst first."""

    found: tuple[Mismatch, ...] = ()

    @property
    def can_ship(self) -> bool:
        """Whether nothing stands in the way but what the bench enters."""
        return not self.stops

    @property
    def stops(self) -> tuple[str, ...]:
        """Codes that stop work before it begins."""
        blocking = (each.code for each in self.found if each.severity is Severity.BLOCKING)
        return tuple(dict.fromkeys(blocking))

    @property
    def mark(self) -> str:
        """Names this verdict in a few characters: another verdict has another mark; "" where everything fits."""
        if not self.found:
            return ""
        told = "\n".join(f"{each.code}|{each.severity}|{each.source}|{each.sku}|{each.what}" for each in self.found)
        return hashlib.sha256(told.encode()).hexdigest()[:8]


def verdict_of(found: Iterable[Mismatch]) -> Verdict:
    """The verdict, in one order whatever the order of rules."""
    ordered = sorted(found, key=lambda one: (_ORDER.index(one.severity), one.code, one.sku, one.source))
    return Verdict(tuple(dict.fromkeys(ordered)))


def as_json(found: Sequence[Mismatch]) -> list[Json]:
    """Mismatches as events and answers tell them."""
    return [
        {
            "code": each.code,
            "severity": each.severity,
            "source": each.source,
            "what": each.what,
            "todo": each.todo,
            "sku": each.sku or None,
            "pieces": list(each.pieces),
        }
        for each in found[:MOST_TOLD]
    ]
