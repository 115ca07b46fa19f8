"""Clocks entered by hand, and the buyer's answer: bodies."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shipby.contracts.base import Request, Text, Time

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
