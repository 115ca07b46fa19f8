"""The boards: open postings by stage and cut-off, from one index (may lag)."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from shipby.adapters.dynamodb import index_keys, keys
from shipby.adapters.dynamodb.alarms.due import DueAlarms
from shipby.adapters.dynamodb.codec import money
from shipby.adapters.dynamodb.paging import Listing, page, query
from shipby.adapters.dynamodb.values import Item, Wire
from shipby.application.ports.pages import Page
from shipby.application.ports.postings import Load, OpenRow, WorkItem
from shipby.domain.postings.posting import RungKind, Scheme, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from shipby.domain.postings.choice import Choice

T = TypeVar("T")


class Boards(DueAlarms):
    """The part of the store that shows boards."""

    def worklist(
        self,
        seller: str,
        stage: Stage,
        *,
        due_before: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
        only: Choice | None = None,
    ) -> Page[WorkItem]:
        """Postings of a stage, earliest cut-off first; with `due_before`, only those whose cut-off is earlier."""
        chosen: dict[str, Any] = {}
        if only is not None:
            from shipby.adapters.dynamodb.choosing import chosen_by  # lists for people only: cold starts

            chosen = chosen_by(only)

        listing = Listing(
            name=f"worklist/{seller}/{stage}",
            index=index_keys.BOARDS,
            partition=("WK", index_keys.worklist_partition(seller, stage)),
            sort="WS",
            condition="#sort < :due" if due_before else "",
            values={":due": index_keys.due_before(due_before)} if due_before else None,
            **chosen,
            owner=keys.seller_prefix(seller),
        )
        items, following = page(self._client, self._table, listing, limit=limit, cursor=cursor)
        return Page(tuple(item for item in _work_items(items) if only is None or only.shows(item)), following)

    def open_rows(
        self,
        seller: str,
        stage: Stage,
        *,
        most: int,
        after: datetime | None = None,
        until: datetime | None = None,
        warehouse: str = "",
        rings_by: datetime | None = None,
    ) -> tuple[list[OpenRow], bool]:
        """Postings of a stage with a cut-off in a span, earliest first."""
        span = index_keys.cut_offs(after, until)
        found = self._open(seller, stage, span, most, warehouse=warehouse, rings_by=rings_by)
        moments, amounts = Read(cut_off_of), Read(money)
        open_rows = []
        for row in islice(found, most):
            cut_off, _, number = row["WS"]["S"].partition("#")
            price = amounts[row["at_risk"]["S"]] if "at_risk" in row else None
            open_rows.append(OpenRow(number, stage, moments[cut_off], warehouse_of(row), price))
        return open_rows, next(found, None) is not None

    def loads(
        self, seller: str, stage: Stage, *, until: datetime, most: int, warehouse: str = ""
    ) -> tuple[list[Load], bool]:
        """Postings of a stage with a cut-off until a time, counted by cut-off, warehouse and price."""
        found = self._open(seller, stage, index_keys.cut_offs(None, until), most, warehouse=warehouse)
        counted = Counter(
            (row["WS"]["S"].partition("#")[0], warehouse_of(row), row["at_risk"]["S"] if "at_risk" in row else "")
            for row in islice(found, most)
        )
        loads = [
            Load(keys.moment(int(cut_off)), house, money(price) if price else None, postings)
            for (cut_off, house, price), postings in counted.items()
        ]
        return loads, next(found, None) is not None

    def _open(
        self,
        seller: str,
        stage: Stage,
        span: tuple[str, str],
        most: int,
        *,
        warehouse: str = "",
        rings_by: datetime | None = None,
    ) -> Iterator[Item]:
        """Rows of a board with a cut-off in a span: WS, warehouse_id and at_risk."""
        only: dict[str, tuple[str, Wire]] = {}
        if warehouse:
            only[":warehouse"] = "warehouse_id = :warehouse", {"S": warehouse}
        if rings_by is not None:
            rings = {"N": str(keys.micros(rings_by))}
            only[":rings"] = "attribute_exists(at_risk) AND alarm_at <= :rings", rings
        listing = Listing(
            name="open",
            index=index_keys.BOARDS,
            partition=("WK", index_keys.worklist_partition(seller, stage)),
            sort="WS",
            condition="#sort BETWEEN :first AND :last",
            values={":first": span[0], ":last": span[1]},
            columns=("WS", "warehouse_id", "at_risk"),
            only=" AND ".join(condition for condition, _ in only.values()),
            only_values={name: value for name, (_, value) in only.items()},
        )
        # A limit counts what is looked at, not what a filter lets through.
        return query(self._client, self._table, listing, limit=None if only else most + 1)


class Read(dict[str, T]):
    """What texts mean, each made out once: a board of ten thousand rows has a few cut-offs and prices."""

    def __init__(self, read: Callable[[str], T]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> T:
        found = self[text] = self._read(text)
        return found


def cut_off_of(sortable: str) -> datetime | None:
    return None if sortable == keys.sortable(None) else keys.moment(int(sortable))


def warehouse_of(row: Mapping[str, Wire]) -> str:
    return str(row["warehouse_id"]["S"]) if "warehouse_id" in row else ""


def _work_items(found: Iterable[Item]) -> Iterator[WorkItem]:
    """A board's rows of the columns that the index holds: read one by one, for a page of them is read at every look."""
    moments, amounts = Read(_moment_of), Read(money)

    def text(row: Item, name: str) -> str:
        return row[name]["S"] if name in row else ""

    def at(row: Item, name: str) -> datetime | None:
        return moments[row[name]["N"]] if name in row else None

    for row in found:
        yield WorkItem(
            number=row["posting_number"]["S"],
            stage=Stage(row["stage"]["S"]),
            status=row["status"]["S"],
            substatus=row["substatus"]["S"],
            scheme=Scheme(row["scheme"]["S"]),
            cut_off=at(row, "cut_off"),
            late="late" in row and row["late"]["BOOL"],
            warehouse_id=text(row, "warehouse_id"),
            at_risk=amounts[row["at_risk"]["S"]] if "at_risk" in row else None,
            next_due=at(row, "alarm_at"),
            next_kind=RungKind(row["alarm_kind"]["S"]) if "alarm_kind" in row else None,
            version=int(row["version"]["N"]) if "version" in row else 0,
            goods=text(row, "goods"),
            delivery_method_id=text(row, "delivery_method_id"),
            integration=text(row, "integration"),
            overdue="overdue" in row and row["overdue"]["BOOL"],
            assembled_at=at(row, "assembled_at"),
            label_ready_at=at(row, "label_ready_at"),
            printed_at=at(row, "printed_at"),
            open_intents=tuple(one["S"] for one in row["open_intents"]["L"]) if "open_intents" in row else (),
            blocked_reason=text(row, "blocked_reason"),
            parent_number=text(row, "parent_number"),
            entries_wanted="entries_wanted" in row and row["entries_wanted"]["BOOL"],
        )


def _moment_of(micros: str) -> datetime:
    return keys.moment(int(micros))
