"""Buyers' wishes to cancel (rFBS): bodies, queries and answers."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from shipby.contracts.base import Paged, Request, Text, Time, View
from shipby.domain.cancels.requests import CancelRequestState, DecidedBy


class CancelRequestsQuery(Paged):
    open: Annotated[bool, Field(description="False lists those that were decided or withdrawn.")] = True
    posting: Annotated[Text, Field(description="Only those of this posting.")] = ""
    due_before: Annotated[Time | None, Field(description="Only those approved by itself before this time.")] = None


class ApproveCancelRequestBody(Request):
    comment: Annotated[Text, Field(description="Goes to the marketplace.")] = ""
    reason: Annotated[Text, Field(description="Why; kept in our history only.")] = ""


class RejectCancelRequestBody(Request):
    comment: Annotated[
        str, Field(min_length=1, max_length=500, description="Why it cannot be cancelled: goes to the marketplace.")
    ]
    reason: Annotated[Text, Field(description="Why; kept in our history only.")] = ""


class CancelRequestSuggestionView(View):
    """The answer that the known facts speak for."""

    decision: Annotated[str | None, Field(description="approve or reject; null: a person has to look.")]
    reason: str | None
    facts: Annotated[dict[str, Any], Field(description="What it was worked out from.")]
    policy_version: Annotated[int, Field(description="Version of your settings that it comes from.")]


class CancelRequestView(View):
    """A buyer asks to cancel a posting; the buyer's own words are never kept."""

    id: str
    version: int
    posting_number: str
    linked: Annotated[bool, Field(description="Whether the posting is known here; it is linked once it comes.")]
    state: CancelRequestState
    state_name: Annotated[str | None, Field(description="The marketplace's own word; gone: it is not listed any more.")]
    open: bool
    initiator: str | None
    reason_id: int
    reason: Annotated[str | None, Field(description="From the marketplace's list of reasons.")]
    requested_at: Time
    auto_approve_at: Annotated[Time | None, Field(description="From then on the marketplace approves it by itself.")]
    reminded_next: Time | None
    suggestion: CancelRequestSuggestionView
    decision: Annotated[str | None, Field(description="What you asked for: approve or reject.")]
    decided_by: DecidedBy | None
    decided_at: Time | None
    open_intent: Annotated[str | None, Field(description="The answer that is on its way.")]
    synced_at: Time
