"""Buyers' wishes to cancel as API clients see them."""

from __future__ import annotations

from datetime import datetime

from shipby.application.cancels.decide import load_cancel_request
from shipby.application.ports.pages import Page
from shipby.application.ports.returns import CancelRequestReads
from shipby.application.shared.paging import chosen
from shipby.application.shared.views import time_text
from shipby.domain.cancels.requests import CancelRequest
from shipby.domain.json_types import Json


def cancel_request_view(request: CancelRequest) -> dict[str, Json]:
    """A request with what speaks for which answer."""
    return {
        "id": request.id,
        "version": request.version,
        "posting_number": request.posting_number,
        "linked": request.linked,
        "state": request.state,
        "state_name": request.state_name or None,
        "open": request.open,
        "initiator": request.initiator or None,
        "reason_id": request.reason_id,
        "reason": request.reason or None,
        "requested_at": time_text(request.requested_at),
        "auto_approve_at": time_text(request.auto_approve_at),
        "reminded_next": time_text(request.next_alarm.due) if request.next_alarm else None,
        "suggestion": {
            "decision": request.suggestion or None,
            "reason": request.suggestion_reason or None,
            "facts": dict(request.facts),
            "policy_version": request.policy_version,
        },
        "decision": request.decision or None,
        "decided_by": request.decided_by or None,
        "decided_at": time_text(request.decided_at),
        "open_intent": request.open_intent or None,
        "synced_at": time_text(request.synced_at),
    }


def list_cancel_requests(
    seller: str,
    *,
    open_only: bool,
    limit: int,
    cursor: str | None,
    store: CancelRequestReads,
    posting: str = "",
    due_before: datetime | None = None,
) -> dict[str, Json]:
    """Those that wait, the earliest automatic approval first, or those that ended; of one posting, or approved by
    itself before a time, where that is asked."""

    def keep(request: CancelRequest) -> bool:
        # The index lags: a request may have been decided since.
        due = request.auto_approve_at
        in_time = due_before is None or (due is not None and due < due_before)
        return request.open is open_only and posting in ("", request.posting_number) and in_time

    def ids(most: int, after: str | None) -> Page[str]:
        return store.cancel_requests_in(seller, open_only=open_only, limit=most, cursor=after)

    page = chosen(ids, lambda one: store.cancel_request(seller, one), keep, limit=limit, cursor=cursor)
    return {"items": [cancel_request_view(request) for request in page.items], "next_cursor": page.cursor}


def get_cancel_request(seller: str, identifier: str, *, store: CancelRequestReads) -> dict[str, Json]:
    """Raises NotFoundError."""
    return cancel_request_view(load_cancel_request(store, seller, identifier))
