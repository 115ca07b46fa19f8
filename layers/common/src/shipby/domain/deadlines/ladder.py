"""The ladder: every dated clock of a posting, and the one alarm that rings next.

Sources: ozon Seller API /v3/posting/fbs/get (`shipment_date` = recommended, a new tariff starts after it;
`shipment_date_without_delay` = later than this is late; `tariffication_steps`). What the marketplace does not
promise (its own automatic cancel) is an estimate from `periods` or the seller's settings and never acted upon.

Prices. The tariff names what is charged if a posting leaves during a step; a discount is a negative charge. The price
of a rung is what passing it costs MORE than leaving just before it: the charge of the step that begins less the charge
of the step that ends, so a lost discount has a price like a surcharge. Steps that cost nothing more give no rung. The
money at risk is the price of the next priced rung; the late price is what all steps from the cut-off on have added.

The stored rungs are those that may still ring: what has rung, or belongs to a stage that is over, is dropped, since the
posting's record has to stay within one write unit (1 KB).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from shipby.domain.deadlines.periods import PeriodKind, auto_cancel_estimate, not_accepted_by, period
from shipby.domain.deadlines.policy import CHAT_OFFER, SET_CUT_OFF_OFFER, Move, preset_of
from shipby.domain.money import Money
from shipby.domain.postings.posting import (
    BEFORE_HAND_OVER,
    BEFORE_PACKED,
    FINAL,
    Alarm,
    MarketplacePosting,
    Posting,
    Rung,
    RungKind,
    Stage,
    TariffStep,
)
from shipby.domain.sellers.overrides import policy_for
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import ahead as lies_ahead

MAX_TARIFF_RUNGS = 2
"""How many priced steps ahead a posting keeps; each one that passes has it read again, which brings the next."""
MAX_REMINDERS = 4
"""How many reminders before the cut-off a posting keeps: those nearest to it."""
NEVER = 9999
"""The marketplace writes an open end as a date in this year."""
PASSPORT_WARNING = timedelta(hours=6)
ANSWER_WARNING = timedelta(days=1)
MISSED_WARNINGS = (timedelta(days=13), timedelta(days=3))
"""How long before such a deadline it is first told: at the deadline itself the marketplace already cancels."""

REPORT_WITHIN = timedelta(hours=1)
REPORT_AGAIN = timedelta(days=1)
"""After the hand-over to the seller's own carrier: by then the marketplace should have been told that it is on its way.
The clocks of the cut-off run on until it has, for it counts from what it is told."""
DELIVERED_WARNINGS = (timedelta(days=20), timedelta(days=29))
"""After the hand-over: what the seller's own carrier brings should have been reported delivered. A buyer may have it
cancelled when the delivery is 20 days overdue (older page: 24; Ozon Global pages), and rFBS delivers within 30 days at
the longest (ozon Seller API, section Process)."""

LOOK_AGAIN_EVERY = timedelta(days=1)
LOOK_AGAIN_ON_ITS_WAY = timedelta(days=7)
"""When an open posting for which nothing else rings is looked at again; what has left the house, less often."""

_UNTIL_HAND_OVER = BEFORE_HAND_OVER | {Stage.BLOCKED}
_NOT_DELIVERED = _UNTIL_HAND_OVER | {Stage.HANDED_OVER, Stage.IN_TRANSIT}
_APPLIES: Mapping[RungKind, frozenset[Stage]] = {
    RungKind.CONFIRM_BY: frozenset({Stage.RECEIVED}),
    RungKind.ESCALATE_AT: frozenset({Stage.RECEIVED}),
    RungKind.REMIND_AT: BEFORE_PACKED,
    RungKind.LABEL_BY: BEFORE_HAND_OVER,
    RungKind.SHIPMENT_DATE: _UNTIL_HAND_OVER,
    RungKind.TARIFF_STEP: _UNTIL_HAND_OVER,
    RungKind.WITHOUT_DELAY: _UNTIL_HAND_OVER,
    RungKind.AUTO_CANCEL_ESTIMATE: _UNTIL_HAND_OVER | {Stage.EXPIRED},
    RungKind.GIVE_UP_AT: _UNTIL_HAND_OVER | {Stage.EXPIRED},
    RungKind.DELIVERY_BY: frozenset({Stage.HANDED_OVER, Stage.IN_TRANSIT}),
    RungKind.CLOSE_AT: frozenset({Stage.DELIVERED}),
    RungKind.MOVE_DATE_AT: BEFORE_PACKED,
    RungKind.HAND_OVER_BY: frozenset({Stage.PACKED}),
    RungKind.ASK_BUYER_AT: _UNTIL_HAND_OVER,
    RungKind.PASSPORT_BY: _UNTIL_HAND_OVER,
    RungKind.ANSWER_TRACKING_BY: _NOT_DELIVERED,
    RungKind.NOT_ACCEPTED_BY: _NOT_DELIVERED | {Stage.EXPIRED, Stage.DELIVERED},
    RungKind.REPORT_BY: frozenset({Stage.HANDED_OVER, Stage.IN_TRANSIT}),
    RungKind.GOODS_BY: frozenset({Stage.RECEIVED, Stage.CONFIRMED, Stage.BLOCKED}),
    RungKind.LOOK_AGAIN: frozenset(Stage) - FINAL,
}
_UNTIL_REPORTED = frozenset(
    {RungKind.SHIPMENT_DATE, RungKind.TARIFF_STEP, RungKind.WITHOUT_DELAY, RungKind.AUTO_CANCEL_ESTIMATE}
)
"""Clocks of the marketplace that run on while it was not told that the seller's own carrier has the parcel."""
_PRICED = (RungKind.SHIPMENT_DATE, RungKind.TARIFF_STEP)
_LATER: Mapping[RungKind, frozenset[Stage]] = {RungKind.HAND_OVER_BY: BEFORE_HAND_OVER}
"""Stages in which a clock is kept because its own is still to come; the others are kept only in their own."""
_AFTER_HAND_OVER = frozenset(
    {
        RungKind.DELIVERY_BY,
        RungKind.CLOSE_AT,
        RungKind.ANSWER_TRACKING_BY,
        RungKind.NOT_ACCEPTED_BY,
        RungKind.REPORT_BY,
        RungKind.LOOK_AGAIN,
    }
)
_ON_ITS_WAY = frozenset({Stage.HANDED_OVER, Stage.IN_TRANSIT})
_SHIPPED = frozenset({Stage.HANDED_OVER, Stage.IN_TRANSIT, Stage.DELIVERED, Stage.CLOSED})


def _dated(when: datetime | None) -> datetime | None:
    return None if when is None or when.year >= NEVER else when


# Prices ----------------------------------------------------------------------------------------------------------


def charge_of(step: TariffStep) -> Money:
    """What leaving during a step costs: its charge but at least its minimum; negative for a discount."""
    if step.charge.minor < 0:
        return step.charge
    return max(step.charge, step.minimum, key=lambda money: money.minor)


def _ordered(steps: Sequence[TariffStep]) -> list[TariffStep]:
    return sorted(steps, key=lambda step: step.until)


def step_prices(steps: Sequence[TariffStep]) -> list[tuple[datetime, Money]]:
    """(moment, what leaving after it costs more than before it), earliest first; nothing where it costs no more."""
    rises = ((before.until, charge_of(after) - charge_of(before)) for before, after in pairwise(_ordered(steps)))
    return [(moment, rise) for moment, rise in rises if _dated(moment) and rise.minor > 0]


def passed_until(posting: Posting) -> datetime | None:
    """Up to which moment the posting's priced clocks have rung."""
    return max((when for kind in _PRICED if (when := posting.fired.get(kind)) is not None), default=None)


def is_late(posting: Posting) -> bool:
    """Whether the cut-off, as it stands now, has rung: a date that moves into the future makes it punctual again."""
    passed, cut_off = passed_until(posting), posting.cut_off
    return passed is not None and (cut_off is None or cut_off <= passed)


def is_overdue(posting: Posting) -> bool:
    """Whether `shipment_date_without_delay`, as it stands now, has rung."""
    rang = posting.fired.get(RungKind.WITHOUT_DELAY)
    return rang is not None and posting.without_delay is not None and posting.without_delay <= rang


def late_price(posting: Posting, steps: Sequence[TariffStep]) -> Money | None:
    """What the steps from the cut-off on have added so far, as the marketplace lists them now; None where nothing.

    A list that begins after the cut-off no longer shows what leaving in time would have cost: then the charge in force
    is taken whole, and a discount that was lost is left out.
    """
    passed, cut_off = passed_until(posting), posting.cut_off
    ordered = _ordered(steps)
    if passed is None or not ordered:
        return None
    now = next((step for step in ordered if step.until > passed), ordered[-1])
    first = ordered[0]
    in_time = next((step for step in ordered if cut_off is not None and step.until >= cut_off), None)
    if in_time is not None and (in_time is not first or in_time.until == cut_off):
        spared = charge_of(in_time)
    else:
        spared = min(charge_of(first), Money.zero(charge_of(first).currency), key=lambda money: money.minor)
    added = charge_of(now) - spared
    return added if added.minor > 0 else None


def as_it_stands(posting: Posting, facts: MarketplacePosting) -> Posting:
    """The posting with `late`, `overdue` and the late price as the marketplace's present dates make them.

    Once it has left the house or is cancelled they stay as they were: that is how it left, whatever dispute follows.
    """
    if posting.stage is Stage.CANCELLED or (_origin(posting) in _SHIPPED and not posting.unreported):
        return posting
    late = is_late(posting)
    price = posting.late_price
    if not late:
        price = None
    elif facts.tariff_steps:
        price = late_price(posting, facts.tariff_steps)
    return replace(posting, late=late, overdue=is_overdue(posting), late_price=price)


# Clocks ----------------------------------------------------------------------------------------------------------


def build_rungs(posting: Posting, facts: MarketplacePosting, settings: SellerSettings) -> tuple[Rung, ...]:
    """Every clock of a posting, earliest first. Empty and 9999 dates give no rung: they wait for the next read.

    The delivery date is not among them: `rewind` adds it once the posting has left the house.
    """
    settings = policy_for(posting, settings)
    # The day of receipt never moves; where a clock that stood ahead wrote it, the marketplace's own time stands in.
    known = not lies_ahead(posting.received_at, facts.read_at)
    received = posting.received_at if known else facts.in_process_at or facts.read_at
    rungs = [Rung(kind=RungKind.CONFIRM_BY, due=received + settings.confirm_within)]

    def add(kind: RungKind, due: datetime | None, price: Money | None = None) -> None:
        if due is not None:
            rungs.append(Rung(kind=kind, due=due, price=price))

    if settings.escalate_confirm_after is not None:
        add(RungKind.ESCALATE_AT, received + settings.confirm_within + settings.escalate_confirm_after)
    cut_off = _dated(facts.shipment_date)
    prices = step_prices(facts.tariff_steps)
    if cut_off is not None:
        add(RungKind.SHIPMENT_DATE, cut_off, next((price for moment, price in prices if moment == cut_off), None))
        rungs += _around(cut_off, posting, facts, settings)
    fired = posting.fired.get(RungKind.TARIFF_STEP)
    ahead = [(moment, price) for moment, price in prices if moment != cut_off and (fired is None or moment > fired)]
    for moment, price in ahead[:MAX_TARIFF_RUNGS]:
        add(RungKind.TARIFF_STEP, moment, price)
    overdue = _dated(facts.without_delay)
    add(RungKind.WITHOUT_DELAY, overdue)
    # The later one: where only the cut-off was moved, the other date still says what held before.
    last = max((when for when in (overdue, cut_off) if when is not None), default=None)
    add(RungKind.GIVE_UP_AT, last + settings.give_up_after if last else None)
    if posting.assembled_at is not None and posting.label_ready_at is None:
        add(RungKind.LABEL_BY, posting.assembled_at + settings.label_within)
    add(RungKind.CLOSE_AT, posting.delivered_at + settings.close_after if posting.delivered_at else None)
    rungs += _passport(posting, settings) + answer_tracking_rungs(posting, settings) + _not_accepted(posting, settings)
    rungs += _goods(posting)
    return _sorted(rungs)


def keep_prices(rungs: Sequence[Rung], known: Sequence[Rung]) -> tuple[Rung, ...]:
    """The priced clocks as they were `known`, for a read that names neither a date nor the tariff."""
    prices = {(rung.kind, rung.due): rung.price for rung in known if rung.price is not None}
    steps = [rung for rung in known if rung.kind is RungKind.TARIFF_STEP]
    return _sorted([*(replace(rung, price=prices.get((rung.kind, rung.due), rung.price)) for rung in rungs), *steps])


def _sorted(rungs: Sequence[Rung]) -> tuple[Rung, ...]:
    return tuple(sorted(rungs, key=lambda rung: (rung.due, rung.kind)))


def _around(cut_off: datetime, posting: Posting, facts: MarketplacePosting, settings: SellerSettings) -> list[Rung]:
    """Our own clocks before and after the cut-off."""
    rungs = [
        Rung(kind=RungKind.REMIND_AT, due=cut_off - before) for before in sorted(settings.remind_before)[:MAX_REMINDERS]
    ]
    rungs.append(Rung(kind=RungKind.HAND_OVER_BY, due=cut_off - settings.hand_over_before))
    rungs.append(Rung(kind=RungKind.AUTO_CANCEL_ESTIMATE, due=auto_cancel_estimate(cut_off, posting, settings)))
    preset = preset_of(settings)
    if (
        Move.MOVE_DATE in preset.moves
        and SET_CUT_OFF_OFFER in facts.actions
        and _untried(posting, RungKind.MOVE_DATE_AT)
    ):
        rungs.append(Rung(kind=RungKind.MOVE_DATE_AT, due=cut_off - settings.move_date_before))
    if Move.ASK_BUYER in preset.moves and CHAT_OFFER in facts.actions and _untried(posting, RungKind.ASK_BUYER_AT):
        rungs.append(Rung(kind=RungKind.ASK_BUYER_AT, due=cut_off + preset.ask_buyer_after))
    return rungs


def _untried(posting: Posting, kind: RungKind) -> bool:
    return kind not in posting.fired


def _deadline(
    kind: RungKind, named: PeriodKind, since: datetime, warning: timedelta, settings: SellerSettings
) -> list[Rung]:
    end = period(named, settings.market, since.date()).end(since, settings.time_zone)
    return [Rung(kind=kind, due=end - warning), Rung(kind=kind, due=end)]


def _passport(posting: Posting, settings: SellerSettings) -> list[Rung]:
    since = posting.passport_since
    if since is None:
        return []
    return _deadline(RungKind.PASSPORT_BY, PeriodKind.PASSPORT, since, PASSPORT_WARNING, settings)


def _not_accepted(posting: Posting, settings: SellerSettings) -> list[Rung]:
    since = posting.not_accepted_since
    if since is None:
        return []
    end = not_accepted_by(since, settings)
    ahead = [*(end - warning for warning in MISSED_WARNINGS if end - warning > since), end]
    return [Rung(kind=RungKind.NOT_ACCEPTED_BY, due=due) for due in ahead]


def _goods(posting: Posting) -> list[Rung]:
    return [Rung(kind=RungKind.GOODS_BY, due=due) for due in posting.goods_by]


def with_goods_clock(posting: Posting, purchases: Sequence[str], goods_by: Sequence[datetime]) -> Posting:
    """The posting with the steps of its purchases that are still to come; its version and alarm are the caller's."""
    bought = replace(posting, purchases=tuple(purchases), goods_by=tuple(sorted(goods_by)))
    others = [rung for rung in posting.rungs if rung.kind is not RungKind.GOODS_BY]
    return replace(bought, rungs=_sorted([*others, *_goods(bought)]))


def answer_tracking_rungs(posting: Posting, settings: SellerSettings) -> list[Rung]:
    """The clock of the marketplace's request for another tracking number: a warning and the deadline."""
    since = posting.tracking_asked_at
    if since is None:
        return []
    named = PeriodKind.ANSWER_TRACKING_REQUEST
    return _deadline(RungKind.ANSWER_TRACKING_BY, named, since, ANSWER_WARNING, settings)


def with_tracking_clock(posting: Posting, since: datetime | None, settings: SellerSettings) -> Posting:
    """The posting with that clock started, moved, or stopped (None); its version and alarm are the caller's."""
    asked = replace(posting, tracking_asked_at=since)
    others = [rung for rung in posting.rungs if rung.kind is not RungKind.ANSWER_TRACKING_BY]
    return replace(asked, rungs=_sorted([*others, *answer_tracking_rungs(asked, settings)]))


# Alarms ----------------------------------------------------------------------------------------------------------


def _origin(posting: Posting) -> Stage:
    """The stage a side exit leads back to."""
    aside = posting.stage in (Stage.BLOCKED, Stage.EXPIRED)
    return posting.blocked_from if aside and posting.blocked_from is not None else posting.stage


def _rang(posting: Posting, rung: Rung) -> bool:
    fired = posting.fired.get(rung.kind)
    return fired is not None and rung.due <= fired


def _kept(posting: Posting, rung: Rung) -> bool:
    """Whether a clock may ring yet, now or after the posting moves on or comes back from a side exit."""
    if _rang(posting, rung):
        return False
    if rung.kind is RungKind.LABEL_BY and posting.label_ready_at is not None:
        return False
    if rung.kind is RungKind.ANSWER_TRACKING_BY and posting.tracking_asked_at is None:
        return False
    if rung.kind is RungKind.NOT_ACCEPTED_BY and posting.not_accepted_since is None:
        return False
    if posting.unreported and rung.kind in _UNTIL_REPORTED:
        return True
    stages = _LATER.get(rung.kind, _APPLIES[rung.kind])
    return posting.stage in stages or _origin(posting) in stages


def _pending(posting: Posting, rung: Rung) -> bool:
    runs_on = posting.unreported and rung.kind in _UNTIL_REPORTED
    if not (runs_on or posting.stage in _APPLIES[rung.kind]) or not _kept(posting, rung):
        return False
    if rung.kind is RungKind.NOT_ACCEPTED_BY:
        return True
    return posting.stage is not Stage.BLOCKED or posting.blocked_from in BEFORE_HAND_OVER


def pending(posting: Posting) -> list[Rung]:
    """The clocks that still concern this posting, earliest first; an open one in the house is never without."""
    ahead = sorted((rung for rung in posting.rungs if _pending(posting, rung)), key=lambda rung: (rung.due, rung.kind))
    return ahead or _look_again(posting)


def unwatched(posting: Posting, now: datetime) -> bool:
    """Whether it is on its way without any clock for longer than nearly all postings take."""
    late = now - posting.received_at > LOOK_AGAIN_ON_ITS_WAY
    return late and posting.stage in _ON_ITS_WAY and not pending(posting)


def _look_again(posting: Posting) -> list[Rung]:
    """The clock of what nothing else rings for. It follows from what has rung, so it takes no place in the record.

    What is on its way without a date has none at first, for nearly all of it arrives: an alarm for each would cost
    writes. Once one of its clocks has rung it has; the audit rings the first one for what takes longer than a week.
    """
    on_its_way = posting.stage in _ON_ITS_WAY
    if posting.stage in FINAL or (on_its_way and not _AFTER_HAND_OVER & posting.fired.keys()):
        return []
    every = LOOK_AGAIN_ON_ITS_WAY if on_its_way else LOOK_AGAIN_EVERY
    return [Rung(kind=RungKind.LOOK_AGAIN, due=max([posting.received_at, *posting.fired.values()]) + every)]


def next_alarm(posting: Posting) -> Alarm | None:
    """The earliest rung that still concerns this posting: exactly one, or none once it is over."""
    ahead = pending(posting)
    return Alarm(due=ahead[0].due, kind=ahead[0].kind) if ahead else None


def _fired_kept(posting: Posting) -> dict[RungKind, datetime]:
    """What has rung, without the kinds that cannot ring any more and that nothing asks for."""
    stage = _origin(posting)
    asked_after = _AFTER_HAND_OVER | _UNTIL_REPORTED if posting.unreported else _AFTER_HAND_OVER
    return {
        kind: when
        for kind, when in posting.fired.items()
        if not (
            (stage in _SHIPPED and kind not in asked_after)
            or (kind == RungKind.CONFIRM_BY and stage is not Stage.RECEIVED)
            or (kind == RungKind.LABEL_BY and posting.label_ready_at is not None)
            or (kind == RungKind.PASSPORT_BY and posting.passport_since is None)
            or (kind == RungKind.GOODS_BY and not posting.goods_by)
            or (kind == RungKind.ANSWER_TRACKING_BY and posting.tracking_asked_at is None)
            or (kind == RungKind.NOT_ACCEPTED_BY and posting.not_accepted_since is None)
        )
    }


def _on_its_way(posting: Posting) -> tuple[Rung, ...]:
    """The clocks with those of what has left the house: the delivery date, which is kept as a field until then, and
    what the marketplace waits to hear of the seller's own carrier."""
    rungs = [rung for rung in posting.rungs if rung.kind not in (RungKind.DELIVERY_BY, RungKind.REPORT_BY)]
    if _origin(posting) not in _ON_ITS_WAY:
        return tuple(rungs)
    if (due := _dated(posting.delivery_by)) is not None:
        rungs.append(Rung(kind=RungKind.DELIVERY_BY, due=due))
    if posting.own_carrier:
        since = posting.handed_over_at or posting.received_at
        within = (REPORT_WITHIN, REPORT_AGAIN) if posting.unreported else DELIVERED_WARNINGS
        rungs += [Rung(kind=RungKind.REPORT_BY, due=since + wait) for wait in within]
    return _sorted(rungs)


def rewind(posting: Posting) -> Posting:
    """The posting with its next alarm and its money at risk worked out anew, and without clocks that are over."""
    rungs, fired = _on_its_way(posting), _fired_kept(posting)
    # It is done for every change of a posting, and most change neither.
    same = rungs == posting.rungs and fired == posting.fired
    kept = posting if same else replace(posting, rungs=rungs, fired=fired)
    left = tuple(rung for rung in kept.rungs if _kept(kept, rung))
    if len(left) < len(kept.rungs):
        kept = replace(kept, rungs=left)
    ahead = pending(kept)
    return replace(
        kept,
        next_alarm=Alarm(due=ahead[0].due, kind=ahead[0].kind) if ahead else None,
        at_risk=next((rung.price for rung in ahead if rung.price is not None), None),
    )
