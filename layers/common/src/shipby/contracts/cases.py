"""Matters for a person: bodies, queries and answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shipby.contracts.base import ActorName, Paged, Request, Text, Time, View
from shipby.domain.cases.case import CaseKind


class CasesQuery(Paged):
    open: Annotated[bool, Field(description="False lists the closed ones.")] = True


class CloseCaseBody(Request):
    resolution: Annotated[
        str, Field(min_length=1, max_length=500, description="What was done, or why nothing has to be; kept.")
    ]


class CaseView(View):
    """A matter for a person: what it is about, who owns it, and until when."""

    id: str
    version: int
    kind: CaseKind
    subject: Annotated[str, Field(description="A posting number, a watch, an intent or the name of an item.")]
    reason: str
    owner: Annotated[str | None, Field(description="A recipient of your settings; null: everybody.")]
    open: bool
    opened_at: Time
    reminded_next: Annotated[Time | None, Field(description="When it is told again; null once it is closed.")]
    closed_at: Time | None
    closed_by: Annotated[str | None, Field(description="A key, or the audit that found it in order again.")]
    closed_by_name: ActorName = None
    resolution: str | None
    ticket: Annotated[str | None, Field(description="Where the ticket to the marketplace's support is.")]


ClockName = Annotated[
    Literal["answer_tracking_request"],
    Field(description="answer_tracking_request: the marketplace asked for another tracking number."),
]


class ClockBody(Request):
    """No event of the marketplace tells of its request: it comes as a chat message."""

    clock: ClockName
    since: Annotated[Time, Field(description="When the marketplace asked.")]
    reason: Annotated[Text, Field(description="A remark for the history.")] = ""


class ClockStopBody(Request):
    clock: ClockName
    reason: Annotated[Text, Field(description="A remark for the history.")] = ""


class BuyerAnswerBody(Request):
    wanted: Annotated[bool, Field(description="Whether the buyer still wants the order.")]
    note: Annotated[Text, Field(description="A remark for the history, without personal data.")] = ""
