"""Buyers' wishes to cancel at the marketplace in memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from shipby.application.ports.clock import Clock
from shipby.application.ports.pages import Page
from shipby.domain.cancels.requests import CancelRequestState, MarketplaceCancelRequest
from shipby.domain.errors import MarketplaceRefusedError, NotFoundError
from shipby.domain.postings.posting import MarketplacePosting
from tests.support.fake_carriages import Fault

PAGE = 2
"""Requests on a page: small, so that every test of several pages turns one."""


class FakeCancellations:
    """`book` is what the marketplace has, `answered` what our calls did: (request, approve or reject, comment)."""

    def __init__(
        self,
        begin: Callable[[str], Fault | None],
        act: Callable[[str, Callable[[], Any]], Any],
        postings: Mapping[str, MarketplacePosting],
        cancel_by: Callable[[str, str], None],
        clock: Clock,
    ) -> None:
        self._begin, self._act, self._postings, self._cancel_by, self._clock = begin, act, postings, cancel_by, clock
        self.book: dict[str, MarketplaceCancelRequest] = {}
        self.answered: list[tuple[str, str, str]] = []

    # For tests: what the buyer and the marketplace do by themselves

    def opens(self, request_id: str, posting_number: str, *, until: datetime | None, **changes: Any) -> None:
        """A buyer asks to cancel a posting."""
        base = MarketplaceCancelRequest(
            id=request_id,
            posting_number=posting_number,
            state=CancelRequestState.ON_APPROVAL,
            read_at=self._clock.now(),
            state_name="На рассмотрении",
            initiator="CLIENT",
            reason_id=501,
            reason="Покупатель передумал",
            requested_at=self._clock.now(),
            auto_approve_at=until,
            integration="non_integrated",
        )
        self.book[request_id] = replace(base, **changes)

    def decide(self, request_id: str, state: CancelRequestState, comment: str = "") -> None:
        """Somebody else answers, in the cabinet or the marketplace itself; an approval cancels the posting."""
        found = self.book[request_id]
        now = self._clock.now()
        self.book[request_id] = replace(found, state=state, state_name=state.lower(), decided_at=now, comment=comment)
        if state is CancelRequestState.APPROVED and found.posting_number in self._postings:
            self._cancel_by(found.posting_number, "client")

    def withdraw(self, request_id: str) -> None:
        """The buyer wants it after all: the request is gone."""
        del self.book[request_id]

    # Marketplace: reads

    def _seen(self, found: MarketplaceCancelRequest) -> MarketplaceCancelRequest:
        return replace(found, read_at=self._clock.now())

    def waiting(self, *, last_id: int = 0) -> Page[MarketplaceCancelRequest]:
        self._begin("cancellations.waiting")
        left = sorted(int(one.id) for one in self.book.values() if one.state is CancelRequestState.ON_APPROVAL)
        page = [identifier for identifier in left if identifier > last_id][:PAGE]
        items = tuple(self._seen(self.book[str(identifier)]) for identifier in page)
        return Page(items, items[-1].id if items else None)

    def of_postings(self, numbers: Sequence[str]) -> tuple[MarketplaceCancelRequest, ...]:
        self._begin("cancellations.of_postings")
        return tuple(self._seen(one) for one in self.book.values() if one.posting_number in numbers)

    def get(self, request_id: str, posting_number: str) -> MarketplaceCancelRequest:
        self._begin("cancellations.get")
        found = self.book.get(request_id)
        if found is None or found.posting_number != posting_number:
            raise NotFoundError(f"no request {request_id} of {posting_number}")
        return self._seen(found)

    # Marketplace: acts

    def approve(self, request_id: str, comment: str = "") -> None:
        self._act("cancellations.approve", lambda: self._answer(request_id, "approve", comment))

    def reject(self, request_id: str, comment: str) -> None:
        self._act("cancellations.reject", lambda: self._answer(request_id, "reject", comment))

    def _answer(self, request_id: str, answer: str, comment: str) -> None:
        found = self.book.get(request_id)
        if found is None:
            raise NotFoundError(f"CANCELLATION_NOT_FOUND: {request_id}")
        if found.state is not CancelRequestState.ON_APPROVAL:
            raise MarketplaceRefusedError(
                f"{request_id}: CANCELLATION_ALREADY_DECIDED", text="CANCELLATION_ALREADY_DECIDED"
            )
        self.answered.append((request_id, answer, comment))
        state = CancelRequestState.APPROVED if answer == "approve" else CancelRequestState.REJECTED
        self.decide(request_id, state, comment)
