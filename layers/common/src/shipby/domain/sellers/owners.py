"""Who owns what waits for a person: the one place that reads `owners` of the policy."""

from __future__ import annotations

from shipby.domain.postings.posting import Posting
from shipby.domain.sellers.settings import SellerSettings

OTHERS = "*"
"""What owns every stage that the policy does not name, and whatever is about no posting."""


def owner_of(posting: Posting | None, settings: SellerSettings) -> str:
    """The recipient who owns a posting by its stage, or a matter that is about none; empty: everybody."""
    named = settings.owners.get(posting.stage) if posting is not None else None
    return named or settings.owners.get(OTHERS, "")
