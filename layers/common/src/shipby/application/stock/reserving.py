"""What a posting holds of a pool follows what the posting is: decided anew at every change of it, from what is true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from shipby.application.ports.papers import StockReads
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.sellers import SellerReads
from shipby.application.ports.writes import NoteWaiting, SaveReservation, Write
from shipby.application.stock.booking import Why, load_items, movement_writes
from shipby.domain.events import Event, EventType
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import BEFORE_HAND_OVER, Line, MarketplacePosting, Posting, Stage, StockMark
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.stock.item import StockItem
from shipby.domain.stock.kits import parts_of
from shipby.domain.stock.pool import ANY_WAREHOUSE, PoolRef, pool_ref
from shipby.domain.stock.reservation import (
    HeldLine,
    Reservation,
    ReservationState,
    Want,
    movements,
    picked,
    put_back,
    sent,
    settle,
    taken_over,
    trimmed,
    within,
)
from shipby.domain.stock.waiting import Waiting

MOST_MOVED = 30
"""SKUs that one transaction moves for a posting: each is two items of it, and a transaction holds a hundred."""
_OPEN = BEFORE_HAND_OVER | {Stage.BLOCKED, Stage.EXPIRED}
_OFF_SHELF = frozenset({Stage.PICKED, Stage.INSPECTED, Stage.PACKED})
_OVER = frozenset({StockMark.CONSUMED, StockMark.RELEASED})


class GoodsReads(StockReads, PostingReads, SellerReads, Protocol):
    """What is read to know what a posting holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """What settling a posting's goods changes: its mark, what is told of it, and writes of the same transaction."""

    posting: Posting
    events: tuple[Event, ...]
    writes: tuple[Write, ...] = ()
    reservation: Reservation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A posting that changes: as it was (None: it is new), and as it will be saved but for its mark."""

    before: Posting | None
    after: Posting
    at: datetime
    actor: str

    @property
    def seller(self) -> str:
        return self.after.seller


def settle_goods(
    change: Change,
    facts: MarketplacePosting | None,
    settings: SellerSettings,
    *,
    store: GoodsReads,
    same: bool = False,
    later: bool = False,
) -> Reserved | None:
    """Bring what a posting holds in line with what it is now; None where there is nothing to do.

    `facts`: what the marketplace says of it, None where that was not read.
    `same`: its lines are as they were when it was settled last, and it has no relatives. `later`: goods are left as
    they are, and the posting is marked so that it is read again at once: many postings want the same goods at this
    moment, and none of them may be lost over it.
    """
    mark = change.after.stock
    if mark in _OVER or (mark is None and not settings.stock_pools):
        return None
    if mark is None and change.after.stage not in _OPEN and (facts is None or not facts.parent_number):
        return None
    if mark is StockMark.RESERVED and not _moves(change) and (same or facts is None):
        return None
    held = store.reservation(change.seller, change.after.number) if mark is not None else None
    ref = held.pool_ref if held is not None else pool_of(change.after, settings)
    if ref is None:
        return None
    if later:
        return _pending(change)
    return _Settling(change, facts, held, ref, store).settled()


def settle_step(before: Posting, after: Posting, *, store: GoodsReads, at: datetime, actor: str) -> Reserved | None:
    """The same for a step that people take: nothing is read where the step moves no goods.

    A posting that lacks pieces is settled by the read that follows at once: that one knows its case too.
    """
    change = Change(before=before, after=after, at=at, actor=actor)
    if before.stock is None or before.stock in _OVER or not _moves(change):
        return None
    if before.stock is StockMark.SHORT:
        return _pending(change)
    facts, settings = None, SellerSettings(seller=change.seller)
    if before.stock is StockMark.PENDING:
        facts = store.detail(change.seller, after.number, of=before)
        settings = store.settings(change.seller) or settings
    return settle_goods(change, facts, settings, store=store)


def _moves(change: Change) -> bool:
    """Whether the goods go elsewhere with this change: off the shelf or back, out of the house, or nowhere."""
    before = change.before
    return before is None or (before.stage in _OPEN, _off_shelf(before)) != (
        change.after.stage in _OPEN,
        _off_shelf(change.after),
    )


def _off_shelf(posting: Posting) -> bool:
    return (posting.blocked_from or posting.stage) in _OFF_SHELF


def pool_of(posting: Posting | None, settings: SellerSettings) -> PoolRef | None:
    """The pool that a posting's goods come from, by its warehouse; None where none is named."""
    named = (posting and settings.stock_pools.get(posting.warehouse_id)) or settings.stock_pools.get(ANY_WAREHOUSE)
    return pool_ref(named, settings.seller) if named else None


def _pending(change: Change) -> Reserved:
    event = Event(type=EventType.POSTING_STOCK_PENDING, at=change.at, actor=change.actor)
    return Reserved(posting=replace(change.after, stock=StockMark.PENDING), events=(event,))


class _Settling:
    """One decision: what is held now, what is wanted, what is free."""

    def __init__(
        self,
        change: Change,
        facts: MarketplacePosting | None,
        held: Reservation | None,
        ref: PoolRef,
        store: GoodsReads,
    ) -> None:
        self._change, self._facts, self._store, self._ref = change, facts, store, ref
        self._posting = change.after
        self._held = held or Reservation(
            seller=change.seller, posting_number=change.after.number, version=0, owner=ref.owner, pool=ref.pool
        )
        self._sources: list[tuple[Reservation, tuple[HeldLine, ...]]] = []
        """Relatives that give goods up, each with the lines that it keeps."""
        self._taken: tuple[HeldLine, ...] = ()
        self._open = False

    def settled(self) -> Reserved | None:
        taken: tuple[HeldLine, ...] = ()
        named = [name for line in self._lines_of_facts() for name in (line.offer_id, line.sku)]
        held_parts = [part for line in self._held.lines for part in line.parts]
        items = load_items(self._ref, [*named, *held_parts], self._store)
        listed = self._listed(items)
        wants = [] if self._posting.stage is Stage.CANCELLED else listed
        pool = self._store.pool(self._ref.owner, self._ref.pool)
        self._open = pool is not None and pool.open_to(self._change.seller)
        first = self._held.version == 0
        if first and not (listed and self._open):
            return self._not_kept()
        if first:
            taken = self._take_over(listed)
            gone = [part for source, _ in self._sources for line in source.lines for part in line.parts]
            items |= load_items(self._ref, [part for part in gone if part not in items], self._store)
        if first and self._posting.stage not in _OPEN:
            if not self._sources:
                return self._not_kept()
            # It left, or was cancelled, before anybody read it: it has what was reserved for it, and no more.
            self._open = False
            wants = [Want(sku=line.sku, count=line.held, parts=line.parts) for line in taken] if wants else []
        before = (*self._held.lines, *taken)
        target = self._target(before, wants, self._free(items))
        lines, whole = within(before, target, most=MOST_MOVED)
        return self._reserved(lines, items, whole=whole)

    def _not_kept(self) -> Reserved | None:
        if self._posting.stock is None:
            return None
        event = Event(type=EventType.POSTING_STOCK, at=self._change.at, actor=self._change.actor)
        return Reserved(posting=replace(self._posting, stock=None), events=(event,))

    def _lines_of_facts(self) -> tuple[Line, ...]:
        return self._facts.lines if self._facts is not None else ()

    def _listed(self, items: Mapping[str, StockItem]) -> list[Want]:
        """What the posting has of this pool's goods; what it had before, where the marketplace says nothing of it."""
        if not self._lines_of_facts():
            return [
                Want(sku=line.sku, count=line.wanted, parts=line.parts, listed=line.listed) for line in self._held.lines
            ]
        found: dict[str, Want] = {}
        for line in self._lines_of_facts():
            for name in (line.offer_id, line.sku):
                parts = parts_of(name, items)
                if parts is not None:
                    count = line.quantity + (found[name].count if name in found else 0)
                    found[name] = Want(sku=name, count=count, parts=parts, listed=line.sku)
                    break
        return list(found.values())

    def _free(self, items: Mapping[str, StockItem]) -> dict[str, int]:
        """What may still be taken: nothing, where owner and shop do not both say that the shop sells from the pool."""
        if not self._open:
            return {}
        free = {sku: item.free for sku, item in items.items() if not item.is_kit}
        given = [line for source, _ in self._sources for line in source.lines]
        left = [line for _, kept in self._sources for line in kept]
        for sku, movement in movements(given, [*left, *self._taken]).items():
            free[sku] = free.get(sku, 0) - movement.reserved
        return free

    def _target(
        self, before: Sequence[HeldLine], wants: Sequence[Want], free: Mapping[str, int]
    ) -> tuple[HeldLine, ...]:
        change = self._change
        lines = settle(before, wants, free, keep=self._parts_unread())
        if change.after.stage not in _OPEN and change.after.stage is not Stage.CANCELLED:
            return sent(lines)
        late = change.after.stock is StockMark.PENDING
        if _off_shelf(change.after) and (late or change.before is None or not _off_shelf(change.before)):
            return picked(lines)
        if change.after.stage in (Stage.RECEIVED, Stage.CONFIRMED):
            return put_back(lines)
        return lines

    def _parts_unread(self) -> bool:
        """Whether a split made a posting of some of its goods that nobody has read yet: they stay its own until
        then, and where nobody knows."""
        return self._facts is None or self._unread(self._facts, besides="")

    def _unread(self, facts: MarketplacePosting, *, besides: str) -> bool:
        return any(
            number != besides and self._store.posting(self._change.seller, number) is None
            for number in facts.related_numbers
        )

    def _take_over(self, wants: Sequence[Want]) -> tuple[HeldLine, ...]:
        """What a posting that a split made takes over from the one that had its goods. What relatives kept for it, and
        nobody wants, is free from now on."""
        facts = self._facts
        if facts is None:
            return ()
        for number in dict.fromkeys(each for each in (facts.parent_number, *facts.related_numbers) if each):
            source = self._store.reservation(self._change.seller, number)
            if source is None or source.pool_ref != self._ref or not any(line.held for line in source.lines):
                continue
            relative = self._store.detail(self._change.seller, number)
            read_since = relative is not None and facts.number in relative.related_numbers
            if number != facts.parent_number and not read_since:
                continue
            still = () if self._taken else wants
            kept, taken = taken_over(source.lines, still, read_since=read_since)
            if relative is not None and read_since and not self._unread(relative, besides=facts.number):
                kept = trimmed(kept)
            # A relative that knows of this posting is written although it keeps what it has: one that is cancelled at
            # this moment leaves its goods to whoever has not been read, and must not commit beside the read of that.
            if taken or kept != source.lines or read_since:
                self._sources.append((source, kept))
                self._taken = self._taken or taken
        return self._taken

    def _reserved(self, lines: tuple[HeldLine, ...], items: Mapping[str, StockItem], *, whole: bool) -> Reserved | None:
        change, posting = self._change, self._posting
        held = replace(self._held, version=self._held.version + 1, lines=lines, state=self._state(whole=whole))
        mark = self._mark(held, whole=whole)
        if held.lines == self._held.lines and held.state is self._held.state and mark is posting.stock:
            return None
        why = Why(at=change.at, actor=change.actor, shop=change.seller, posting=posting.number)
        writes: list[Write] = [SaveReservation(held)]
        writes += [
            SaveReservation(replace(source, version=source.version + 1, lines=kept)) for source, kept in self._sources
        ]
        old = [*self._held.lines, *(line for source, _ in self._sources for line in source.lines)]
        new = [*lines, *(line for _, kept in self._sources for line in kept)]
        for sku, movement in movements(old, new).items():
            writes += movement_writes(items[sku], movement, why)[1]
        writes += self._waits(held) if whole else ()
        data: dict[str, Json] = {"state": mark, "pool": self._ref.text}
        if whole and (short := {line.sku: line.short for line in lines if line.short}):
            data["short"] = dict(short)
        kind = EventType.POSTING_STOCK_PENDING if mark is StockMark.PENDING else EventType.POSTING_STOCK
        event = Event(type=kind, at=change.at, actor=change.actor, data=data)
        changed = replace(posting, stock=mark)
        return Reserved(posting=changed, events=(event,), writes=tuple(writes), reservation=held)

    def _state(self, *, whole: bool) -> ReservationState:
        if not whole or self._posting.stage in _OPEN:
            return ReservationState.HELD
        cancelled = self._posting.stage is Stage.CANCELLED
        return ReservationState.RELEASED if cancelled else ReservationState.CONSUMED

    def _mark(self, held: Reservation, *, whole: bool) -> StockMark:
        if not whole:
            return StockMark.PENDING
        if held.state is ReservationState.HELD:
            return StockMark.SHORT if held.short else StockMark.RESERVED
        return StockMark.RELEASED if held.state is ReservationState.RELEASED else StockMark.CONSUMED

    def _waits(self, held: Reservation) -> list[Write]:
        was = self._held.lacking if self._held.state is ReservationState.HELD else frozenset()
        now = held.lacking if held.state is ReservationState.HELD else frozenset()
        return [
            NoteWaiting(
                Waiting(
                    seller=self._ref.owner,
                    pool=self._ref.pool,
                    sku=sku,
                    shop=self._change.seller,
                    posting_number=self._posting.number,
                ),
                over=sku not in now,
            )
            for sku in sorted(was ^ now)[:MOST_MOVED]
        ]
