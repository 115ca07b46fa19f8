"""How returns look to API clients: one return, its ways out side by side, what a scan found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shipby.application.ports.pages import Page
from shipby.application.ports.returns import ReturnReads
from shipby.application.ports.store import Store
from shipby.application.returns.decisions import load_return
from shipby.application.returns.policies import options_of, policy_view
from shipby.application.shared.paging import chosen
from shipby.application.shared.views import link, money_view, time_text
from shipby.domain.json_types import Json
from shipby.domain.returns.options import DEFAULT_POLICY, Option, ReturnOptions
from shipby.domain.returns.return_case import CABINET_RETURNS, RejectionReason, ReturnCase
from shipby.domain.sellers.settings import SellerSettings


def list_returns(
    seller: str,
    *,
    open_only: bool,
    limit: int,
    cursor: str | None,
    store: ReturnReads,
    posting: str = "",
    due_before: datetime | None = None,
) -> dict[str, Json]:
    """Open returns, earliest decision date first, or those no longer open; of one posting, or to be decided before a
    time, where that is asked."""

    def keep(case: ReturnCase) -> bool:
        # The index lags: a case may have gone or moved on since.
        in_time = due_before is None or (case.decide_by is not None and case.decide_by < due_before)
        return case.open is open_only and posting in ("", case.posting_number) and in_time

    def ids(most: int, after: str | None) -> Page[str]:
        return store.returns_in(seller, open_only=open_only, limit=most, cursor=after)

    page = chosen(ids, lambda one: store.return_case(seller, one), keep, limit=limit, cursor=cursor)
    return {"items": [return_view(case) for case in page.items], "next_cursor": page.cursor}


def get_return(seller: str, return_id: str, *, store: Store) -> dict[str, Json]:
    """A return with its options. Raises NotFoundError."""
    case = load_return(store, seller, return_id)
    return return_view(case) | {"options": _options(case, store)}


def get_options(seller: str, return_id: str, *, store: Store) -> dict[str, Json]:
    """The ways out of a return, side by side. Raises NotFoundError."""
    return _options(load_return(store, seller, return_id), store)


def _options(case: ReturnCase, store: Store) -> dict[str, Json]:
    settings = store.settings(case.seller) or SellerSettings(seller=case.seller)
    return options_view(case, options_of(case, settings, store=store), settings)


def return_view(case: ReturnCase) -> dict[str, Json]:
    return {
        "id": case.id,
        "number": case.number,
        "source": case.source,
        "kind": case.kind or None,
        "posting_number": case.posting_number or None,
        "linked": case.linked,
        "links": {
            "self": link("returns", case.id),
            "posting": link("postings", case.posting_number if case.linked else ""),
            "case": link("cases", subject=case.id),
            "claims": link("claims", posting=case.posting_number),
        },
        "stage": case.stage,
        "state": case.state,
        "state_name": case.state_name,
        "opened_at": time_text(case.opened_at),
        "decide_by": time_text(case.decide_by),
        "decide_at": CABINET_RETURNS if case.in_cabinet else None,
        "sku": case.sku,
        "offer_id": case.offer_id or None,
        "quantity": case.quantity,
        "price": money_view(case.price),
        "reason": case.reason,
        "is_defect": case.is_defect,
        "place": case.place or None,
        "target_place": case.target_place or None,
        "storage": money_view(case.storage),
        "arrived_at": time_text(case.arrived_at),
        "storage_since": time_text(case.storage_since),
        "storage_charged_since": time_text(case.storage_charged_since),
        "compensation_status": case.compensation_status or None,
        "compensation_changed_at": time_text(case.compensation_changed_at),
        "scrapped_at": time_text(case.scrapped_at),
        "received_at": time_text(case.received_at),
        "inspected_at": time_text(case.inspected_at),
        "condition": case.condition or None,
        "note": case.note or None,
        "evidence": list(case.evidence),
        "disposition": case.disposition or None,
        "exchange": case.exchange or None,
        "suggestion": case.suggestion or None,
        "suggestion_reason": case.suggestion_reason or None,
        "policy_version": case.policy_version,
        "decision": case.decision or None,
        "available_actions": [{"id": action.id, "name": action.name} for action in case.actions],
        "rejection_reasons": [_reason_view(reason) for reason in case.rejection_reasons],
        "open_intent": case.open_intent or None,
        "version": case.version,
    }


def options_view(case: ReturnCase, found: ReturnOptions, settings: SellerSettings) -> dict[str, Json]:
    window = found.window
    return {
        "return_id": case.id,
        "options": [_option_view(option) for option in found.options],
        "suggestion": found.suggestion,
        "suggestion_reason": found.reason,
        "policy": policy_view(found.policy, default=found.policy is DEFAULT_POLICY),
        "policy_version": settings.version,
        "window": {
            "days": window.days,
            "delivered_at": time_text(window.delivered_at),
            "ends_at": time_text(window.ends_at),
            "over": window.over,
        },
    }


def _option_view(option: Option) -> dict[str, Json]:
    return {
        "option": option.kind,
        "available": option.available,
        "why_not": option.why_not or None,
        "action_id": option.action_id,
        "action_name": option.action_name or None,
        "cost": {
            "to_buyer": money_view(option.to_buyer),
            "known": option.cost_known,
            "goods": option.goods,
            "goods_lost": money_view(option.goods_lost),
            "postage": None,
            "postage_unknown": option.postage_unknown,
        },
        "needs": list(option.needs),
        "suggested_amount": money_view(option.suggested_amount),
        "rejection_reasons": [_reason_view(reason) for reason in option.rejection_reasons],
    }


def scan_view(result: str, cases: Sequence[ReturnCase]) -> dict[str, Json]:
    """`result` is received, already_received or choose; with several returns `return` is null."""
    alone = len(cases) == 1
    return {
        "result": result,
        "return": return_view(cases[0]) if alone else None,
        "candidates": [] if alone else [return_view(case) for case in cases],
    }


def _reason_view(reason: RejectionReason) -> dict[str, Json]:
    return {"id": reason.id, "name": reason.name, "needs_comment": reason.needs_comment}
