"""The ladder: every dated clock of a posting, and the one alarm that rings next.

Sources: ozon Seller API /v3/posting/fbs/get (`shipment_date` = recommended, a new tariff starts after it;
`shipment_date_without_delay` = later than this is late; `tariffication_steps`). What the marketplace does not
promise (its own automatic cancel) is an estimate from the seller's settings and never acted upon.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from shipby.domain.money import Money
from shipby.domain.posting import (
    BEFORE_HAND_OVER,
    BEFORE_PACKED,
    Alarm,
    MarketplacePosting,
    Posting,
    Rung,
    RungKind,
    Stage,
    TariffStep,
)
from shipby.domain.records import SellerSettings

MAX_TARIFF_RUNGS = 4
"""How many priced steps ahead a posting keeps; the next read brings the following ones."""
NEVER = 9999
"""The marketplace writes an open end as a date in this year."""

_UNTIL_HAND_OVER = BEFORE_HAND_OVER | {Stage.BLOCKED}
_APPLIES: Mapping[RungKind, frozenset[Stage]] = {
    RungKind.CONFIRM_BY: frozenset({Stage.RECEIVED}),
    RungKind.REMIND_AT: BEFORE_PACKED,
    RungKind.LABEL_BY: BEFORE_HAND_OVER,
    RungKind.SHIPMENT_DATE: _UNTIL_HAND_OVER,
    RungKind.TARIFF_STEP: _UNTIL_HAND_OVER,
    RungKind.WITHOUT_DELAY: _UNTIL_HAND_OVER,
    RungKind.AUTO_CANCEL_ESTIMATE: _UNTIL_HAND_OVER | {Stage.EXPIRED},
    RungKind.GIVE_UP_AT: _UNTIL_HAND_OVER | {Stage.EXPIRED},
    RungKind.DELIVERY_BY: frozenset({Stage.HANDED_OVER, Stage.IN_TRANSIT}),
    RungKind.CLOSE_AT: frozenset({Stage.DELIVERED}),
}
_PRICED = (RungKind.SHIPMENT_DATE, RungKind.TARIFF_STEP)


def _dated(when: datetime | None) -> datetime | None:
    return None if when is None or when.year >= NEVER else when


def _step_prices(steps: Sequence[TariffStep]) -> list[tuple[datetime, Money]]:
    """(moment, what every posting not handed over by then pays from then on), earliest first."""
    ordered = sorted(steps, key=lambda step: step.until)
    return [
        (before.until, max(after.charge, after.minimum, key=lambda money: money.minor))
        for before, after in pairwise(ordered)
        if _dated(before.until)
    ]


def build_rungs(posting: Posting, facts: MarketplacePosting, settings: SellerSettings) -> tuple[Rung, ...]:
    """Every clock of a posting, earliest first. Empty and 9999 dates give no rung: they wait for the next read."""
    rungs = [Rung(kind=RungKind.CONFIRM_BY, due=posting.received_at + settings.confirm_within)]

    def add(kind: RungKind, due: datetime | None, price: Money | None = None) -> None:
        if due is not None:
            rungs.append(Rung(kind=kind, due=due, price=price))

    prices = _step_prices(facts.tariff_steps)
    cut_off = _dated(facts.shipment_date)
    if cut_off is not None:
        at_cut_off = next((price for moment, price in prices if moment == cut_off), None)
        add(RungKind.REMIND_AT, cut_off - settings.remind_before)
        add(RungKind.SHIPMENT_DATE, cut_off, at_cut_off)
        add(RungKind.AUTO_CANCEL_ESTIMATE, cut_off + settings.auto_cancel_estimate)
    fired = posting.fired.get(RungKind.TARIFF_STEP)
    ahead = [(moment, price) for moment, price in prices if moment != cut_off and (fired is None or moment > fired)]
    for moment, price in ahead[:MAX_TARIFF_RUNGS]:
        add(RungKind.TARIFF_STEP, moment, price)
    overdue = _dated(facts.without_delay)
    add(RungKind.WITHOUT_DELAY, overdue)
    last = overdue or cut_off
    add(RungKind.GIVE_UP_AT, last + settings.give_up_after if last else None)
    if posting.assembled_at is not None and posting.label_ready_at is None:
        add(RungKind.LABEL_BY, posting.assembled_at + settings.label_within)
    add(RungKind.DELIVERY_BY, _dated(facts.delivery_by))
    add(RungKind.CLOSE_AT, posting.delivered_at + settings.close_after if posting.delivered_at else None)
    return tuple(sorted(rungs, key=lambda rung: (rung.due, rung.kind)))


def _pending(posting: Posting, rung: Rung) -> bool:
    if posting.stage not in _APPLIES[rung.kind]:
        return False
    if posting.stage is Stage.BLOCKED and posting.blocked_from not in BEFORE_HAND_OVER:
        return False
    if rung.kind is RungKind.LABEL_BY and posting.label_ready_at is not None:
        return False
    fired = posting.fired.get(rung.kind)
    return fired is None or rung.due > fired


def next_alarm(posting: Posting) -> Alarm | None:
    """The earliest rung that still concerns this posting: exactly one, or none."""
    pending = [rung for rung in posting.rungs if _pending(posting, rung)]
    if not pending:
        return None
    first = min(pending, key=lambda rung: (rung.due, rung.kind))
    return Alarm(due=first.due, kind=first.kind)


def price_of(posting: Posting, alarm: Alarm) -> Money | None:
    """What passing this rung costs, where the marketplace gave a price."""
    return next((rung.price for rung in posting.rungs if rung.kind is alarm.kind and rung.due == alarm.due), None)


def _at_risk(posting: Posting) -> Money | None:
    """The price of the next priced step ahead."""
    ahead = [rung.price for rung in posting.rungs if rung.kind in _PRICED and rung.price and _pending(posting, rung)]
    return ahead[0] if ahead else None


def rewind(posting: Posting) -> Posting:
    """The posting with its next alarm and its money at risk worked out anew."""
    return replace(posting, next_alarm=next_alarm(posting), at_risk=_at_risk(posting))
