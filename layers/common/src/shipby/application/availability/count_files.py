"""Counts from a file: every row judged, and booked as stock-takes if all rows are good and it is no dry run.

Each row is a transaction of its own under its version. Sent again after a failure the rest is booked: what is booked is
unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.tables import BYTE_ORDER_MARK, Cell, Lines
from shipby.application.stock.booking import may_be_kept
from shipby.application.stock.ledger import Wish, move_by_hand
from shipby.application.stock.pools import load_pool
from shipby.domain.availability.counts import CountRow, CountState, read_row, refused, without_doubles
from shipby.domain.errors import InvalidInputError, PermanentError
from shipby.domain.json_types import Json
from shipby.domain.stock.item import Movement, MovementKind, StockItem, moved

COLUMNS = ("sku", "quantity", "version")
_NEEDED = ("sku", "quantity")
_KNOWN_AS = {
    "offer_id": "sku",
    "артикул": "sku",
    "количество": "quantity",
    "остаток": "quantity",
    "версия": "version",
    "货号": "sku",
    "数量": "quantity",
    "版本": "version",
}
MAX_ROWS = 500
"""Of one file: each is a transaction, and the call has half a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountFile:
    """A table of counts as it was sent. `field` is what the problem of the whole file is told of."""

    shop: str
    pool: str
    lines: Lines
    field: str
    actor: str
    reason: str = ""
    dry_run: bool = True


def import_counts(file: CountFile, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Judge every row, and book them unless it is a dry run or one of them is refused.

    Raises NotFoundError (pool), InvalidInputError for a file that is no such table.
    """
    pool = load_pool(file.shop, file.pool, store)
    rows = without_doubles(_rows(file))
    known = store.stock_items(pool.seller, pool.id, [row.sku for row in rows if may_be_kept(row.sku)])
    rows = [_judged(row, known.get(row.sku)) for row in rows]
    if not file.dry_run:
        good = not any(row.state is CountState.REFUSED for row in rows)
        rows = [_booked(row, known[row.sku], file, store, clock) for row in rows] if good else _left_out(rows)
    answer = Answer(200, _view(rows, dry_run=file.dry_run))
    if writes := remember(answer):
        store.commit(writes)
    return answer


def _rows(file: CountFile) -> list[CountRow]:
    filled = [(number, cells) for number, cells in file.lines if any(cell.text.strip() for cell in cells)]
    names = _heading(filled[0][1] if filled else (), file.field)
    rows = filled[1:]
    if not 1 <= len(rows) <= MAX_ROWS:
        told = f"the file has {len(rows)} rows under its heading; 1 to {MAX_ROWS} are taken at once"
        raise InvalidInputError(told, errors=[(file.field, f"{len(rows)} rows")])
    return [_row(number, dict(zip(names, cells, strict=False)), cells[len(names) :]) for number, cells in rows]


def _heading(cells: Sequence[Cell], field: str) -> list[str]:
    told = [" ".join(cell.text.removeprefix(BYTE_ORDER_MARK).split()).casefold() for cell in cells]
    while told and not told[-1]:
        told.pop()
    names = [_KNOWN_AS.get(name, name) for name in told]
    problems = [(field, f"the heading has no column {name}") for name in _NEEDED if name not in names]
    problems += [
        (field, f"there is no column {name[:40]!r}; known are {', '.join(COLUMNS)}")
        for name in names
        if name not in COLUMNS
    ]
    problems += [(field, f"the heading has the column {name} twice") for name in COLUMNS if names.count(name) > 1]
    if problems:
        raise InvalidInputError("the file's heading line is not as needed", errors=problems)
    return names


def _row(line: int, cells: dict[str, Cell], beyond: Sequence[Cell]) -> CountRow:
    def text(name: str) -> str:
        return cells[name].text if name in cells else ""

    row = read_row(line, text("sku"), text("quantity"), text("version"))
    for name, cell in cells.items():
        if cell.problem:
            return refused(row, f"{name} {cell.problem}")
    if any(cell.text.strip() for cell in beyond):
        return refused(row, "the row has more cells than the heading: quote what holds the sign between columns")
    return row


def _judged(row: CountRow, item: StockItem | None) -> CountRow:
    if row.state is CountState.REFUSED or row.counted is None:
        return row
    if item is None:
        return refused(row, f"the pool keeps no {row.sku}: check it, or book its first receipt (POST /v1/stock)")
    counted, row = row.counted, replace(row, before=item.on_shelf)
    if row.seen is not None and row.seen != item.version:
        if counted == item.on_shelf:
            return replace(row, state=CountState.UNCHANGED)
        return refused(row, f"it is at version {item.version}, {row.seen} was counted: it moved since, count again")
    try:
        moved(item, Movement(kind=MovementKind.STOCK_TAKE, on_hand=counted - item.on_shelf))
    except PermanentError as error:
        return refused(row, str(error))
    return replace(row, state=CountState.UNCHANGED) if counted == item.on_shelf else row


def _left_out(rows: Sequence[CountRow]) -> list[CountRow]:
    return [replace(row, state=CountState.LEFT_OUT) if row.state is CountState.GOOD else row for row in rows]


def _booked(row: CountRow, item: StockItem, file: CountFile, store: Store, clock: Clock) -> CountRow:
    if row.state is not CountState.GOOD or row.counted is None:
        return row
    wish = Wish(
        shop=file.shop,
        pool=file.pool,
        sku=row.sku,
        kind=MovementKind.STOCK_TAKE,
        quantity=row.counted,
        actor=file.actor,
        reason=file.reason,
        if_match=item.version,
    )
    try:
        move_by_hand(wish, lambda _: [], store=store, clock=clock)
    except PermanentError as error:  # moved since it was judged a moment ago: that row alone
        return refused(row, str(error))
    return replace(row, state=CountState.BOOKED)


def _view(rows: Sequence[CountRow], *, dry_run: bool) -> dict[str, Json]:
    counts: dict[str, Json] = {state: sum(row.state is state for row in rows) for state in CountState}
    items: list[Json] = [
        {
            "row": row.line,
            "sku": row.sku or None,
            "counted": row.counted,
            "before": row.before,
            "verdict": row.state,
            "problem": row.problem or None,
        }
        for row in rows
    ]
    return {"dry_run": dry_run, "counts": counts, "items": items}
