"""Evidence: announcing a file or adding a piece, the chain, packs, and claims that ask for it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shipby.contracts.base import ActorName, Number, Paged, Reason, Request, Text, Time, View
from shipby.domain.evidence.claims import ClaimKind, ClaimState
from shipby.domain.evidence.pieces import EvidenceKind, PackState

_ID = Field(max_length=100, pattern=r"^[0-9A-Za-z._-]*$")


class EvidenceDataBody(Request):
    """What belongs to a piece."""

    code: Annotated[str, Field(max_length=1000, description="What the scanner read: of a scan.")] = ""
    grams: Annotated[int | None, Field(ge=1, le=1_000_000, description="Of a weight.")] = None
    text: Annotated[
        str,
        Field(
            max_length=4000,
            description="Of a note, or an excerpt of a chat. It is kept as a file, never in the database.",
        ),
    ] = ""
    about: Annotated[
        Literal["packing", "contents", "sealed", "label", "weighing", "hand_over", "return", "damage", "other"] | None,
        Field(description="What a picture or video shows."),
    ] = None
    taken_at: Annotated[Time | None, Field(description="When a picture or video was taken, by the camera's clock.")] = (
        None
    )


class EvidenceBody(Request):
    """A file to announce (content_type, size and sha256 together), or a piece without one."""

    kind: Literal["photo", "video", "scan", "weight", "label", "act", "chat", "note"]
    content_type: Annotated[
        str,
        Field(
            max_length=100,
            examples=["image/jpeg"],
            description="photo: image/jpeg, image/png, image/webp, image/heic; video: video/mp4, video/quicktime, "
            "video/webm; label and act: application/pdf, image/jpeg, image/png; chat: these and image/webp.",
        ),
    ] = ""
    size: Annotated[
        int | None,
        Field(ge=1, description="Bytes, exactly. Pictures and PDF: 20 MiB at most; videos: 100 MiB."),
    ] = None
    sha256: Annotated[
        str | None, Field(pattern=r"^[0-9a-f]{64}$", description="Of the whole file, in small hex digits.")
    ] = None
    return_id: Annotated[str, Field(max_length=100, description="The return that it belongs to, if any.")] = ""
    data: EvidenceDataBody = EvidenceDataBody()


class EvidencePackBody(Request):
    """Why a pack is made; `purpose` is shown on it."""

    purpose: Text = ""
    claim_id: Annotated[str, Field(max_length=100)] = ""
    return_id: Annotated[str, Field(max_length=100)] = ""


class EvidenceDataView(View):
    code: str | None = None
    grams: int | None = None
    about: str | None = None
    taken_at: Time | None = None
    width: Annotated[int | None, Field(description="Pixels.")] = None
    height: int | None = None


class EvidenceItemView(View):
    """One item of the chain."""

    sequence: Annotated[int, Field(description="1, 2, 3 … without gaps.")]
    id: Annotated[str | None, Field(description="Of its file.")]
    kind: EvidenceKind
    at: Annotated[Time, Field(description="When it was added.")]
    actor: str
    actor_name: ActorName = None
    sha256: Annotated[str, Field(description="Of the file, else of `data`.")]
    previous: Annotated[str | None, Field(description="Hash of the item before.")]
    hash: Annotated[str, Field(description="Of this item with everything above.")]
    content_type: str | None
    size: Annotated[int | None, Field(description="Bytes.")]
    data: EvidenceDataView
    return_id: str | None
    kept_until: Annotated[Time | None, Field(description="When its file is deleted; the item stays.")]
    link: Annotated[str | None, Field(description="The file; works for 300 seconds. Only in the list of evidence.")]


class UploadView(View):
    """Where to send the file: with this method and exactly these headers; anything else is refused by the store."""

    method: Literal["PUT"]
    url: str
    headers: dict[str, str]
    expires_at: Time


class EvidenceAddedView(View):
    """A piece that is in the chain (`added`), or a file that is waited for (`waiting`)."""

    id: Annotated[str | None, Field(description="For POST …/evidence/{id}/complete once the file was sent.")]
    posting_number: str
    kind: EvidenceKind
    state: Literal["waiting", "added"]
    upload: UploadView | None
    item: EvidenceItemView | None


class EvidenceListView(View):
    """All evidence of a posting, in order, and whether it is what was added."""

    items: list[EvidenceItemView]
    next_cursor: None
    count: int
    hash: Annotated[str | None, Field(description="Of the last item.")]
    intact: Annotated[bool, Field(description="Nothing was changed, taken out, put in or moved.")]
    broken_at: Annotated[int | None, Field(description="The first item that is not right.")]
    problem: str | None


class EvidencePackView(View):
    """The PDF and ZIP of a posting's evidence as it stood when asked for."""

    id: str
    version: int
    posting_number: str
    state: Annotated[PackState, Field(description="waiting until its files are made; expired: they were deleted.")]
    purpose: str | None
    claim_id: str | None
    return_id: str | None
    asked_at: Time
    asked_by: str
    asked_by_name: ActorName = None
    items: Annotated[int, Field(description="Items of the chain in it.")]
    chain_hash: str | None
    pdf_sha256: str | None
    zip_sha256: str | None
    pdf_link: Annotated[str | None, Field(description="Works for 300 seconds.")]
    zip_link: Annotated[str | None, Field(description="Works for 300 seconds.")]
    problem: Annotated[str | None, Field(description="Why it could not be made.")]
    expires_at: Annotated[Time | None, Field(description="When its files are deleted.")]


class ClaimsQuery(Paged):
    open: Annotated[bool, Field(description="False lists those answered, withdrawn or expired.")] = True


class ClaimBody(Request):
    """Somebody wants proof of a posting; entered by hand."""

    posting_number: Number
    # Strict models take no text for an enum unless they are told to.
    kind: Annotated[ClaimKind, Field(strict=False, description="What is asked for.")] = ClaimKind.PACKING_EVIDENCE
    asked_at: Annotated[Time | None, Field(description="When it was asked for; now, if left out.")] = None
    answer_by: Annotated[
        Time | None,
        Field(description="Only where the request itself names a time; else your settings or the market's period."),
    ] = None
    note: Annotated[Text, Field(description="Your own words; no personal data.")] = ""
    return_id: Annotated[str, _ID] = ""


class AnswerClaimBody(Request):
    """Which evidence pack answered it, or how it was answered; one of the two is needed."""

    pack_id: Annotated[str, _ID] = ""
    note: Text = ""


class WithdrawClaimBody(Request):
    reason: Reason


class ClaimView(View):
    """A request for proof, and until when it has to be answered."""

    id: str
    version: int
    kind: ClaimKind
    state: ClaimState
    posting_number: str
    return_id: str | None
    asked_at: Time
    answer_by: Time
    source: Annotated[str, Field(description="chat or hand.")]
    source_id: Annotated[str | None, Field(description="Id of the chat message.")]
    actor: str
    actor_name: ActorName = None
    note: Annotated[str | None, Field(description="What a person noted; never the words of a chat.")]
    pack_id: str | None
    answered_at: Time | None
    answered_by: str | None
    answered_by_name: ActorName = None
    late: Annotated[bool | None, Field(description="Whether the answer came after its time; null without one.")]
    reminded_next: Time | None


class ClaimClockView(View):
    source: Annotated[str, Field(description="Where the time to answer comes from.")]
    certain: Annotated[bool, Field(description="False: pages of the marketplace disagree, or say too little.")]


class ClaimDetailView(ClaimView):
    """With where its time comes from."""

    clock: ClaimClockView
    recognised_by: Annotated[str | None, Field(description="The pattern of words that a chat message met.")]
