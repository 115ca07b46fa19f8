"""The limits of a drop-off are read once a day, with the first order of its method that a rule holds against them."""

from __future__ import annotations

from datetime import datetime

from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.sellers import Reports
from shipby.application.validation.check import drop_off_kind, drop_off_rules
from shipby.domain.errors import CredentialsRejectedError, PermanentError, RetryableError
from shipby.domain.postings.posting import MarketplacePosting
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.validation.limits import limits_json

_OPEN = frozenset({"awaiting_registration", "acceptance_in_progress", "awaiting_packaging", "awaiting_deliver"})


def learn_limits(
    facts: MarketplacePosting, settings: SellerSettings, *, store: Reports, marketplace: Marketplace, now: datetime
) -> None:
    """Read and keep them, unless they were read today. A read that fails keeps no order from coming in: its rule says
    nothing of it until the next read of any order of the method."""
    if facts.status not in _OPEN or not drop_off_rules(facts, settings):
        return
    kind = drop_off_kind(facts)
    if store.report(settings.seller, kind, now.date()) is not None:
        return
    try:
        limits = marketplace.restrictions(facts.number)
    except (RetryableError, PermanentError, CredentialsRejectedError):
        return
    store.save_report(settings.seller, kind, now.date(), limits_json(limits))
