"""What each posting of a print job adds: which label it gets, whether it may be printed now, and what stands on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from shipby.application.labels.asks import is_there
from shipby.application.labels.ids import LABEL_IDS, OWN_ID, STICKER_ID
from shipby.application.ports.clock import Clock
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.marketplace import Marketplace, Marketplaces
from shipby.application.ports.messages import WorkQueue
from shipby.application.ports.press import LabelPapers, LabelPress
from shipby.application.ports.store import Store
from shipby.application.printing.batch import Part
from shipby.domain.deadlines.firing import may_be_labelled
from shipby.domain.deadlines.policy import may_be_sent
from shipby.domain.errors import NeedsPersonError, NotFoundError, PermanentError, RetryableError
from shipby.domain.labels.documents import Document, DocumentState
from shipby.domain.labels.options import HandlingMark
from shipby.domain.labels.own_labels import LabelLine, OwnLabel, PackingSlip, Party
from shipby.domain.labels.prints import LabelSource, PrintContent, PrintJob
from shipby.domain.packing.cards import ProductCard
from shipby.domain.packing.picking import packing_slip
from shipby.domain.postings.posting import OWN_CARRIER, MarketplacePosting, Posting, Scheme
from shipby.domain.sellers.overrides import policy_for
from shipby.domain.sellers.settings import SellerSettings, UnlockAt

LABEL_OFFERS = frozenset({"label_download", "label_download_big", "label_download_small"})
"""`available_actions` that offer a label of the marketplace. Source: ozon Seller API, /v3/posting/fbs/get."""
_CAPTION = 60
"""Characters of goods under a label on a sheet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintTools:
    """What printing needs from outside."""

    store: Store
    documents: DocumentStore
    papers: LabelPapers
    press: LabelPress
    marketplaces: Marketplaces
    queue: WorkQueue
    clock: Clock
    wait_seconds: int = 20
    """Between two looks at a job whose labels are not there yet."""


class Standing(StrEnum):
    """How far a posting's paper is."""

    READY = "ready"
    MISSING = "missing"
    """Not there yet: worth waiting for."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A posting of a job, and how far its paper is."""

    standing: Standing
    problem: str = ""
    posting: Posting | None = None
    detail: MarketplacePosting | None = None
    identifier: str = ""
    documents: tuple[Document, ...] = ()

    @property
    def document(self) -> Document | None:
        """The marketplace's label, where that is what is printed."""
        return next((one for one in self.documents if one.id == self.identifier), None)


@dataclass(slots=True)
class PrintContext:
    """One job at work: what was read for it is read once."""

    job: PrintJob
    settings: SellerSettings
    tools: PrintTools
    _cards: dict[str, ProductCard | None] = field(default_factory=dict)
    _market: Marketplace | None = None

    @property
    def now(self) -> datetime:
        """In the seller's time zone."""
        return self.tools.clock.now().astimezone(ZoneInfo(self.settings.time_zone))

    def cards(self, skus: Sequence[str]) -> dict[str, ProductCard]:
        """The product cards that there are, by SKU."""
        for sku in skus:
            if sku not in self._cards:
                self._cards[sku] = self.tools.store.product_card(self.job.seller, sku)
        return {sku: card for sku in skus if (card := self._cards[sku]) is not None}

    def look(self, number: str) -> Found:
        """How far a posting's paper is, as its rows say."""
        store, seller = self.tools.store, self.job.seller
        posting = store.posting(seller, number)
        if posting is None:
            return Found(standing=Standing.REFUSED, problem="no such posting")
        detail = store.detail(seller, number, of=posting)
        if self.job.style.content is not PrintContent.LABELS:
            return self._helper(posting, detail)
        if problem := refusal(posting, self.settings):
            return Found(standing=Standing.REFUSED, problem=problem, posting=posting)
        documents = tuple(store.documents(seller, number))
        if gets_own_label(posting, self.job.style.source):
            return _ready(posting, detail, OWN_ID, documents)
        identifier = LABEL_IDS[self.job.style.form]
        found = _ready(posting, detail, identifier, documents)
        if found.document is None and _own_carrier(posting) and not _offers_label(detail):
            problem = "the marketplace makes no label for it: print it with source own"
            return replace(found, standing=Standing.REFUSED, problem=problem)
        return _judge_label(found)

    def _helper(self, posting: Posting, detail: MarketplacePosting | None) -> Found:
        """Stickers and slips help at the bench: they need no label, only a parcel that is still to be sent."""
        identifier = STICKER_ID if self.job.style.content is PrintContent.STICKERS else ""
        if not may_be_sent(posting):
            return Found(standing=Standing.REFUSED, problem=_where(posting), posting=posting)
        if detail is None:
            return Found(standing=Standing.REFUSED, problem="its goods are not known yet", posting=posting)
        documents = tuple(self.tools.store.documents(self.job.seller, posting.number)) if identifier else ()
        return _ready(posting, detail, identifier, documents)

    def part(self, found: Found, recipient: Party | None) -> Part:
        """What the posting adds. Raises NotFoundError if the file of its label is gone."""
        posting, detail = found.posting, found.detail
        if posting is None:
            raise NotFoundError("no such posting")
        cards = self.cards([line.sku for line in detail.lines] if detail else [])
        style = self.job.style
        slips = style.slips or style.content is PrintContent.PACKING_SLIPS
        part = Part(
            number=posting.number,
            posting=posting,
            identifier=found.identifier,
            slip=self._slip(posting, detail, cards) if slips and detail else None,
            goods=_goods(detail),
        )
        if found.identifier in LABEL_IDS.values() and found.document is not None:
            document = found.document
            return replace(part, document=document, file=self.tools.documents.get(document.key))
        if found.identifier:
            own = found.identifier == OWN_ID
            return replace(part, label=self._label(posting, detail, cards, recipient, own=own))
        return part

    def _slip(self, posting: Posting, detail: MarketplacePosting, cards: Mapping[str, ProductCard]) -> PackingSlip:
        zone, language = self.settings.time_zone, self.settings.insert_language
        return packing_slip(posting, detail, cards, time_zone=zone, insert_language=language)

    def _label(
        self,
        posting: Posting,
        detail: MarketplacePosting | None,
        cards: Mapping[str, ProductCard],
        recipient: Party | None,
        *,
        own: bool,
    ) -> OwnLabel:
        policy = self.settings.own_label
        sender = Party(name=policy.sender_name, address=policy.sender_address, phone=policy.sender_phone)
        marks = {mark for card in cards.values() for mark in card.marks}
        return OwnLabel(
            posting_number=posting.number,
            tracking_number=posting.tracking_number,
            carrier=detail.carrier if detail else "",
            recipient=recipient if own else None,
            sender=sender if own and policy.sender_name else None,
            lines=tuple(
                LabelLine(
                    offer_id=line.offer_id,
                    name=line.name,
                    quantity=line.quantity,
                    sku=line.sku,
                    bin=cards[line.sku].bin if line.sku in cards else "",
                )
                for line in (detail.lines if detail else ())
            ),
            marks=tuple(mark for mark in HandlingMark if mark in marks),
            day=self.now.date(),
        )

    def recipients(self, founds: Mapping[str, Found]) -> tuple[dict[str, Party | None], dict[str, str], dict[str, str]]:
        """Who gets the parcels with our own label: recipients, what to ask again later, and what never comes.

        Asked for at the moment of printing and kept nowhere.
        """
        got: dict[str, Party | None] = {}
        later: dict[str, str] = {}
        never: dict[str, str] = {}
        wanted = [number for number, found in founds.items() if found.identifier == OWN_ID]
        away = ""
        for number in wanted:
            if away:
                later[number] = away
                continue
            try:
                got[number] = self._marketplace().recipient(number)
            except RetryableError as error:
                # The others would fare no better now, and each try costs time.
                away = f"the marketplace did not say who gets it: {error}"
                later[number] = away
            except (PermanentError, NeedsPersonError) as error:
                never[number] = f"the marketplace does not say who gets it: {error}"
        return got, later, never

    def _marketplace(self) -> Marketplace:
        if self._market is None:
            self._market = self.tools.marketplaces.of(self.job.seller)
        return self._market


def _ready(
    posting: Posting, detail: MarketplacePosting | None, identifier: str, documents: tuple[Document, ...]
) -> Found:
    return Found(standing=Standing.READY, posting=posting, detail=detail, identifier=identifier, documents=documents)


def gets_own_label(posting: Posting, source: LabelSource) -> bool:
    """Whether our own label goes on it: auto takes it where the seller's own carrier delivers, whose tracking number
    has to be on the parcel, and the marketplace's everywhere else."""
    return source is LabelSource.OWN or (source is LabelSource.AUTO and _own_carrier(posting))


def _own_carrier(posting: Posting) -> bool:
    return posting.scheme is Scheme.RFBS and posting.integration == OWN_CARRIER


def _offers_label(detail: MarketplacePosting | None) -> bool:
    return bool(detail and LABEL_OFFERS.intersection(detail.actions))


def _where(posting: Posting) -> str:
    if posting.expired_reason:
        return f"expired: {posting.expired_reason}; override it with a reason to print"
    by = f" by {posting.cancelled_by}" if posting.cancelled_by else ""
    return f"it is {posting.stage}{by}"


def refusal(posting: Posting, settings: SellerSettings) -> str:
    """Why a label of this posting may not be printed now; empty if it may."""
    if not may_be_labelled(posting):
        if posting.expired_reason or posting.assembled_at is not None or not may_be_sent(posting):
            return _where(posting)
        return f"not assembled yet ({posting.status})"
    if policy_for(posting, settings).unlock_at is UnlockAt.PACKED and posting.packed_at is None:
        return "it is not packed: scan its goods first"
    return ""


def _judge_label(found: Found) -> Found:
    document = found.document
    if document is None:
        return replace(found, standing=Standing.MISSING, problem="its label is not there yet")
    if document.state is DocumentState.FAILED:
        problem = document.problem or "its label was set aside"
        return replace(found, standing=Standing.REFUSED, problem=problem)
    if not is_there(document):
        return replace(found, standing=Standing.MISSING, problem="its label is not there yet")
    if document.state is DocumentState.UNPROVEN and not document.override_reason:
        problem = "its label could not be read back: look at it and override it with a reason to print"
        return replace(found, standing=Standing.REFUSED, problem=problem)
    return found


def _goods(detail: MarketplacePosting | None) -> str:
    if detail is None:
        return ""
    text = ", ".join(f"{line.offer_id} x{line.quantity}" for line in detail.lines)
    return text if len(text) <= _CAPTION else text[: _CAPTION - 1] + "…"
