"""What happened, in the past tense. Event rows are the history, the outbox and the proof in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shipby.domain.json_types import Json


class AggregateKind(StrEnum):
    """What has a version and an event history of its own."""

    POSTING = "POSTING"
    RETURN = "RETURN"
    PRINT_JOB = "JOB"
    WATCH = "WATCH"
    """Something of the whole seller that is watched: push health, the key, the error index, a digest of notices."""
    CASE = "CASE"
    """A matter for a person."""
    CARRIAGE = "CARRIAGE"
    """Postings that leave together."""
    PRODUCT = "PRODUCT"
    """A product card."""
    CARRIER = "CARRIER"
    """A seller's own carrier."""
    CANCEL_REQUEST = "CANCELREQ"
    """A buyer's wish to cancel."""
    CLAIM = "CLAIM"
    """Somebody wants proof of a posting."""
    EVIDENCE_PACK = "PACK"
    """The files that prove what was sent."""
    NUMBER_JOB = "NUMBERJOB"
    """Many tracking numbers at once."""
    SETTINGS = "SETTINGS"
    """The seller's policy."""
    PURCHASE = "PURCHASE"
    """Goods that were bought for orders."""
    PERSON = "PERSON"
    """Somebody who works in the shop."""
    KEY = "KEY"
    """A key of the API."""
    STOCK = "STOCK"
    """What a pool holds of an SKU; its events are its movements."""
    SUPPLY = "SUPPLY"
    """How an article of a pool is bought."""
    POOL = "POOL"
    """Goods that shops sell from."""


@dataclass(frozen=True, slots=True)
class Ref:
    """Names one aggregate of a seller."""

    kind: AggregateKind
    id: str


def posting_ref(number: str) -> Ref:
    """The aggregate of a posting number."""
    return Ref(AggregateKind.POSTING, number)


def print_job_ref(identifier: str) -> Ref:
    """The aggregate of a print job."""
    return Ref(AggregateKind.PRINT_JOB, identifier)


def return_ref(return_id: str) -> Ref:
    """The aggregate of a marketplace return id."""
    return Ref(AggregateKind.RETURN, return_id)


def watch_ref(identifier: str) -> Ref:
    """The aggregate of a watch."""
    return Ref(AggregateKind.WATCH, identifier)


def case_ref(identifier: str) -> Ref:
    """The aggregate of a case."""
    return Ref(AggregateKind.CASE, identifier)


def carriage_ref(identifier: str) -> Ref:
    """The aggregate of a carriage."""
    return Ref(AggregateKind.CARRIAGE, identifier)


def product_ref(sku: str) -> Ref:
    """The aggregate of a product card."""
    return Ref(AggregateKind.PRODUCT, sku)


def carrier_ref(code: str) -> Ref:
    """The aggregate of a seller's own carrier."""
    return Ref(AggregateKind.CARRIER, code)


def cancel_request_ref(identifier: str) -> Ref:
    """The aggregate of a buyer's wish to cancel."""
    return Ref(AggregateKind.CANCEL_REQUEST, identifier)


def claim_ref(identifier: str) -> Ref:
    """The aggregate of a claim."""
    return Ref(AggregateKind.CLAIM, identifier)


def evidence_pack_ref(identifier: str) -> Ref:
    """The aggregate of an evidence pack."""
    return Ref(AggregateKind.EVIDENCE_PACK, identifier)


def number_job_ref(identifier: str) -> Ref:
    """The aggregate of a job of tracking numbers."""
    return Ref(AggregateKind.NUMBER_JOB, identifier)


def settings_ref() -> Ref:
    """The aggregate of a seller's policy, of which there is one."""
    return Ref(AggregateKind.SETTINGS, "policy")


def purchase_ref(identifier: str) -> Ref:
    """The aggregate of a purchase."""
    return Ref(AggregateKind.PURCHASE, identifier)


def person_ref(identifier: str) -> Ref:
    """The aggregate of a person of the shop."""
    return Ref(AggregateKind.PERSON, identifier)


def key_ref(identifier: str) -> Ref:
    """The aggregate of a key of the API."""
    return Ref(AggregateKind.KEY, identifier)


def stock_ref(pool: str, sku: str) -> Ref:
    """The aggregate of a SKU in a pool of its owner."""
    return Ref(AggregateKind.STOCK, f"{pool}/{sku}")


def supply_ref(pool: str, sku: str) -> Ref:
    """The aggregate of how an article of a pool is bought."""
    return Ref(AggregateKind.SUPPLY, f"{pool}/{sku}")


def pool_aggregate(pool: str) -> Ref:
    """The aggregate of a pool of its owner."""
    return Ref(AggregateKind.POOL, pool)


class EventType(StrEnum):
    """Every event the product writes."""

    POSTING_RECEIVED = "posting.received"
    POSTING_CHANGED = "posting.changed"
    POSTING_CHECKED = "posting.checked"
    """It was held against the checks, with another verdict than before; `data` has what does not fit."""
    CHECKS_DUE = "checks.due"
    """A rule or a card has changed: every open order is checked anew."""
    POSTING_CHECKS_ALLOWED = "posting.checks_allowed"
    """A person lets it go on although something does not fit, and says why."""
    POSTING_AMENDED = "posting.amended"
    """The order was changed at the marketplace; `data` has what, old and new."""
    POSTING_AMENDMENT_SEEN = "posting.amendment_seen"
    """Somebody has seen the change, and work goes on."""
    POSTING_ESCALATED = "posting.escalated"
    """Nobody has confirmed it in time: a second person hears of it."""
    POSTING_CUT_OFF_MOVED = "posting.cut_off_moved"
    POSTING_SPLIT = "posting.split"
    POSTING_CONFIRMED = "posting.confirmed"
    POSTING_PICKED = "posting.picked"
    POSTING_INSPECTED = "posting.inspected"
    POSTING_PACKED = "posting.packed"
    POSTING_ASSEMBLED = "posting.assembled"
    POSTING_HANDED_OVER = "posting.handed_over"
    POSTING_IN_TRANSIT = "posting.in_transit"
    POSTING_DELIVERED = "posting.delivered"
    POSTING_CLOSED = "posting.closed"
    POSTING_CANCELLED = "posting.cancelled"
    POSTING_BLOCKED = "posting.blocked"
    POSTING_UNBLOCKED = "posting.unblocked"
    POSTING_REMINDED = "posting.reminded"
    POSTING_LATE = "posting.late"
    POSTING_OVERDUE = "posting.overdue"
    POSTING_PRIORITISED = "posting.prioritised"
    """Moved to the front of the work, because money hangs on it."""
    POSTING_CHOICES = "posting.choices"
    """What each way out costs, for a person to choose."""
    POSTING_WAY_OUT = "posting.way_out"
    """A person chose what to do without a tracking number; `data` says what, and until when."""
    POSTING_CARRIER_CHOSEN = "posting.carrier_chosen"
    """A person chose the carrier it goes with; `data` has what was best then, and of what both scores were made."""
    POSTING_CLOCK_STARTED = "posting.clock_started"
    POSTING_CLOCK_STOPPED = "posting.clock_stopped"
    BUYER_TELL_DUE = "buyer.tell_due"
    """The buyer is to be written to about what stops the order, or about its change; `data.about` says which."""
    BUYER_ASK_DUE = "buyer.ask_due"
    BUYER_ASKED = "buyer.asked"
    BUYER_ANSWERED = "buyer.answered"
    POSTING_EXPIRED = "posting.expired"
    POSTING_OVERRIDDEN = "posting.overridden"
    POSTING_GIVE_UP_SHADOWED = "posting.give_up_shadowed"
    LABEL_READY = "label.ready"
    LABEL_FAILED = "label.failed"
    LABEL_PRINTED = "label.printed"
    LABEL_UNPROVEN = "label.unproven"
    """The label is there, but its page could not be read back: a person decides whether it prints."""
    LABEL_OVERRIDDEN = "label.overridden"
    """A person lets an unproven label print, and says why."""
    LABEL_PAGE_REFUSED = "label.page_refused"
    """A page of the label file was set aside; `data` says why."""
    LABEL_VOIDED = "label.voided"
    """The copies printed so far are no longer current."""
    LABEL_GONE = "label.gone"
    """A label that shows a person was deleted after its time."""
    PRINT_REQUESTED = "print.requested"
    PRINT_FINISHED = "print.finished"
    PRINT_EXPIRED = "print.expired"
    """The file of a job that shows a person is to be deleted."""
    BENCH_SCANNED = "bench.scanned"
    """An item was scanned into a parcel, or refused; `data` says which."""
    BENCH_COMPLETED = "bench.completed"
    """The last item of a parcel was scanned."""
    EXEMPLARS_RELEASED = "exemplars.released"
    """Pieces of a posting came back and are for sale again; `data` counts their codes and says where they had come back
    from before."""
    INSPECTION_FAILED = "inspection.failed"
    """Units of a posting failed their inspection and are out; `data` says of which product and supplier, and whether
    others are fetched (`next`)."""
    EXEMPLARS_ENTERED = "exemplars.entered"
    """Something was entered of a posting's pieces; `data` counts, and holds no code."""
    PRODUCT_CHANGED = "product.changed"
    PURCHASE_CHANGED = "purchase.changed"
    POSTING_PURCHASED = "posting.purchased"
    """Which purchases bring its goods, or when they are expected."""
    CARRIER_CHANGED = "carrier.changed"
    CARRIAGE_REQUESTED = "carriage.requested"
    CARRIAGE_CHANGED = "carriage.changed"
    CARRIAGE_APPROVED = "carriage.approved"
    CARRIAGE_DOCUMENTED = "carriage.documented"
    CARRIAGE_SCANNED = "carriage.scanned"
    """A parcel was scanned into the hand-over."""
    CARRIAGE_CHECK_DUE = "carriage.check_due"
    """Time to look at the marketplace again: documents, or the carrier's first scans."""
    CARRIAGE_COMPARED = "carriage.compared"
    """Our scans, the act and the carrier's first scans were compared; `data` has the differences."""
    CARRIAGE_FAILED = "carriage.failed"
    CARRIAGE_CANCELLED = "carriage.cancelled"
    TRACKING_CHANGED = "tracking.changed"
    TRACKING_CARRIER_CORRECTED = "tracking.carrier_corrected"
    """The same number is another carrier's than was said."""
    NUMBERS_UPLOADED = "numbers.uploaded"
    NUMBERS_CHECKED = "numbers.checked"
    """Every row of the file is judged; nothing is changed."""
    NUMBERS_STARTED = "numbers.started"
    NUMBERS_ADVANCED = "numbers.advanced"
    """A part of the file is judged, or asked for, and another one follows; `data` has the counts."""
    NUMBERS_FOLLOWED = "numbers.followed"
    """Every row was asked for; `data` has what became of them so far."""
    NUMBERS_CHECK_DUE = "numbers.check_due"
    NUMBERS_FINISHED = "numbers.finished"
    NUMBERS_CANCELLED = "numbers.cancelled"
    STOCK_UNTOLD = "stock.untold"
    """A shop has numbers to tell the marketplace; `data.in_seconds` from when on."""
    SUPPLY_CHANGED = "supply.changed"
    """How an article is bought; `data` has it before and after."""
    STOCK_COMPARE_ASKED = "stock.compare_asked"
    """A shop's numbers are to be compared with the marketplace's."""
    INTENT_PROPOSED = "intent.proposed"
    """Asked for, and waiting for a second person's word."""
    INTENT_CREATED = "intent.created"
    INTENT_SENT = "intent.sent"
    INTENT_CONFIRMED = "intent.confirmed"
    INTENT_REJECTED = "intent.rejected"
    INTENT_UNKNOWN = "intent.unknown"
    INTENT_NOT_SENT = "intent.not_sent"
    INTENT_CHECK_DUE = "intent.check_due"
    INTENT_NEEDS_PERSON = "intent.needs_person"
    AUTOMATION_HELD = "automation.held"
    AUTOMATION_SHADOWED = "automation.shadowed"
    """What an automatic action would have done; `data.action` names it."""
    ALARM_SET_ASIDE = "alarm.set_aside"
    """An alarm that could not be fired after several tries; `data.item` names its item."""
    DIGEST_DUE = "digest.due"
    DIGEST_TOLD = "digest.told"
    WATCH_CHANGED = "watch.changed"
    """A watch saw a new state that nobody has to hear of."""
    PUSH_UNHEALTHY = "push.unhealthy"
    PUSH_RECOVERED = "push.recovered"
    KEY_EXPIRES_SOON = "key.expires_soon"
    KEY_REJECTED = "key.rejected"
    KEY_RENEWED = "key.renewed"
    INDEX_BAND_CHANGED = "index.band_changed"
    """The error index went into another band, for better or worse."""
    CASE_OPENED = "case.opened"
    CASE_REMINDED = "case.reminded"
    CASE_CLOSED = "case.closed"
    CASE_LOOKED_AT = "case.looked_at"
    """A held decision was taken again and still waits; nobody has to hear of that."""
    NOTICE_SENT = "notice.sent"
    NOTICE_UNDELIVERABLE = "notice.undeliverable"
    RETURN_OPENED = "return.opened"
    RETURN_CHANGED = "return.changed"
    RETURN_REMINDED = "return.reminded"
    RETURN_OVERDUE = "return.overdue"
    RETURN_RECEIVED = "return.received"
    RETURN_INSPECTED = "return.inspected"
    RETURN_DECIDED = "return.decided"
    RETURN_CLOSED = "return.closed"
    RETURN_LINKED = "return.linked"
    """Its posting has come into the store."""
    RETURN_DISPOSED = "return.disposed"
    """What became of the goods; `data.disposition` says it."""
    RETURN_FOLLOWED_UP = "return.followed_up"
    """What followed from it by itself; `data` names each step."""
    RETURN_EXCHANGED = "return.exchanged"
    """Another posting goes to the buyer instead; `data.exchange` names it."""
    CANCEL_REQUEST_OPENED = "cancel_request.opened"
    CANCEL_REQUEST_CHANGED = "cancel_request.changed"
    CANCEL_REQUEST_REMINDED = "cancel_request.reminded"
    CANCEL_REQUEST_OVERDUE = "cancel_request.overdue"
    """The marketplace approves it by itself now."""
    CANCEL_REQUEST_DECIDED = "cancel_request.decided"
    CANCEL_REQUEST_CLOSED = "cancel_request.closed"
    CLAIM_OPENED = "claim.opened"
    CLAIM_REMINDED = "claim.reminded"
    CLAIM_EXPIRED = "claim.expired"
    CLAIM_ANSWERED = "claim.answered"
    CLAIM_WITHDRAWN = "claim.withdrawn"
    EVIDENCE_ADDED = "evidence.added"
    PACK_REQUESTED = "pack.requested"
    PACK_FINISHED = "pack.finished"
    PACK_EXPIRED = "pack.expired"
    WEBHOOK_CHANGED = "webhook.changed"
    """An endpoint was made, changed, paused, resumed or deleted; `data.what` says which."""
    WEBHOOK_DUE = "webhook.due"
    """What waits for an endpoint is to be tried again."""
    WEBHOOK_ASKED = "webhook.asked"
    """A person wants something done with an endpoint; `data.task`: test, replay or drain."""
    SETTINGS_CHANGED = "settings.changed"
    PERSON_ADDED = "person.added"
    PERSON_CHANGED = "person.changed"
    PERSON_REMOVED = "person.removed"
    KEY_MADE = "key.made"
    KEY_CHANGED = "key.changed"
    KEY_REVOKED = "key.revoked"
    STOCK_CHANGED = "stock.changed"
    """A movement of a SKU in a pool; `data` says what changed, what there is now, and what was and is free."""
    POOL_CHANGED = "pool.changed"
    POSTING_STOCK = "posting.stock"
    """What a posting has reserved changed; `data.state` says whether it lacks pieces."""
    POSTING_STOCK_PENDING = "posting.stock_pending"
    """What it has reserved is not settled yet: the posting is read again at once."""
    MONEY_ACCRUED = "money.accrued"
    """The marketplace's accruals say what an entry of the ledger really cost, and whom."""


EVENT_TYPE_VERSION: Mapping[EventType, int] = dict.fromkeys(EventType, 1)
"""Version of the data of each type; a type that changes its data raises its own number."""
QUIET = frozenset({EventType.INTENT_SENT, EventType.INTENT_CONFIRMED, EventType.POSTING_STOCK})
"""History only: no queue hears of them. Behind another event of their version they are kept in its row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One fact. `data` never holds personal data."""

    type: EventType
    at: datetime
    actor: str
    """Who, as `shipby.domain.actors` writes it: a person, a key, the marketplace, or a part of this system."""
    reason: str = ""
    data: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """An event with its place in the history: aggregate, version and number within the version."""

    seller: str
    ref: Ref
    version: int
    index: int
    event: Event
    type_version: int = 1
    count: int = 0
    """How many events its version has; 0 in rows that do not say. It proves that the last ones are there too."""

    @property
    def id(self) -> str:
        """Unique per seller and stable over replays."""
        return f"{self.ref.kind}/{self.ref.id}/{self.version}/{self.index}"
