"""Our numbers of what is for sale against the marketplace's: each difference with its likely cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from shipby.domain.availability.offers import Offer, OfferState
from shipby.domain.availability.places import Place


class DriftKind(StrEnum):
    """What differs. The texts are stored in reports; they never change."""

    MORE_THERE = "more_there"
    """The marketplace sells more than is free: orders will come that cannot be sent."""
    LESS_THERE = "less_there"
    """It sells fewer than are free."""
    MISSING_THERE = "missing_there"
    """It took a number of the pair, and shows none any more."""
    RESERVED_THERE = "reserved_there"
    """It has reserved more pieces than the whole pool has."""
    OUTSIDE_POOLS = "outside_pools"
    """It sells from a warehouse that no pool serves: nothing is reserved for its orders here."""


class Cause(StrEnum):
    """Why, as far as our own record tells."""

    NOT_TOLD_YET = "not_told_yet"
    """The newest number is on its way."""
    REFUSED = "refused"
    """The marketplace refused the newest number."""
    SHADOW = "shadow"
    """The shop does not tell numbers by itself."""
    NEVER_TOLD = "never_told"
    """No number was worked out for the pair yet."""
    ORDERS_NOT_READ = "orders_not_read"
    """It has reserved pieces that are not reserved here: orders that were not read yet, or unpaid ones of companies."""
    CHANGED_THERE = "changed_there"
    """It took our number and shows another: somebody changed it in the cabinet, or another program did."""
    GONE_THERE = "gone_there"
    """The product was archived, or taken out of the warehouse."""
    NO_POOL = "no_pool"
    """The shop's settings name no pool for the warehouse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the marketplace shows of a pair."""

    for_sale: int
    reserved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """What we know of a pair: what is free, and what its pool has reserved for all of its shops."""

    free: int
    reserved: int | None
    """None where it is not counted: of kits their components are reserved."""
    offer: Offer | None = None


@dataclass(frozen=True, slots=True, order=True)
class Drift:
    """One difference. `ours` and `theirs` are pieces for sale, of RESERVED_THERE pieces reserved."""

    place: Place
    kind: DriftKind
    ours: int
    theirs: int
    cause: Cause
    code: str = ""
    """Of a refusal, as the marketplace wrote it."""


def differences(
    ours: Mapping[Place, Ours], shown: Mapping[Place, Shown], *, served: Iterable[str]
) -> tuple[Drift, ...]:
    """All differences in order of their places. `served`: the warehouses of the shop that a pool serves.

    An article that the shop was found not to sell is none, and neither is one that nothing is free of and nothing is
    shown of.
    """
    found: list[Drift] = []
    for place, own in ours.items():
        there = shown.get(place)
        if (drift := _of_sale(place, own, there)) is not None:
            found.append(drift)
        if there is not None and own.reserved is not None and there.reserved > own.reserved:
            found.append(Drift(place, DriftKind.RESERVED_THERE, own.reserved, there.reserved, Cause.ORDERS_NOT_READ))
    houses = frozenset(served)
    found += [
        Drift(place, DriftKind.OUTSIDE_POOLS, 0, there.for_sale, Cause.NO_POOL)
        for place, there in shown.items()
        if place.warehouse not in houses and there.for_sale > 0
    ]
    return tuple(sorted(found))


def _of_sale(place: Place, own: Ours, there: Shown | None) -> Drift | None:
    offer = own.offer
    if there is None:
        if offer is None or not offer.told or offer.state is OfferState.ABSENT:
            return None
        return Drift(place, DriftKind.MISSING_THERE, own.free, 0, Cause.GONE_THERE)
    if there.for_sale == own.free:
        return None
    kind = DriftKind.MORE_THERE if there.for_sale > own.free else DriftKind.LESS_THERE
    return Drift(place, kind, own.free, there.for_sale, _cause(own, there), offer.code if offer is not None else "")


def _cause(own: Ours, there: Shown) -> Cause:
    offer = own.offer
    if offer is None or offer.state is OfferState.ABSENT:
        return Cause.NEVER_TOLD
    if offer.state is OfferState.SHADOWED:
        return Cause.SHADOW
    if offer.state is OfferState.REFUSED:
        return Cause.REFUSED
    if offer.state is OfferState.WAITS or offer.wanted != own.free:
        return Cause.NOT_TOLD_YET
    less_by_orders = there.for_sale < own.free and there.reserved > (own.reserved or 0)
    return Cause.ORDERS_NOT_READ if less_by_orders else Cause.CHANGED_THERE
