"""What is due within a time, in the order in which a minute of work saves most money."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from fractions import Fraction
from heapq import merge
from itertools import islice
from zoneinfo import ZoneInfo

from shipby.application.ports.clock import Clock
from shipby.application.ports.postings import PostingReads, WorkItem
from shipby.application.ports.store import Store
from shipby.application.postings.family import root_of
from shipby.application.rating.guard import forecast_of, standing
from shipby.application.rating.index_figures import Standing
from shipby.application.shared.paging import every
from shipby.application.shared.views import money_view, time_text
from shipby.domain.deadlines.priority import (
    Due,
    Place,
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
from shipby.domain.postings.posting import BEFORE_HAND_OVER, MAIN_LINE, MarketplacePosting, Stage
from shipby.domain.sellers.settings import SellerSettings

OPEN: tuple[Stage, ...] = (*(stage for stage in MAIN_LINE if stage in BEFORE_HAND_OVER), Stage.BLOCKED)
"""Where a date of the tariff can still be met: everything before hand-over, blocked ones too."""
MOSCOW = ZoneInfo("Europe/Moscow")
ROWS_READ = 5_000
"""Rows of the worklist looked at, earliest cut-off first."""
POSTINGS_READ = 300
"""Postings read whole: those on which, by the worklist, most money hangs per minute of work."""
OUTCOMES_READ = 5_000
"""Outcomes of today that are added up."""
EARLY = timedelta(days=3)
"""How long before the cut-off the first discount of a tariff may end; so much further ahead cut-offs are looked at."""
_PAGE = 500
_CURSOR = "deadlines"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which postings are asked for."""

    within: timedelta
    warehouse: str = ""
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    dues: tuple[Due, ...]
    unread: tuple[WorkItem, ...]
    """Due by the worklist, beyond what is read whole."""
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
    found = _due(seller, wanted, settings, store, now)
    after = _read_cursor(wanted.cursor) if wanted.cursor is not None else None
    placed = [(place, due) for place, due in order_of_work(found.dues) if after is None or place.rank > after.rank]
    page = placed[: wanted.limit]
    lost, complete = _lost_today(seller, wanted.warehouse, now, store)
    return {
        "items": [_due_view(due, settings, store) for _, due in page],
        "next_cursor": _cursor(page[-1][0]) if len(placed) > len(page) else None,
        "until": time_text(now + wanted.within),
        "due": len(found.dues) + len(found.unread),
        "truncated": found.truncated or not complete,
        "totals": _totals(found, lost),
    }


def _due(seller: str, wanted: Wanted, settings: SellerSettings, store: Store, now: datetime) -> _Found:
    until = now + wanted.within
    rows = _rows(seller, until + EARLY, store)
    looked_at = list(islice(rows, ROWS_READ))
    beyond = next(rows, None) is not None
    ranked = [
        (_sureness(row, now, until), -_promise(row, settings), row)
        for row in looked_at
        if wanted.warehouse in ("", row.warehouse_id)
    ]
    candidates = [row for sure, _, row in sorted(ranked, key=lambda one: one[:2]) if sure is not _Sure.NO]
    chosen, unread = candidates[:POSTINGS_READ], candidates[POSTINGS_READ:]
    where = standing(seller, store=store, now=now)
    dues = [due for row in chosen if (due := _read(seller, row, settings, where, store, now, until)) is not None]
    ahead = tuple(row for row in unread if _sureness(row, now, until) is _Sure.DUE)
    return _Found(tuple(dues), ahead, beyond or bool(unread))


class _Sure(IntEnum):
    """What the worklist's row tells of the next step of a posting; those to be read first have the smaller number."""

    LATE = 0
    """Past its cut-off: only its own row knows the next step."""
    DUE = 1
    """Its cut-off lies within the time."""
    MAYBE = 2
    """Something rings within the time, perhaps a step at which a discount ends."""
    NO = 3


def _sureness(row: WorkItem, now: datetime, until: datetime) -> _Sure:
    if row.cut_off is not None and row.cut_off <= until:
        return _Sure.LATE if row.cut_off <= now else _Sure.DUE
    priced = row.at_risk is not None and row.next_due is not None and row.next_due <= until
    return _Sure.MAYBE if priced else _Sure.NO


def _rows(seller: str, before: datetime, store: PostingReads) -> Iterator[WorkItem]:
    """All stages' worklists as one, earliest cut-off first, read page by page as they are needed."""

    def stage_rows(stage: Stage) -> Iterator[WorkItem]:
        return every(lambda cursor: store.worklist(seller, stage, due_before=before, limit=_PAGE, cursor=cursor))

    return merge(*(stage_rows(stage) for stage in OPEN), key=lambda row: (row.cut_off or before, row.number))


def _promise(row: WorkItem, settings: SellerSettings) -> int:
    """Thousandths of a minor unit per minute, as far as the worklist knows."""
    return row.at_risk.minor * 1000 // minutes_of(row.stage, settings) if row.at_risk is not None else 0


def _read(
    seller: str,
    row: WorkItem,
    settings: SellerSettings,
    where: Standing,
    store: PostingReads,
    now: datetime,
    until: datetime,
) -> Due | None:
    posting = store.posting(seller, row.number)
    # The index lags: it may have left since.
    if posting is None or posting.stage not in OPEN:
        return None
    detail = store.detail(seller, row.number)
    step = next_step(
        posting,
        now,
        tariff=detail.tariff_steps if detail is not None else (),
        delay_charge=_delay_charge(detail, settings, where),
    )
    if step is None or step.due > until:
        return None
    return Due(posting=posting, step=step, minutes=minutes_of(working_stage(posting), settings))


def _delay_charge(detail: MarketplacePosting | None, settings: SellerSettings, where: Standing) -> Money | None:
    """What one more fault in the error index would cost: an estimate, and none where the index was never read.

    The pages of Ozon Global publish fees for cancels only.
    """
    if detail is None or settings.market is not Market.RU:
        return None
    told = forecast_of(where, price=detail.paid)
    return told.fee if told is not None else None


def _lost_today(seller: str, warehouse: str, now: datetime, store: PostingReads) -> tuple[list[Money], bool]:
    """What the postings that left today (UTC) lost to lateness, and whether all of them were looked at."""
    today = now.astimezone(UTC).date()
    outcomes = every(lambda cursor: store.outcomes_on(seller, today, limit=_PAGE, cursor=cursor))
    read = list(islice(outcomes, OUTCOMES_READ))
    lost = [each.lost for each in read if each.lost is not None and warehouse in ("", each.warehouse_id)]
    return lost, next(outcomes, None) is None


def _totals(found: _Found, lost: list[Money]) -> list[Json]:
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


def _due_view(due: Due, settings: SellerSettings, store: PostingReads) -> dict[str, Json]:
    posting, step = due.posting, due.step
    at_risk = step.at_risk
    return {
        "posting_number": posting.number,
        "order": root_of(posting, store).number,
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
