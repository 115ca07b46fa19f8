"""No tracking number to be had: wait for one, send the parcel with another carrier, or cancel. Each way has its price
and its clock; a person chooses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from shipby.domain.carriers.carrier import Carrier
from shipby.domain.money import Money
from shipby.domain.postings.posting import BEFORE_HAND_OVER, FINAL, Posting, RungKind, Stage

_ENDS = frozenset(
    {
        RungKind.ANSWER_TRACKING_BY,
        RungKind.AUTO_CANCEL_ESTIMATE,
        RungKind.NOT_ACCEPTED_BY,
        RungKind.GIVE_UP_AT,
    }
)
"""Clocks at whose end the posting is lost: the marketplace cancels it, or the seller's own policy does."""


class WayOut(StrEnum):
    """What is done where no number can be had."""

    WAIT = "wait"
    OTHER_CARRIER = "other_carrier"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What another carrier would take for the parcel; None where nobody said."""

    carrier: str
    price: Money | None
    contacts: Mapping[str, str]
    pickup_times: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way with its price and clock, or why there is none.

    `price` is what it costs from now on, as far as anybody knows; `next_price` is what passing `next_at` adds. `until`
    is the last moment for it.
    """

    way: WayOut
    why_not: str = ""
    price: Money | None = None
    next_price: Money | None = None
    next_at: datetime | None = None
    until: datetime | None = None
    until_is: str = ""
    """Which clock that is: a `RungKind`."""
    note: str = ""
    quotes: tuple[Quote, ...] = ()

    @property
    def offered(self) -> bool:
        return not self.why_not


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTold:
    """What is known of a cancel: whether the marketplace offers it, its highest fee, and the forecast in words."""

    offered: bool
    fee: Money | None = None
    note: str = ""


def options(posting: Posting, quotes: Sequence[Quote], cancel: CancelTold, *, at: datetime) -> tuple[Option, ...]:
    """The three ways for a posting as it stands at a moment."""
    end = last_moment(posting, at)
    until, until_is = end if end else (None, "")
    step = next(
        (rung for rung in sorted(posting.rungs, key=lambda rung: rung.due) if rung.price is not None and rung.due > at),
        None,
    )
    over = f"it is {posting.stage}" if posting.stage in FINAL or posting.stage is Stage.EXPIRED else ""
    wait = Option(
        way=WayOut.WAIT,
        why_not=over,
        price=posting.late_price,
        next_price=step.price if step else None,
        next_at=step.due if step else None,
        until=until,
        until_is=until_is,
    )
    priced = [quote for quote in quotes if quote.price is not None]
    # Prices of several currencies cannot be held against each other.
    same = len({quote.price.currency for quote in priced if quote.price}) == 1
    cheapest = min((quote.price for quote in priced if quote.price), key=lambda price: price.minor) if same else None
    other = Option(
        way=WayOut.OTHER_CARRIER,
        why_not=over or _no_other_carrier(posting, quotes),
        price=cheapest,
        until=_cut_off_ahead(posting, at) or until,
        until_is=RungKind.SHIPMENT_DATE if _cut_off_ahead(posting, at) else until_is,
        quotes=tuple(sorted(quotes, key=lambda quote: _rank(quote, same))),
    )
    not_offered = "" if cancel.offered else "the marketplace does not offer to cancel it"
    out = Option(
        way=WayOut.CANCEL,
        why_not=over if posting.stage in FINAL else not_offered,
        price=cancel.fee,
        until=until,
        until_is=until_is,
        note=cancel.note,
    )
    return wait, other, out


def last_moment(posting: Posting, at: datetime) -> tuple[datetime, RungKind] | None:
    """The first clock ahead at whose end the posting is lost. A clock may ring before its end too, as a warning."""
    ends: dict[RungKind, datetime] = {}
    for rung in posting.rungs:
        if rung.kind in _ENDS:
            ends[rung.kind] = max(rung.due, ends.get(rung.kind, rung.due))
    ahead = [(due, kind) for kind, due in ends.items() if due > at]
    return min(ahead, default=None)


def _cut_off_ahead(posting: Posting, at: datetime) -> datetime | None:
    here = posting.stage in BEFORE_HAND_OVER
    return posting.cut_off if here and posting.cut_off is not None and posting.cut_off > at else None


def _no_other_carrier(posting: Posting, quotes: Sequence[Quote]) -> str:
    if not posting.own_carrier:
        return "its carrier is the marketplace's choice, not the seller's"
    return "" if quotes else "the directory has no other carrier that takes parcels: add one with PUT /v1/carriers"


def _rank(quote: Quote, same: bool) -> tuple[bool, int, str]:
    minor = quote.price.minor if same and quote.price is not None else 0
    return quote.price is None, minor, quote.carrier


def quotes_of(
    carriers: Mapping[str, Carrier], present: str, *, grams: int | None, lane: str, on: date
) -> tuple[Quote, ...]:
    """Every carrier but the present one that takes new numbers, with its price for the weight where both are known."""
    return tuple(
        Quote(
            carrier=carrier.code,
            price=carrier.price(grams, on, lane) if grams is not None else None,
            contacts=carrier.contacts,
            pickup_times=carrier.pickup_times,
        )
        for carrier in carriers.values()
        if carrier.code != present and not carrier.retired(on)
    )
