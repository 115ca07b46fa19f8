"""Seeded bugs in what postings hold of goods."""

from __future__ import annotations

from tests.simulation.bugs.edits import Bug
from tests.simulation.scenes import stock

_RULES = "shipby.domain.stock.reservation"
_RESERVING = "shipby.application.stock.reserving"
_ROUTES = "shipby.application.alarms.route_events"

BUGS: tuple[Bug, ...] = (
    Bug(
        "stock",
        "split_lets_go",
        "what a part that nobody has read needs becomes free with the read of its parent",
        (f"{_RULES}:settle", "line.held if keep else min(", "min("),
        stock.another_orders_while_a_posting_is_split,
    ),
    Bug(
        "stock",
        "part_reserves_anew",
        "a part takes nothing over from its parent",
        (f"{_RULES}:taken_over", "moves = min(count, ", "moves = min(0, "),
        stock.another_orders_while_a_posting_is_split,
    ),
    Bug(
        "stock",
        "cancelled_keeps_goods",
        "a cancelled posting keeps what it reserved",
        (f"{_RESERVING}:_Settling.settled", "[] if self._posting.stage is Stage.CANCELLED else listed", "listed"),
        stock.a_cancel_gives_its_goods_back,
    ),
    Bug(
        "stock",
        "order_waits_for_goods",
        "a posting is not stored before its goods are reserved",
        (f"{_RESERVING}:settle_goods", "if later:", "if False:"),
        stock.whoever_loses_every_race_for_goods_is_stored,
    ),
    Bug(
        "stock",
        "pending_is_forgotten",
        "what is not settled is not read again",
        (f"{_ROUTES}:_of_goods", "return [Routed(Destination.SYNC, message)]", "return []"),
        stock.whoever_loses_every_race_for_goods_is_stored,
    ),
    Bug(
        "stock",
        "nobody_is_woken",
        "goods come, and who waits for them does not hear of it",
        (f"{_ROUTES}:_of_goods", "free > before", "free > before + 1000"),
        stock.goods_that_come_reach_who_waits,
    ),
)
