"""What becomes of returned goods, and everything that follows from it by itself, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from shipby.application.cases.opening import closing, opening
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveReturn, Write
from shipby.application.returns.automatic import decide_by_itself
from shipby.application.returns.decisions import load_return
from shipby.application.returns.policies import options_of, with_suggestion
from shipby.application.returns.views import return_view
from shipby.application.returns.work import check_return_version
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew, or_decide_anew
from shipby.domain.cases.case import CaseKind
from shipby.domain.errors import InvalidInputError, StageMismatchError
from shipby.domain.events import Event, EventType, return_ref
from shipby.domain.json_types import Json
from shipby.domain.returns.return_case import Disposition, ReturnCase, ReturnSource, ReturnStage
from shipby.domain.sellers.settings import SellerSettings

SUPPLIER_TASK = "supplier"
_MOST_RELEASED = 25
"""Codes that one disposition gives free: each is three rows, and a transaction holds 100."""
_TO_STOCK = frozenset({Disposition.RESTOCK, Disposition.QUARANTINE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposal:
    """`disposition` is one of Disposition; `supplier` is taken from the product card where it is not given."""

    seller: str
    return_id: str
    disposition: str
    actor: str
    note: str = ""
    supplier: str = ""
    marks: tuple[str, ...] = ()
    """Scans of the marks of the pieces that are for sale again; not needed where all of the posting came back."""
    if_match: int | None = None


def dispose_return(wish: Disposal, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Say what becomes of the goods. Each follow-up is an event of its own in the same transaction, so it is made once.

    The marketplace's own action, where one is wanted, goes the way of every automatic decision (and is asked for again
    by the next polling round if this call is cut short). Raises NotFoundError, InvalidInputError, StageMismatchError,
    PreconditionFailedError.
    """
    if wish.disposition not in set(Disposition):
        raise InvalidInputError(
            f"{wish.disposition!r} is no disposition", errors=[("disposition", f"one of {', '.join(Disposition)}")]
        )

    def once() -> Answer:
        case = load_return(store, wish.seller, wish.return_id)
        check_return_version(case, wish.if_match)
        if case.disposition:
            raise StageMismatchError(f"the goods of return {case.id} went to {case.disposition} already")
        if case.inspected_at is None:
            raise StageMismatchError(f"return {case.id} is {case.stage}; inspect its goods first")
        changed, events, writes = _disposed(case, wish, store, clock)
        answer = Answer(200, return_view(changed))
        told = AppendEvents(case.seller, return_ref(case.id), changed.version, tuple(events))
        with or_decide_anew(f"a case about return {case.id} was opened meanwhile: read it again"):
            store.commit([SaveReturn(changed), told, *writes, *remember(answer)])
        return answer

    answer = decide_anew(once)
    decide_by_itself(wish.seller, wish.return_id, store=store, clock=clock)
    return answer


def _disposed(
    case: ReturnCase, wish: Disposal, store: Store, clock: Clock
) -> tuple[ReturnCase, list[Event], list[Write]]:
    now = clock.now()
    settings = store.settings(case.seller) or SellerSettings(seller=case.seller)
    goods: dict[str, Json] = {
        "sku": case.sku,
        "offer_id": case.offer_id,
        "quantity": case.quantity,
        "disposition": wish.disposition,
        "condition": case.condition,
        "posting": case.posting_number,
    }
    steps: list[dict[str, Json]] = [{"step": "stock", **goods}]
    writes: list[Write] = []
    if wish.disposition == Disposition.RESTOCK or wish.marks:
        step, writes = _pieces(case, wish, store, now)
        steps += [step] if step else []
    if settings.stock_pools and wish.disposition in _TO_STOCK and case.quantity > 0:
        pool, writes = _to_stock(case, wish, store, clock)
        steps[0]["pool"] = pool
    if wish.disposition == Disposition.SUPPLIER:
        task, writes = _supplier_task(case, wish, store, clock)
        steps.append(task)
    changed = replace(case, version=case.version + 1, disposition=wish.disposition)
    changed = with_suggestion(changed, settings, store=store)
    options = options_of(changed, settings, store=store)
    if options.suggestion is not None and not changed.open_intent:
        option = options.option(options.suggestion)
        steps.append(
            {
                "step": "marketplace",
                "option": option.kind,
                "action_id": option.action_id,
                "mode": settings.auto_return,
            }
        )
    nothing_left = changed.source is ReturnSource.FBS or not (changed.actions or changed.open_intent)
    if changed.open and nothing_left:
        changed = replace(changed, stage=ReturnStage.CLOSED, next_alarm=None)
        steps.append({"step": "close"})
        writes += closing(
            store,
            seller=case.seller,
            kind=CaseKind.RETURN,
            subject=case.id,
            resolution=f"the goods are here and went to {wish.disposition}",
            now=now,
            actor=wish.actor,
        )
    events = [Event(type=EventType.RETURN_DISPOSED, at=now, actor=wish.actor, reason=wish.note, data=goods)]
    events += [Event(type=EventType.RETURN_FOLLOWED_UP, at=now, actor=wish.actor, data=step) for step in steps]
    if changed.stage is ReturnStage.CLOSED and case.stage is not ReturnStage.CLOSED:
        closed: dict[str, Json] = {"state": case.state, "posting": case.posting_number}
        events.append(Event(type=EventType.RETURN_CLOSED, at=now, actor=wish.actor, data=closed))
    return changed, events, writes


def _pieces(
    case: ReturnCase, wish: Disposal, store: Store, now: datetime
) -> tuple[dict[str, Json] | None, list[Write]]:
    """Marks of the pieces that are for sale again are free. Raises InvalidInputError for one that is none of them."""
    from shipby.application.postings.exemplars import came_back  # only goods with marks need it: cold starts
    from shipby.domain.packing.exemplars import codes_of
    from shipby.domain.packing.marks import Mark, read_mark

    if wish.disposition != Disposition.RESTOCK:
        errors = [("marks", "leave them out: these goods are not sold again")]
        raise InvalidInputError("only what is for sale again gives its marks free", errors=errors)
    sheet = store.exemplar_sheet(case.seller, case.posting_number) if case.posting_number else None
    entered = codes_of({case.sku: sheet.pieces.get(case.sku, ())}) if sheet else ()
    scanned = [read_mark(typed) for typed in wish.marks]
    codes = [mark.identity for mark in scanned if isinstance(mark, Mark)]
    wrong = [index for index, mark in enumerate(scanned) if not isinstance(mark, Mark) or mark.identity not in entered]
    if wrong or len(set(codes)) != len(codes) or len(codes) > case.quantity:
        errors = [(f"marks/{index}", "is no mark of a piece of this return's posting") for index in wrong]
        told = f"{case.quantity} different marks of posting {case.posting_number} at most"
        raise InvalidInputError("these are not the marks of what came back", errors=errors or [("marks", told)])
    if not codes and case.quantity >= len(sheet.pieces.get(case.sku, ()) if sheet else ()):
        codes = list(entered)
    posting = store.posting(case.seller, case.posting_number) if codes else None
    if posting is None:
        return None, []
    reason = f"return {case.id} is for sale again"
    writes = came_back(posting, codes[:_MOST_RELEASED], actor=wish.actor, reason=reason, store=store, at=now)
    return {"step": "marks", "codes": len(codes)} if writes else None, writes


def _supplier_task(case: ReturnCase, wish: Disposal, store: Store, clock: Clock) -> tuple[dict[str, Json], list[Write]]:
    card = store.product_card(case.seller, case.sku) if case.sku else None
    supplier = wish.supplier or (card.supplier if card else "")
    identifier, writes = opening(
        store,
        seller=case.seller,
        kind=CaseKind.RETURN,
        subject=f"{case.id} {SUPPLIER_TASK}",
        reason=f"send {case.quantity} x {case.offer_id or case.sku} ({case.condition}) of return {case.number} back to "
        f"{supplier or 'the supplier'} and claim what they cost",
        now=clock.now(),
        actor=wish.actor,
    )
    return {"step": SUPPLIER_TASK, "case": identifier, "supplier": supplier}, writes


def _to_stock(case: ReturnCase, wish: Disposal, store: Store, clock: Clock) -> tuple[str | None, list[Write]]:
    """The pool that takes the goods, and what moves them into it; nothing where none keeps them."""
    from shipby.application.stock.booking import Why  # only where stock is kept: cold starts
    from shipby.application.stock.returning import Returned, returned_writes

    back = Returned(
        shop=case.seller,
        posting=case.posting_number,
        names=tuple(name for name in (case.offer_id, case.sku) if name),
        quantity=case.quantity,
        damaged=wish.disposition == Disposition.QUARANTINE,
    )
    why = Why(
        at=clock.now(),
        actor=wish.actor,
        reason=wish.note,
        shop=case.seller,
        posting=case.posting_number,
        cause=f"return {case.id}",
    )
    ref, writes = returned_writes(back, why, store=store)
    return (ref.text if ref is not None else None), writes
