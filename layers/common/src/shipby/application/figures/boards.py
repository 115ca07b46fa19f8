"""How much stands on each board, and where: counted from the boards' own rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from shipby.application.shared.paging import every
from shipby.domain.json_types import Json
from shipby.domain.postings.choice import action_of
from shipby.domain.postings.posting import FINAL, Stage

if TYPE_CHECKING:
    from shipby.application.ports.pages import Page
    from shipby.application.ports.postings import PostingReads, WorkItem
    from shipby.application.ports.store import Store

_PAGE = 1000


def rows_of(seller: str, stages: Iterable[Stage], store: PostingReads) -> Iterator[WorkItem]:
    """Every row of some stages, a stage after the other, earliest cut-off first."""
    for stage in stages:
        yield from every(partial(_page_of, store, seller, stage))


def _page_of(store: PostingReads, seller: str, stage: Stage, cursor: str | None) -> Page[WorkItem]:
    return store.worklist(seller, stage, limit=_PAGE, cursor=cursor)


OPEN = tuple(stage for stage in Stage if stage not in FINAL)


def boards(seller: str, *, store: Store) -> dict[str, Json]:
    """What is open: postings by stage, next action, warehouse, method and scheme; and all other boards."""
    counted: dict[str, Counter[str]] = {
        name: Counter() for name in ("stage", "next", "warehouse", "method", "scheme", "late")
    }
    for row in rows_of(seller, OPEN, store):
        counted["stage"][row.stage] += 1
        counted["next"][action_of(row)] += 1
        counted["warehouse"][row.warehouse_id] += 1
        counted["method"][row.delivery_method_id] += 1
        counted["scheme"][row.scheme] += 1
        counted["late"]["true" if row.late else "false"] += 1
    return {
        "postings": sum(counted["stage"].values()),
        **{f"by_{name}": _counts(name, counts) for name, counts in counted.items()},
        "others": [
            {"board": name, "count": count, "href": f"/v1/{name}"} for name, count in _others(seller, store).items()
        ],
    }


def _counts(name: str, counts: Mapping[str, int]) -> list[Json]:
    """Those that have any; what a release before wrote may not say its method, and is found by no filter."""
    return [
        {"value": value, "count": count, "href": f"/v1/postings?{name}={value}"}
        for value, count in counts.items()
        if value
    ]


def _others(seller: str, store: Store) -> dict[str, int]:
    lists = {
        "returns": store.returns_in,
        "cancel-requests": store.cancel_requests_in,
        "claims": store.claims_in,
        "cases": store.cases_in,
        "carriages": store.carriages_in,
        "intents": store.open_intents,
    }
    return {
        name: sum(1 for _ in every(lambda cursor, ids=ids: ids(seller, limit=_PAGE, cursor=cursor)))  # type: ignore[misc]  # bound per turn
        for name, ids in lists.items()
    }


def warehouses(seller: str, *, store: PostingReads) -> dict[str, Json]:
    """The warehouses of open postings, with what is open and late in each."""
    return _places(seller, "warehouse", store)


def delivery_methods(seller: str, *, store: PostingReads) -> dict[str, Json]:
    """The delivery methods of open postings, with what is open and late in each."""
    return _places(seller, "method", store)


def _places(seller: str, name: str, store: PostingReads) -> dict[str, Json]:
    held, late = Counter[str](), Counter[str]()
    houses: dict[str, set[str]] = {}
    for row in rows_of(seller, OPEN, store):
        place, other = row.warehouse_id, row.delivery_method_id
        if name == "method":
            place, other = other, place
        held[place] += 1
        late[place] += row.late
        houses.setdefault(place, set()).add(other)
    items: list[Json] = [
        {
            "id": place,
            "open": held[place],
            "late": late[place],
            "warehouses" if name == "method" else "delivery_methods": sorted(filter(None, houses[place])),
            "href": f"/v1/postings?{name}={place}",
        }
        for place in sorted(held)
        if place
    ]
    return {"items": items, "next_cursor": None}
