"""Files as evidence: announced, sent to a signed address, and taken into the chain only if they are what was announced.

A file arrives in a folder of its own, whose files live for a day. It is copied from there once it has been read from
end to end, so that no signed address ever leads to a file of the chain. The address takes only the very bytes that were
announced (their length and SHA-256 are signed), so what was judged is what is copied.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from shipby.application.evidence.pieces import Piece, PieceWish, append, check_return, check_room, days_kept
from shipby.application.evidence.views import added_view, announced_view
from shipby.application.ports.clock import Clock
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.store import Store
from shipby.application.ports.writes import SaveEvidenceUpload
from shipby.application.postings.work_posting import load_posting
from shipby.application.shared.idempotency import Answer, Remember
from shipby.domain.errors import InvalidInputError, NotFoundError, StageMismatchError
from shipby.domain.evidence.chain import canonical
from shipby.domain.evidence.files import (
    Inspected,
    Inspector,
    check_announced,
    file_key,
    identifier_of,
    incoming_key,
)
from shipby.domain.evidence.pieces import EvidenceItem, EvidenceUpload
from shipby.domain.evidence.shapes import broken
from shipby.domain.json_types import Json

LINK_LIVES = timedelta(minutes=15)
"""How long a file may begin to be sent."""


def announce_file(wish: PieceWish, *, store: Store, documents: DocumentStore, clock: Clock) -> Answer:
    """Accept that a file is going to be sent; 201 with a signed address.

    The same announcement again is the same file: it gets a fresh address, or its item if it is in the chain by then.
    (So it needs no remembered answer, whose address would be dead.) Raises NotFoundError, InvalidInputError,
    ActionNotOfferedError.
    """
    load_posting(store, wish.seller, wish.number)
    check_return(wish, store)
    check_announced(wish.kind, wish.content_type, wish.size)
    foreign = [name for name in ("code", "grams", "text") if getattr(wish, name) not in ("", None)]
    if foreign:
        raise InvalidInputError(
            "a file has none of these", errors=[(f"data/{name}", "leave it out") for name in foreign]
        )
    identifier = _identifier(wish)
    if (item := _item_of(store.evidence(wish.seller, wish.number), identifier)) is not None:
        return Answer(201, added_view(item))
    check_room(wish, store)
    now = clock.now()
    upload = EvidenceUpload(
        seller=wish.seller,
        id=identifier,
        posting_number=wish.number,
        kind=wish.kind,
        key=incoming_key(wish.seller, wish.number, identifier, wish.content_type),
        content_type=wish.content_type,
        size=wish.size,
        sha256=wish.sha256,
        at=now,
        actor=wish.actor,
        expires_at=now + LINK_LIVES,
        return_id=wish.return_id,
        data=wish.data,
    )
    link = documents.upload_link(
        upload.key,
        content_type=upload.content_type,
        size=upload.size,
        sha256=upload.sha256,
        seconds=int(LINK_LIVES.total_seconds()),
    )
    store.commit([SaveEvidenceUpload(upload)])
    return Answer(201, announced_view(upload, link))


def complete_file(
    seller: str,
    number: str,
    identifier: str,
    actor: str,
    remember: Remember,
    *,
    store: Store,
    documents: DocumentStore,
    clock: Clock,
) -> Answer:
    """Take a file that was sent into the chain, once; 200 with its item.

    A file that is not what was announced, or hides something, is deleted and nothing is added. Raises NotFoundError
    (never announced), StageMismatchError (not sent yet), InvalidInputError (refused; `errors` says why).
    """
    load_posting(store, seller, number)
    if (item := _item_of(store.evidence(seller, number), identifier)) is not None:
        return Answer(200, added_view(item))
    upload = store.evidence_upload(seller, number, identifier)
    if upload is None:
        raise NotFoundError(f"no file {identifier} was announced for posting {number}, or too long ago: announce it")
    target = file_key(days_kept(store, seller), seller, number, identifier, upload.content_type)
    try:
        seen = _inspected(upload, documents)
        documents.copy(upload.key, target)
    except NotFoundError as error:
        # A second call may have taken it in and away meanwhile.
        if (item := _item_of(store.evidence(seller, number), identifier)) is not None:
            return Answer(200, added_view(item))
        raise StageMismatchError(
            f"file {identifier} has not arrived: send it to the address of its announcement, which lives 15 minutes, "
            "or announce it again"
        ) from error
    except InvalidInputError:
        documents.delete(upload.key)
        raise
    piece = Piece(
        seller=seller,
        number=number,
        kind=upload.kind,
        actor=actor,
        sha256=seen.sha256,
        key=target,
        content_type=upload.content_type,
        size=seen.size,
        return_id=upload.return_id,
        data={**upload.data, **_pixels(seen)},
    )
    made = append(
        piece,
        lambda item: Answer(200, added_view(item)),
        remember,
        store=store,
        clock=clock,
        known=lambda items: _item_of(items, identifier),
    )
    documents.delete(upload.key)
    return made


def _pixels(seen: Inspected) -> dict[str, Json]:
    return {"width": seen.width, "height": seen.height} if seen.width else {}


def _inspected(upload: EvidenceUpload, documents: DocumentStore) -> Inspected:
    """Read the file once, in parts; one of another length is not read at all."""
    size = documents.size(upload.key)
    if size != upload.size:
        raise broken(f"it has {size} bytes, and {upload.size} were announced")
    inspector = Inspector(upload.content_type, upload.size, upload.sha256)
    for chunk in documents.chunks(upload.key):
        inspector.feed(chunk)
    return inspector.finish()


def _item_of(items: Sequence[EvidenceItem], identifier: str) -> EvidenceItem | None:
    return next((item for item in items if item.key and identifier_of(item.key) == identifier), None)


def _identifier(wish: PieceWish) -> str:
    """The same for the same file announced in the same way."""
    seed: dict[str, Json] = {
        "number": wish.number,
        "kind": wish.kind.value,
        "content_type": wish.content_type,
        "size": wish.size,
        "sha256": wish.sha256,
        "return": wish.return_id,
        "data": wish.data,
    }
    return hashlib.sha256(canonical(seed)).hexdigest()[:20]
