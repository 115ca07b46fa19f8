"""Conditional cancellations (buyers' wishes to cancel, rFBS), as the `Cancellations` port wants them: an allow-list.

`cancellation_reason_message`, the buyer's own words, is never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from shipby.adapters.ozon import assumptions, methods
from shipby.adapters.ozon.answers import Node
from shipby.adapters.ozon.requests import identifier
from shipby.adapters.ozon.transport import Transport
from shipby.application.listing import Page
from shipby.domain.cancel_requests import CancelRequestState, MarketplaceCancelRequest
from shipby.domain.errors import NotFoundError


class OzonCancellations:
    """Wishes to cancel of one seller's account."""

    def __init__(self, transport: Transport, now: Callable[[], datetime]) -> None:
        self._api, self._now = transport, now

    def waiting(self, *, last_id: int = 0) -> Page[MarketplaceCancelRequest]:
        """/v2/conditional-cancellation/list with state ON_APPROVAL, at most 500 a page."""
        return self._page({"state": CancelRequestState.ON_APPROVAL}, last_id, "")

    def of_postings(self, numbers: Sequence[str]) -> tuple[MarketplaceCancelRequest, ...]:
        """/v2/conditional-cancellation/list by posting number, all states and pages, in chunks."""
        found: list[MarketplaceCancelRequest] = []
        wanted = list(dict.fromkeys(numbers))
        for start in range(0, len(wanted), assumptions.CANCEL_REQUEST_CHUNK):
            chunk = wanted[start : start + assumptions.CANCEL_REQUEST_CHUNK]
            filters = {"posting_number": chunk, "state": "ALL"}
            last_id = 0
            while True:
                page = self._page(filters, last_id, chunk[0] if len(chunk) == 1 else f"{len(chunk)} postings")
                # A filter that the marketplace were to ignore must not bring in strangers.
                found += [one for one in page.items if one.posting_number in chunk]
                if page.cursor is None:
                    break
                last_id = int(page.cursor)
        return tuple(found)

    def get(self, request_id: str, posting_number: str) -> MarketplaceCancelRequest:
        """As `of_postings`: there is no method that reads one request."""
        for found in self.of_postings([posting_number]):
            if found.id == request_id:
                return found
        raise NotFoundError(
            f"{methods.CANCEL_REQUEST_LIST.path}: the marketplace lists no request {request_id} of {posting_number}"
        )

    def approve(self, request_id: str, comment: str = "") -> None:
        """/v2/conditional-cancellation/approve; 200 has no body."""
        self._answer(methods.CANCEL_REQUEST_APPROVE, request_id, comment)

    def reject(self, request_id: str, comment: str) -> None:
        """/v2/conditional-cancellation/reject; 200 has no body."""
        self._answer(methods.CANCEL_REQUEST_REJECT, request_id, comment)

    def _answer(self, method: methods.Method, request_id: str, comment: str) -> None:
        payload: dict[str, object] = {"cancellation_id": identifier(request_id, "cancellation_id")}
        if comment:
            payload["comment"] = comment
        self._api.act(method, payload, what=request_id, body_expected=False)

    def _page(self, filters: Mapping[str, object], last_id: int, what: str) -> Page[MarketplaceCancelRequest]:
        read_at = self._now()
        answer = self._api.read(
            methods.CANCEL_REQUEST_LIST,
            {
                "filters": filters,
                "limit": assumptions.CANCEL_REQUEST_LIMIT,
                "last_id": last_id,
                "with": {"counter": False},
            },
            what=what,
        )
        items = tuple(_request_of(entry, read_at) for entry in answer.nodes("result"))
        # Only an empty page is surely the last; an id that stands still would never end.
        following = answer.integer("last_id") if items else 0
        return Page(items, str(following) if following not in (0, last_id) else None)


def _request_of(node: Node, read_at: datetime) -> MarketplaceCancelRequest:
    state, reason = node.node("state"), node.node("cancellation_reason")
    text = state.required("state")
    return MarketplaceCancelRequest(
        id=node.required("cancellation_id"),
        posting_number=node.required("posting_number"),
        state=CancelRequestState(text) if text in _STATES else CancelRequestState.OTHER,
        read_at=read_at,
        state_name=state.text("name") if text in _STATES else text,
        initiator=node.text("cancellation_initiator"),
        reason_id=reason.integer("id"),
        reason=reason.text("name"),
        requested_at=node.moment("cancelled_at"),
        auto_approve_at=node.moment("auto_approve_date"),
        decided_at=node.moment("approve_date"),
        comment=node.text("approve_comment"),
        integration=node.text("tpl_integration_type"),
    )


_STATES = frozenset(CancelRequestState) - {CancelRequestState.OTHER}
