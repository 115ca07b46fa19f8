"""Past the ramp: reports of the seller's own carrier."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shipby.contracts.base import Number, Request, Text
from shipby.domain.postings.delivery import DeliveryStage

Why = Annotated[Text, Field(description="A remark for the history; needed for `delivering` without a tracking number.")]


class ReportBody(Request):
    """Where your own carrier is with the parcel."""

    stage: DeliveryStage
    reason: Why = ""


class ReportsBody(Request):
    """The same for many postings."""

    stage: DeliveryStage
    posting_numbers: Annotated[list[Number], Field(min_length=1, max_length=300)]
    reason: Why = ""
