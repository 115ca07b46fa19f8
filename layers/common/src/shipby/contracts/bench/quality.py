"""Inspecting and packing."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from shipby.contracts.base import ActorName, Paged, Request, Text, Time, View


class InspectBody(Request):
    """The result of an inspection."""

    passed: Annotated[
        bool,
        Field(
            description="False: with sku these units are out and others are fetched; without it "
            "the posting is blocked until somebody unblocks it."
        ),
    ] = True
    reason: Annotated[Text, Field(description="What is wrong; needed if it did not pass.")] = ""
    sku: Annotated[str, Field(max_length=60, description="The product whose units failed.")] = ""
    pieces: Annotated[int, Field(ge=1, le=10_000, description="How many of them failed.")] = 1

    @model_validator(mode="after")
    def _only_what_failed(self) -> Self:
        if self.passed and self.sku:
            raise ValueError("sku names what failed: leave it out where everything passed")
        return self


class PackBody(Request):
    reason: Annotated[Text, Field(description="Why it is packed without its scans; a remark otherwise.")] = ""
    packaging: Annotated[
        str, Field(max_length=20, description="The token of the packaging that the packer has seen and followed.")
    ] = ""


class FailuresQuery(Paged):
    month: Annotated[date | None, Field(description="A day of the month (UTC); without it this month.")] = None
    supplier: Annotated[str, Field(max_length=100, description="Only what this supplier delivered.")] = ""


class QualityFailureView(View):
    """Units that failed their inspection."""

    posting_number: str
    sku: str
    pieces: int
    supplier: Annotated[str | None, Field(description="As the product card said then.")]
    reason: str
    at: Time
    by: str
    by_name: ActorName = None
