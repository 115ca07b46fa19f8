"""What the marketplace charged for lateness and cancels: by posting, and in total. Money is decimal text.

`tariff` (a late step of the shipping tariff), `delay` and `cancellation` (errors of the index, forgiven ones paid back)
are costs; `total` is their sum. `discount` was given for shipping early and is no part of it.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Final

from shipby_local.simulator import words
from shipby_local.simulator.words import Json, plain
from shipby_local.simulator.world import World

_NAMES: Final = {
    words.LATE_TARIFF: "tariff",
    words.DELAY_CHARGE: "delay",
    words.CANCELLATION_CHARGE: "cancellation",
    words.EARLY_DISCOUNT: "discount",
}
_COSTS: Final = ("tariff", "delay", "cancellation")
_Sums = dict[str, Decimal]


def charges(world: World, client_id: str = "") -> Json:
    """All sellers, or one: `{client_id: {"totals": {currency: sums}, "postings": {number: sums + currency}}}`."""
    by_posting: dict[str, dict[str, _Sums]] = defaultdict(lambda: defaultdict(_nothing))
    currencies: dict[str, str] = {}
    with world.change():
        for movement in world.money.all():
            name = _NAMES.get(movement.kind)
            if name is None or client_id not in {"", movement.client_id}:
                continue
            gives_back = name != "discount" and movement.paid_to == "seller"
            amount = -movement.amount if gives_back else movement.amount
            by_posting[movement.client_id][movement.posting_number][name] += amount
            currencies[movement.posting_number] = movement.currency
        known = [seller.client_id for seller in world.sellers.all() if client_id in {"", seller.client_id}]
    return {client: _seller(by_posting[client], currencies) for client in known}


def _seller(postings: dict[str, _Sums], currencies: dict[str, str]) -> Json:
    totals: dict[str, _Sums] = defaultdict(_nothing)
    for number, sums in postings.items():
        for name, amount in sums.items():
            totals[currencies[number]][name] += amount
    return {
        "totals": {currency: _text(sums) for currency, sums in totals.items()},
        "postings": {number: {"currency": currencies[number], **_text(sums)} for number, sums in postings.items()},
    }


def _nothing() -> _Sums:
    return dict.fromkeys(_NAMES.values(), Decimal(0))


def _text(sums: _Sums) -> dict[str, str]:
    total = sum((sums[name] for name in _COSTS), Decimal(0))
    return {**{name: plain(amount) for name, amount in sums.items()}, "total": plain(total)}
