"""What is due within a time, in the order in which a minute of work saves most money."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from shipby.application.ports.clock import Clock
from shipby.application.ports.postings import OpenRow, PostingReads
from shipby.application.ports.store import Store
from shipby.application.postings.family import root_of
from shipby.application.rating.guard import forecast_of, standing
from shipby.application.rating.index_figures import Standing
from shipby.application.shared.views import money_view, time_text
from shipby.domain.deadlines.priority import (
    CostKind,
    Due,
    OpenPosting,
    Place,
    StatedPrices,
    main_currency,
    minutes_of,
    next_step,
    order_of_work,
    working_stage,
)
from shipby.domain.errors import InvalidInputError
from shipby.domain.json_types import Json
from shipby.domain.market import Market
from shipby.domain.money import Money
from shipby.domain.postings.posting import BEFORE_HAND_OVER, MAIN_LINE, Posting, Stage
from shipby.domain.sellers.settings import SellerSettings

OPEN: tuple[Stage, ...] = (*(stage for stage in MAIN_LINE if stage in BEFORE_HAND_OVER), Stage.BLOCKED)
"""Where a date of the tariff can still be met: everything before hand-over, blocked ones too."""
MOSCOW = ZoneInfo("Europe/Moscow")
ROWS_READ = 20_000
"""Rows of the worklist looked at, earliest cut-off first; of those ahead whose discount may end as many again."""
POSTINGS_READ = 300
"""Postings whose next step is read: those on which, by the worklist, most money hangs per minute of work."""
OUTCOMES_READ = 5_000
"""Losses of today that are added up."""
EARLY = timedelta(days=3)
"""How long before the cut-off the first discount of a tariff may end; so much further ahead cut-offs are looked at."""
_CURSOR = "deadlines"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which postings are asked for."""

    within: timedelta
    warehouse: str = ""
    limit: int = 50
    cursor: str | None = None
    by_order: bool = False
    """One line for all parts of an order that was split: that which comes first stands for them."""


@dataclass(frozen=True, slots=True)
class _Found:
    dues: tuple[Due, ...]
    unread: tuple[OpenRow, ...]
    """Due by the worklist, beyond those of which the next step is read."""
    truncated: bool


def when_view(moment: datetime, zone: str) -> dict[str, Json]:
    """A moment for people: UTC, Moscow, and the seller's own zone with its name."""
    return {
        "utc": time_text(moment),
        "moscow": moment.astimezone(MOSCOW).isoformat(),
        "local": moment.astimezone(ZoneInfo(zone)).isoformat(),
        "zone": zone,
    }


def deadlines(seller: str, wanted: Wanted, *, store: Store, clock: Clock) -> dict[str, Json]:
    """What is due within the time, most money saved per minute of work first, and the seller's totals.

    Raises InvalidInputError for a cursor of another listing.
    """
    now = clock.now()
    settings = store.settings(seller) or SellerSettings(seller=seller)
    pricing = _Pricing(settings, standing(seller, store=store, now=now), now, now + wanted.within)
    found = _due(seller, wanted, pricing, store)
    after = _read_cursor(wanted.cursor) if wanted.cursor is not None else None
    placed = order_of_work(found.dues)
    orders, parts = dict[str, str](), dict[str, list[str]]()
    if wanted.by_order:
        orders = _orders(seller, found.dues, store)
        for _, due in placed:
            parts.setdefault(orders[due.posting.number], []).append(due.posting.number)
        placed = [each for each in placed if parts[orders[each[1].posting.number]][0] == each[1].posting.number]
    placed = [(place, due) for place, due in placed if after is None or place.rank > after.rank]
    page = placed[: wanted.limit]
    # What left today (UTC).
    lost, more = store.losses_on(seller, now.astimezone(UTC).date(), warehouse=wanted.warehouse, most=OUTCOMES_READ)
    shown = [due for _, due in page]
    orders = orders or _orders(seller, shown, store)
    shown = _priced(seller, shown, shown, pricing, store)
    return {
        "items": [_due_view(due, orders[due.posting.number], parts, settings) for due in shown],
        "next_cursor": _cursor(page[-1][0]) if len(placed) > len(page) else None,
        "until": time_text(pricing.until),
        "due": len(found.dues) + len(found.unread),
        "truncated": found.truncated or more,
        "totals": _totals(found, lost),
    }


def _due(seller: str, wanted: Wanted, pricing: _Pricing, store: PostingReads) -> _Found:
    now, until, settings = pricing.now, pricing.until, pricing.settings
    rows, beyond = _rows(seller, wanted.warehouse, until, store)

    def is_ahead(row: OpenRow) -> bool:
        return row.cut_off is not None and row.cut_off > now

    # Of a late one only its own item knows the next step.
    candidates = sorted(rows, key=lambda row: (is_ahead(row), -_promise(row, settings)))
    ahead = filter(is_ahead, candidates[POSTINGS_READ:])
    more = len(candidates) > POSTINGS_READ
    if not more:
        # A discount may end long before a cut-off that lies beyond the time.
        maybe, beyond_too = _rows(seller, wanted.warehouse, until + EARLY, store, after=until, rings_by=until)
        candidates += sorted(maybe, key=lambda row: -_promise(row, settings))
        beyond, more = beyond or beyond_too, len(candidates) > POSTINGS_READ
    dues = _read(seller, [row.number for row in candidates[:POSTINGS_READ]], pricing, store)
    return _Found(tuple(dues), tuple(ahead), beyond or more)


def _rows(
    seller: str,
    warehouse: str,
    until: datetime,
    store: PostingReads,
    *,
    after: datetime | None = None,
    rings_by: datetime | None = None,
) -> tuple[list[OpenRow], bool]:
    """Rows of all stages with a cut-off in a span, earliest first, and whether there are more than are looked at."""
    rows: list[OpenRow] = []
    beyond = False
    for stage in OPEN:
        found, more = store.open_rows(
            seller, stage, after=after, until=until, warehouse=warehouse, rings_by=rings_by, most=ROWS_READ
        )
        rows += found
        beyond = beyond or more
    rows.sort(key=lambda row: (row.cut_off or until, row.number))
    return rows[:ROWS_READ], beyond or len(rows) > ROWS_READ


def _promise(row: OpenRow, settings: SellerSettings) -> int:
    """Thousandths of a minor unit per minute, as far as the worklist knows."""
    return row.at_risk.minor * 1000 // minutes_of(row.stage, settings) if row.at_risk is not None else 0


@dataclass(frozen=True, slots=True)
class _Pricing:
    """What the next step of a posting costs, and by when it has to be to matter."""

    settings: SellerSettings
    where: Standing
    now: datetime
    until: datetime

    def due(self, posting: OpenPosting | Posting, prices: StatedPrices | None = None) -> Due | None:
        """The posting's next step within the time; without `prices` no estimate is in it, and a discount that is lost
        passes for a surcharge."""
        # The index lags: it may have left since.
        if posting.stage not in OPEN:
            return None
        tariff = prices.tariff_steps if prices is not None else ()
        step = next_step(posting, self.now, tariff=tariff, delay_charge=self._delay_charge(prices))
        if step is None or step.due > self.until:
            return None
        return Due(posting=posting, step=step, minutes=minutes_of(working_stage(posting), self.settings))

    def estimated(self, due: Due) -> bool:
        """Whether passing the step has an estimate: none where the index was never read.

        The pages of Ozon Global publish fees for cancels only.
        """
        knows = self.settings.market is Market.RU and self.where.state is not None
        return knows and any(cost.kind is CostKind.ERROR_INDEX for cost in due.step.costs)

    def _delay_charge(self, prices: StatedPrices | None) -> Money | None:
        """What one more fault in the error index would cost."""
        if prices is None or self.settings.market is not Market.RU:
            return None
        told = forecast_of(self.where, price=prices.paid)
        return told.fee if told is not None else None


def _read(seller: str, numbers: Sequence[str], pricing: _Pricing, store: PostingReads) -> list[Due]:
    """Those of the postings that have a step within the time, with what it saves."""
    postings = store.open_postings(seller, numbers).values()
    dues = [due for posting in postings if (due := pricing.due(posting)) is not None]
    return _priced(seller, dues, [due for due in dues if pricing.estimated(due)], pricing, store)


def _priced(
    seller: str, dues: Sequence[Due], chosen: Sequence[Due], pricing: _Pricing, store: PostingReads
) -> list[Due]:
    """All of `dues`, those `chosen` with the prices that the marketplace states."""
    prices = store.stated_prices(seller, [due.posting.number for due in chosen])
    return [
        pricing.due(due.posting, prices[due.posting.number]) or due if due.posting.number in prices else due
        for due in dues
    ]


def _totals(found: _Found, lost: Sequence[Money]) -> list[Json]:
    at_risk = [money for due in found.dues if (money := due.step.at_risk) is not None]
    at_risk += [row.at_risk for row in found.unread if row.at_risk is not None]
    reached = [money for due in found.dues if (money := due.posting.late_price) is not None and money.minor > 0]
    main = main_currency(money.currency for money in at_risk)
    currencies = sorted({money.currency for money in (*at_risk, *lost, *reached)}, key=lambda one: (one != main, one))
    return [
        {
            "currency": currency,
            "at_risk": money_view(_sum(at_risk, currency)),
            "lost_today": money_view(_sum(lost, currency)),
            "late_so_far": money_view(_sum(reached, currency)),
        }
        for currency in currencies
    ]


def _sum(amounts: Iterable[Money], currency: str) -> Money:
    return Money(sum(money.minor for money in amounts if money.currency == currency), currency)


def _orders(seller: str, dues: Sequence[Due], store: PostingReads) -> dict[str, str]:
    """Number -> the posting that the first split was of: its own where none made it, or its parent is not known."""
    parents = store.open_postings(seller, [due.posting.parent_number for due in dues if due.posting.parent_number])
    orders = {due.posting.number: due.posting.number for due in dues}
    for due in dues:
        number = due.posting.parent_number
        if number in parents:
            # Splits of what a split made are rare: their line is followed one by one.
            parent = store.posting(seller, number) if parents[number].parent_number else None
            orders[due.posting.number] = root_of(parent, store).number if parent is not None else number
    return orders


def _due_view(due: Due, order: str, parts: Mapping[str, list[str]], settings: SellerSettings) -> dict[str, Json]:
    posting, step = due.posting, due.step
    at_risk = step.at_risk
    return {
        "posting_number": posting.number,
        "order": order,
        "others": [number for number in parts.get(order, ()) if number != posting.number],
        "stage": posting.stage,
        "warehouse_id": posting.warehouse_id,
        "rung": step.rung,
        "due": when_view(step.due, settings.time_zone),
        "costs": [{"kind": cost.kind, "amount": money_view(cost.amount), "stated": cost.stated} for cost in step.costs],
        "at_risk": money_view(at_risk),
        "stated": step.stated,
        "minutes": due.minutes,
        "saved_per_minute": money_view(Money(int(due.per_minute), at_risk.currency) if at_risk is not None else None),
        "late": posting.late,
        "overdue": posting.overdue,
        "late_price": money_view(posting.late_price),
        "blocked_reason": posting.blocked_reason or None,
    }


def _cursor(place: Place) -> str:
    per_minute = [place.saves.numerator, place.saves.denominator]
    parts = [_CURSOR, place.group, place.currency, *per_minute, place.due.isoformat(), place.number]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> Place:
    try:
        found = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        name, group, currency, numerator, denominator, due, number = found
        if name != _CURSOR or not all(isinstance(part, str) for part in (currency, number)):
            raise _foreign_cursor()
        saves = Fraction(int(numerator), int(denominator))
        return Place(int(group), currency, saves, datetime.fromisoformat(due).astimezone(UTC), number)
    except (binascii.Error, ValueError, TypeError, OverflowError, ZeroDivisionError, RecursionError) as error:
        raise _foreign_cursor() from error


def _foreign_cursor() -> InvalidInputError:
    return InvalidInputError(
        "the cursor does not belong to this listing",
        errors=[("cursor", "take next_cursor of the same listing, or leave it out to begin anew")],
    )
