"""Purchases from a table, as a file or pasted: every row is judged, and a purchase is stored whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.tables import Cell, Lines
from shipby.application.tracking.number_table import odd_sign, shown
from shipby.application.tracking.purchases import PurchaseWish, check_purchase, put_purchase
from shipby.domain.errors import InvalidInputError, PermanentError, RetryableError
from shipby.domain.json_types import Json
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.tracking.purchases import Hop, HopKind, Purchase

MAX_ROWS = 500
MAX_PURCHASES = 100
"""In one table: each is a transaction of its own, and the caller waits for all of them."""
COLUMNS = ("purchase", "posting_number", "supplier", "hop", "number", "carrier", "expected_by", "done_at")
_KNOWN_AS: Mapping[str, str] = {
    "закупка": "purchase",
    "номер отправления": "posting_number",
    "поставщик": "supplier",
    "этап": "hop",
    "номер": "number",
    "перевозчик": "carrier",
    "ожидается до": "expected_by",
    "выполнено": "done_at",
    "采购单号": "purchase",
    "货件编号": "posting_number",
    "供应商": "supplier",
    "环节": "hop",
    "单号": "number",
    "物流商": "carrier",
    "预计时间": "expected_by",
    "完成时间": "done_at",
}
_HOPS: Mapping[str, HopKind] = {
    **{kind.value: kind for kind in HopKind},
    "куплено": HopKind.BOUGHT,
    "внутренняя": HopKind.DOMESTIC,
    "форвардер": HopKind.FORWARDER,
    "международная": HopKind.INTERNATIONAL,
    "已采购": HopKind.BOUGHT,
    "国内": HopKind.DOMESTIC,
    "货代": HopKind.FORWARDER,
    "国际": HopKind.INTERNATIONAL,
}
_ID = re.compile(r"[0-9A-Za-z._-]{1,60}", re.ASCII)
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::\d\d)?)?", re.ASCII)
_DAY_RU = re.compile(r"(\d\d)\.(\d\d)\.(\d{4})(?: (\d\d):(\d\d)(?::\d\d)?)?", re.ASCII)
_END_OF_DAY = time(23, 59, 59)
_LONGEST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseTable:
    """A table as it was sent; `dry_run` judges it and stores nothing. `field` is what its problems are told of."""

    seller: str
    lines: Lines
    actor: str
    dry_run: bool
    field: str = "csv"


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    purchase: str = ""
    posting: str = ""
    supplier: str = ""
    hop: Hop | None = None
    problem: str = ""


def import_purchases(table: PurchaseTable, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """A verdict per row. Each purchase is a transaction of its own; a wrong row keeps its purchase out, and no other.

    The same table again changes nothing. Raises InvalidInputError for a table that is none.
    """
    settings = store.settings(table.seller) or SellerSettings(seller=table.seller)
    rows = _rows(table, ZoneInfo(settings.time_zone))
    groups: dict[str, list[_Row]] = {}
    for row in rows:
        groups.setdefault(row.purchase, []).append(row)
    told: dict[int, Json] = {}
    for identifier, group in groups.items():
        verdict = _one(table, identifier, group, store, clock)
        told |= {row.line: _told(row, verdict) for row in group}
    items = [told[row.line] for row in rows]
    results = [str(item["result"]) for item in items if isinstance(item, dict)]
    counts: dict[str, Json] = {name: results.count(name) for name in ("saved", "good", "unchanged", "problem")}
    answer = Answer(200, {"dry_run": table.dry_run, "items": items, **counts})
    if not table.dry_run and (kept := remember(answer)):
        store.commit(kept)
    return answer


def _told(row: _Row, verdict: tuple[str, str]) -> Json:
    result, problem = verdict
    shown_problem = row.problem or problem
    return {
        "line": row.line,
        "purchase": row.purchase,
        "posting_number": row.posting or None,
        "result": result,
        "problem": shown_problem or None,
    }


def _one(table: PurchaseTable, identifier: str, group: Sequence[_Row], store: Store, clock: Clock) -> tuple[str, str]:
    """What became of one purchase, and why not more."""
    if any(row.problem for row in group):
        return "problem", "another row of this purchase is wrong: nothing of it was stored"
    before = store.purchase(table.seller, identifier)
    wish = _merged(table, identifier, group, before)
    if before is not None and _same(before, wish):
        return "unchanged", ""
    try:
        if table.dry_run:
            check_purchase(wish, store=store, clock=clock)
            return "good", ""
        put_purchase(wish, before.version if before else 0, lambda _: [], store=store, clock=clock)
    except InvalidInputError as error:
        return "problem", "; ".join(problem for _, problem in error.errors) or str(error)
    except (PermanentError, RetryableError) as error:
        return "problem", f"{error}; send the table again"
    return "saved", ""


def _merged(table: PurchaseTable, identifier: str, group: Sequence[_Row], before: Purchase | None) -> PurchaseWish:
    """What is there with what the rows add: a posting more, a step more, or a step that is known now by more."""
    hops = list(before.hops if before else ())
    for row in group:
        if row.hop is not None:
            _put(hops, row.hop)
    told = [row.supplier for row in group if row.supplier]
    postings = (*(before.postings if before else ()), *(row.posting for row in group if row.posting))
    return PurchaseWish(
        seller=table.seller,
        id=identifier,
        actor=table.actor,
        supplier=told[-1] if told else (before.supplier if before else ""),
        comment=before.comment if before else "",
        postings=tuple(dict.fromkeys(postings)),
        hops=tuple(hops),
    )


def _put(hops: list[Hop], new: Hop) -> None:
    alike = [place for place, hop in enumerate(hops) if hop.kind is new.kind]
    same = [place for place in alike if hops[place].number == new.number]
    nameless = [place for place in alike if not hops[place].number]
    found = same or nameless or (alike if not new.number and len(alike) == 1 else [])
    if not found:
        hops.append(new)
        return
    known = hops[found[0]]
    hops[found[0]] = replace(
        known,
        number=new.number or known.number,
        carrier=new.carrier or known.carrier,
        expected_by=new.expected_by or known.expected_by,
        done_at=new.done_at or known.done_at,
    )


def _same(before: Purchase, wish: PurchaseWish) -> bool:
    return (before.supplier, before.postings, set(before.hops)) == (wish.supplier, wish.postings, set(wish.hops))


def _rows(table: PurchaseTable, zone: ZoneInfo) -> list[_Row]:
    filled = [(number, cells) for number, cells in table.lines if any(cell.text.strip() for cell in cells)]
    names = _heading(filled[0][1] if filled else (), table.field)
    rows = [_row(line, names, cells, zone) for line, cells in filled[1:]]
    if not rows:
        raise InvalidInputError("the table has no rows under its heading", errors=[(table.field, "0 rows")])
    if len(rows) > MAX_ROWS or len({row.purchase for row in rows}) > MAX_PURCHASES:
        raise InvalidInputError(
            f"a table has at most {MAX_ROWS} rows and {MAX_PURCHASES} purchases: send it in several",
            errors=[(table.field, f"{len(rows)} rows")],
        )
    return rows


def _heading(cells: Sequence[Cell], field: str) -> list[str]:
    told = [" ".join(shown(cell.text).split()).casefold() for cell in cells]
    while told and not told[-1]:
        told.pop()
    names = [_KNOWN_AS.get(name, name) for name in told]
    problems = [] if "purchase" in names else [(field, "the heading has no column purchase")]
    problems += [
        (field, f"there is no column {name[:40]!r}; known are {', '.join(COLUMNS)}")
        for name in names
        if name not in COLUMNS
    ]
    problems += [(field, f"the heading has the column {name} twice") for name in COLUMNS if names.count(name) > 1]
    if problems:
        raise InvalidInputError("the table's heading line is not as needed", errors=problems)
    return names


def _row(line: int, names: Sequence[str], cells: Sequence[Cell], zone: ZoneInfo) -> _Row:
    texts = {name: shown(cell.text) for name, cell in zip(names, cells, strict=False)}
    row = _Row(
        line,
        purchase=texts.get("purchase", "")[:_LONGEST],
        posting=texts.get("posting_number", "")[:_LONGEST],
        supplier=texts.get("supplier", "")[:_LONGEST],
    )
    if any(cell.text.strip() for cell in cells[len(names) :]):
        told = "the row has more cells than the heading: a cell holds the sign that columns are split at, quote it"
        return replace(row, problem=told)
    broken = next((f"{name} {cell.problem}" for name, cell in zip(names, cells, strict=False) if cell.problem), "")
    long = next((f"{name} has more than {_LONGEST} signs" for name, text in texts.items() if len(text) > _LONGEST), "")
    if problem := broken or long or _wrong_ids(texts):
        return replace(row, problem=problem)
    try:
        return replace(row, hop=_hop(texts, zone))
    except ValueError as error:
        return replace(row, problem=str(error))


def _wrong_ids(texts: Mapping[str, str]) -> str:
    if not _ID.fullmatch(texts.get("purchase", "")):
        return "purchase: letters, digits, dots, dashes and underscores, 1 to 60 of them"
    for name in ("posting_number", "number"):
        if odd := odd_sign(texts.get(name, "")):
            return f"{name} holds {odd}: type it anew in Latin letters, digits and '-'"
    return ""


def _hop(texts: Mapping[str, str], zone: ZoneInfo) -> Hop | None:
    """The step of a row; None where it names none. Raises ValueError that says what is wrong."""
    kind = texts.get("hop", "").casefold()
    rest = {name: texts.get(name, "") for name in ("number", "carrier", "expected_by", "done_at")}
    if not kind:
        if any(rest.values()):
            raise ValueError(f"hop is empty: say which step this is: {', '.join(HopKind)}")
        return None
    if kind not in _HOPS:
        raise ValueError(f"hop: there is no step {kind[:40]!r}; known are {', '.join(HopKind)}")
    return Hop(
        kind=_HOPS[kind],
        number=rest["number"],
        carrier=rest["carrier"],
        expected_by=_moment("expected_by", rest["expected_by"], zone, _END_OF_DAY),
        done_at=_moment("done_at", rest["done_at"], zone, time.min),
    )


def _moment(name: str, text: str, zone: ZoneInfo, of_day: time) -> datetime | None:
    """A time in the seller's zone; a day alone is its end for what is expected, its beginning for what is done."""
    if not text:
        return None
    if match := _DAY.fullmatch(text):
        year, month, day, hour, minute = match.groups()
    elif match := _DAY_RU.fullmatch(text):
        day, month, year, hour, minute = match.groups()
    else:
        return _with_zone(name, text)
    try:
        clock = time(int(hour), int(minute)) if hour else of_day
        return datetime.combine(date(int(year), int(month), int(day)), clock, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{name}: there is no such time as {text[:40]!r}") from error


def _with_zone(name: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"{name}: write {text[:40]!r} as 2026-11-30, 2026-11-30 18:00 or 30.11.2026")
