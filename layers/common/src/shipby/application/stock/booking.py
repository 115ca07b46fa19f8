"""What a movement is written as, and how items are read with all that they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shipby.application.ports.papers import StockReads
from shipby.application.ports.writes import AppendEvents, SaveStock, Write
from shipby.domain.events import Event, EventType, stock_ref
from shipby.domain.json_types import Json
from shipby.domain.stock.item import Movement, StockItem, moved, movement_data
from shipby.domain.stock.kits import DEEPEST
from shipby.domain.stock.pool import PoolRef

LONGEST_SKU = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Who moves goods, when, and for what."""

    at: datetime
    actor: str
    reason: str = ""
    shop: str = ""
    posting: str = ""
    cause: str = ""
    """What else it was for, such as a return."""


def movement_writes(item: StockItem, movement: Movement, why: Why) -> tuple[StockItem, list[Write]]:
    """The item one version on, and what writes it with its movement. Raises as `moved`."""
    changed = moved(item, movement)
    data: dict[str, Json] = movement_data(item, movement, changed)
    if why.posting:
        data |= {"shop": why.shop, "posting": why.posting}
    if why.cause:
        data["cause"] = why.cause
    event = Event(type=EventType.STOCK_CHANGED, at=why.at, actor=why.actor, reason=why.reason, data=data)
    told = AppendEvents(item.seller, stock_ref(item.pool, item.sku), changed.version, (event,))
    return changed, [SaveStock(changed), told]


def may_be_kept(sku: str) -> bool:
    """Whether a pool can hold goods under this name: some articles cannot stand in a key or an address."""
    return 0 < len(sku) <= LONGEST_SKU and "#" not in sku and "/" not in sku and sku.isprintable()


def load_items(ref: PoolRef, skus: Iterable[str], store: StockReads) -> dict[str, StockItem]:
    """Those of the SKUs that the pool keeps, with every component of the kits among them."""
    items: dict[str, StockItem] = {}
    asked: set[str] = set()
    wanted = [sku for sku in dict.fromkeys(skus) if may_be_kept(sku)]
    for _ in range(DEEPEST + 2):
        if not wanted:
            break
        asked |= set(wanted)
        found: Mapping[str, StockItem] = store.stock_items(ref.owner, ref.pool, wanted)
        items |= found
        wanted = [part for item in found.values() for part in item.components if part not in asked]
    return items
