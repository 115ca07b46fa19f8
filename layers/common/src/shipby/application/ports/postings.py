"""What is remembered of postings and of their histories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from shipby.application.ports.pages import Page
    from shipby.domain.deadlines.outcome import Outcome
    from shipby.domain.deadlines.priority import OpenPosting, StatedPrices
    from shipby.domain.events import AggregateKind, Ref, StoredEvent
    from shipby.domain.intents import Intent
    from shipby.domain.json_types import Json
    from shipby.domain.money import Money
    from shipby.domain.postings.choice import Choice
    from shipby.domain.postings.posting import MarketplacePosting, Posting, RungKind, Stage
    from shipby.domain.postings.tracking import TrackingChange
    from shipby.domain.postings.words import Word
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
    next_kind: RungKind | None = None
    version: int = 0
    """As the index has it; 0 where it has none."""
    goods: str = ""
    """`shipby.domain.postings.goods.goods_text`."""
    delivery_method_id: str = ""
    integration: str = ""
    overdue: bool = False
    assembled_at: datetime | None = None
    label_ready_at: datetime | None = None
    printed_at: datetime | None = None
    open_intents: tuple[str, ...] = ()
    blocked_reason: str = ""
    parent_number: str = ""
    entries_wanted: bool = False

    @property
    def pieces(self) -> int:
        from shipby.domain.postings.goods import goods_of  # lists for people only: cold starts

        return sum(good.quantity for good in goods_of(self.goods))


class OpenRow(NamedTuple):
    """As much of a board's row as tells which postings are to be looked at; a board may have ten thousand."""

    number: str
    stage: Stage
    cut_off: datetime | None
    warehouse_id: str
    at_risk: Money | None


class Load(NamedTuple):
    """So many postings of a stage that are alike: one cut-off, one warehouse, one price."""

    cut_off: datetime
    warehouse_id: str
    at_risk: Money | None
    postings: int


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


class LookedUp(NamedTuple):
    """What one read found: postings by number, and targets of pointers by their kind and value."""

    postings: Mapping[str, Posting]
    targets: Mapping[tuple[str, str], str]


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

    def open_postings(self, seller: str, numbers: Sequence[str]) -> Mapping[str, OpenPosting]:
        """Those of the numbers that exist, in their order: of each what the order of work needs. For lists of many too,
        at a third of the work."""

    def stated_prices(self, seller: str, numbers: Sequence[str]) -> Mapping[str, StatedPrices]:
        """The prices that the marketplace states, of those it says anything of; else as `open_postings`."""

    def looked_up(self, seller: str, numbers: Sequence[str], values: Sequence[tuple[str, str]]) -> LookedUp:
        """Those of the postings and of the pointers (kind and value) that exist, a hundred in one request; strongly
        consistent."""

    def words_from(self, seller: str, begin: str, *, most: int, whole: bool = False) -> tuple[Sequence[Word], bool]:
        """Words that begin so (or, `whole`, are so), in order; at most so many, and whether there are more. May lag."""

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
        only: Choice | None = None,
    ) -> Page[WorkItem]:
        """Postings of a stage, earliest cut-off first; those without a cut-off come last. `only` chooses among them.

        Raises InvalidInputError if `cursor` did not come from this listing.
        """

    def open_rows(
        self,
        seller: str,
        stage: Stage,
        *,
        most: int,
        after: datetime | None = None,
        until: datetime | None = None,
        warehouse: str = "",
        rings_by: datetime | None = None,
    ) -> tuple[Sequence[OpenRow], bool]:
        """Postings of a stage with a cut-off `after` one time and `until` another (included), earliest first; at most
        so many, and whether there are more. Those without a cut-off come last, and where `until` is not given.

        Of one warehouse, or of all. With `rings_by` only those with a price whose next alarm rings by then.
        """

    def loads(
        self, seller: str, stage: Stage, *, until: datetime, most: int, warehouse: str = ""
    ) -> tuple[Sequence[Load], bool]:
        """Postings of a stage with a cut-off until a time (included), counted; the `most` earliest, and whether there
        are more."""

    def received_on(self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None) -> Page[str]:
        """Numbers of the postings first seen on a day (UTC)."""

    def outcomes_on(self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None) -> Page[Outcome]:
        """How the postings that left on a day (UTC) left."""

    def packed_on(self, seller: str, day: date, *, most: int) -> Mapping[tuple[str, datetime], int] | None:
        """How many of those that left on a day (UTC) were packed, by warehouse and quarter of an hour (its begin);
        None if more than `most` left. Eventually consistent; of a day that is over it may be five minutes old.

        Where the time of packing is not known (packed without a scan) the time of leaving stands for it.
        """

    def losses_on(self, seller: str, day: date, *, most: int, warehouse: str = "") -> tuple[Sequence[Money], bool]:
        """What postings that left on a day (UTC) lost to lateness, of one warehouse or of all; at most so many, and
        whether there are more. Eventually consistent."""

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
