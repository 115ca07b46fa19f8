"""The first page: what has to leave when, what it costs otherwise, and what waits for a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from functions.console.access import DESK
from shipby.application.cases.opening import list_cases
from shipby.application.deadlines.due_soon import Wanted, deadlines
from shipby.application.deadlines.risk import Asked, lamp
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.returns.views import list_returns
from shipby.domain.cases.watches import HEALTHY, MARKETPLACE_KEY, PUSH_HEALTH
from shipby.domain.postings.posting import Stage
from shipby.domain.sellers.keys import Role

WITHIN = timedelta(hours=24)
URGENT = 8
"""Postings shown by themselves, of those on which most money hangs per minute of work."""
SHOWN = 5
"""Cases and returns shown by themselves; the rest is a click away."""
EVER = datetime(9999, 1, 1, tzinfo=UTC)
ROWS_READ = 20_000
_BOARDS: tuple[tuple[str, tuple[Stage, ...]], ...] = (
    ("confirm", (Stage.RECEIVED,)),
    ("pick", (Stage.CONFIRMED,)),
    ("pack", (Stage.PICKED, Stage.INSPECTED)),
    ("hand_over", (Stage.PACKED,)),
    ("unblock", (Stage.BLOCKED,)),
)
"""What is to be done next, and the stages that wait for it."""


def today(seller: str, role: Role, *, store: Store, clock: Clock) -> dict[str, Any]:
    """Everything of the page; cases and returns only for whom the API shows them to."""
    now = clock.now()
    due = deadlines(seller, Wanted(within=WITHIN, limit=URGENT), store=store, clock=clock)
    return {
        "lamps": _lamps(seller, store, clock),
        "totals": due["totals"],
        "urgent": due["items"],
        "due": due["due"],
        "truncated": due["truncated"],
        "boards": _boards(seller, store),
        "desk": _desk(seller, store) if role in DESK else None,
        "health": _health(seller, store),
        "at": now.isoformat(),
    }


_WORST = {"green": 0, "yellow": 1, "red": 2}


def _lamps(seller: str, store: Store, clock: Clock) -> list[dict[str, Any]]:
    """The lamp of each warehouse; cut-offs within the same minute are one to people, as bad as the worst of them."""
    houses: Any = lamp(seller, Asked(), store=store, clock=clock)["warehouses"]
    for house in houses:
        minutes: dict[str, dict[str, Any]] = {}
        for each in house["cut_offs"]:
            known = minutes.setdefault(each["cut_off"]["utc"][:16], {**each, "postings": 0, "packed": 0})
            known["postings"] += each["postings"]
            known["packed"] += each["packed"]
            if _WORST[each["lamp"]] > _WORST[known["lamp"]]:
                known |= {"lamp": each["lamp"], "detail": each["detail"]}
        house["cut_offs"] = list(minutes.values())
    return list(houses)


def _boards(seller: str, store: Store) -> list[dict[str, Any]]:
    boards = []
    for action, stages in _BOARDS:
        loads = [load for stage in stages for load in store.loads(seller, stage, until=EVER, most=ROWS_READ)[0]]
        first = min((load.cut_off for load in loads), default=None)
        boards.append(
            {
                "action": action,
                "stages": [str(stage) for stage in stages],
                "postings": sum(load.postings for load in loads),
                "first": first.isoformat() if first else None,
            }
        )
    return boards


def _desk(seller: str, store: Store) -> dict[str, Any]:
    cases = list_cases(seller, open_only=True, limit=SHOWN + 1, cursor=None, store=store)["items"]
    returns = list_returns(seller, open_only=True, limit=SHOWN + 1, cursor=None, store=store)["items"]
    return {
        "cases": cases[:SHOWN],  # type: ignore[index]  # a list, as views are JSON
        "more_cases": len(cases) > SHOWN,  # type: ignore[arg-type]  # views are JSON by their tests
        "returns": returns[:SHOWN],  # type: ignore[index]  # views are JSON by their tests
        "more_returns": len(returns) > SHOWN,  # type: ignore[arg-type]  # views are JSON by their tests
    }


def _health(seller: str, store: Store) -> dict[str, Any]:
    """The push address and the key, as the poll saw them last; None before its first look."""
    push, key = store.watch(seller, PUSH_HEALTH), store.watch(seller, MARKETPLACE_KEY)
    return {
        "push": push.state if push else None,
        "push_well": push is not None and push.state == HEALTHY,
        "push_at": push.checked_at.isoformat() if push and push.checked_at else None,
        "key": key.state if key else None,
    }
