"""What lateness cost and what reminders saved, day by day: the ledger of how postings left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from shipby.application.ports.postings import PostingReads
from shipby.application.shared.paging import every
from shipby.application.shared.views import money_view
from shipby.domain.deadlines.outcome import Outcome
from shipby.domain.errors import InvalidInputError
from shipby.domain.json_types import Json
from shipby.domain.money import Money

LONGEST = 92
"""Days in one report at most."""
OUTCOMES_READ = 20_000
"""Outcomes added up in one call; the first day is always read whole."""
_PAGE = 500
DEFINITION = (
    "Days are UTC days of leaving: the hand-over scan, or the time the marketplace says it was handed over. "
    "On time: left not later than shipment_date and shipment_date_without_delay, as last known before it left. "
    "Late: later than either. Overdue: later than shipment_date_without_delay, so it counts in the error index. "
    "Lost: what the tariff steps from shipment_date on had added when it left. Saved: what the next step would have "
    "added, where a reminder or an earlier step had rung within 48 hours before that step. A discount that ended "
    "before shipment_date and the charges of the error index are not in it; postings that were cancelled, or already "
    "moving when first seen, are not counted."
)


@dataclass(frozen=True, slots=True)
class _Day:
    day: date
    outcomes: tuple[Outcome, ...]


def impact(seller: str, first: date, last: date, *, store: PostingReads) -> dict[str, Json]:
    """Shipped, on time, late, overdue, lost and saved, per day and in total.

    Where there is more than one call reads, `next_from` is the day to go on with. Raises InvalidInputError for a
    period that ends before it begins or is longer than 92 days.
    """
    length = (last - first).days + 1
    if not 1 <= length <= LONGEST:
        problem = f"a report covers 1 to {LONGEST} days"
        raise InvalidInputError(f"{problem}, not {length}", errors=[("to", problem)])
    days: list[_Day] = []
    read = 0
    for number in range(length):
        day = first + timedelta(days=number)
        if days and read >= OUTCOMES_READ:
            break
        outcomes = _outcomes(seller, day, store)
        read += len(outcomes)
        days.append(_Day(day, outcomes))
    end = days[-1].day
    return {
        "from": first.isoformat(),
        "to": end.isoformat(),
        "next_from": (end + timedelta(days=1)).isoformat() if end < last else None,
        "definition": DEFINITION,
        "total": _summed([outcome for day in days for outcome in day.outcomes]),
        "days": [{"date": day.day.isoformat(), **_summed(day.outcomes)} for day in days],
    }


def _outcomes(seller: str, day: date, store: PostingReads) -> tuple[Outcome, ...]:
    return tuple(every(lambda cursor: store.outcomes_on(seller, day, limit=_PAGE, cursor=cursor)))


def _summed(outcomes: Sequence[Outcome]) -> dict[str, Json]:
    late = sum(outcome.late or outcome.overdue for outcome in outcomes)
    lost = [outcome.lost for outcome in outcomes if outcome.lost is not None]
    saved = [outcome.saved for outcome in outcomes if outcome.saved is not None]
    return {
        "shipped": len(outcomes),
        "on_time": len(outcomes) - late,
        "late": late,
        "overdue": sum(outcome.overdue for outcome in outcomes),
        "reminded": sum(outcome.reminded_at is not None for outcome in outcomes),
        "money": [
            {
                "currency": currency,
                "lost": money_view(_sum(lost, currency)),
                "saved": money_view(_sum(saved, currency)),
            }
            for currency in sorted({money.currency for money in (*lost, *saved)})
        ],
    }


def _sum(amounts: Iterable[Money], currency: str) -> Money:
    return Money(sum(money.minor for money in amounts if money.currency == currency), currency)
