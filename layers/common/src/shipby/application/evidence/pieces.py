"""Adding a piece to a posting's evidence: what has no file, and what people write, goes into the chain at once.

Each piece is a change of its posting, told in the posting's own history under its next version: the gap-free history
then proves the chain too (an item cut off its end is missed), and the nothing-lost proof needs to know nothing new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from shipby.application.evidence.views import added_view
from shipby.application.ports.clock import Clock
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.matters import EvidenceReads
from shipby.application.ports.returns import ReturnReads
from shipby.application.ports.sellers import SellerReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, AppendEvidence, SavePosting
from shipby.application.postings.work_posting import load_posting
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.evidence.chain import data_hash, next_item
from shipby.domain.evidence.files import HEAVIEST, LONGEST_TEXT, TEXT, file_key, kept_days
from shipby.domain.evidence.pieces import EvidenceItem, EvidenceKind
from shipby.domain.json_types import Json
from shipby.domain.packing.scanning import printable
from shipby.domain.sellers.settings import SellerSettings

MOST_PIECES = 300
"""Of one posting: a pack has to hold them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceWish:
    """What somebody wants to add. A file has `content_type`, `size` and `sha256`; everything else has none of them.

    `code` is what a scanner read, `grams` what a scale showed, `text` a note or an excerpt of a chat, `about` what a
    picture shows and `taken_at` when it was taken.
    """

    seller: str
    number: str
    kind: EvidenceKind
    actor: str
    content_type: str = ""
    size: int = 0
    sha256: str = ""
    return_id: str = ""
    code: str = ""
    grams: int | None = None
    text: str = ""
    about: str = ""
    taken_at: datetime | None = None

    @property
    def data(self) -> dict[str, Json]:
        """What the item itself keeps: nothing that a person wrote freely."""
        found: dict[str, Json] = {}
        if self.code:
            found["code"] = printable(self.code)
        if self.grams is not None:
            found["grams"] = self.grams
        if self.about:
            found["about"] = self.about
        if self.taken_at is not None:
            found["taken_at"] = self.taken_at.isoformat().replace("+00:00", "Z")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What becomes an item of the chain."""

    seller: str
    number: str
    kind: EvidenceKind
    actor: str
    sha256: str
    key: str = ""
    content_type: str = ""
    size: int = 0
    return_id: str = ""
    data: Mapping[str, Json] = field(default_factory=dict)


def add_piece(wish: PieceWish, remember: Remember, *, store: Store, documents: DocumentStore, clock: Clock) -> Answer:
    """Add a scan, a weight, a note or an excerpt of a chat; 201 with the item.

    Texts may hold personal data, so they lie in the file store and never in the table. Raises NotFoundError,
    InvalidInputError, ActionNotOfferedError (there are too many pieces).
    """
    load_posting(store, wish.seller, wish.number)
    check_return(wish, store)
    check_room(wish, store)
    _check_fields(wish)
    piece = Piece(
        seller=wish.seller,
        number=wish.number,
        kind=wish.kind,
        actor=wish.actor,
        sha256=data_hash(wish.data),
        return_id=wish.return_id,
        data=wish.data,
    )
    if wish.text:
        piece = _with_text(piece, wish, store, documents, clock)
    return append(piece, lambda item: Answer(201, added_view(item)), remember, store=store, clock=clock)


def _with_text(piece: Piece, wish: PieceWish, store: SellerReads, documents: DocumentStore, clock: Clock) -> Piece:
    content = wish.text.encode()
    digest = hashlib.sha256(content).hexdigest()
    seed = "\n".join([wish.actor, clock.now().isoformat(), digest])
    identifier = hashlib.sha256(seed.encode()).hexdigest()[:20]
    key = file_key(days_kept(store, wish.seller), wish.seller, wish.number, identifier, TEXT)
    documents.put(key, content, content_type=TEXT)
    return replace(piece, sha256=digest, key=key, content_type=TEXT, size=len(content))


def _check_fields(wish: PieceWish) -> None:
    """Each kind has exactly its own field. Raises InvalidInputError."""
    has = {"code": bool(printable(wish.code)), "grams": wish.grams is not None, "text": bool(wish.text)}
    needed = {
        EvidenceKind.SCAN: "code",
        EvidenceKind.WEIGHT: "grams",
        EvidenceKind.NOTE: "text",
        EvidenceKind.CHAT: "text",
    }.get(wish.kind)
    if needed is None:
        told = f"a {wish.kind} is a file: name its content_type, size and sha256"
        raise InvalidInputError("this piece is not complete", errors=[("content_type", told)])
    errors = [(f"data/{needed}", f"a {wish.kind} needs it")] if not has[needed] else []
    errors += [(f"data/{name}", f"a {wish.kind} has none") for name, given in has.items() if given and name != needed]
    if wish.grams is not None and not 1 <= wish.grams <= HEAVIEST:
        errors.append(("data/grams", f"1 to {HEAVIEST}"))
    if len(wish.text) > LONGEST_TEXT:
        errors.append(("data/text", f"at most {LONGEST_TEXT} characters; send a longer one as a file"))
    if errors:
        raise InvalidInputError("this piece is not complete", errors=errors)


def check_return(wish: PieceWish, store: ReturnReads) -> None:
    """Raises InvalidInputError if the return is another posting's, or none."""
    if not wish.return_id:
        return
    case = store.return_case(wish.seller, wish.return_id)
    if case is None or case.posting_number != wish.number:
        told = f"there is no return {wish.return_id} of posting {wish.number}"
        raise InvalidInputError(told, errors=[("return_id", told)])


def check_room(wish: PieceWish, store: EvidenceReads) -> None:
    """Raises ActionNotOfferedError where a posting has as much evidence as it may."""
    head = store.evidence_chain(wish.seller, wish.number)
    if head is not None and head.version >= MOST_PIECES:
        raise ActionNotOfferedError(
            f"posting {wish.number} has {head.version} pieces of evidence, and may have no more"
        )


def days_kept(store: SellerReads, seller: str) -> int:
    """The folder for a seller's files, by its settings."""
    return kept_days((store.settings(seller) or SellerSettings(seller=seller)).evidence_kept)


def append(
    piece: Piece,
    answer: Callable[[EvidenceItem], Answer],
    remember: Remember,
    *,
    store: Store,
    clock: Clock,
    known: Callable[[list[EvidenceItem]], EvidenceItem | None] = lambda _: None,
) -> Answer:
    """Write the next item of the chain with its event on the posting, however many others do so at the same time.

    `known` finds the item if the piece is in the chain already; then nothing is written.
    """

    def once() -> Answer:
        posting = load_posting(store, piece.seller, piece.number)
        if (found := known(store.evidence(piece.seller, piece.number))) is not None:
            return answer(found)
        now = clock.now()
        item = next_item(
            store.evidence_chain(piece.seller, piece.number),
            seller=piece.seller,
            number=piece.number,
            kind=piece.kind,
            at=now,
            actor=piece.actor,
            sha256=piece.sha256,
            key=piece.key,
            content_type=piece.content_type,
            size=piece.size,
            data=piece.data,
            return_id=piece.return_id,
        )
        changed = rewind(replace(posting, version=posting.version + 1))
        data: dict[str, Json] = {
            "sequence": item.sequence,
            "kind": item.kind,
            "sha256": item.sha256,
            "hash": item.hash,
            "return": item.return_id or None,
        }
        event = Event(type=EventType.EVIDENCE_ADDED, at=now, actor=piece.actor, data=data)
        appended = AppendEvents(piece.seller, posting_ref(piece.number), changed.version, (event,))
        made = answer(item)
        store.commit([SavePosting(changed), AppendEvidence(item), appended, *remember(made)])
        return made

    return decide_anew(once)
