"""What a change is made of. A change is one transaction: everything in it becomes true together, or nothing does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from shipby.domain.evidence.pieces import EvidenceChain, EvidenceItem, EvidencePack, EvidenceUpload

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from shipby.domain.availability.offers import Offer
    from shipby.domain.availability.purchases import SupplyTerms
    from shipby.domain.cancels.requests import CancelRequest
    from shipby.domain.carriages import Carriage
    from shipby.domain.carriers.carrier import Carrier
    from shipby.domain.cases.case import Case
    from shipby.domain.cases.watch import Watch
    from shipby.domain.deadlines.outcome import Outcome
    from shipby.domain.events import Event, Ref
    from shipby.domain.evidence.claims import Claim
    from shipby.domain.intents import Intent
    from shipby.domain.labels.documents import Document
    from shipby.domain.labels.pages import RefusedPage
    from shipby.domain.labels.prints import PrintJob
    from shipby.domain.notices.digest_entry import DigestEntry
    from shipby.domain.packing.cards import BenchCheck, ExemplarSheet, ProductCard
    from shipby.domain.packing.pick_claims import PickClaim
    from shipby.domain.packing.pool import PoolMark
    from shipby.domain.packing.quality import QualityFailure
    from shipby.domain.people.account import Account
    from shipby.domain.people.person import Person
    from shipby.domain.people.session import Session
    from shipby.domain.people.tries import Tries
    from shipby.domain.postings.posting import MarketplacePosting, Posting
    from shipby.domain.postings.tracking import TrackingChange
    from shipby.domain.postings.words import Word
    from shipby.domain.refunds.ledger import MoneyLedger
    from shipby.domain.remembered import RememberedResponse
    from shipby.domain.returns.return_case import ReturnCase
    from shipby.domain.sellers.keys import ApiKey
    from shipby.domain.sellers.settings import SellerSettings
    from shipby.domain.shadow import ShadowDecision
    from shipby.domain.stock.item import StockItem
    from shipby.domain.stock.pool import Pool
    from shipby.domain.stock.reservation import Reservation
    from shipby.domain.stock.waiting import Waiting
    from shipby.domain.tracking.number_job import NumberJob, NumberRows
    from shipby.domain.tracking.purchases import Purchase
    from shipby.domain.tracking.scans import Scan


@dataclass(frozen=True, slots=True)
class SavePosting:
    """Write the posting if its stored version is `posting.version - 1` (0 = it must not exist yet)."""

    posting: Posting
    over: datetime | None = None
    """A stored `synced_at` that a wrong clock wrote: it gives way to this posting's earlier one."""


@dataclass(frozen=True, slots=True)
class SaveDetail:
    """Write the marketplace facts beside a posting (no version of their own: they go with SavePosting)."""

    seller: str
    detail: MarketplacePosting
    words: tuple[Word, ...] | None = None
    """Those that the posting is found by from now on; None: all of its words."""


@dataclass(frozen=True, slots=True)
class SaveReturn:
    """Write the return if its stored version is `case.version - 1`."""

    case: ReturnCase


@dataclass(frozen=True, slots=True)
class SaveIntent:
    """Write the intent if its stored version is `intent.version - 1`."""

    intent: Intent


@dataclass(frozen=True, slots=True)
class SaveMoney:
    """Write the ledger if its stored version is `ledger.version - 1`."""

    ledger: MoneyLedger


@dataclass(frozen=True, slots=True)
class SaveSettings:
    """Write the settings if their stored version is `settings.version - 1`; also registers the seller."""

    settings: SellerSettings


@dataclass(frozen=True, slots=True)
class SaveDocument:
    """Write the document if its stored version is `document.version - 1`."""

    document: Document


@dataclass(frozen=True, slots=True)
class SavePrintJob:
    """Write the print job if its stored version is `job.version - 1`; its events go with AppendEvents, or with it."""

    job: PrintJob
    end: Event | None = None
    """What tells that it ended for good, so that nothing of it rings later and nothing changes it any more: event and
    job are one row then."""


@dataclass(frozen=True, slots=True)
class SaveWatch:
    """Write the watch if its stored version is `watch.version - 1`."""

    watch: Watch


@dataclass(frozen=True, slots=True)
class SaveCase:
    """Write the case if its stored version is `case.version - 1`."""

    case: Case


@dataclass(frozen=True, slots=True)
class SaveCarriage:
    """Write the carriage if its stored version is `carriage.version - 1`; its events go with AppendEvents."""

    carriage: Carriage


@dataclass(frozen=True, slots=True)
class SaveProductCard:
    """Write the product card if its stored version is `card.version - 1`; its events go with AppendEvents."""

    card: ProductCard


@dataclass(frozen=True, slots=True)
class SaveCarrier:
    """Write a seller's own carrier if its stored version is `carrier.version - 1`; its events go with AppendEvents."""

    carrier: Carrier


@dataclass(frozen=True, slots=True)
class AddScan:
    """Keep what a carrier said of a tracking number; the same scan again changes nothing."""

    seller: str
    number: str
    scan: Scan


@dataclass(frozen=True, slots=True)
class SaveNumberJob:
    """Write the job if its stored version is `job.version - 1`, with the parts of its rows that changed; its events go
    with AppendEvents."""

    job: NumberJob
    parts: tuple[NumberRows, ...] = ()


@dataclass(frozen=True, slots=True)
class SaveOffer:
    """Write what a shop says is for sale if its stored version is `offer.version - 1`. While its newest number waits to
    be told its place is among the untold ones; `marks` = False where that is as it was."""

    offer: Offer
    marks: bool = True


@dataclass(frozen=True, slots=True)
class SaveSupply:
    """Write how an article is bought if its stored version is `terms.version - 1`; its events go with AppendEvents."""

    terms: SupplyTerms


@dataclass(frozen=True, slots=True)
class SavePurchase:
    """Write a purchase if its stored version is `purchase.version - 1`; its postings are saved beside it."""

    purchase: Purchase


@dataclass(frozen=True, slots=True)
class SaveBenchCheck:
    """Write what was scanned into a parcel if its stored version is `check.version - 1`."""

    check: BenchCheck


@dataclass(frozen=True, slots=True)
class SaveExemplars:
    """Write what is entered of a posting's pieces if its stored version is `sheet.version - 1`."""

    sheet: ExemplarSheet


@dataclass(frozen=True, slots=True)
class SaveBenchRow:
    """Write whose a line is, if its stored version is one before; a mark of a pool among the free or the used ones, in
    the other half no more; or what failed an inspection, the same again replaces it."""

    row: PickClaim | PoolMark | QualityFailure


@dataclass(frozen=True, slots=True)
class SavePool:
    """Write the pool if its stored version is `pool.version - 1`; its events go with AppendEvents."""

    pool: Pool


@dataclass(frozen=True, slots=True)
class SaveStock:
    """Write what a pool holds of an SKU if its version is `item.version - 1`; the movement goes with AppendEvents."""

    item: StockItem


@dataclass(frozen=True, slots=True)
class SaveReservation:
    """Write what a posting has reserved if its stored version is `reservation.version - 1`."""

    reservation: Reservation


@dataclass(frozen=True, slots=True)
class NoteWaiting:
    """Note that a posting waits for pieces of an SKU, or, `over`, that it does so no more; again changes nothing."""

    waiting: Waiting
    over: bool = False


@dataclass(frozen=True, slots=True)
class SaveRefusedPage:
    """Keep a page that was set aside; the same page again replaces it."""

    page: RefusedPage


@dataclass(frozen=True, slots=True)
class SaveCancelRequest:
    """Write the buyer's wish to cancel if its version is `request.version - 1`; its events go with AppendEvents."""

    request: CancelRequest


@dataclass(frozen=True, slots=True)
class SaveClaim:
    """Write the claim if its stored version is `claim.version - 1`; its events go with AppendEvents."""

    claim: Claim


@dataclass(frozen=True, slots=True)
class AppendEvidence:
    """Write the next item of a posting's evidence, with the head of its chain.

    The head is written if its stored version is `item.sequence - 1`; the item must not exist yet.
    """

    item: EvidenceItem

    @property
    def chain(self) -> EvidenceChain:
        return EvidenceChain(
            seller=self.item.seller,
            posting_number=self.item.posting_number,
            version=self.item.sequence,
            hash=self.item.hash,
        )


@dataclass(frozen=True, slots=True)
class SaveEvidenceUpload:
    """Keep an announced file until it is there or its time is over; the same id again replaces it."""

    upload: EvidenceUpload


@dataclass(frozen=True, slots=True)
class SaveEvidencePack:
    """Write the pack if its stored version is `pack.version - 1`; its events go with AppendEvents."""

    pack: EvidencePack


@dataclass(frozen=True, slots=True)
class NoteShadow:
    """Keep what an automatic action would have done; the same decision again changes nothing."""

    decision: ShadowDecision


@dataclass(frozen=True, slots=True)
class SaveOutcome:
    """Write how a posting left the house; one row per posting and day of leaving, a later word replaces it."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class AddDigestEntry:
    """Put an event into a recipient's digest; the same event again changes nothing."""

    entry: DigestEntry


@dataclass(frozen=True, slots=True)
class AppendEvents:
    """Write event rows `version`/0..n-1 of an aggregate; each must not exist yet."""

    seller: str
    ref: Ref
    version: int
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class AppendTracking:
    """Write one row of the tracking history; it must not exist yet."""

    change: TrackingChange


@dataclass(frozen=True, slots=True)
class SpendCap:
    """Count actions of a day, or the minor units of an amount; CapReachedError if `limit` were exceeded."""

    seller: str
    action: str
    day: date
    limit: int
    by: int = 1


@dataclass(frozen=True, slots=True)
class RequireAutomation:
    """Fail with KillSwitchOnError if the seller's kill switch is on at the moment of the transaction."""

    seller: str


@dataclass(frozen=True, slots=True)
class RememberResponse:
    """Keep what an Idempotency-Key answered; AlreadyExistsError if the (unexpired) key is there."""

    response: RememberedResponse


@dataclass(frozen=True, slots=True)
class ClaimPointer:
    """A unique value (tracking number, label barcode) points to one target; claiming it again for the same target is
    allowed, for another one it fails with AlreadyExistsError."""

    seller: str
    kind: str
    value: str
    target: str


@dataclass(frozen=True, slots=True)
class ReleasePointer:
    """Give a unique value free if it still points to `target`; a missing one is fine."""

    seller: str
    kind: str
    value: str
    target: str


@dataclass(frozen=True, slots=True)
class SaveAccess:
    """Write who may call the API (a person of a shop, the shops of a person, a key, a session, tries of a PIN) if the
    stored version is `row.version - 1`; events of people and keys go with AppendEvents."""

    row: Person | Account | ApiKey | Session | Tries


Write: TypeAlias = (
    SavePosting
    | SaveDetail
    | SaveReturn
    | SaveIntent
    | SaveMoney
    | SaveSettings
    | SaveDocument
    | SavePrintJob
    | SaveWatch
    | SaveCase
    | SaveCarriage
    | SaveProductCard
    | SaveCarrier
    | SavePurchase
    | AddScan
    | SaveNumberJob
    | SaveOffer
    | SaveSupply
    | SaveBenchCheck
    | SaveExemplars
    | SaveBenchRow
    | SavePool
    | SaveStock
    | SaveReservation
    | NoteWaiting
    | SaveRefusedPage
    | SaveCancelRequest
    | SaveClaim
    | AppendEvidence
    | SaveEvidenceUpload
    | SaveEvidencePack
    | NoteShadow
    | SaveOutcome
    | AddDigestEntry
    | AppendEvents
    | AppendTracking
    | SpendCap
    | RequireAutomation
    | RememberResponse
    | ClaimPointer
    | ReleasePointer
    | SaveAccess
)


class Commits(Protocol):
    """Every change of more than a mark is one transaction."""

    def commit(self, writes: Sequence[Write], *, token: str = "") -> None:
        """Apply all writes or none. `token` (<= 36 characters) makes a repeat within ten minutes a no-op.

        Raises VersionConflictError, AlreadyExistsError (its `what` names the row kind: EVENT, IDEM, FIND, TRACKING),
        CapReachedError, KillSwitchOnError, StoreUnavailableError.
        """

    def try_write(self) -> None:
        """Raise StoreUnavailableError unless the store takes writes at this moment; changes nothing."""
