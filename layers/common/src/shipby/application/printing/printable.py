"""The label that a posting's parcel gets: which it is, whether it may print now, and its file."""

from __future__ import annotations

from dataclasses import dataclass

from shipby.application.labels.asks import is_there
from shipby.application.labels.ids import LABEL_IDS
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.store import Store
from shipby.application.postings.work_posting import load_posting
from shipby.application.printing.parts import refusal
from shipby.domain.errors import ActionNotOfferedError
from shipby.domain.labels.documents import Document, DocumentState
from shipby.domain.postings.posting import Posting
from shipby.domain.sellers.settings import SellerSettings


@dataclass(frozen=True, slots=True)
class PrintableLabel:
    """A posting's label in the form that the seller prints; `why_not` is empty where it may print."""

    id: str
    document: Document | None
    why_not: str


def printable_label(posting: Posting, *, store: Store) -> PrintableLabel:
    """The label of a posting as it stands."""
    settings = store.settings(posting.seller) or SellerSettings(seller=posting.seller)
    document = store.document(posting.seller, posting.number, LABEL_IDS[settings.label_form])
    return judged_label(posting, settings, document)


def judged_label(posting: Posting, settings: SellerSettings, document: Document | None) -> PrintableLabel:
    """The same of a file that was read already, in the seller's form; None where there is none."""
    why_not = refusal(posting, settings)
    if not why_not:
        if document is None:
            why_not = "its label is not there yet"
        elif document.state is DocumentState.FAILED:
            why_not = document.problem or "its label was set aside"
        elif not is_there(document):
            why_not = "its label is not there yet"
        elif document.state is DocumentState.UNPROVEN and not document.override_reason:
            why_not = "its label could not be read back: look at it and override it with a reason to print"
    return PrintableLabel(LABEL_IDS[settings.label_form], document, why_not)


def label_file(seller: str, number: str, *, store: Store, documents: DocumentStore) -> tuple[str, bytes]:
    """Key and content of a posting's label. Raises NotFoundError, ActionNotOfferedError (it may not print now)."""
    label = printable_label(load_posting(store, seller, number), store=store)
    if label.document is None or label.why_not:
        raise ActionNotOfferedError(f"the label of posting {number} does not print: {label.why_not}")
    return label.document.key, documents.get(label.document.key)
