"""What each method about buyers' wishes to cancel sends, and an answer to it shaped by the published description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shipby.adapters.ozon import OzonClient, methods

ID, NUMBER = "90000001", "34009011-0094-1"
WORDS = "Канарейкина Ульяна, звоните +79995550199"
"""What a buyer may have typed in."""


def listed(state: str = "ON_APPROVAL", **changes: Any) -> dict[str, Any]:
    """One request of the list."""
    return {
        "cancellation_id": int(ID),
        "posting_number": NUMBER,
        "cancellation_initiator": "CLIENT",
        "cancellation_reason": {"id": 508, "name": "Покупатель отменил заказ"},
        "cancellation_reason_message": WORDS,
        "cancelled_at": "2026-11-21T10:00:00.123Z",
        "order_date": "2026-11-20T10:00:00Z",
        "tpl_integration_type": "non_integrated",
        "state": {"id": 1, "name": "На рассмотрении", "state": state},
        "approve_comment": "",
        "approve_date": None,
        "auto_approve_date": "2026-11-23T10:00:00Z",
        "source_id": 0,
        **changes,
    }


def page(filters: dict[str, Any], last_id: int = 0) -> dict[str, Any]:
    """What a page is asked for with."""
    return {"filters": filters, "limit": 500, "last_id": last_id, "with": {"counter": False}}


NOTHING = {"result": [], "last_id": 0, "counter": 0}
Case = tuple[methods.Method, object, Callable[[OzonClient], Any], dict[str, Any]]
CANCELLATION_CASES: list[Case] = [
    (methods.CANCEL_REQUEST_LIST, NOTHING, lambda c: c.cancellations.waiting(), page({"state": "ON_APPROVAL"})),
    (
        methods.CANCEL_REQUEST_LIST,
        NOTHING,
        lambda c: c.cancellations.waiting(last_id=7),
        page({"state": "ON_APPROVAL"}, 7),
    ),
    (
        methods.CANCEL_REQUEST_LIST,
        NOTHING,
        lambda c: c.cancellations.of_postings([NUMBER, NUMBER]),
        page({"posting_number": [NUMBER], "state": "ALL"}),
    ),
    (
        methods.CANCEL_REQUEST_APPROVE,
        {},
        lambda c: c.cancellations.approve(ID),
        {"cancellation_id": 90000001},
    ),
    (
        methods.CANCEL_REQUEST_REJECT,
        b"",
        lambda c: c.cancellations.reject(ID, "уже в пути"),
        {"cancellation_id": 90000001, "comment": "уже в пути"},
    ),
]
