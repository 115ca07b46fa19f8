"""What carriers say of numbers, as a table: each row is judged for itself, and the same row again changes nothing."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import Cases
from shipby.application.ports.sellers import Pointers
from shipby.application.ports.writes import AddScan
from shipby.application.shared.idempotency import Answer, Remember
from shipby.domain import pointers
from shipby.domain.errors import InvalidInputError
from shipby.domain.json_types import Json
from shipby.domain.tracking.scans import Scan, ScanStatus, status_of

MAX_ROWS = 1000
TOGETHER = 50
"""Scans in one transaction."""
COLUMNS = ("tracking_number", "time", "status", "words", "place", "eta")
AHEAD = timedelta(hours=14)
"""Carriers write local times as UTC: a scan may lie so far ahead of our clock. Later ones are not believed."""
OLDEST = timedelta(days=730)
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)


@dataclass(slots=True)
class _Row:
    line: int
    number: str = ""
    scan: Scan | None = None
    problem: str = ""

    def view(self) -> dict[str, Json]:
        return {
            "row": self.line,
            "tracking_number": self.number or None,
            "status": self.scan.status if self.scan else None,
            "problem": self.problem or None,
        }


def import_scans(
    seller: str, text: str, zone: str, remember: Remember, *, dry_run: bool, store: Cases, clock: Clock
) -> Answer:
    """Keep what is right of a carrier's table. `zone` is for times that name none; empty: such rows are refused.

    Raises InvalidInputError for a table without its columns, with too many rows, or a zone nobody knows.
    """
    rows = list(_rows(seller, text, _zone(zone), store=store, now=clock.now()))
    writes = [AddScan(seller, row.number, row.scan) for row in rows if row.scan is not None]
    if not dry_run:
        for start in range(0, len(writes), TOGETHER):
            chunk = {(write.number, write.scan.at, write.scan.id): write for write in writes[start : start + TOGETHER]}
            store.commit(list(chunk.values()))
    items: list[Json] = [row.view() for row in rows]
    body: dict[str, Json] = {
        "dry_run": dry_run,
        "kept": len(writes),
        "refused": len(rows) - len(writes),
        "items": items,
    }
    answer = Answer(200, body)
    if kept := remember(answer):
        store.commit(kept)
    return answer


def _zone(name: str) -> ZoneInfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InvalidInputError(
            f"there is no time zone {name[:40]!r}", errors=[("time_zone", "write it like Europe/Moscow")]
        ) from error


def _rows(seller: str, text: str, zone: ZoneInfo | None, *, store: Pointers, now: datetime) -> Iterable[_Row]:
    known: dict[str, bool] = {}
    for line, cells in _table(text):
        row = _Row(line)
        try:
            row.number = "".join(cells.get("tracking_number", "").split()).upper()[:60]
            if row.number not in known:
                kinds = (pointers.TRACKING, pointers.FORMER_TRACKING)
                known[row.number] = bool(row.number) and any(store.find(seller, kind, row.number) for kind in kinds)
            if not known[row.number]:
                raise InvalidInputError(f"no posting has or had the number {row.number or '(none)'}")
            row.scan = _scan(cells, zone, now)
        except InvalidInputError as error:
            row.problem = str(error)
        yield row


def _table(text: str) -> list[tuple[int, Mapping[str, str]]]:
    text = text.removeprefix(_MARK)
    heading = text.partition("\n")[0]
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=heading.count), strict=True))
    except csv.Error as error:
        raise InvalidInputError(f"the file cannot be read as CSV: {error}", errors=[("csv", str(error))]) from error
    names = [cell.strip().casefold() for cell in table[0]] if table else []
    missing = [name for name in ("tracking_number", "time") if name not in names]
    strange = [name for name in names if name not in COLUMNS]
    if missing or strange or not {"status", "words"} & set(names):
        problem = f"the heading needs tracking_number, time, and status or words; known are {', '.join(COLUMNS)}"
        raise InvalidInputError(problem, errors=[("csv", f"missing {missing}, unknown {strange[:5]}")])
    rows = [(line, cells) for line, cells in enumerate(table[1:], 2) if any(cell.strip() for cell in cells)]
    if not 1 <= len(rows) <= MAX_ROWS:
        problem = f"a table takes 1 to {MAX_ROWS} rows, this one has {len(rows)}: send it in parts"
        raise InvalidInputError(problem, errors=[("csv", f"{len(rows)} rows")])
    return [(line, dict(zip(names, (cell.strip() for cell in cells), strict=False))) for line, cells in rows]


def _scan(cells: Mapping[str, str], zone: ZoneInfo | None, now: datetime) -> Scan:
    for name, cell in cells.items():
        if cell.startswith(("=", "@")):
            raise InvalidInputError(f"{name} holds a formula, {cell[:40]!r}: paste its value")
    at = _time(cells.get("time", ""), zone, "time")
    if at > now + AHEAD:
        raise InvalidInputError(f"{at:%Y-%m-%d %H:%M} UTC lies ahead: check the time and its zone")
    if at < now - OLDEST:
        raise InvalidInputError(f"{at:%Y-%m-%d} is more than two years ago")
    told, words = cells.get("status", "").casefold(), cells.get("words", "")
    if told and told not in set(ScanStatus):
        raise InvalidInputError(f"there is no status {told[:40]!r}; known are {', '.join(ScanStatus)}")
    if not told and not words:
        raise InvalidInputError("the row says nothing: it needs a status or the carrier's words")
    eta = cells.get("eta", "")
    return Scan(
        at=at,
        status=ScanStatus(told) if told else status_of(words),
        words=words[:200],
        place=cells.get("place", "")[:100],
        source="csv",
        eta=_time(eta, zone, "eta") if eta else None,
    )


def _time(text: str, zone: ZoneInfo | None, name: str) -> datetime:
    if not _TIME.fullmatch(text):
        raise InvalidInputError(f"{name} {text[:40]!r} is no time: write it like 2026-11-22T17:40:00+03:00")
    try:
        told = datetime.fromisoformat(text)
        if told.tzinfo is None:
            if zone is None:
                raise InvalidInputError(f"{name} {text} names no time zone: add one, or say `time_zone` for the table")
            told = told.replace(tzinfo=zone)
        return told.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInputError(f"{name} {text[:40]!r} does not exist") from error
