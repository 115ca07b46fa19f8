"""What is remembered of matters for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shipby.application.ports.sellers import Pointers
from shipby.application.ports.writes import Commits

if TYPE_CHECKING:
    from datetime import date, datetime

    from shipby.application.ports.pages import Page
    from shipby.domain.cases.case import Case
    from shipby.domain.cases.watch import Watch
    from shipby.domain.evidence.claims import Claim
    from shipby.domain.evidence.pieces import EvidenceChain, EvidenceItem, EvidencePack, EvidenceUpload
    from shipby.domain.postings.posting import Posting
    from shipby.domain.sellers.settings import SellerSettings
    from shipby.domain.shadow import ShadowDecision


class CaseReads(Protocol):
    """Cases."""

    def case(self, seller: str, identifier: str) -> Case | None: ...
    def cases_in(
        self,
        seller: str,
        *,
        open_only: bool = True,
        since: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        """Ids of cases, oldest first (open), else those closed; with `since` only those opened from then on."""


class CaseOwners(Protocol):
    """What says whose a case is."""

    def settings(self, seller: str) -> SellerSettings | None: ...
    def posting(self, seller: str, number: str) -> Posting | None: ...


class Cases(CaseReads, CaseOwners, Pointers, Commits, Protocol):
    """What opens and closes a case: one is open a matter, which its pointer says, with its owner by the policy."""


class WatchReads(Protocol):
    """Watches."""

    def watch(self, seller: str, identifier: str) -> Watch | None: ...


class Watches(WatchReads, Commits, Protocol):
    """What looks at something of a whole seller and notes what it saw."""


class ClaimReads(Protocol):
    """Claims."""

    def claim(self, seller: str, identifier: str) -> Claim | None: ...
    def claims_in(
        self,
        seller: str,
        *,
        open_only: bool = True,
        since: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        """Ids of claims, earliest answer first (open), else those that ended; with `since` only those due since."""


class EvidenceReads(Protocol):
    """Evidence of postings, and its packs."""

    def evidence_chain(self, seller: str, number: str) -> EvidenceChain | None: ...
    def evidence(self, seller: str, number: str) -> list[EvidenceItem]:
        """All evidence of a posting in its order; strongly consistent."""

    def evidence_upload(self, seller: str, number: str, identifier: str) -> EvidenceUpload | None: ...
    def evidence_pack(self, seller: str, identifier: str) -> EvidencePack | None: ...


class ShadowReads(Protocol):
    """What automatic actions would have done."""

    def shadows_on(
        self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None
    ) -> Page[ShadowDecision]:
        """What automatic actions would have done on a day (UTC), in order; kept for 90 days."""
