"""What lateness and cancels have cost, rung by rung of the ladder, and what would have come in time to prevent it.

Charges of the error index are the marketplace's own words and are added up to the kopeck. Tariff charges are not in
that list: they are ESTIMATED from the posting's own `tariffication_steps` at the moment it went into delivery, which is
never before it was assembled, so the estimate is an upper bound. Sources: /v1/rating/index/fbs/posting/list,
/v4/posting/fbs/list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from shipby.domain.deadlines.ladder import charge_of
from shipby.domain.deadlines.policy import PRESETS, Move
from shipby.domain.money import Money
from shipby.domain.postings.posting import OWN_CARRIER, MarketplacePosting, Scheme
from shipby.domain.rating.standing import ErrorIndex, IndexedPosting, IndexErrorKind
from shipby.domain.sellers.overrides import policy_for
from shipby.domain.sellers.settings import SellerSettings

CUT_OFF = "shipment_date"
DELAY = "without_delay"
CANCEL = "cancelled_by_seller"
OVERDUE_CANCEL = "cancelled_as_overdue"
"""The marketplace cancelled it, and counts that as the seller's."""
DISCOUNT = "discount_lost"
NO_REMINDER_HELPS = frozenset({352, 400})
"""Reasons that no reminder prevents: out of stock, only defective pieces left. Source: /v2/posting/fbs/cancel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """The first reminder that would have come while there was still time to pack."""

    before: timedelta
    """Before the cut-off, as the settings say."""
    at: datetime
    lead: timedelta
    """From the reminder to the moment that cost the money."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One posting that cost money at one rung."""

    number: str
    rung: str
    """shipment_date, tariff_step_2 …, discount_lost (estimates); without_delay, cancelled_by_seller,
    cancelled_as_overdue, or the marketplace's own word."""
    at: datetime
    """When the marketplace counted it; of an estimate, when the posting went into delivery."""
    cost: Money
    estimated: bool = False
    grace: bool = False
    """Forgiven by the marketplace: listed, not charged."""
    scheme: str = ""
    cut_off: datetime | None = None
    cost_at: datetime | None = None
    """The moment whose passing cost the money; None where the facts do not tell."""
    reminder: Reminder | None = None
    move: Move | None = None
    """The first move of the policy that would have come in time."""
    unexplained: str = ""
    """Why the posting's own facts do not explain the charge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexplained:
    """Something that was read and does not fit; never dropped."""

    number: str
    why: str


# One posting -----------------------------------------------------------------------------------------------------


def explain_error(row: IndexedPosting, facts: MarketplacePosting | None, settings: SellerSettings) -> Loss:
    """One charge of the error index, held against what the marketplace says of its posting (None: cannot be read)."""
    match row.kind:
        case IndexErrorKind.SELLER_DELAY:
            rung, cost_at, why = DELAY, _dated(facts.without_delay if facts else None), _why_delayed(row, facts)
        case IndexErrorKind.SELLER_CANCELLATION:
            rung, cost_at, why = CANCEL, row.at, _why_cancelled(facts)
            if facts and facts.cancellation and facts.cancellation.type not in ("", "seller"):
                rung = OVERDUE_CANCEL
        case IndexErrorKind.OTHER:
            rung, cost_at = row.raw_kind or "unnamed", row.at
            why = f"the marketplace counts it as {row.raw_kind or 'nothing named'}, which is not documented"
    reminder = _reminder(row, facts, settings, cost_at) if facts and cost_at and not why else None
    return Loss(
        number=row.number,
        rung=rung,
        at=row.at,
        cost=row.charge,
        grace=row.grace,
        scheme=row.scheme,
        cut_off=_dated(facts.shipment_date) if facts else None,
        cost_at=cost_at,
        reminder=reminder,
        move=_move(row, facts, settings, reminder, cost_at) if facts and cost_at and not why else None,
        unexplained=why,
    )


def estimate_tariff(facts: MarketplacePosting, settings: SellerSettings) -> tuple[Loss, ...]:
    """What going out late has cost by the posting's own tariff: the surcharge, and the discount that was lost.

    Empty if it left in time or has not left yet.
    """
    left, cut_off = _left_at(facts), _dated(facts.shipment_date)
    steps = sorted(facts.tariff_steps, key=lambda step: step.until)
    if left is None or cut_off is None or facts.cancellation is not None or len(steps) < 2:
        return ()
    passed = [step for step in steps[:-1] if step.until < left]
    late = sum(step.until >= cut_off for step in passed)
    first, final = steps[0].charge, steps[len(passed)]
    zero = Money.zero(first.currency)
    # What leaving in time would have cost all the same is no loss; a list that begins later no longer shows it.
    in_time = steps[len(passed) - late]
    spared = charge_of(in_time) if in_time is not steps[0] or in_time.until == cut_off else zero
    surcharge = max(charge_of(final), zero, key=_minor) - max(spared, zero, key=_minor)
    discount = min(final.charge, zero, key=_minor) - min(first, zero, key=_minor)
    found = []
    if late and surcharge.minor > 0:
        rung = CUT_OFF if late == 1 else f"tariff_step_{late}"
        found.append(_estimate(facts, settings, rung, surcharge, left, max(cut_off, passed[-late].until)))
    if discount.minor > 0:
        found.append(_estimate(facts, settings, DISCOUNT, discount, left, passed[0].until))
    return tuple(found)


def _estimate(
    facts: MarketplacePosting, settings: SellerSettings, rung: str, cost: Money, left: datetime, cost_at: datetime
) -> Loss:
    reminder = reminder_for(facts, settings, cost_at)
    return Loss(
        number=facts.number,
        rung=rung,
        at=left,
        cost=cost,
        estimated=True,
        scheme=facts.scheme,
        cut_off=_dated(facts.shipment_date),
        cost_at=cost_at,
        reminder=reminder,
        move=first_move(facts, settings, reminder, cost_at),
    )


def uncounted(facts: MarketplacePosting) -> Unexplained | None:
    """Why a posting without a row in the error index should have had one; None if nothing speaks for it."""
    left, date_ = _left_at(facts), _dated(facts.without_delay)
    if facts.cancellation is not None and facts.cancellation.affects_rating:
        return Unexplained(number=facts.number, why="its cancel affects the rating, but it is not in the index")
    if facts.cancellation is None and left is not None and date_ is not None and left > date_:
        return Unexplained(number=facts.number, why="it left after its date without delay, but is not in the index")
    return None


def reminder_for(facts: MarketplacePosting, settings: SellerSettings, cost_at: datetime) -> Reminder | None:
    """The first reminder after the posting appeared that leaves enough time to pack before `cost_at`.

    A posting that appeared later than a reminder's time was never reminded by it.
    """
    cut_off = _dated(facts.shipment_date)
    if cut_off is None:
        return None
    settings = policy_for(facts, settings)
    work = timedelta(minutes=max(settings.minutes_per_posting.values(), default=0))
    for before in sorted(settings.remind_before, reverse=True):
        at = cut_off - before
        appeared = facts.in_process_at is not None and facts.in_process_at <= at
        if appeared and at + work <= cost_at:
            return Reminder(before=before, at=at, lead=cost_at - at)
    return None


def first_move(
    facts: MarketplacePosting, settings: SellerSettings, reminder: Reminder | None, cost_at: datetime
) -> Move | None:
    """The first move of the seller's policy that would have come before the cost, and could have changed it."""
    settings = policy_for(facts, settings)
    preset, cut_off = PRESETS[settings.policy], _dated(facts.shipment_date)
    if cut_off is None:
        return None
    for move in preset.moves:
        match move:
            case Move.PRIORITISE:
                helps = reminder is not None
            case Move.MOVE_DATE:
                # The date of no other may be moved. Source: /v1/posting/cutoff/set.
                movable = facts.scheme is Scheme.RFBS and facts.integration == OWN_CARRIER
                ahead = facts.in_process_at is not None and facts.in_process_at <= cut_off - settings.move_date_before
                helps = movable and ahead
            case Move.ASK_BUYER:
                helps = settings.buyer_chat and cut_off + preset.ask_buyer_after < cost_at
            case Move.SHOW_CHOICES:
                helps = cut_off < cost_at
            case Move.CANCEL:
                helps = False
        if helps:
            return move
    return None


def _reminder(
    row: IndexedPosting, facts: MarketplacePosting, settings: SellerSettings, cost_at: datetime
) -> Reminder | None:
    if row.kind is IndexErrorKind.SELLER_CANCELLATION:
        cut_off, cancelled = _dated(facts.shipment_date), facts.cancellation
        before_its_date = cut_off is None or cost_at <= cut_off
        if before_its_date or (cancelled is not None and cancelled.reason_id in NO_REMINDER_HELPS):
            return None
    return reminder_for(facts, settings, cost_at)


def _move(
    row: IndexedPosting,
    facts: MarketplacePosting,
    settings: SellerSettings,
    reminder: Reminder | None,
    cost_at: datetime,
) -> Move | None:
    if row.kind is IndexErrorKind.SELLER_CANCELLATION and reminder is None:
        # Packing sooner would not have helped. The buyer can still be asked; and what a cancel costs is shown before
        # any is sent.
        preset, cut_off = PRESETS[policy_for(facts, settings).policy], _dated(facts.shipment_date)
        asked = settings.buyer_chat and cut_off is not None and cut_off + preset.ask_buyer_after < cost_at
        return Move.ASK_BUYER if asked else Move.SHOW_CHOICES
    return first_move(facts, settings, reminder, cost_at)


def _why_delayed(row: IndexedPosting, facts: MarketplacePosting | None) -> str:
    if facts is None:
        return "the posting cannot be read (any more)"
    date_, left = _dated(facts.without_delay), _left_at(facts)
    if date_ is None:
        return "the marketplace names no date without delay for it"
    if row.at < date_:
        return "it was counted before its date without delay: the date was moved afterwards"
    if left is not None and left <= date_:
        return "it went into delivery before its date without delay"
    return ""


def _why_cancelled(facts: MarketplacePosting | None) -> str:
    if facts is None:
        return "the posting cannot be read (any more)"
    if facts.cancellation is None:
        return "the posting is not cancelled"
    if facts.cancellation.type != "seller" and not facts.cancellation.affects_rating:
        return f"{facts.cancellation.type or 'nobody'} cancelled it, and it says that this does not count"
    return ""


def _dated(when: datetime | None) -> datetime | None:
    return None if when is None or when.year >= 9999 else when


def _left_at(facts: MarketplacePosting) -> datetime | None:
    return facts.delivering_date or facts.delivered_at


def _minor(money: Money) -> int:
    return money.minor


# All of them -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Share:
    """A number of postings and what they cost."""

    cost: Money
    postings: int = 0

    def add(self, cost: Money) -> None:
        self.postings += 1
        self.cost += cost


@dataclass(slots=True)
class RungLine:
    """All losses of one rung in one currency; what is forgiven is not among them."""

    rung: str
    estimated: bool
    total: Share
    reminders: dict[timedelta, Share] = field(default_factory=dict)
    """By how long before the cut-off the first useful reminder would have come."""
    leads: dict[timedelta, timedelta] = field(default_factory=dict)
    """The shortest time that such a reminder would have left."""
    moves: dict[Move, Share] = field(default_factory=dict)
    out_of_reach: Share = field(init=False)
    """What no reminder would have reached in time."""

    def __post_init__(self) -> None:
        self.out_of_reach = Share(Money.zero(self.total.cost.currency))

    def add(self, loss: Loss) -> None:
        self.total.add(loss.cost)
        zero = Money.zero(loss.cost.currency)
        if loss.reminder is None:
            self.out_of_reach.add(loss.cost)
        else:
            before = loss.reminder.before
            self.reminders.setdefault(before, Share(zero)).add(loss.cost)
            self.leads[before] = min(self.leads.get(before, loss.reminder.lead), loss.reminder.lead)
        if loss.move is not None:
            self.moves.setdefault(loss.move, Share(zero)).add(loss.cost)


def lines(losses: Iterable[Loss]) -> list[RungLine]:
    """Losses by rung and currency: the marketplace's charges first, the dearest first, then the estimates."""
    found: dict[tuple[bool, str, str], RungLine] = {}
    for loss in losses:
        if not loss.grace:
            key = (loss.estimated, loss.rung, loss.cost.currency)
            line = RungLine(loss.rung, loss.estimated, Share(Money.zero(loss.cost.currency)))
            found.setdefault(key, line).add(loss)
    return sorted(found.values(), key=lambda line: (line.estimated, -line.total.cost.minor, line.rung))


def totals(losses: Iterable[Loss]) -> Mapping[str, Money]:
    """Currency -> sum. Currencies are never added to each other."""
    found: dict[str, Money] = {}
    for loss in losses:
        found[loss.cost.currency] = found.get(loss.cost.currency, Money.zero(loss.cost.currency)) + loss.cost
    return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class DayDifference:
    """One day on which the marketplace's own sum and its list of charges do not agree."""

    day: date
    marketplace: Money
    listed: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The marketplace's own sum of charges against the sum of the charges it lists, over the index's own period."""

    period_from: date
    period_to: date
    marketplace: Money
    listed: Money
    forgiven: Money
    """Listed in the period with a grace status; not part of `listed`."""
    days: tuple[DayDifference, ...]
    other_currencies: Mapping[str, Money]
    """Charges listed in currencies that the marketplace's sum does not speak of."""

    @property
    def difference(self) -> Money:
        return self.marketplace - self.listed

    @property
    def equal(self) -> bool:
        """To the kopeck, in one currency."""
        return self.difference.minor == 0 and not any(money.minor for money in self.other_currencies.values())


def compare(index: ErrorIndex, rows: Sequence[IndexedPosting]) -> Comparison:
    """Hold the sum of the index against its list. Days are UTC days, as all times of the API."""
    currency = index.costs.currency
    zero = Money.zero(currency)
    inside = [row for row in rows if index.period_from <= row.at.astimezone(UTC).date() <= index.period_to]
    charged = [row for row in inside if not row.grace]
    by_day: Counter[date] = Counter()
    others: dict[str, Money] = {}
    for row in charged:
        if row.charge.currency == currency:
            by_day[row.at.astimezone(UTC).date()] += row.charge.minor
        else:
            others[row.charge.currency] = others.get(row.charge.currency, Money.zero(row.charge.currency)) + row.charge
    theirs = {day.day: day.costs.minor for day in index.days}
    differing = tuple(
        DayDifference(day=day, marketplace=Money(theirs[day], currency), listed=Money(by_day[day], currency))
        for day in sorted(theirs)
        if theirs[day] != by_day[day]
    )
    forgiven = [row.charge for row in inside if row.grace and row.charge.currency == currency]
    return Comparison(
        period_from=index.period_from,
        period_to=index.period_to,
        marketplace=index.costs,
        listed=Money(sum(by_day.values()), currency),
        forgiven=sum(forgiven, zero),
        days=differing,
        other_currencies=others,
    )
