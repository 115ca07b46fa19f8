"""Goods that come back: sold again, or set aside."""

from __future__ import annotations

from dataclasses import dataclass

from shipby.application.ports.writes import Write
from shipby.application.stock.booking import Why, load_items, movement_writes
from shipby.application.stock.reserving import GoodsReads, pool_of
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.stock.item import Movement, MovementKind
from shipby.domain.stock.kits import parts_of
from shipby.domain.stock.pool import PoolRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """Goods that came back of a posting; `names` are what the pool may keep them under, the likeliest first."""

    shop: str
    posting: str
    names: tuple[str, ...]
    quantity: int
    damaged: bool


def returned_writes(back: Returned, why: Why, *, store: GoodsReads) -> tuple[PoolRef | None, list[Write]]:
    """The pool that takes them and what moves them there; none where it does not keep them, or never gave them away:
    what was released before it left is on hand already."""
    held = store.reservation(back.shop, back.posting) if back.posting else None
    settings = store.settings(back.shop) or SellerSettings(seller=back.shop)
    posting = store.posting(back.shop, back.posting) if back.posting else None
    ref = held.pool_ref if held is not None else pool_of(posting, settings)
    if ref is None:
        return None, []
    pool = store.pool(ref.owner, ref.pool)
    if pool is None or not pool.open_to(back.shop):
        return None, []
    items = load_items(ref, back.names, store)
    for name in back.names:
        line = held.line(name) if held is not None else None
        if held is not None and (line is None or line.gone < back.quantity):
            continue
        parts = line.parts if line is not None else parts_of(name, items)
        if parts is None:
            continue
        items |= load_items(ref, [part for part in parts if part not in items], store)
        writes: list[Write] = []
        for part, each in sorted(parts.items()):
            count = each * back.quantity
            kind = MovementKind.RETURN_DAMAGED if back.damaged else MovementKind.RESTOCK
            movement = Movement(
                kind=kind, on_hand=0 if back.damaged else count, quarantine=count if back.damaged else 0
            )
            writes += movement_writes(items[part], movement, why)[1]
        return ref, writes
    return None, []
