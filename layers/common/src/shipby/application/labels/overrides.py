"""A person lets a label print that could not be read back, and says why."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shipby.application.labels.asks import is_there
from shipby.application.labels.storing import CODE_TAKEN, claims
from shipby.application.labels.views import label_view
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveDocument, SavePosting
from shipby.application.postings.work_posting import load_posting
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew, or_decide_anew
from shipby.domain.deadlines.firing import may_be_labelled
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import InvalidInputError, NotFoundError, StageMismatchError
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.json_types import Json
from shipby.domain.labels.documents import Document, DocumentState


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelOverride:
    """Which label of which posting may print, who says so, and why."""

    seller: str
    number: str
    document: str
    reason: str
    actor: str


def override_label(wish: LabelOverride, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Let an unproven label print. The document stays unproven: the override stands beside it for ever.

    Raises NotFoundError, InvalidInputError (no reason), StageMismatchError (proven, overridden already, void or gone;
    or the posting may not be labelled any more).
    """
    if not wish.reason.strip():
        raise InvalidInputError("an override needs a reason", errors=[("reason", "say why it may print")])

    def once() -> Answer:
        posting = load_posting(store, wish.seller, wish.number)
        document = store.document(wish.seller, wish.number, wish.document)
        if document is None:
            raise NotFoundError(
                f"posting {wish.number} has no label {wish.document}; see /v1/postings/{wish.number}/labels"
            )
        _check(document)
        if not may_be_labelled(posting):
            raise StageMismatchError(f"posting {wish.number} is {posting.stage}: its label cannot be printed any more")
        now = clock.now()
        overridden = replace(
            document, version=document.version + 1, override_reason=wish.reason, override_by=wish.actor
        )
        changed = rewind(replace(posting, version=posting.version + 1, label_ready_at=posting.label_ready_at or now))
        data: dict[str, Json] = {"document": document.id, "form": document.form, "sha256": document.sha256}
        event = Event(type=EventType.LABEL_OVERRIDDEN, at=now, actor=wish.actor, reason=wish.reason, data=data)
        appended = AppendEvents(wish.seller, posting_ref(wish.number), changed.version, (event,))
        answer = Answer(200, label_view(overridden))
        pointers = claims(store, changed, document.barcodes)
        with or_decide_anew(CODE_TAKEN):
            store.commit([SavePosting(changed), SaveDocument(overridden), appended, *pointers, *remember(answer)])
        return answer

    return decide_anew(once)


def _check(document: Document) -> None:
    name = f"label {document.id} of posting {document.posting_number}"
    if document.override_reason:
        raise StageMismatchError(f"{name} was overridden by {document.override_by} already: print it")
    if document.state is not DocumentState.UNPROVEN or not is_there(document):
        raise StageMismatchError(f"{name} is {document.state}: only a label that could not be read back is overridden")
