"""Our numbers against the marketplace's: every kind of difference is found, with its likely cause, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from shipby.domain.availability.drift import Cause, Drift, DriftKind, Ours, Shown, differences
from shipby.domain.availability.offers import Offer, OfferState
from shipby.domain.availability.places import Place
from tests.support import builders as a

PLACE = Place("11", "MUG-1")


def offer(**changes: Any) -> Offer:
    base = Offer(
        seller="s",
        warehouse="11",
        offer="MUG-1",
        version=2,
        owner="s",
        pool="main",
        wanted=5,
        wanted_at=a.NOW,
        told=5,
        told_at=a.NOW,
        state=OfferState.TOLD,
    )
    return replace(base, **changes)


def found(free: int, shown: Shown | None, known: Offer | None, reserved: int | None = 0) -> list[tuple[Any, ...]]:
    there = {PLACE: shown} if shown else {}
    drifts = differences({PLACE: Ours(free=free, reserved=reserved, offer=known)}, there, served=["11"])
    return [(one.kind, one.ours, one.theirs, one.cause) for one in drifts]


def test_what_agrees_is_no_difference() -> None:
    assert found(5, Shown(for_sale=5, reserved=2), offer(), 2) == []
    assert found(0, None, None) == []


@pytest.mark.parametrize(
    ("known", "theirs", "kind", "cause"),
    [
        (offer(), 7, DriftKind.MORE_THERE, Cause.CHANGED_THERE),
        (offer(), 3, DriftKind.LESS_THERE, Cause.CHANGED_THERE),
        (offer(state=OfferState.WAITS, told=7), 7, DriftKind.MORE_THERE, Cause.NOT_TOLD_YET),
        (offer(wanted=7, told=7), 7, DriftKind.MORE_THERE, Cause.NOT_TOLD_YET),
        (offer(state=OfferState.REFUSED, told=7, code="C"), 7, DriftKind.MORE_THERE, Cause.REFUSED),
        (offer(state=OfferState.SHADOWED, told=None), 7, DriftKind.MORE_THERE, Cause.SHADOW),
        (offer(state=OfferState.ABSENT, told=None), 7, DriftKind.MORE_THERE, Cause.NEVER_TOLD),
        (None, 7, DriftKind.MORE_THERE, Cause.NEVER_TOLD),
        (None, 0, DriftKind.LESS_THERE, Cause.NEVER_TOLD),
    ],
)
def test_a_number_that_differs_is_named_with_its_cause(
    known: Offer | None, theirs: int, kind: DriftKind, cause: Cause
) -> None:
    assert found(5, Shown(for_sale=theirs, reserved=0), known) == [(kind, 5, theirs, cause)]


def test_pieces_that_are_reserved_there_and_not_here_are_orders_that_were_not_read_or_paid() -> None:
    assert found(5, Shown(for_sale=4, reserved=3), offer(), 2) == [
        (DriftKind.LESS_THERE, 5, 4, Cause.ORDERS_NOT_READ),
        (DriftKind.RESERVED_THERE, 2, 3, Cause.ORDERS_NOT_READ),
    ]
    # Another shop of the pool may have reserved the rest.
    assert found(5, Shown(for_sale=5, reserved=1), offer(), 2) == []
    # What is reserved of a kit is not counted by itself.
    assert found(5, Shown(for_sale=5, reserved=1), offer(), None) == []


def test_what_was_told_and_is_not_there_any_more_is_missing() -> None:
    assert found(5, None, offer()) == [(DriftKind.MISSING_THERE, 5, 0, Cause.GONE_THERE)]
    for never in (offer(told=None, state=OfferState.WAITS), offer(state=OfferState.ABSENT), offer(told=0, wanted=0)):
        assert found(5, None, never) == []


def test_a_warehouse_that_no_pool_serves_and_sells_is_named() -> None:
    other = Place("99", "MUG-1")
    there = {PLACE: Shown(for_sale=5, reserved=0), other: Shown(for_sale=2, reserved=0)}
    ours = {PLACE: Ours(free=5, reserved=0, offer=offer())}
    assert differences(ours, there, served=["11"]) == (Drift(other, DriftKind.OUTSIDE_POOLS, 0, 2, Cause.NO_POOL),)
    assert differences(ours, there | {other: Shown(for_sale=0, reserved=1)}, served=["11"]) == ()
