"""The case of a posting that the sorting centre did not get: opened with the read that shows it, closed with the one
that does not show it any more."""

from __future__ import annotations

from datetime import datetime

from shipby.application.cases.opening import closing, opening
from shipby.application.ports.matters import Cases
from shipby.application.ports.writes import Write
from shipby.domain.cases.case import CaseKind
from shipby.domain.deadlines.periods import not_accepted_by
from shipby.domain.postings.posting import FINAL, Posting
from shipby.domain.sellers.owners import owner_of
from shipby.domain.sellers.settings import SellerSettings


def not_accepted_writes(
    known: Posting | None, posting: Posting, settings: SellerSettings, *, store: Cases, now: datetime, actor: str
) -> list[Write]:
    """What opens or closes the case in the transaction of the read; nothing for all other postings."""
    was = known is not None and known.not_accepted_since is not None and known.stage not in FINAL
    seller, kind, subject = posting.seller, CaseKind.NOT_ACCEPTED, posting.number
    since = posting.not_accepted_since
    if since is not None and posting.stage not in FINAL:
        if was:
            return []
        reason = (
            f"the sorting centre did not find posting {posting.number} (not_accepted). Look for the parcel: if the "
            "courier took it, open a dispute in the cabinet with the act and your scans; if it is still here, have it "
            "put back to awaiting_deliver and hand it over again. It may be cancelled if nothing changes until "
            f"{not_accepted_by(since, settings):%Y-%m-%d}"
        )
        owner = owner_of(posting, settings)
        _, writes = opening(
            store, seller=seller, kind=kind, subject=subject, reason=reason, owner=owner, now=now, actor=actor
        )
        return writes
    if not was:
        return []
    resolution = f"the marketplace has it as {posting.status}"
    return closing(store, seller=seller, kind=kind, subject=subject, resolution=resolution, now=now, actor=actor)
