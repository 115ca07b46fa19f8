"""What to buy, and when: a proposal once what is free and ordered falls to the reorder point.

    reorder point = sold a day x (days of delivery + days of safety), unless a person set one
    quantity      = up to the reorder point and the sales of the days that one purchase is to last, at least the
                    smallest order (MOQ), in whole packs

It proposes and orders nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, Decimal

WINDOW = timedelta(days=28)
"""Sales are averaged over so long: four of each day of the week."""
_SHOWN = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyTerms:
    """How an article of a pool is bought. Set by a person."""

    seller: str
    """The pool's owner."""
    pool: str
    sku: str
    version: int
    supplier: str
    lead_days: int
    """From the order to the shelf."""
    moq: int = 1
    """The smallest order, in pieces."""
    pack: int = 1
    """Ordered in multiples of it."""
    safety_days: int = 0
    cover_days: int = 14
    """How long one purchase is to last."""
    reorder_point: int | None = None
    """In pieces; None: worked out from sales."""
    on_order: int = 0
    """Ordered and not here yet, as a person keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    """Pieces that left the house for postings, over whole days or parts of them."""

    pieces: int
    days: Decimal

    @property
    def a_day(self) -> Decimal:
        return self.pieces / self.days if self.days > 0 else Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What is thought of one article. `quantity` 0: nothing is to be bought now."""

    terms: SupplyTerms
    free: int
    a_day: Decimal
    reorder_point: int
    quantity: int
    reason: str
    runs_out: date | None = None
    """At this pace, what is free and ordered; None where nothing is sold."""
    late: bool = False
    """It runs out before a delivery of today could be here."""


def sales_of(sold: int, since: datetime, now: datetime) -> Sales:
    """Pieces sold since a time, over at least a day and at most WINDOW."""
    days = min(max(now - since, timedelta(days=1)), WINDOW) / timedelta(days=1)
    return Sales(pieces=sold, days=Decimal(str(days)))


def propose(terms: SupplyTerms, *, free: int, sales: Sales, at: datetime) -> Proposal:
    """`free` is what may still be promised; pieces that postings wait for in vain make it less than nothing."""
    a_day = sales.a_day
    horizon = terms.lead_days + terms.safety_days
    point = terms.reorder_point if terms.reorder_point is not None else _up(a_day * horizon)
    position = free + terms.on_order
    days_left = position / a_day if a_day > 0 else None
    runs_out = _day(at, days_left) if days_left is not None else None
    wanted = position <= point and (a_day > 0 or terms.reorder_point is not None or position < 0)
    quantity = _whole(max(point + _up(a_day * terms.cover_days) - position, 1), terms) if wanted else 0
    return Proposal(
        terms=terms,
        free=free,
        a_day=a_day.quantize(_SHOWN),
        reorder_point=point,
        quantity=quantity,
        reason=_reason(terms, free, a_day, point, sales, wanted=wanted),
        runs_out=runs_out,
        late=wanted and days_left is not None and days_left < terms.lead_days,
    )


def _whole(pieces: int, terms: SupplyTerms) -> int:
    """At least the smallest order, in whole packs."""
    return -(-max(pieces, terms.moq) // terms.pack) * terms.pack


def _up(pieces: Decimal) -> int:
    return int(pieces.to_integral_value(ROUND_CEILING))


def _day(at: datetime, days: Decimal) -> date:
    return (at + timedelta(days=float(min(max(days, Decimal(0)), Decimal(3650))))).date()


def _reason(terms: SupplyTerms, free: int, a_day: Decimal, point: int, sales: Sales, *, wanted: bool) -> str:
    position = free + terms.on_order
    stands = "at or below" if wanted else "above"
    if position <= point and not wanted:
        return f"{free} free and {terms.on_order} on order; nothing was sold in {sales.days.quantize(_SHOWN)} days"
    source = (
        "set by hand"
        if terms.reorder_point is not None
        else f"{a_day.quantize(_SHOWN)} a day x ({terms.lead_days} days of delivery + {terms.safety_days} of safety)"
    )
    return (
        f"{free} free and {terms.on_order} on order are {stands} the reorder point {point} ({source}); "
        f"{sales.pieces} sold in {sales.days.quantize(_SHOWN)} days"
    )
