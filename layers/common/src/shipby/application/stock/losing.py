"""Pieces that a posting had reserved, and that cannot be sent: others take their place, as far as any are free."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from shipby.application.ports.papers import StockReads
from shipby.application.ports.writes import NoteWaiting, SaveReservation, Write
from shipby.application.stock.booking import Why, load_items, movement_writes
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import Event, EventType
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import StockMark
from shipby.domain.stock.item import Movement, MovementKind
from shipby.domain.stock.reservation import Reservation, Want, let_go, movements, pieces_of, put_back, settle
from shipby.domain.stock.waiting import Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Pieces of a plain SKU: MISSING ones are gone, DEFECTIVE ones lie in quarantine."""

    kind: MovementKind
    sku: str
    quantity: int
    at: datetime
    actor: str
    reason: str


def lose_pieces(
    held: Reservation, loss: Loss, *, store: StockReads, shelved: bool = False
) -> tuple[Reservation, Event, list[Write]]:
    """The reservation without them and with what took their place, what is told of the posting, and the writes.
    `shelved`: the posting is picked anew, so that what it holds counts as lying on its shelf again.

    Raises InvalidInputError where it holds fewer of them.
    """
    has = pieces_of(held.lines).get(loss.sku)
    if has is None or has.held < loss.quantity:
        count = has.held if has is not None else 0
        raise InvalidInputError(
            f"posting {held.posting_number} has {count} of {loss.sku} reserved, not {loss.quantity}",
            errors=[("quantity", f"at most {count}")],
        )
    parts = {part for line in held.lines for part in line.parts}
    items = load_items(held.pool_ref, sorted(parts), store)
    reduced = let_go(put_back(held.lines) if shelved else held.lines, loss.sku, loss.quantity)
    released = movements(held.lines, reduced)
    free = {sku: item.free - (released[sku].reserved if sku in released else 0) for sku, item in items.items()}
    free[loss.sku] -= loss.quantity
    wants = [Want(sku=line.sku, count=line.wanted, parts=line.parts) for line in held.lines]
    lines = settle(reduced, wants, free)
    moves = movements(held.lines, lines)
    moves[loss.sku] = replace(
        moves.get(loss.sku, Movement(kind=loss.kind)),
        kind=loss.kind,
        on_hand=-loss.quantity,
        quarantine=loss.quantity if loss.kind is MovementKind.DEFECTIVE else 0,
    )
    why = Why(at=loss.at, actor=loss.actor, reason=loss.reason, shop=held.seller, posting=held.posting_number)
    changed = replace(held, version=held.version + 1, lines=lines)
    writes: list[Write] = [SaveReservation(changed)]
    for sku, movement in moves.items():
        writes += movement_writes(items[sku], movement, why)[1]
    for sku in sorted(changed.lacking - held.lacking):
        one = Waiting(seller=held.owner, pool=held.pool, sku=sku, shop=held.seller, posting_number=held.posting_number)
        writes.append(NoteWaiting(one))
    data: dict[str, Json] = {
        "state": StockMark.SHORT if changed.short else StockMark.RESERVED,
        "pool": held.pool_ref.text,
        loss.kind: {loss.sku: loss.quantity},
    }
    event = Event(type=EventType.POSTING_STOCK, at=loss.at, actor=loss.actor, reason=loss.reason, data=data)
    return changed, event, writes
