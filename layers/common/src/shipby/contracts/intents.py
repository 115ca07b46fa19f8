"""Intents: their list, a person's verdict, and how one is shown."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from shipby.contracts.base import ActorName, MoneyView, Paged, Reason, Request, Text, Time, View
from shipby.contracts.money import LineAmountView
from shipby.domain.intents import IntentAction, IntentState

_INT64 = 2**63 - 1
"""The marketplace's ids are 64 bits wide; the table holds 38 digits at most."""


class IntentsQuery(Paged):
    state: Annotated[IntentState | None, Field(description="Without it all states, the open ones first.")] = None


class VerdictBody(Request):
    happened: Annotated[bool, Field(description="What the cabinet shows: true if the call was carried out.")]
    reason: Reason


class CancelBody(Request):
    reason_id: Annotated[
        int, Field(ge=1, le=_INT64, description="One the marketplace offers for this posting.", examples=[352])
    ]
    message: Annotated[Text, Field(description="Told to the marketplace; without it the reason's title.")] = ""


class IntentView(View):
    """An irreversible call to the marketplace. UNKNOWN is settled by reading, never by repeating."""

    id: str
    action: IntentAction
    state: IntentState
    posting_number: str
    request: dict[str, Any]
    request_hash: Annotated[str | None, Field(description="sha256 of the request; another one is never sent.")]
    amount: MoneyView | None
    postage: Annotated[MoneyView | None, Field(description="The buyer's return postage, on top of the amount.")]
    lines: Annotated[list[LineAmountView], Field(description="What the amount is for, where it is known.")]
    policy_version: Annotated[int, Field(description="Version of the settings under which it was decided.")]
    attempts: int
    actor: str
    actor_name: ActorName = None
    approved_by: Annotated[str | None, Field(description="The second person, where the amount needed one.")]
    approved_by_name: ActorName = None
    approved_at: Time | None
    needs_person: Annotated[bool, Field(description="True: no reading settled it; see its case.")]
    reason: str | None
    outcome: str | None
    read_back: Annotated[dict[str, Any], Field(description="What the marketplace showed when it was settled.")]
    created_at: Time
    updated_at: Time
