"""What a shop is to say is for sale, what it said last, and when it may say the next number.

    WAITS --told, and no newer number--> TOLD
      │ ^------ a newer number ----------┘
      ├── refused, and the same again is refused again --> REFUSED (a person's), ABSENT (not sold there)
      └── the shop does not tell by itself --> SHADOWED

The newest number wins: numbers that nobody told in between are left out. Source of the waits: /v2/products/stocks takes
one number of a pair in 30 seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shipby.domain.availability.places import STOCK_LIMIT, Place, Refusal

SPACING = timedelta(seconds=31)
"""Between two numbers of a pair: the marketplace's 30 seconds, and one for clocks that differ."""
_NOT_YET, _NOT_YET_MOST = timedelta(minutes=10), timedelta(hours=6)
"""How long a product that is not finished waits: longer and longer."""
_NOT_SENT, _NOT_SENT_MOST = timedelta(seconds=15), timedelta(minutes=10)


class OfferState(StrEnum):
    """Where the newest number stands. The texts are stored; they never change."""

    WAITS = "waits"
    TOLD = "told"
    REFUSED = "refused"
    """The marketplace refuses it, and the same again would be refused again."""
    ABSENT = "absent"
    """The shop has no such article: nothing of it is for sale there."""
    SHADOWED = "shadowed"
    """The shop does not tell numbers by itself: this one would have been told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One article of a pool in one warehouse of a shop."""

    seller: str
    """The shop."""
    warehouse: str
    offer: str
    version: int
    owner: str
    """Whose pool it sells from."""
    pool: str
    wanted: int
    """What is free in the pool."""
    wanted_at: datetime
    state: OfferState = OfferState.WAITS
    told: int | None = None
    """What the marketplace took last; None where nothing was, or where nobody knows."""
    told_at: datetime | None = None
    sending: int | None = None
    """A number on its way: claimed before the call, gone with its answer."""
    tried_at: datetime | None = None
    not_before: datetime | None = None
    tries: int = 0
    """In a row without success."""
    code: str = ""
    problem: str = ""

    @property
    def place(self) -> Place:
        return Place(self.warehouse, self.offer)

    @property
    def may_be_told(self) -> datetime:
        """The first moment at which the marketplace takes a number of this pair."""
        spaced = self.tried_at + SPACING if self.tried_at is not None else self.wanted_at
        return max(spaced, self.not_before or spaced)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a pool's article is sold, and whether the shop tells numbers by itself."""

    seller: str
    place: Place
    owner: str
    pool: str
    tells: bool = True


def wished(spot: Spot, known: Offer | None, free: int, *, at: datetime, again: bool = False) -> Offer | None:
    """The offer with its newest number; None where nothing is to be written.

    `again`: the number is told though it was told, refused or not sold there before.
    """
    wanted = min(max(free, 0), STOCK_LIMIT - 1)
    if known is None:
        state = OfferState.WAITS if spot.tells else OfferState.SHADOWED
        return Offer(
            seller=spot.seller,
            warehouse=spot.place.warehouse,
            offer=spot.place.offer,
            version=1,
            owner=spot.owner,
            pool=spot.pool,
            wanted=wanted,
            wanted_at=at,
            state=state,
        )
    state = _state_of(spot, known, wanted, again=again)
    changed = replace(known, version=known.version + 1, owner=spot.owner, pool=spot.pool, wanted=wanted, state=state)
    if changed == replace(known, version=known.version + 1):
        return None
    if state is OfferState.WAITS and known.state is not OfferState.WAITS:
        # A refusal was of another number, or is asked about anew; what was said of it stays until a number is taken.
        changed = replace(changed, not_before=None, tries=0)
    return replace(changed, wanted_at=at)


def _state_of(spot: Spot, known: Offer, wanted: int, *, again: bool) -> OfferState:
    if not spot.tells:
        return OfferState.SHADOWED
    if known.state is OfferState.ABSENT and not again:
        return OfferState.ABSENT
    if known.sending is None and known.told == wanted and not again:
        return OfferState.TOLD
    same = wanted == known.wanted and not again
    return known.state if same and known.state is OfferState.REFUSED else OfferState.WAITS


def claimed(offer: Offer, *, at: datetime) -> Offer:
    """Before the call: this number is on its way, and no other of the pair for SPACING."""
    return replace(offer, version=offer.version + 1, sending=offer.wanted, tried_at=at)


def taken(offer: Offer, sent: int, *, at: datetime) -> Offer:
    """The marketplace took the number that was sent; it may have a newer one already."""
    state = offer.state if offer.wanted != sent else OfferState.TOLD
    return replace(
        offer,
        version=offer.version + 1,
        state=state,
        told=sent,
        told_at=at,
        sending=None,
        not_before=None,
        tries=0,
        code="",
        problem="",
    )


def refused(offer: Offer, refusal: Refusal, sent: int, *, at: datetime, code: str, problem: str, absent: bool) -> Offer:
    """The marketplace did not take it. `absent`: because the shop has no such article."""
    changed = replace(offer, version=offer.version + 1, sending=None, tries=offer.tries + 1, code=code, problem=problem)
    match refusal:
        case Refusal.TOO_SOON:
            return replace(changed, not_before=at + SPACING)
        case Refusal.NOT_YET:
            return replace(changed, not_before=at + _longer(_NOT_YET, _NOT_YET_MOST, offer.tries))
    if offer.state is not OfferState.WAITS or (offer.wanted != sent and not absent):
        return changed
    # Nothing of it is for sale, as far as this shop knows: what it was told before does not matter any more.
    return replace(changed, state=OfferState.ABSENT if absent else OfferState.REFUSED, not_before=None)


def unsure(offer: Offer, *, at: datetime, problem: str) -> Offer:
    """It may have been taken: the newest number is told again, whatever it is."""
    return replace(
        offer,
        version=offer.version + 1,
        told=None,
        sending=None,
        not_before=at + SPACING,
        tries=offer.tries + 1,
        problem=problem,
    )


def not_sent(offer: Offer, *, at: datetime, wait: timedelta | None, problem: str) -> Offer:
    """The call was not made, or refused as a whole before anything was done."""
    waits = wait if wait is not None else _longer(_NOT_SENT, _NOT_SENT_MOST, offer.tries)
    return replace(
        offer,
        version=offer.version + 1,
        sending=None,
        tried_at=None,
        not_before=at + waits,
        tries=offer.tries + 1,
        problem=problem,
    )


def _longer(first: timedelta, most: timedelta, tries: int) -> timedelta:
    return min(first * float(2 ** min(tries, 10)), most)


def in_calls(offers: Sequence[Offer], now: datetime, *, pairs: int) -> list[list[Offer]]:
    """What may be told now, in calls of at most so many pairs: what is sold out first, then what waits longest."""
    due = [one for one in offers if one.state is OfferState.WAITS and one.may_be_told <= now]
    due.sort(key=lambda one: (one.wanted != 0, one.wanted_at, one.place))
    return [due[start : start + pairs] for start in range(0, len(due), pairs)]
