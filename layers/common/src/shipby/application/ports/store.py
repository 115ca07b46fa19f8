"""What the use cases need from outside, as small protocols. Adapters implement them; nothing here knows how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from shipby.application.ports.pages import Page
from shipby.application.ports.writes import (
    Write,
)
from shipby.domain.alarm import AlarmRef, AsideAlarm
from shipby.domain.cancels.requests import CancelRequest
from shipby.domain.carriages import Carriage
from shipby.domain.cases.case import Case
from shipby.domain.cases.watch import Watch
from shipby.domain.deadlines.outcome import Outcome
from shipby.domain.events import Ref, StoredEvent
from shipby.domain.evidence.claims import Claim
from shipby.domain.evidence.pieces import EvidenceChain, EvidenceItem, EvidencePack, EvidenceUpload
from shipby.domain.intents import Intent, IntentState
from shipby.domain.json_types import Json
from shipby.domain.labels.documents import Document
from shipby.domain.labels.pages import RefusedPage
from shipby.domain.labels.prints import PrintJob
from shipby.domain.money import Money
from shipby.domain.notices.digest_entry import DigestEntry
from shipby.domain.packing.cards import BenchCheck, ProductCard
from shipby.domain.postings.inbox import PushRow, PushToken
from shipby.domain.postings.posting import MarketplacePosting, Posting, Stage
from shipby.domain.postings.tracking import TrackingChange
from shipby.domain.proof.replay import ItemChange
from shipby.domain.refunds.ledger import MoneyLedger
from shipby.domain.remembered import RememberedResponse
from shipby.domain.returns.return_case import ReturnCase
from shipby.domain.sellers.keys import ApiKey
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.shadow import ShadowDecision


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A board's row of a posting, as the index holds it (eventually consistent)."""

    number: str
    stage: Stage
    status: str
    substatus: str
    scheme: str
    version: int
    cut_off: datetime | None
    late: bool
    warehouse_id: str = ""
    at_risk: Money | None = None
    """What missing the next priced step costs."""
    next_due: datetime | None = None
    """When its next alarm rings."""
    next_rung: str = ""


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


class Store(Protocol):
    """Everything Shipby remembers. One contract suite runs against every implementation.

    Single-item reads are strongly consistent; listings over an index (`worklist`, `received_on`, `due_alarms`,
    `intents_in`, `returns_in`) may lag behind.
    """

    def commit(self, writes: Sequence[Write], *, token: str = "") -> None:
        """Apply all writes or none. `token` (<= 36 characters) makes a repeat within ten minutes a no-op.

        Raises VersionConflictError, AlreadyExistsError (its `what` names the row kind: EVENT, IDEM, FIND, TRACKING),
        CapReachedError, KillSwitchOnError, StoreUnavailableError.
        """

    def posting(self, seller: str, number: str) -> Posting | None: ...
    def detail(self, seller: str, number: str) -> MarketplacePosting | None: ...
    def money(self, seller: str, number: str) -> MoneyLedger | None: ...
    def posting_story(self, seller: str, number: str) -> PostingStory:
        """Posting, facts, ledger, history and intents in one strongly consistent read of their partition.

        It is no snapshot: what is written meanwhile may be seen in one part and not yet in another.
        """

    def return_case(self, seller: str, return_id: str) -> ReturnCase | None: ...
    def intent(self, seller: str, identifier: str) -> Intent | None: ...
    def document(self, seller: str, number: str, identifier: str) -> Document | None: ...
    def print_job(self, seller: str, identifier: str) -> PrintJob | None: ...
    def settings(self, seller: str) -> SellerSettings | None: ...
    def remembered(self, seller: str, key: str, now: datetime) -> RememberedResponse | None:
        """What the key answered before, unless it has expired by `now`."""

    def find(self, seller: str, kind: str, value: str) -> str | None:
        """The target of a pointer."""

    def cap_used(self, seller: str, action: str, day: date) -> int: ...
    def events(self, seller: str, ref: Ref, *, after_version: int = 0) -> list[StoredEvent]:
        """The history in order; versions <= `after_version` are left out."""

    def item_changes(self, seller: str, ref: Ref) -> list[ItemChange]:
        """What each version of a posting or return changed in it, oldest first; strongly consistent.

        Versions written by releases that did not keep it are missing.
        """

    def stored_item(self, seller: str, ref: Ref) -> Mapping[str, Json] | None:
        """A posting or return as it is stored, in the attributes that `item_changes` speaks of."""

    def tracking_history(self, seller: str, number: str) -> list[TrackingChange]: ...
    def documents(self, seller: str, number: str) -> list[Document]: ...
    def intents(self, seller: str, ref: Ref) -> list[Intent]:
        """All intents kept with an aggregate, oldest first."""

    def sellers(self) -> list[str]: ...

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

    def returns_opened_on(
        self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None
    ) -> Page[str]: ...
    def intents_in(
        self,
        seller: str,
        state: IntentState,
        *,
        since: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        """Ids of intents in a state, oldest first; with `since` only those asked for from then on."""

    def returns_in(
        self, seller: str, *, open_only: bool = True, limit: int = 50, cursor: str | None = None
    ) -> Page[str]:
        """Ids of returns, earliest decision date first (open), else those no longer open."""

    def due_alarms(self, shard: int, *, until: datetime, limit: int = 200, cursor: str | None = None) -> Page[AlarmRef]:
        """Alarms of one shard due at or before `until`, of all sellers, earliest minute first."""

    def set_alarm_aside(self, alarm: AlarmRef, reason: str, at: datetime) -> bool:
        """Take an alarm that cannot be fired out of `due_alarms`; False if its item has moved on meanwhile.

        Works on items that this release cannot read. The next change of the item brings its alarm back.
        """

    def alarms_aside(self, *, limit: int = 200, cursor: str | None = None) -> Page[AsideAlarm]:
        """Alarms of all sellers that were set aside, earliest due first."""

    def bring_alarm_back(self, alarm: AlarmRef) -> bool:
        """Put an alarm that was set aside among the due ones again; False if it is not aside."""

    def watch(self, seller: str, identifier: str) -> Watch | None: ...
    def case(self, seller: str, identifier: str) -> Case | None: ...
    def product_card(self, seller: str, sku: str) -> ProductCard | None: ...
    def product_cards(self, seller: str, *, limit: int = 50, cursor: str | None = None) -> Page[ProductCard]:
        """All product cards, by SKU."""

    def refused_page(self, seller: str, day: date, identifier: str) -> RefusedPage | None: ...
    def refused_pages_on(
        self, seller: str, day: date, *, limit: int = 50, cursor: str | None = None
    ) -> Page[RefusedPage]:
        """Pages of label files that were set aside on a day (UTC), by id."""

    def bench_check(self, seller: str, number: str) -> BenchCheck | None: ...
    def carriage(self, seller: str, identifier: str) -> Carriage | None: ...
    def carriages_in(
        self, seller: str, *, open_only: bool = True, limit: int = 50, cursor: str | None = None
    ) -> Page[str]:
        """Ids of carriages that still have to be looked at, oldest first, else the others."""

    def cancel_request(self, seller: str, identifier: str) -> CancelRequest | None: ...
    def cancel_requests_in(
        self, seller: str, *, open_only: bool = True, limit: int = 50, cursor: str | None = None
    ) -> Page[str]:
        """Ids of buyers' wishes to cancel, earliest automatic approval first (open), else those decided."""

    def claim(self, seller: str, identifier: str) -> Claim | None: ...
    def claims_in(
        self, seller: str, *, open_only: bool = True, limit: int = 50, cursor: str | None = None
    ) -> Page[str]:
        """Ids of claims, earliest answer first (open), else those that ended."""

    def evidence_chain(self, seller: str, number: str) -> EvidenceChain | None: ...
    def evidence(self, seller: str, number: str) -> list[EvidenceItem]:
        """All evidence of a posting in its order; strongly consistent."""

    def evidence_upload(self, seller: str, number: str, identifier: str) -> EvidenceUpload | None: ...
    def evidence_pack(self, seller: str, identifier: str) -> EvidencePack | None: ...
    def shadows_on(
        self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None
    ) -> Page[ShadowDecision]:
        """What automatic actions would have done on a day (UTC), in order; kept for 90 days."""

    def note_progress(self, seller: str, job: str, done: int) -> None:
        """Raise a waiting print job's `done`; no new version, and nothing where it has ended or is further."""

    def cases_in(self, seller: str, *, open_only: bool = True, limit: int = 50, cursor: str | None = None) -> Page[str]:
        """Ids of cases, oldest first (open), else those closed."""

    def outcomes_on(self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None) -> Page[Outcome]:
        """How the postings that left on a day (UTC) left."""

    def digest_entries(self, seller: str, recipient: str) -> list[DigestEntry]:
        """What waits to be told to a recipient, oldest first; strongly consistent."""

    def drop_digest_entries(self, entries: Sequence[DigestEntry]) -> None:
        """Forget entries that were told; those that are gone already do no harm."""

    @property
    def alarm_shards(self) -> int:
        """How many shards `due_alarms` knows: 0 .. alarm_shards - 1."""

    def mark_synced(self, seller: str, number: str, read_at: datetime) -> None:
        """Note that a read of the marketplace changed nothing: synced_at := max(synced_at, read_at); no new version."""

    def put_push(self, push: PushRow) -> bool:
        """Write a push row; False if the same body is already there in the same window."""

    def quarantine_push(self, push: PushRow, problem: str) -> None:
        """Mark a stored push QUARANTINED with the reason."""

    def pushes_on(self, seller: str, day: date, *, limit: int = 500, cursor: str | None = None) -> Page[PushRow]:
        """Pushes received on a day (UTC)."""

    def save_report(self, seller: str, kind: str, day: date, body: Mapping[str, Json]) -> None:
        """Keep the newest report of a kind (such as the nothing-lost proof) for a day."""

    def report(self, seller: str, kind: str, day: date) -> Mapping[str, Json] | None: ...
    def push_token(self, sha256: str) -> PushToken | None: ...
    def save_push_token(self, token: PushToken) -> None: ...
    def api_key(self, identifier: str) -> ApiKey | None: ...
    def save_api_key(self, key: ApiKey) -> None: ...

    def try_write(self) -> None:
        """Raise StoreUnavailableError unless the store takes writes at this moment; changes nothing."""
