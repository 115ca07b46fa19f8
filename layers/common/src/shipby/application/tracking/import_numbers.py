"""Many tracking numbers at once, from a spreadsheet's CSV: a verdict for every row, and a dry run that changes nothing.

Each row is a change of its own, with its own transaction and answer. Sent again after a failure the import goes on:
what is done is unchanged, what was asked for is under way.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shipby.application.intents.replace_tracking import (
    NewTracking,
    check_number,
    check_reason,
    doubts_of,
    needs_second_word,
    replace_tracking,
)
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.postings.work_posting import load_posting
from shipby.application.shared.idempotency import Answer, Remember
from shipby.domain import pointers
from shipby.domain.errors import InvalidInputError, PermanentError
from shipby.domain.intents import IntentAction, IntentState, open_of
from shipby.domain.json_types import Json
from shipby.domain.postings.tracking import ChangeReason
from shipby.domain.sellers.settings import SellerSettings

MAX_ROWS = 200
"""Rows in one import: each is a transaction, and the call has half a minute."""
COLUMNS = ("posting_number", "old_number", "tracking_number", "carrier", "kind", "reason")
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""The byte order mark that spreadsheets write first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the file."""

    line: int
    cells: Mapping[str, str]


def rows_of(text: str) -> list[Row]:
    """The file's rows, empty lines left out.

    Raises InvalidInputError without the columns that are needed, with columns that nobody knows, or with too many rows.
    """
    text = text.removeprefix(_MARK)
    heading = text.partition("\n")[0]
    between = max(",;\t", key=heading.count)
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True))
    except csv.Error as error:
        raise InvalidInputError(f"the file cannot be read as CSV: {error}", errors=[("csv", str(error))]) from error
    names = [cell.strip().casefold() for cell in table[0]] if table else []
    _check_heading(names)
    rows = [(line, cells) for line, cells in enumerate(table[1:], 2) if any(cell.strip() for cell in cells)]
    if not 1 <= len(rows) <= MAX_ROWS:
        raise InvalidInputError(
            f"an import takes 1 to {MAX_ROWS} rows, the file has {len(rows)}: send it in parts",
            errors=[("csv", f"{len(rows)} rows")],
        )
    return [Row(line=line, cells=dict(zip(names, map(_plain, cells), strict=False))) for line, cells in rows]


def _plain(cell: str) -> str:
    """A cell's text. Tables of ours write long digits as ="80087…", so that spreadsheets leave them alone."""
    text = cell.strip()
    return text[2:-1] if text.startswith('="') and text.endswith('"') and text[2:-1].isalnum() else text


def _check_heading(names: list[str]) -> None:
    needed = ("tracking_number", "reason")
    problems = [("csv", f"the heading has no column {name}") for name in needed if name not in names]
    if "posting_number" not in names and "old_number" not in names:
        problems.append(("csv", "the heading has no column posting_number or old_number"))
    strange = [name for name in names if name not in COLUMNS]
    problems += [("csv", f"there is no column {name[:40]!r}; known are {', '.join(COLUMNS)}") for name in strange]
    if problems:
        raise InvalidInputError("the file's heading line is not as needed", errors=problems)


@dataclass(slots=True)
class _Verdict:
    row: int
    posting: str = ""
    number: str = ""
    verdict: str = "refused"
    problem: str = ""
    intent: str = ""

    def view(self) -> dict[str, Json]:
        return {
            "row": self.row,
            "posting_number": self.posting or None,
            "tracking_number": self.number or None,
            "verdict": self.verdict,
            "problem": self.problem or None,
            "intent": self.intent or None,
        }


def import_numbers(
    seller: str, text: str, actor: str, remember: Remember, *, dry_run: bool, store: Store, clock: Clock
) -> Answer:
    """Judge every row, and ask for the changes unless it is a dry run. Raises what `rows_of` raises."""
    verdicts = list(_each(seller, rows_of(text), actor, dry_run=dry_run, store=store, clock=clock))
    counts = {name: sum(one.verdict == name for one in verdicts) for name in ("good", "doubtful", "refused")}
    unchanged = sum(one.verdict in ("unchanged", "under_way") for one in verdicts)
    items: list[Json] = [one.view() for one in verdicts]
    body: dict[str, Json] = {"dry_run": dry_run, **counts, "unchanged": unchanged, "items": items}
    answer = Answer(200, body)
    if writes := remember(answer):
        store.commit(writes)
    return answer


def _each(
    seller: str, rows: Iterable[Row], actor: str, *, dry_run: bool, store: Store, clock: Clock
) -> Iterable[_Verdict]:
    postings: dict[str, int] = {}
    numbers: dict[str, int] = {}
    for row in rows:
        verdict = _Verdict(row.line)
        try:
            new = _wanted(seller, row, actor, store)
            verdict.posting, verdict.number = new.number, new.tracking_number[:60]
            _judge(verdict, new, postings, numbers, dry_run=dry_run, store=store, clock=clock)
        except PermanentError as error:
            verdict.verdict, verdict.problem = "refused", str(error)
        yield verdict


def _wanted(seller: str, row: Row, actor: str, store: Store) -> NewTracking:
    cells = row.cells
    for name, cell in cells.items():
        if cell.startswith(("=", "+", "@")):
            raise InvalidInputError(f"{name} holds a formula, {cell[:40]!r}: paste its value")
    old = "".join(cells.get("old_number", "").split()).upper()
    number = cells.get("posting_number", "")
    if not number and old:
        number = store.find(seller, pointers.TRACKING, old) or store.find(seller, pointers.FORMER_TRACKING, old) or ""
    if not number:
        raise InvalidInputError(f"no posting has the number {old}" if old else "the row names no posting")
    kind = cells.get("kind", "") or ChangeReason.OTHER
    if kind not in set(ChangeReason):
        raise InvalidInputError(f"there is no reason {kind[:40]!r}; known are {', '.join(ChangeReason)}")
    return NewTracking(
        seller=seller,
        number=number,
        tracking_number=cells.get("tracking_number", ""),
        carrier=cells.get("carrier", ""),
        kind=ChangeReason(kind),
        reason=cells.get("reason", ""),
        actor=actor,
        replaces=old or None,
    )


def _judge(
    verdict: _Verdict,
    new: NewTracking,
    postings: dict[str, int],
    numbers: dict[str, int],
    *,
    dry_run: bool,
    store: Store,
    clock: Clock,
) -> None:
    check_reason(new)
    posting = load_posting(store, new.seller, new.number)
    wanted = "".join(new.tracking_number.split()).upper()
    for seen, value, what in ((postings, new.number, "posting"), (numbers, wanted, "number")):
        if value in seen:
            raise InvalidInputError(f"the {what} stands in row {seen[value]} too: the first one counts")
        seen[value] = verdict.row
    if posting.tracking_number == wanted:
        verdict.verdict = "unchanged"
        return
    if under_way := open_of(posting, IntentAction.SET_TRACKING):
        intent = store.intent(new.seller, under_way[-1])
        if intent is not None and intent.request.get("tracking_number") == wanted:
            verdict.verdict, verdict.intent = "under_way", intent.id
            return
    judged = check_number(new, posting, store=store, now=clock.now())
    settings = store.settings(new.seller) or SellerSettings(seller=new.seller)
    doubts = doubts_of(judged, posting, store)
    second = needs_second_word(posting, doubts, settings)
    verdict.number = judged.number
    verdict.verdict = "doubtful" if second else "good"
    verdict.problem = "; ".join(doubts) or ("every replacement needs a second person" if second else "")
    if dry_run:
        return
    answer = replace_tracking(new, lambda _: [], store=store, clock=clock)
    verdict.intent = str(answer.body["id"])
    verdict.verdict = "doubtful" if answer.body["state"] == IntentState.PROPOSED else "good"
