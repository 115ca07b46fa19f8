"""What is remembered of postings and of their histories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from shipby.application.ports.pages import Page
    from shipby.domain.deadlines.outcome import Outcome
    from shipby.domain.events import AggregateKind, Ref, StoredEvent
    from shipby.domain.intents import Intent
    from shipby.domain.json_types import Json
    from shipby.domain.money import Money
    from shipby.domain.postings.posting import MarketplacePosting, Posting, Stage
    from shipby.domain.postings.tracking import TrackingChange
    from shipby.domain.proof.replay import ItemChange
    from shipby.domain.refunds.ledger import MoneyLedger


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A board's row of a posting, as the index holds it (eventually consistent)."""

    number: str
    stage: Stage
    status: str
    substatus: str
    scheme: str
    cut_off: datetime | None
    late: bool
    warehouse_id: str = ""
    at_risk: Money | None = None
    """What missing the next priced step costs."""
    next_due: datetime | None = None
    """When its next alarm rings."""


@dataclass(frozen=True, slots=True)
class PostingStory:
    """All that the proof compares of one posting; every part may be missing."""

    posting: Posting | None
    detail: MarketplacePosting | None
    money: MoneyLedger | None
    events: Sequence[StoredEvent]
    """In order."""
    intents: Sequence[Intent]
    """Oldest first."""


class PostingReads(Protocol):
    """Postings: what the marketplace says of them, their money, their boards."""

    def posting(self, seller: str, number: str) -> Posting | None: ...
    def detail(self, seller: str, number: str, *, of: Posting | None = None) -> MarketplacePosting | None:
        """What the marketplace said last. Status, offers and the time of the read are the posting's: `of` saves reading
        it where it is at hand."""

    def money(self, seller: str, number: str) -> MoneyLedger | None: ...
    def postings_with_details(
        self, seller: str, numbers: Sequence[str]
    ) -> Mapping[str, tuple[Posting, MarketplacePosting | None]]:
        """Those of the numbers that exist, in their order, with what the marketplace says of them; strongly consistent.

        For lists of many: a hundred items are one request.
        """

    def versions(self, seller: str, numbers: Sequence[str]) -> Mapping[str, int]:
        """The versions of those of the numbers that exist; strongly consistent, a hundred in one request."""

    def posting_story(self, seller: str, number: str) -> PostingStory:
        """Posting, facts, ledger, history and intents in one strongly consistent read of their partition.

        It is no snapshot: what is written meanwhile may be seen in one part and not yet in another.
        """

    def tracking_history(self, seller: str, number: str) -> list[TrackingChange]: ...
    def worklist(
        self,
        seller: str,
        stage: Stage,
        *,
        due_before: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[WorkItem]:
        """Postings of a stage, earliest cut-off first; those without a cut-off come last.

        Raises InvalidInputError if `cursor` did not come from this listing.
        """

    def received_on(self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None) -> Page[str]:
        """Numbers of the postings first seen on a day (UTC)."""

    def outcomes_on(self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None) -> Page[Outcome]:
        """How the postings that left on a day (UTC) left."""

    def mark_synced(self, seller: str, number: str, read_at: datetime) -> None:
        """Note that a read of the marketplace changed nothing: synced_at := max(synced_at, read_at); no new version."""


class HistoryReads(Protocol):
    """Histories of every aggregate; strongly consistent but for the listing."""

    def events(self, seller: str, ref: Ref, *, after_version: int = 0) -> list[StoredEvent]:
        """The history in order; versions <= `after_version` are left out."""

    def asked_on(
        self, seller: str, kind: AggregateKind, day: date, *, limit: int = 500, cursor: str | None = None
    ) -> Page[str]:
        """Ids of what was asked for on a day (UTC) and stands on no board: jobs and evidence packs.

        Eventually consistent. Those of earlier releases are missing.
        """

    def item_changes(self, seller: str, ref: Ref) -> list[ItemChange]:
        """What each version of a posting or return changed in it, oldest first; strongly consistent.

        Versions written by releases that did not keep it are missing.
        """

    def stored_item(self, seller: str, ref: Ref) -> Mapping[str, Json] | None:
        """A posting or return as it is stored, in the attributes that `item_changes` speaks of."""
