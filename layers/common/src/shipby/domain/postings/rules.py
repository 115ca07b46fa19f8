"""What holds of a posting whatever is done with it."""

from __future__ import annotations

from shipby.domain.postings.posting import MarketplacePosting, Posting


def cancelled_before_delivery(posting: Posting | None, detail: MarketplacePosting | None = None) -> bool:
    """Whether the posting is cancelled: then the marketplace pays the buyer back by itself, and nobody else may.

    `delivered` is final (what comes back after it is a return), so a cancelled posting never was delivered.
    """
    return "cancelled" in (posting.status if posting else "", detail.status if detail else "")
