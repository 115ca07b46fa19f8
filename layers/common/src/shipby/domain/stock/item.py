"""What a pool holds of an SKU, and the one way it changes: a movement, which never takes a number below nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from shipby.domain.errors import InvalidInputError, NotInStockError
from shipby.domain.json_types import Json
from shipby.domain.stock.pool import PoolRef

MOST_PIECES = 1_000_000_000
"""Of one SKU in one pool: more is a slip of the hand."""


class MovementKind(StrEnum):
    """Why goods moved. The texts are stored in histories; they never change."""

    RECEIPT = "receipt"
    """Goods came in."""
    CORRECTION = "correction"
    """The number was wrong."""
    WRITE_OFF = "write_off"
    """Gone for good: lost, broken, used up."""
    QUARANTINE = "quarantine"
    """Set aside: doubtful goods, which nobody sells."""
    UNQUARANTINE = "unquarantine"
    """Found good, and sold again."""
    STOCK_TAKE = "stock_take"
    """Counted."""
    RESERVE = "reserve"
    """For a posting."""
    RELEASE = "release"
    """A posting wants them no more."""
    PICK = "pick"
    """Taken from their shelf for a posting; still on hand, still reserved."""
    CONSUME = "consume"
    """Left the house with a posting."""
    RESTOCK = "restock"
    """Came back, and are sold again."""
    RETURN_DAMAGED = "return_damaged"
    """Came back, and are set aside."""
    MISSING = "missing"
    """Reserved for a posting, and not there when they were wanted."""
    DEFECTIVE = "defective"
    """Reserved for a posting, found bad and set aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StockItem:
    """How many pieces a pool holds of an SKU. `version` counts its movements: each has its event of that number.

    The SKU is the seller's own article (`offer_id`), or the marketplace's SKU. An item with components is a kit: it is
    made of others when it is sold, and holds nothing itself.
    """

    seller: str
    """The pool's owner."""
    pool: str
    sku: str
    version: int
    on_hand: int = 0
    """Pieces in the house that may be sold, those reserved among them."""
    reserved: int = 0
    """Promised to postings; never more than on hand."""
    picked: int = 0
    """Of those reserved, what has left its shelf."""
    quarantine: int = 0
    """Set aside, beside those on hand."""
    components: Mapping[str, int] = field(default_factory=dict)
    """SKU -> pieces in one kit."""

    @property
    def free(self) -> int:
        """What may still be promised."""
        return self.on_hand - self.reserved

    @property
    def on_shelf(self) -> int:
        """What a stock-take finds."""
        return self.on_hand - self.picked

    @property
    def is_kit(self) -> bool:
        return bool(self.components)

    @property
    def empty(self) -> bool:
        return not (self.on_hand or self.reserved or self.quarantine)

    @property
    def pool_ref(self) -> PoolRef:
        return PoolRef(self.seller, self.pool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """What changes in an item, in pieces; each may be negative."""

    kind: MovementKind
    on_hand: int = 0
    reserved: int = 0
    picked: int = 0
    quarantine: int = 0

    @property
    def nothing(self) -> bool:
        return not (self.on_hand or self.reserved or self.picked or self.quarantine)


def moved(item: StockItem, movement: Movement) -> StockItem:
    """The item one version on.

    Raises InvalidInputError for a kit and for more pieces than anybody has, NotInStockError where a number would fall
    below nothing, or more were promised than there are.
    """
    if item.is_kit:
        parts = ", ".join(sorted(item.components))
        raise InvalidInputError(f"{item.sku} is a kit and holds nothing itself: move its components {parts}")
    changed = replace(
        item,
        version=item.version + 1,
        on_hand=item.on_hand + movement.on_hand,
        reserved=item.reserved + movement.reserved,
        picked=item.picked + movement.picked,
        quarantine=item.quarantine + movement.quarantine,
    )
    if changed.on_hand + changed.quarantine > MOST_PIECES:
        told = f"{item.sku} would have {changed.on_hand + changed.quarantine} pieces"
        raise InvalidInputError(told, errors=[("quantity", f"at most {MOST_PIECES} in all")])
    _check(item, movement, changed)
    return changed


def _check(item: StockItem, movement: Movement, changed: StockItem) -> None:
    where = f"SKU {item.sku} in pool {item.pool}"
    if changed.quarantine < 0:
        raise NotInStockError(f"{where} has {item.quarantine} in quarantine, {-movement.quarantine} are asked for")
    if changed.on_hand < 0 or changed.free < 0:
        raise NotInStockError(
            f"{where} has {item.on_hand} on hand, {item.reserved} of them reserved for postings: {item.free} are free, "
            f"{max(0, movement.reserved - movement.on_hand)} are asked for. Say of which posting pieces are missing "
            "(POST /v1/postings/{number}/stock), or release reservations by cancelling; read GET /v1/stock/{sku} again"
        )
    if not 0 <= changed.picked <= changed.reserved:
        raise NotInStockError(
            f"{where} has {item.picked} picked of {item.reserved} reserved: {movement.kind} would leave "
            f"{changed.picked} of {changed.reserved}"
        )


def movement_data(item: StockItem, movement: Movement, changed: StockItem) -> dict[str, Json]:
    """What the event of a movement says: what changed, what there is now, and what was and is free."""
    changes = {
        name: count for name in ("on_hand", "reserved", "picked", "quarantine") if (count := getattr(movement, name))
    }
    after: dict[str, Json] = {
        "on_hand": changed.on_hand,
        "reserved": changed.reserved,
        "picked": changed.picked,
        "quarantine": changed.quarantine,
    }
    return {
        "pool": item.pool,
        "sku": item.sku,
        "kind": movement.kind,
        "change": dict(changes),
        "after": after,
        "free_before": item.free,
        "free": changed.free,
    }
