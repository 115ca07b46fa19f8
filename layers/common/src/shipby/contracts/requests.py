"""What callers send: bodies and query parameters."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from shipby.contracts.base import MoneyBody, Paged, Query, Reason, Request, Text, Time
from shipby.domain.intents import IntentState
from shipby.domain.postings.posting import Stage
from shipby.domain.returns.return_case import COMPENSATE_ACTION

Day = date
"""Under another name: a field called date would hide its own type."""

_INT64 = 2**63 - 1
"""The marketplace's ids are 64 bits wide; the table holds 38 digits at most."""

# Query parameters ------------------------------------------------------------------------------------------------


class PostingsQuery(Paged):
    stage: Annotated[
        Stage | None, Field(description="One stage's worklist; without it all open stages one after the other.")
    ] = None
    status: Annotated[Text, Field(description="The marketplace's own status, such as awaiting_deliver.")] = ""
    due_before: Annotated[Time | None, Field(description="Only postings whose cut-off is earlier.")] = None
    q: Annotated[
        str, Field(max_length=200, description="A posting number, a tracking number or a label's barcode, whole.")
    ] = ""


class EventsQuery(Query):
    after_version: Annotated[int, Field(ge=0, le=99_999_998, description="Leave out what you know already.")] = 0


class IntentsQuery(Paged):
    state: Annotated[IntentState | None, Field(description="Without it all states, the open ones first.")] = None


class ProofQuery(Query):
    date: Annotated[Day | None, Field(description="The day (UTC) the proof was made; without it today.")] = None


# Bodies ----------------------------------------------------------------------------------------------------------


class NoBody(Request):
    """Nothing has to be said."""


class StepBody(Request):
    """A step at the bench; nothing has to be said."""

    reason: Annotated[Text, Field(description="A remark for the history.")] = ""


class InspectBody(Request):
    passed: Annotated[bool, Field(description="False blocks the posting until somebody unblocks it.")] = True
    reason: Annotated[Text, Field(description="What is wrong; needed if it did not pass.")] = ""


class ReasonBody(Request):
    reason: Reason


class VerdictBody(Request):
    happened: Annotated[bool, Field(description="What the cabinet shows: true if the call was carried out.")]
    reason: Reason


class ShipBody(Request):
    packages: Annotated[
        list[Annotated[dict[str, Annotated[int, Field(ge=1, le=10_000)]], Field(min_length=1, max_length=200)]] | None,
        Field(
            min_length=1,
            max_length=100,
            description="What goes into which package: SKU -> quantity. Without it everything goes into one.",
            examples=[[{"149123456": 2}]],
        ),
    ] = None


class CancelBody(Request):
    reason_id: Annotated[
        int, Field(ge=1, le=_INT64, description="One the marketplace offers for this posting.", examples=[352])
    ]
    message: Annotated[Text, Field(description="Told to the marketplace; without it the reason's title.")] = ""


class CutOffBody(Request):
    cut_off: Annotated[Time, Field(description="The new date to hand the posting over by.")]


class DecideBody(Request):
    """One of the return's available_actions."""

    action_id: Annotated[int, Field(ge=-_INT64, le=_INT64, examples=[1020])]
    refund: Annotated[
        bool, Field(description="Whether this action gives the buyer money: true reserves it in the posting's ledger.")
    ]
    amount: Annotated[
        MoneyBody | None,
        Field(description="What the buyer gets; needed for action 1020, otherwise the price of the goods."),
    ] = None
    pieces: Annotated[
        dict[str, Annotated[int, Field(ge=1, le=10_000)]],
        Field(
            default_factory=dict,
            max_length=200,
            description="SKU -> pieces that are given back: they price a compensation without an amount, and it is "
            "booked on them.",
        ),
    ]
    postage: Annotated[
        MoneyBody | None,
        Field(description="The buyer's return postage, on top; only with a refund and within your limit."),
    ] = None
    rejection_reason_id: Annotated[
        int | None, Field(ge=0, le=_INT64, description="Needed for a rejection (-1, -10).")
    ] = None
    comment: Annotated[Text, Field(description="Told to the marketplace; needed for a rejection.")] = ""
    reason: Annotated[Text, Field(description="For your own history.")] = ""

    @model_validator(mode="after")
    def _money_only_with_a_refund(self) -> Self:
        money = self.amount is not None or self.postage is not None or self.pieces
        if not self.refund and (money or self.action_id == COMPENSATE_ACTION):
            raise ValueError("an amount, postage, pieces or action 1020 give the buyer money: refund must be true")
        return self
