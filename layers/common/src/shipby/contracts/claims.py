"""Claims: bodies, queries and answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shipby.contracts.base import Number, Paged, Reason, Request, Text, Time, View
from shipby.domain.evidence.claims import ClaimKind, ClaimState

_ID = Field(max_length=100, pattern=r"^[0-9A-Za-z._-]*$")


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
    note: Annotated[str | None, Field(description="What a person noted; never the words of a chat.")]
    pack_id: str | None
    answered_at: Time | None
    answered_by: str | None
    late: Annotated[bool | None, Field(description="Whether the answer came after its time; null without one.")]
    reminded_next: Time | None


class ClaimClockView(View):
    source: Annotated[str, Field(description="Where the time to answer comes from.")]
    certain: Annotated[bool, Field(description="False: pages of the marketplace disagree, or say too little.")]


class ClaimDetailView(ClaimView):
    """With where its time comes from."""

    clock: ClaimClockView
    recognised_by: Annotated[str | None, Field(description="The pattern of words that a chat message met.")]
