"""Goods that are bought after the sale: a purchase, the orders it is for, and its way to the house, step by step.

Orders and purchases are many to many, and so are purchases and parcels: one purchase may come in several, and one
number may stand in several purchases. Each step that is still to come is a clock of every order it is for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shipby.domain.postings.posting import Posting, Stage

MOST_POSTINGS = 20
"""Of one purchase: each is written in the transaction that changes it."""
MOST_HOPS = 12
MOST_CLOCKS = 12
"""Of one posting: the earliest of all its purchases."""
_WAITS = frozenset({Stage.RECEIVED, Stage.CONFIRMED, Stage.BLOCKED})
"""Where the goods of a posting are still wanted."""


class HopKind(StrEnum):
    """The steps of a purchase, in their order."""

    BOUGHT = "bought"
    """The supplier has taken the order."""
    DOMESTIC = "domestic"
    """A parcel of the supplier's carrier has come; a purchase may come in several."""
    FORWARDER = "forwarder"
    """The forwarder has the goods."""
    INTERNATIONAL = "international"
    """They have a number of their own abroad."""


_ORDER: Mapping[HopKind, int] = {kind: place for place, kind in enumerate(HopKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One step. It is still to come while `done_at` is None; without `expected_by` nothing rings."""

    kind: HopKind
    number: str = ""
    """The supplier's order number, the parcel's, the forwarder's, the international one."""
    carrier: str = ""
    expected_by: datetime | None = None
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Goods that were bought for orders."""

    seller: str
    id: str
    """The seller's own, such as the supplier's order number."""
    version: int
    changed_at: datetime
    changed_by: str
    supplier: str = ""
    comment: str = ""
    postings: tuple[str, ...] = ()
    hops: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True)
class Delayed:
    """An order that a purchase makes late: its goods come so long after its cut-off."""

    posting: Posting
    by: timedelta


def in_order(hops: Iterable[Hop]) -> tuple[Hop, ...]:
    """Steps in the order in which they happen; parcels of one step as they were named."""
    return tuple(sorted(hops, key=lambda hop: _ORDER[hop.kind]))


def to_come(purchase: Purchase) -> tuple[datetime, ...]:
    """When the steps that are still to come are expected, earliest first."""
    return tuple(sorted(hop.expected_by for hop in purchase.hops if hop.expected_by and hop.done_at is None))


def is_late(purchase: Purchase, now: datetime) -> bool:
    """Whether a step should be done by now and is not."""
    return any(due < now for due in to_come(purchase))


def goods_at(purchase: Purchase, now: datetime) -> datetime | None:
    """When the goods are expected: the last step, later by what the steps before it are late now. None where no step
    with a date is left."""
    dues = to_come(purchase)
    return dues[-1] + max(now - dues[0], timedelta()) if dues else None


def made_late(purchase: Purchase, postings: Iterable[Posting], now: datetime) -> tuple[Delayed, ...]:
    """Orders whose goods come after their cut-off, the earliest cut-off first."""
    goods = goods_at(purchase, now)
    if goods is None:
        return ()
    found = [
        Delayed(posting, goods - posting.cut_off)
        for posting in postings
        if posting.cut_off is not None and posting.stage in _WAITS and goods > posting.cut_off
    ]
    return tuple(sorted(found, key=lambda each: (each.posting.cut_off or goods, each.posting.number)))
