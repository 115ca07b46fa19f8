"""Conditional cancellations (buyers' wishes to cancel, rFBS), as the `Cancellations` port wants them: an allow-list.

`cancellation_reason_message`, the buyer's own words, is never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from shipby.adapters.ozon import assumptions, methods
from shipby.adapters.ozon.reading.answers import Node
from shipby.adapters.ozon.reading.entries import Fields, entries, or_noted
from shipby.adapters.ozon.requests import identifier
from shipby.adapters.ozon.transport import Transport
from shipby.application.cases.odd_entries import Listed
from shipby.application.ports.pages import Page
from shipby.domain.cancels.requests import CancelRequestState, MarketplaceCancelRequest
from shipby.domain.errors import NotFoundError
from shipby.domain.initiators import latin


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
        items = entries(
            answer, "result", Listed.CANCEL_REQUEST, lambda entry: _request_of(entry, read_at), name="cancellation_id"
        )
        # Only an empty page is surely the last; an id that stands still would never end.
        following = or_noted(Listed.CANCEL_REQUEST, answer, lambda: _last_id(answer), 0)
        return Page(items, str(following) if following not in (0, last_id) else None)


def _last_id(answer: Node) -> int:
    return answer.integer("last_id") if answer.listed("result") else 0


def _request_of(node: Node, read_at: datetime) -> MarketplaceCancelRequest:
    """Essential is what the answer and its clock hang on: the posting, the state, who asks, and until when."""
    identifier, text = node.int64("cancellation_id"), node.node("state").required("state")
    odd = Fields(node)
    maybe = odd.maybe
    found = MarketplaceCancelRequest(
        id=identifier,
        posting_number=node.identifier("posting_number"),
        state=CancelRequestState(text) if text in _STATES else CancelRequestState.OTHER,
        read_at=read_at,
        state_name=maybe("state_name", lambda: node.node("state").text("name"), "") if text in _STATES else text,
        initiator=latin(node.text("cancellation_initiator")),
        reason_id=maybe("reason_id", lambda: node.node("cancellation_reason").integer("id"), 0),
        reason=maybe("reason", lambda: node.node("cancellation_reason").text("name"), ""),
        requested_at=maybe("requested_at", lambda: node.moment("cancelled_at"), None),
        auto_approve_at=node.moment("auto_approve_date"),
        decided_at=maybe("decided_at", lambda: node.moment("approve_date"), None),
        comment=maybe("comment", lambda: node.text("approve_comment"), ""),
        integration=maybe("integration", lambda: node.text("tpl_integration_type"), ""),
    )
    odd.noted(Listed.CANCEL_REQUEST, identifier)
    return found


_STATES = frozenset(CancelRequestState) - {CancelRequestState.OTHER}
