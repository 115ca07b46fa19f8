"""Evidence of postings: files and pieces in a chain of hashes, and packs of it for claims."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, Operation, read
from shipby.application.evidence import packs as evidence_packs
from shipby.application.evidence import pieces as evidence_pieces
from shipby.application.evidence import uploads as evidence_uploads
from shipby.application.evidence import views as evidence_views
from shipby.application.evidence.pieces import PieceWish
from shipby.application.shared.idempotency import Answer
from shipby.contracts.evidence import EvidenceBody, EvidencePackBody
from shipby.domain.errors import InvalidInputError
from shipby.domain.evidence.pieces import EvidenceKind


def _wish(call: Call, body: EvidenceBody) -> PieceWish:
    data = body.data
    return PieceWish(
        seller=call.seller,
        number=call.path["number"],
        kind=EvidenceKind(body.kind),
        actor=call.actor,
        content_type=body.content_type,
        size=body.size or 0,
        sha256=body.sha256 or "",
        return_id=body.return_id,
        code=data.code,
        grams=data.grams,
        text=data.text,
        about=data.about or "",
        taken_at=data.taken_at,
    )


def add_evidence(call: Call) -> Answer:
    body = call.body_as(EvidenceBody)
    wish = _wish(call, body)
    parts = {"content_type": body.content_type, "size": body.size, "sha256": body.sha256}
    if not any(parts.values()):
        return evidence_pieces.add_piece(
            wish, call.remember, store=call.store, documents=call.documents, clock=call.clock
        )
    missing = [(name, "a file needs it") for name, given in parts.items() if not given]
    if missing:
        raise InvalidInputError("a file is announced by its type, size and SHA-256", errors=missing)
    return evidence_uploads.announce_file(wish, store=call.store, documents=call.documents, clock=call.clock)


def complete_evidence(call: Call) -> Answer:
    return evidence_uploads.complete_file(
        call.seller,
        call.path["number"],
        call.path["id"],
        call.actor,
        call.remember,
        store=call.store,
        documents=call.documents,
        clock=call.clock,
    )


def list_evidence(call: Call) -> Mapping[str, object]:
    return evidence_views.get_evidence(
        call.seller, call.path["number"], store=call.store, documents=call.documents, clock=call.clock
    )


def request_pack(call: Call) -> Answer:
    body = call.body_as(EvidencePackBody)
    wish = evidence_packs.PackWish(
        seller=call.seller,
        number=call.path["number"],
        actor=call.actor,
        purpose=body.purpose,
        claim_id=body.claim_id,
        return_id=body.return_id,
    )
    return evidence_packs.request_pack(wish, call.remember, store=call.store, clock=call.clock)


def get_pack(call: Call) -> Mapping[str, object]:
    return evidence_views.get_pack(
        call.seller, call.path["id"], store=call.store, documents=call.documents, clock=call.clock
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="addEvidence",
        method="POST",
        path="/v1/postings/{number}/evidence",
        summary="Announce a photo, video or paper, or add a scan, weight, note or excerpt of a chat",
        run=add_evidence,
        answers="EvidenceAddedView",
        body=EvidenceBody,
        status=201,
        description=(
            "A file is sent to `upload.url` within 15 minutes and then completed. The same announcement again answers "
            "a fresh address, or the item if the file is in the chain. Everything else is in the chain at once."
        ),
    ),
    Operation(
        id="completeEvidence",
        method="POST",
        path="/v1/postings/{number}/evidence/{id}/complete",
        summary="Take a file that was sent into the chain",
        run=complete_evidence,
        answers="EvidenceAddedView",
        description=(
            "The file is read: its length, SHA-256 and type by content must be as announced. A script, a page, an "
            "archive or a picture of absurd size is refused, deleted, and nothing is added. Again: the same answer."
        ),
    ),
    read(
        "/v1/postings/{number}/evidence",
        list_evidence,
        id="listEvidence",
        summary="All evidence of a posting with links, and whether its chain is whole",
        answers="EvidenceListView",
    ),
    Operation(
        id="requestEvidencePack",
        method="POST",
        path="/v1/postings/{number}/evidence-packs",
        summary="Make a PDF and a ZIP of a posting's evidence, for a claim or a support ticket",
        run=request_pack,
        answers="EvidencePackView",
        body=EvidencePackBody,
        status=202,
        description=(
            "Holds the chain as it stands now and, apart from it, what the product knows by itself: scans at the "
            "bench, the label's page, the act of its carriage, tracking numbers and the whole history; each with its "
            "SHA-256."
        ),
    ),
    read(
        "/v1/evidence-packs/{id}",
        get_pack,
        id="getEvidencePack",
        summary="An evidence pack: how it stands, and the links to its files once it is ready",
        answers="EvidencePackView",
    ),
)
