"""How a posting left the house: what its deadlines cost, and what was saved after a warning.

Money here is the tariff the marketplace states on its own steps (`tariffication_steps` of /v3/posting/fbs/get): lost is
what all steps from the cut-off on had added when it left, saved is what the next one would have added. The charges of
the error index are not in it; the loss audit compares those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from shipby.domain.deadlines.ladder import late_price, passed_until, step_prices
from shipby.domain.deadlines.outcome import Outcome
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.postings.posting import Posting, Rung, RungKind, Stage, TariffStep

PRICED = (RungKind.SHIPMENT_DATE, RungKind.TARIFF_STEP)
WARNINGS = (
    RungKind.REMIND_AT,
    RungKind.MOVE_DATE_AT,
    RungKind.HAND_OVER_BY,
    RungKind.SHIPMENT_DATE,
    RungKind.TARIFF_STEP,
    RungKind.WITHOUT_DELAY,
)
"""Rungs that tell people to act before the next priced step. A step that has passed warns of the following one."""
WARNED_WITHIN = timedelta(hours=48)
"""A warning counts for a step that begins this much later at most: an older one was of a date that has moved since."""
_JUST_BEFORE = timedelta(microseconds=1)
"""At the very moment of a date the step that ends is still in force."""
_LEFT = frozenset({Stage.HANDED_OVER, Stage.IN_TRANSIT, Stage.DELIVERED, Stage.CLOSED})


def has_left(posting: Posting) -> bool:
    """Whether it is out of the house, by our scan or the marketplace's word; a later block does not bring it back."""
    if posting.unreported:
        # The marketplace counts what its seller's own carrier brings from what it is told.
        return False
    stage = posting.blocked_from if posting.stage in (Stage.BLOCKED, Stage.EXPIRED) else posting.stage
    return stage in _LEFT or posting.handed_over_at is not None


def _left_at(before: Posting, after: Posting, at: datetime, told: datetime | None) -> datetime:
    counted = told if before.unreported else after.handed_over_at
    return min(counted or at, at)


def as_it_left(before: Posting, after: Posting, at: datetime, *, told: datetime | None = None) -> Posting:
    """The posting with `late` and `overdue` by the time at which it left, where it left between `before` and `after`.

    Until then they say what has rung. A clock that rang while nobody had heard that it was gone made nothing late, and
    one that had not rung yet spares nothing. `at`, `told` as in `outcome_of`.
    """
    if has_left(before) or not has_left(after):
        return after
    left = _left_at(before, after, at, told)
    late = after.cut_off is not None and left > after.cut_off
    overdue = after.without_delay is not None and left > after.without_delay
    return replace(after, late=late, overdue=overdue, late_price=after.late_price if late else None)


def outcome_of(
    before: Posting,
    after: Posting,
    at: datetime,
    *,
    tariff: Sequence[TariffStep] = (),
    told: datetime | None = None,
) -> Outcome | None:
    """How it left, if it left between `before` and `after`; None otherwise, so each posting has one outcome at most.

    `told` is the marketplace's own time of hand-over, from which it counts what the seller's own carrier brings.
    `at` is the time of the change; where the marketplace says when it was handed over, that time counts, so an alarm
    that rang before we heard of it costs nothing; and the dates count as the marketplace has them now. `tariff` are the
    marketplace's steps, where they were just read. A posting that is known moving at its first read has no outcome:
    nothing is known of its work. Leaving at the very moment of a date is in time: the next step begins after it.
    """
    if has_left(before) or not has_left(after) or after.stage is Stage.CANCELLED:
        return None
    shipped_at = _left_at(before, after, at, told)
    late = after.cut_off is not None and shipped_at > after.cut_off
    following = _following(before, shipped_at, tariff)
    warned = _warned_at(before, shipped_at, following)
    saved = following.price if following is not None and warned is not None else None
    return Outcome(
        seller=after.seller,
        posting_number=after.number,
        shipped_at=shipped_at,
        warehouse_id=after.warehouse_id or before.warehouse_id,
        packed_at=after.packed_at,
        cut_off=after.cut_off,
        late=late,
        overdue=after.without_delay is not None and shipped_at > after.without_delay,
        reminded_at=warned,
        lost=_lost(before, shipped_at, tariff) if late else None,
        saved=saved,
        cost_at=following.due if following is not None and saved is not None else None,
    )


def outcome_data(outcome: Outcome | None) -> dict[str, Json]:
    """What the event of leaving carries of it: `lost` and `saved`, where there is something."""
    amounts: Mapping[str, Money | None] = {
        "lost": outcome.lost if outcome else None,
        "saved": outcome.saved if outcome else None,
    }
    return {
        name: {"amount": money.amount, "currency": money.currency}
        for name, money in amounts.items()
        if money is not None
    }


def _following(before: Posting, shipped_at: datetime, tariff: Sequence[TariffStep]) -> Rung | None:
    """The priced step that it was in time for, or None."""
    rang = passed_until(before)
    if rang is None or rang < shipped_at:
        ahead = [rung for rung in before.rungs if rung.kind in PRICED and rung.price and rung.due >= shipped_at]
    else:
        # That step rang before anybody heard that it had left, and a clock that rang is dropped: only the tariff still
        # knows its price. The clocks that are left are later ones, of which nobody was warned.
        prices = [(moment, price) for moment, price in step_prices(tariff) if moment >= shipped_at]
        ahead = [Rung(kind=RungKind.TARIFF_STEP, due=moment, price=price) for moment, price in prices]
    return min(ahead, key=lambda rung: rung.due, default=None)


def _lost(before: Posting, shipped_at: datetime, tariff: Sequence[TariffStep]) -> Money | None:
    """What the steps from the cut-off on had added when it left late."""
    rang = passed_until(before)
    if rang is not None and rang >= shipped_at and tariff:
        # A step rang although it had left before: the tariff says what was charged at that time.
        return late_price(replace(before, fired={RungKind.SHIPMENT_DATE: shipped_at - _JUST_BEFORE}), tariff)
    total = before.late_price
    for rung in before.rungs:
        still = rung.kind in PRICED and rung.price is not None and (rang is None or rung.due > rang)
        if still and rung.price is not None and before.cut_off is not None and before.cut_off <= rung.due < shipped_at:
            # It has passed, but its alarm had not rung yet.
            # A tariff that changed its currency meanwhile adds nothing to what was told in the other one.
            same = total is not None and total.currency == rung.price.currency
            total = rung.price if total is None else total + rung.price if same else total
    return total if total is not None and total.minor > 0 else None


def _warned_at(before: Posting, shipped_at: datetime, following: Rung | None) -> datetime | None:
    """The newest warning that rang before it left, of the step that follows (of its last dates if none does)."""
    last = following.due if following is not None else shipped_at
    rang = [before.fired[kind] for kind in WARNINGS if kind in before.fired]
    return max((due for due in rang if last - WARNED_WITHIN <= due <= shipped_at), default=None)
