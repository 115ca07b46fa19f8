"""The loss audit: read error index, charges and postings of some weeks, and say what each rung of the ladder cost.

It reads through a port that has no acting call at all, so a read-only key is enough and nothing can be changed by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Protocol, TypeVar

from shipby.application.cases.odd_entries import noting
from shipby.application.ports.pages import Page
from shipby.application.sellers.change_settings import duration_text
from shipby.application.shared.views import money_view, time_text
from shipby.domain.deadlines.loss_audit import (
    Comparison,
    Loss,
    RungLine,
    Share,
    Unexplained,
    compare,
    estimate_tariff,
    explain_error,
    lines,
    totals,
    uncounted,
)
from shipby.domain.errors import (
    InvalidInputError,
    MarketplaceUnavailableError,
    NotFoundError,
    RetryableError,
    UnreadableAnswerError,
)
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import MarketplacePosting
from shipby.domain.rating.standing import ErrorIndex, IndexedPosting
from shipby.domain.sellers.settings import LatePolicy, SellerSettings

T = TypeVar("T")
K = TypeVar("K")

LONGEST = timedelta(days=364)
"""/v4/posting/fbs/list takes at most a year."""
ATTEMPTS = 6
"""How often one read is tried while the marketplace is busy."""
LONGEST_WAIT = 60.0
"""Seconds; a marketplace that wants more is left alone, and the audit ends with its error."""


class LossSource(Protocol):
    """The four reads of the `Marketplace` port that the audit makes. There is no fifth."""

    def posting(self, number: str) -> MarketplacePosting: ...
    def postings(self, *, since: datetime, to: datetime, cursor: str = "") -> Page[MarketplacePosting]: ...
    def error_index(self) -> ErrorIndex: ...
    def index_errors(self, *, since: datetime, to: datetime, cursor: str = "") -> Page[IndexedPosting]: ...


@dataclass(slots=True, kw_only=True)
class LossAudit:
    """What was read and what came out of it."""

    since: datetime
    until: datetime
    policy: LatePolicy
    remind_before: tuple[timedelta, ...]
    index: ErrorIndex
    comparison: Comparison
    losses: list[Loss] = field(default_factory=list)
    unexplained: list[Unexplained] = field(default_factory=list)
    postings_read: int = 0
    without_tariff: int = 0
    """Postings of which the marketplace named no tariff steps: nothing could be estimated for them."""
    reads: int = 0

    @property
    def charges(self) -> list[Loss]:
        """The marketplace's own charges, without the estimates and the forgiven ones."""
        return [loss for loss in self.losses if not loss.estimated and not loss.grace]

    @property
    def estimates(self) -> list[Loss]:
        return [loss for loss in self.losses if loss.estimated]

    @property
    def forgiven(self) -> list[Loss]:
        return [loss for loss in self.losses if loss.grace]

    @property
    def lines(self) -> list[RungLine]:
        return lines(self.losses)

    def view(self) -> dict[str, Json]:
        """As JSON: ISO durations, money as {amount, currency}."""
        return {
            "since": time_text(self.since),
            "until": time_text(self.until),
            "policy": self.policy,
            "remind_before": [duration_text(before) for before in self.remind_before],
            "index": str(self.index.index),
            "postings_read": self.postings_read,
            "postings_without_tariff": self.without_tariff,
            "reads": self.reads,
            "rungs": [_line_view(line) for line in self.lines],
            "totals": {
                "charged": _totals_view(self.charges),
                "estimated": _totals_view(self.estimates),
                "forgiven": _totals_view(self.forgiven),
            },
            "comparison": _comparison_view(self.comparison),
            "losses": [loss_view(loss) for loss in self.losses],
            "unexplained": [{"posting_number": one.number, "why": one.why} for one in self.unexplained],
        }


def audit_losses(
    source: LossSource,
    settings: SellerSettings,
    *,
    since: datetime,
    now: datetime,
    wait: Callable[[float], None],
    progress: Callable[[str, int], None] = lambda _what, _count: None,
) -> LossAudit:
    """Read everything from `since` to `now` and explain it. `wait` sleeps some seconds, `progress` hears of each page.

    Raises InvalidInputError (period), CredentialsRejectedError, MarketplaceUnavailableError (after several tries).
    """
    if not timedelta(0) < now - since <= LONGEST:
        raise InvalidInputError(f"the marketplace lists at most {LONGEST.days} days", errors=[("days", "1 to 364")])
    reader = _Reader(source, wait, progress)
    index = reader.one("error index", source.error_index)
    # The index has a period of its own: its charges are read whole, even where the audit's period is shorter.
    rows_since = min(since, datetime.combine(index.period_from, time.min, UTC))
    rows = list(reader.errors(rows_since, now))
    audit = LossAudit(
        since=since,
        until=now,
        policy=settings.policy,
        remind_before=settings.remind_before,
        index=index,
        comparison=compare(index, rows),
    )
    named = {row.number for row in rows}
    known: dict[str, MarketplacePosting] = {}
    for facts in reader.postings(since, now):
        audit.postings_read += 1
        audit.without_tariff += not facts.tariff_steps
        if facts.number in named:
            known[facts.number] = facts
        elif (missed := uncounted(facts)) is not None:
            audit.unexplained.append(missed)
        audit.losses += estimate_tariff(facts, settings)
    for row in rows:
        if row.at < since:
            continue
        if row.number not in known and (single := reader.posting(row.number)) is not None:
            known[row.number] = single
            audit.postings_read += 1
        loss = explain_error(row, known.get(row.number), settings)
        audit.losses.append(loss)
        if loss.unexplained:
            audit.unexplained.append(Unexplained(number=loss.number, why=loss.unexplained))
    audit.unexplained += [Unexplained(number=what, why=f"cannot be read: {why}") for what, why in reader.aside.items()]
    audit.losses.sort(key=lambda loss: (loss.estimated, loss.at, loss.number))
    audit.reads = reader.reads
    return audit


class _Reader:
    """Reads page by page, waits when the marketplace is busy, and never asks for the same page twice."""

    def __init__(self, source: LossSource, wait: Callable[[float], None], progress: Callable[[str, int], None]) -> None:
        self._source, self._wait, self._progress = source, wait, progress
        self.reads = 0
        self.aside: dict[str, str] = {}
        """Entries that cannot be read -> why."""

    def one(self, what: str, read: Callable[[], T]) -> T:
        """One read, tried again as the marketplace asks."""
        for attempt in range(ATTEMPTS):
            self.reads += 1
            try:
                return read()
            except UnreadableAnswerError:
                raise  # the same again a moment later
            except RetryableError as error:
                seconds = error.retry_after or 2.0**attempt
                if attempt == ATTEMPTS - 1 or seconds > LONGEST_WAIT:
                    raise
                self._progress(f"{what}: busy, waiting {seconds:.0f} s", 0)
                self._wait(seconds)
        raise AssertionError("the last attempt returns or raises")

    def errors(self, since: datetime, to: datetime) -> Iterator[IndexedPosting]:
        return self._pages("charges", lambda cursor: self._source.index_errors(since=since, to=to, cursor=cursor))

    def postings(self, since: datetime, to: datetime) -> Iterator[MarketplacePosting]:
        """Each posting once, though pages may repeat some while new ones come in."""
        seen: set[str] = set()
        for facts in self._pages("postings", lambda cursor: self._source.postings(since=since, to=to, cursor=cursor)):
            if facts.number not in seen:
                seen.add(facts.number)
                yield facts

    def posting(self, number: str) -> MarketplacePosting | None:
        """One posting that the list does not hold; None if the marketplace does not know it, or it cannot be read."""
        try:
            return self.one(f"posting {number}", lambda: self._source.posting(number))
        except (NotFoundError, UnreadableAnswerError):
            return None

    def _pages(self, what: str, read: Callable[[str], Page[T]]) -> Iterator[T]:
        cursor, count = "", 0
        used: set[str] = set()
        while True:
            with noting() as odd:
                page = self.one(what, lambda: read(cursor))  # noqa: B023 - called before the cursor moves on
            self.aside |= {entry.subject: entry.problem for entry in odd if not entry.kept}
            count += len(page.items)
            self._progress(what, count)
            yield from page.items
            if page.cursor is None:
                return
            if page.cursor in used:
                raise MarketplaceUnavailableError(f"the marketplace repeats a page of its {what}; try again later")
            cursor = page.cursor
            used.add(cursor)


def loss_view(loss: Loss) -> dict[str, Json]:
    """One loss as JSON; also the columns of the CSV file, flattened."""
    return {
        "posting_number": loss.number,
        "rung": loss.rung,
        "at": time_text(loss.at),
        "cost": money_view(loss.cost),
        "estimated": loss.estimated,
        "forgiven": loss.grace,
        "scheme": loss.scheme,
        "cut_off": time_text(loss.cut_off),
        "cost_at": time_text(loss.cost_at),
        "reminder_at": time_text(loss.reminder.at) if loss.reminder else None,
        "reminder_before": duration_text(loss.reminder.before) if loss.reminder else None,
        "reminder_lead": duration_text(loss.reminder.lead) if loss.reminder else None,
        "policy_move": loss.move,
        "unexplained": loss.unexplained or None,
    }


def _share_view(share: Share) -> dict[str, Json]:
    return {"postings": share.postings, "cost": money_view(share.cost)}


def _shares(shares: Mapping[K, Share], name: str, text: Callable[[K], Json]) -> list[Json]:
    return [{name: text(key), **_share_view(share)} for key, share in shares.items()]


def _line_view(line: RungLine) -> dict[str, Json]:
    return {
        "rung": line.rung,
        "estimated": line.estimated,
        **_share_view(line.total),
        "reminders": [
            {
                "before": duration_text(before),
                "shortest_lead": duration_text(line.leads[before]),
                **_share_view(share),
            }
            for before, share in sorted(line.reminders.items(), reverse=True)
        ],
        "out_of_reach": _share_view(line.out_of_reach),
        "policy_moves": _shares(line.moves, "move", str),
    }


def _totals_view(losses: list[Loss]) -> list[Json]:
    return [money_view(money) for money in totals(losses).values()]


def _comparison_view(comparison: Comparison) -> dict[str, Json]:
    return {
        "period_from": comparison.period_from.isoformat(),
        "period_to": comparison.period_to.isoformat(),
        "marketplace": money_view(comparison.marketplace),
        "listed": money_view(comparison.listed),
        "difference": money_view(comparison.difference),
        "forgiven": money_view(comparison.forgiven),
        "other_currencies": [money_view(money) for money in comparison.other_currencies.values()],
        "days_that_differ": [
            {
                "day": day.day.isoformat(),
                "marketplace": money_view(day.marketplace),
                "listed": money_view(day.listed),
            }
            for day in comparison.days
        ],
        "equal": comparison.equal,
    }
