"""A few tracking numbers at once, in one call: a verdict for every row, and a dry run that changes nothing.

Each row is a change of its own, with its own transaction and answer. Sent again after a failure the import goes on:
what is done is unchanged, what was asked for is under way. For more rows there are jobs.
"""

from __future__ import annotations

from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.tables import csv_lines
from shipby.application.tracking.number_rows import Seen, ask_row, judge_row
from shipby.application.tracking.number_table import rows_of
from shipby.domain.json_types import Json
from shipby.domain.tracking.number_job import TO_ASK, NumberRow, RowState

MAX_ROWS = 200
"""Rows in one import: each is a transaction, and the call has half a minute."""
_SAID = {RowState.ASKED: RowState.GOOD, RowState.WAITS_FOR_SECOND: RowState.DOUBTFUL}


def import_numbers(
    seller: str, text: str, actor: str, remember: Remember, *, dry_run: bool, store: Store, clock: Clock
) -> Answer:
    """Judge every row, and ask for the changes unless it is a dry run. Raises what `csv_lines` and `rows_of` raise."""
    seen = Seen()
    rows: list[NumberRow] = []
    for row in rows_of(csv_lines(text), field="csv", most=MAX_ROWS):
        judged = judge_row(seller, row, actor, seen, store=store, clock=clock)
        if judged.state in TO_ASK and not dry_run:
            judged = ask_row(seller, judged, actor, "", store=store, clock=clock)
        rows.append(judged)
    said = [_SAID.get(row.state, row.state) for row in rows]
    counts: dict[str, Json] = {name: said.count(name) for name in (RowState.GOOD, RowState.DOUBTFUL, RowState.REFUSED)}
    unchanged = sum(state in (RowState.UNCHANGED, RowState.UNDER_WAY) for state in said)
    items: list[Json] = [_view(row) for row in rows]
    body: dict[str, Json] = {"dry_run": dry_run, **counts, "unchanged": unchanged, "items": items}
    answer = Answer(200, body)
    if writes := remember(answer):
        store.commit(writes)
    return answer


def _view(row: NumberRow) -> dict[str, Json]:
    return {
        "row": row.line,
        "posting_number": row.posting or None,
        "tracking_number": row.number[:60] or None,
        "verdict": _SAID.get(row.state, row.state),
        "problem": row.problem or None,
        "intent": row.intent or None,
    }
