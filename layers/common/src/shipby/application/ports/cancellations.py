"""Buyers' wishes to cancel (conditional cancellations, rFBS only) at the marketplace, as the use cases need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shipby.application.ports.pages import Page
    from shipby.domain.cancels.requests import MarketplaceCancelRequest


class Cancellations(Protocol):
    """Wishes to cancel of one seller's postings.

    Errors as `Marketplace`: approve and reject raise OutcomeUnknownError when they may have been carried out. The
    buyer's own words are never read.
    """

    def waiting(self, *, last_id: int = 0) -> Page[MarketplaceCancelRequest]:
        """Those that nobody answered yet; the cursor is the next `last_id` as text."""

    def of_postings(self, numbers: Sequence[str]) -> tuple[MarketplaceCancelRequest, ...]:
        """All of these postings, in any state."""

    def get(self, request_id: str, posting_number: str) -> MarketplaceCancelRequest:
        """One request. Raises NotFoundError if the marketplace does not list it (any more)."""

    def approve(self, request_id: str, comment: str = "") -> None:
        """The posting is cancelled, and the marketplace pays the buyer back."""

    def reject(self, request_id: str, comment: str) -> None:
        """The posting stays as it is and must be delivered."""
