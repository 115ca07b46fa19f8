"""The reason analysis: the poll worker makes one aggregate a day, the API puts days together.

A day is made anew while it is young, because reasons and money come later: the plan of it is one small row per seller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from shipby.application.ports.clock import Clock
from shipby.application.ports.pages import Page
from shipby.application.ports.sellers import Reports
from shipby.application.ports.store import Store
from shipby.application.shared.csv_text import Separator, csv_text
from shipby.application.shared.views import money_view, time_text
from shipby.domain.errors import InvalidInputError
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import BY_SPLIT, MarketplacePosting
from shipby.domain.refunds.ledger import EntryKind, EntryState
from shipby.domain.returns.reason_figures import (
    OTHER,
    Amounts,
    Cause,
    Count,
    Dimension,
    Figures,
    Goods,
    Kind,
    Row,
    fitted,
    from_text,
    grouped,
    moneys,
    totals_of,
)
from shipby.domain.returns.return_case import ReturnCase
from shipby.domain.skew import age

REPORT = "reasons"
"""Kind of the day's aggregate."""
PLAN = "reasons-plan"
"""Kind of the row that says when each day was last made; the newest one counts."""
PART = "reasons-part"
"""Kind of a day's aggregate that was cut short; its next turn goes on from there."""
LARGEST = 300_000
"""Bytes of a day's figures: an item of the table has 400 KB, and indexes and names need their own."""
LOOK_BACK = 62
"""Days back that are made and kept up to date: rFBS delivers within 30 and disputes take up to 31 more."""
AGES: tuple[tuple[int, timedelta], ...] = (
    (0, timedelta(hours=3)),
    (7, timedelta(hours=12)),
    (30, timedelta(days=2)),
    (LOOK_BACK, timedelta(days=7)),
)
"""Up to so many days old a day is made anew after this time."""
BUDGET = timedelta(seconds=10)
MOST_DAYS = 3
"""Days made in one round of the poll."""
LONGEST = 92
"""Days in one answer."""
CSV_ROWS = 20_000
_PAGE = 100

DEFINITIONS: Mapping[str, str] = {
    "received": "Pieces of postings first seen on the days (UTC). A posting that was split counts by its parts alone.",
    "shipped": "Those of the received pieces whose posting was handed over by the time the day was last made.",
    "cancel": "Lines of received postings that are cancelled, whoever cancelled them and whenever, with the "
    "marketplace's reason. Pieces cancelled out of a posting that goes on are not in it.",
    "return": "Returns opened on the days, whenever their postings were received. Goods of a cancelled posting on "
    "their way back are no returns: they are cancels.",
    "initiator": "For cancels who cancelled, as the marketplace says; for returns the kind of return, client for rFBS.",
    "carrier": "The delivery provider of the posting's delivery method; where there is none the kind of integration.",
    "supplier": "As the product's card says now; null where it says nothing.",
    "cases": "Lines of cancelled postings, or returns.",
    "value": "What buyers paid for the pieces, per currency; nothing is converted.",
    "refunded": "What our own calls gave back for the returns, as far as it is confirmed. What the marketplace pays "
    "back by itself, such as after a cancel, is not in it.",
    "postage": "Return postage given back by our own calls.",
    "rate": "Pieces divided by out_of: pieces received for cancels, pieces shipped for returns, of the same goods in "
    "the same days. Reasons share the denominator of their goods. Returns of a short period may belong to postings "
    "shipped before it, so that their rate may be more than 1.",
    OTHER: "The smallest cells of a day with too many, put together. Rates by SKU, carrier or supplier are too high "
    "where goods of the denominator are under it.",
}


# The worker's half -----------------------------------------------------------------------------------------------


def refresh_reasons(
    seller: str, *, store: Store, clock: Clock, at_once: bool = False, budget: timedelta = BUDGET
) -> tuple[date, ...]:
    """Make the days that are due, newest first, at most MOST_DAYS and about `budget` long; returns those finished.

    `at_once`: today is due in any case. A day that takes longer goes on in the next call.
    """
    started = clock.now()
    today = started.date()
    plan = _plan(seller, today, store)
    done: list[date] = []
    for back in range(LOOK_BACK + 1):
        day = today - timedelta(days=back)
        made = plan.get(day.isoformat())
        if not (at_once and back == 0) and made is not None and age(made, started) < _interval(back):
            continue
        work = _Work(seller, day, store, lambda: clock.now() - started > budget)
        finished = work.run(clock.now())
        if not finished:
            break
        plan[day.isoformat()] = clock.now()
        done.append(day)
        if len(done) >= MOST_DAYS or clock.now() - started > budget:
            break
    if done:
        oldest = (today - timedelta(days=LOOK_BACK)).isoformat()
        kept: dict[str, Json] = {name: at.isoformat() for name, at in sorted(plan.items()) if name >= oldest}
        store.save_report(seller, PLAN, today, {"made": kept})
    return tuple(done)


def _plan(seller: str, today: date, store: Reports) -> dict[str, datetime]:
    # The row is written on most days; after a longer pause everything is made anew, which does no harm.
    for back in range(3):
        row = store.report(seller, PLAN, today - timedelta(days=back))
        made = row["made"] if row is not None else None
        if isinstance(made, Mapping):
            return {name: datetime.fromisoformat(str(at)) for name, at in made.items()}
    return {}


def _interval(age: int) -> timedelta:
    return next(interval for oldest, interval in AGES if age <= oldest)


@dataclass(slots=True)
class _Work:
    """One day of one seller: every posting received and every return opened on it, read one by one."""

    seller: str
    day: date
    store: Store
    time_is_up: Callable[[], bool]
    figures: Figures = field(default_factory=Figures)
    suppliers: dict[str, str] = field(default_factory=dict)
    had_part: bool = False

    def run(self, now: datetime) -> bool:
        """Make the day and save it; False if it was cut short and goes on later."""
        phase, cursor = self._resume(now)
        if phase == "postings":
            rest = self._all(self._postings_page, self._posting, cursor)
            if rest is not None:
                return self._cut_short("postings", rest, now)
            cursor = None
        rest = self._all(self._returns_page, self._return, cursor)
        if rest is not None:
            return self._cut_short("returns", rest, now)
        self._save(REPORT, now, {"complete": True})
        if self.had_part:
            self.store.save_report(self.seller, PART, self.day, {"phase": ""})
        return True

    def _resume(self, now: datetime) -> tuple[str, str | None]:
        part = self.store.report(self.seller, PART, self.day)
        if part is None or not part["phase"]:
            return "postings", None
        self.had_part = True
        if age(datetime.fromisoformat(str(part["at"])), now) > timedelta(days=1):
            return "postings", None  # too much may have changed since
        self.figures = from_text(str(part["figures"]))
        return str(part["phase"]), str(part["cursor"]) or None

    def _cut_short(self, phase: str, cursor: str, now: datetime) -> bool:
        self._save(PART, now, {"phase": phase, "cursor": cursor})
        return False

    def _save(self, kind: str, now: datetime, more: Mapping[str, Json]) -> None:
        kept, text = fitted(self.figures, largest=LARGEST)
        body: dict[str, Json] = {
            "seller": self.seller,
            "day": self.day.isoformat(),
            "at": now.isoformat(),
            "cells": len(kept.cells),
            "cut_cells": kept.cut_cells,
            "cut_base": kept.cut_base,
            "figures": text,
        }
        self.store.save_report(self.seller, kind, self.day, body | dict(more))

    def _all(
        self, listing: Callable[[str | None], Page[str]], count: Callable[[str], None], cursor: str | None
    ) -> str | None:
        """Count everything listed; the cursor to go on with where time was up. At least one page is counted."""
        while True:
            page = listing(cursor)
            for identifier in page.items:
                count(identifier)
            cursor = page.cursor
            if cursor is None:
                return None
            if self.time_is_up():
                return cursor

    def _postings_page(self, cursor: str | None) -> Page[str]:
        return self.store.received_on(self.seller, self.day, limit=_PAGE, cursor=cursor)

    def _returns_page(self, cursor: str | None) -> Page[str]:
        return self.store.returns_opened_on(self.seller, self.day, limit=_PAGE, cursor=cursor)

    def _posting(self, number: str) -> None:
        posting, detail = self.store.posting(self.seller, number), self.store.detail(self.seller, number)
        if posting is None or detail is None or posting.cancelled_by == BY_SPLIT:
            return
        shipped = posting.handed_over_at is not None or detail.delivering_date is not None
        cancelled = detail.cancellation if posting.cancelled_by else None
        for line in detail.lines:
            goods = self._goods(line.sku, detail)
            self.figures.receive(goods, line.quantity, shipped=shipped)
            if posting.cancelled_by:
                reason = cancelled.reason if cancelled else ""
                price = line.price * line.quantity if line.price else None
                value = {price.currency: price.minor} if price else {}
                count = Count(cases=1, pieces=line.quantity, value=value)
                self.figures.lose(Cause(Kind.CANCEL, reason, posting.cancelled_by, goods), count)

    def _return(self, identifier: str) -> None:
        case = self.store.return_case(self.seller, identifier)
        if case is None or case.kind.casefold() == "cancellation":
            return
        detail = self.store.detail(self.seller, case.posting_number) if case.posting_number else None
        refunded, postage = self._given_back(case)
        lines = detail.lines if detail else ()
        price = case.price or next((one.price for one in lines if one.sku == case.sku), None)
        count = Count(
            cases=1,
            pieces=case.quantity,
            value={price.currency: (price * case.quantity).minor} if price else {},
            refunded=refunded,
            postage=postage,
        )
        initiator = case.kind or "client"
        cause = Cause(Kind.RETURN, case.reason, initiator, self._goods(case.sku, detail))
        self.figures.lose(cause, count)

    def _given_back(self, case: ReturnCase) -> tuple[Amounts, Amounts]:
        ledger = self.store.money(self.seller, case.posting_number) if case.posting_number else None
        if ledger is None:
            return {}, {}
        own = [
            entry
            for key, entry in ledger.entries.items()
            if key.startswith(f"r.{case.id}.") and entry.state is EntryState.REFUNDED
        ]
        postage = sum(entry.minor for entry in own if entry.kind is EntryKind.POSTAGE)
        refunded = sum(entry.minor for entry in own if entry.kind is not EntryKind.POSTAGE)
        return (
            {ledger.currency: refunded} if refunded else {},
            {ledger.currency: postage} if postage else {},
        )

    def _goods(self, sku: str, detail: MarketplacePosting | None) -> Goods:
        if sku not in self.suppliers:
            card = self.store.product_card(self.seller, sku) if sku else None
            self.suppliers[sku] = card.supplier if card else ""
        carrier = (detail.carrier or detail.integration) if detail else ""
        return Goods(sku, carrier, self.suppliers[sku])


# The API's half --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Days (both included), what to group by, and how many rows."""

    first: date
    last: date
    by: tuple[Dimension, ...]
    limit: int


def reason_report(seller: str, wanted: Wanted, *, store: Reports) -> dict[str, Json]:
    """Returns and cancels of a period by the dimensions, with denominators, rates and definitions.

    Reads one row per day. Raises InvalidInputError for a period that ends before it begins or is too long.
    """
    days = _days(seller, wanted, store)
    found = grouped(days.texts, wanted.by)
    rows, totals = found.rows, totals_of(found.rows)
    rest: list[Json] = [
        {"kind": kind, **_count_view(count)} for kind, count in sorted(totals_of(rows[wanted.limit :]).items())
    ]
    all_of: dict[str, Json] = {kind: _count_view(totals.get(kind, Count())) for kind in Kind}
    return {
        "from": wanted.first.isoformat(),
        "to": wanted.last.isoformat(),
        "by": list(wanted.by),
        "made_at": time_text(min(days.made)) if days.made else None,
        "missing_days": list(days.missing),
        "cut": {"cells": found.cut_cells, "goods": found.cut_base},
        "received": found.received,
        "shipped": found.shipped,
        "totals": all_of,
        "rows": [_row_view(row, wanted.by) for row in rows[: wanted.limit]],
        "more_rows": max(0, len(rows) - wanted.limit),
        "rest": rest,
        "definitions": dict(DEFINITIONS),
    }


def reason_csv(seller: str, wanted: Wanted, *, store: Reports, separator: Separator = Separator.SEMICOLON) -> str:
    """All rows (at most CSV_ROWS) as a table, one line per row and currency. Raises as `reason_report`."""
    rows = grouped(_days(seller, wanted, store).texts, wanted.by).rows
    headings = ["kind", *wanted.by, "cases", "pieces", "out_of", "rate", "currency", "value", "refunded", "postage"]
    lines: list[Sequence[str | int | None]] = []
    for row in rows[:CSV_ROWS]:
        count = row.count
        plain = [row.kind, *row.group, count.cases, count.pieces, row.out_of, str(row.rate) if row.rate else ""]
        currencies = sorted({*count.value, *count.refunded, *count.postage}) or [""]
        for number, currency in enumerate(currencies):
            # Counts stand in the first line of a row alone, so that a column may be added up.
            counts = plain if number == 0 else [row.kind, *row.group, "", "", "", ""]
            amounts = (_decimal(part, currency) for part in (count.value, count.refunded, count.postage))
            lines.append([*counts, currency, *amounts])
    return csv_text(headings, lines, separator)


@dataclass(slots=True)
class _Days:
    """The aggregates of a period, when each was made, and the days that have none."""

    texts: list[str] = field(default_factory=list)
    made: list[datetime] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def _days(seller: str, wanted: Wanted, store: Reports) -> _Days:
    length = (wanted.last - wanted.first).days + 1
    if not 1 <= length <= LONGEST:
        problem = f"a report covers 1 to {LONGEST} days"
        raise InvalidInputError(f"{problem}, not {length}", errors=[("to", problem)])
    days = _Days()
    for number in range(length):
        day = wanted.first + timedelta(days=number)
        row = store.report(seller, REPORT, day)
        if row is None:
            days.missing.append(day.isoformat())
        else:
            days.texts.append(str(row["figures"]))
            days.made.append(datetime.fromisoformat(str(row["at"])))
    return days


def _row_view(row: Row, by: Sequence[Dimension]) -> dict[str, Json]:
    return {
        "kind": row.kind,
        "group": {name: value or None for name, value in zip(by, row.group, strict=True)},
        **_count_view(row.count),
        "out_of": row.out_of,
        "rate": str(row.rate) if row.rate is not None else None,
    }


def _count_view(count: Count) -> dict[str, Json]:
    return {
        "cases": count.cases,
        "pieces": count.pieces,
        "value": _amounts_view(count.value),
        "refunded": _amounts_view(count.refunded),
        "postage": _amounts_view(count.postage),
    }


def _amounts_view(amounts: Amounts) -> list[Json]:
    return [money_view(money) for money in moneys(amounts)]


def _decimal(amounts: Amounts, currency: str) -> str:
    return next((money.amount for money in moneys(amounts) if money.currency == currency), "")
