"""What to buy: terms by article, and proposals from what is free and what was sold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from shipby.application.ports.clock import Clock
from shipby.application.ports.postings import HistoryReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveSupply
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.application.stock.ledger import check_sku, free_stock
from shipby.application.stock.pools import load_pool
from shipby.domain.availability.purchases import WINDOW, Proposal, Sales, SupplyTerms, propose, sales_of
from shipby.domain.errors import InvalidInputError, NotFoundError, PreconditionFailedError
from shipby.domain.events import Event, EventType, StoredEvent, stock_ref, supply_ref
from shipby.domain.json_types import Json
from shipby.domain.stock.item import MovementKind, StockItem

_MOVEMENTS = 2000
"""The newest ones that sales are counted in: of what moves more, a shorter time is averaged."""
_WAITING = 50


def put_terms(
    terms: SupplyTerms, if_match: int, actor: str, remember: Remember, *, store: Store, clock: Clock
) -> Answer:
    """Create (`if_match` 0) or change how an article is bought. `terms.seller` is the shop that asks.

    Raises NotFoundError (no such pool, or an SKU that it does not keep), PreconditionFailedError, InvalidInputError for
    a kit: its components are bought.
    """
    check_sku(terms.sku)

    def once() -> Answer:
        pool = load_pool(terms.seller, terms.pool, store)
        item = store.stock_items(pool.seller, pool.id, [terms.sku]).get(terms.sku)
        if item is None:
            raise NotFoundError(f"pool {pool.id} keeps no {terms.sku}: book its first receipt, then say how to buy it")
        if item.is_kit:
            parts = ", ".join(sorted(item.components))
            raise InvalidInputError(f"{terms.sku} is a kit: say how its components {parts} are bought")
        known = store.supply_terms(pool.seller, pool.id, terms.sku)
        version = known.version if known else 0
        if version != if_match:
            raise PreconditionFailedError(
                f"the terms of {terms.sku} are at version {version}, you have {if_match}: read them again"
            )
        changed = replace(terms, seller=pool.seller, pool=pool.id, version=version + 1)
        answer = Answer(200, terms_view(changed))
        data: dict[str, Json] = {"before": terms_view(known) if known else None, "after": terms_view(changed)}
        event = Event(type=EventType.SUPPLY_CHANGED, at=clock.now(), actor=actor, data=data)
        told = AppendEvents(pool.seller, supply_ref(pool.id, terms.sku), changed.version, (event,))
        store.commit([SaveSupply(changed), told, *remember(answer)])
        return answer

    return decide_anew(once)


def get_terms(shop: str, named: str, sku: str, *, store: Store) -> dict[str, Json]:
    """Raises NotFoundError."""
    pool = load_pool(shop, named, store)
    known = store.supply_terms(pool.seller, pool.id, sku)
    if known is None:
        raise NotFoundError(f"nothing is known of how {sku} is bought; PUT /v1/supply/terms/{sku} with If-Match: 0")
    return terms_view(known)


def list_proposals(
    shop: str, named: str, *, every: bool, limit: int, cursor: str | None, store: Store, clock: Clock
) -> dict[str, Json]:
    """What to buy for a pool, by SKU; with `every` also what need not be bought now. Those of a page that are not shown
    are left out of it. Raises NotFoundError, InvalidInputError."""
    pool = load_pool(shop, named, store)
    page = store.supply_in(pool.seller, pool.id, limit=limit, cursor=cursor)
    skus = [terms.sku for terms in page.items]
    kept = store.stock_items(pool.seller, pool.id, skus)
    free = free_stock(pool.ref, skus, store=store, known=list(kept.values()))
    now = clock.now()
    found = [
        _proposal(terms, kept[terms.sku], free[terms.sku], store, now) for terms in page.items if terms.sku in kept
    ]
    items: list[Json] = [proposal_view(one) for one in found if one.quantity or every]
    return {"items": items, "next_cursor": page.cursor}


def _proposal(terms: SupplyTerms, item: StockItem, free: int, store: Store, now: datetime) -> Proposal:
    short = 0
    for one in store.waiting(terms.seller, terms.pool, terms.sku, limit=_WAITING):
        held = store.reservation(one.shop, one.posting_number)
        lines = held.lines if held is not None else ()
        short += sum(line.short * line.parts.get(terms.sku, 0) for line in lines)
    return propose(terms, free=free - short, sales=_sales(item, store, now), at=now)


def _sales(item: StockItem, store: HistoryReads, now: datetime) -> Sales:
    ref = stock_ref(item.pool, item.sku)
    stored = store.events(item.seller, ref, after_version=max(0, item.version - _MOVEMENTS))
    begins = now - WINDOW
    if not stored:
        return sales_of(0, now, now)
    since = max(begins, stored[0].event.at)
    sold = sum(_sold(one) for one in stored if begins < one.event.at <= now)
    return sales_of(sold, since, now)


def _sold(stored: StoredEvent) -> int:
    data = stored.event.data
    change = data.get("change")
    if data.get("kind") != MovementKind.CONSUME or not isinstance(change, Mapping):
        return 0
    left = change.get("on_hand", 0)
    return -left if isinstance(left, int) else 0


def terms_view(terms: SupplyTerms) -> dict[str, Json]:
    return {
        "sku": terms.sku,
        "pool": terms.pool,
        "version": terms.version,
        "supplier": terms.supplier,
        "lead_days": terms.lead_days,
        "moq": terms.moq,
        "pack": terms.pack,
        "safety_days": terms.safety_days,
        "cover_days": terms.cover_days,
        "reorder_point": terms.reorder_point,
        "on_order": terms.on_order,
    }


def proposal_view(one: Proposal) -> dict[str, Json]:
    return {
        "sku": one.terms.sku,
        "pool": one.terms.pool,
        "supplier": one.terms.supplier,
        "quantity": one.quantity,
        "free": one.free,
        "on_order": one.terms.on_order,
        "sold_a_day": str(one.a_day),
        "reorder_point": one.reorder_point,
        "runs_out": one.runs_out.isoformat() if one.runs_out else None,
        "late": one.late,
        "reason": one.reason,
    }
