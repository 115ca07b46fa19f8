"""Waves: bodies and answers."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from shipby.contracts.base import Number, Request, Time, View


class WaveBody(Request):
    """Name the postings, or say which of the confirmed ones: never both."""

    posting_numbers: Annotated[list[Number] | None, Field(min_length=1, max_length=300)] = None
    due_before: Annotated[Time | None, Field(description="Only postings whose cut-off is earlier.")] = None
    warehouse_id: Annotated[str, Field(max_length=40)] = ""
    limit: Annotated[int, Field(ge=1, le=300, description="Confirmed postings with the earliest cut-off.")] = 300

    @model_validator(mode="after")
    def _one_way_of_saying_which(self) -> Self:
        if self.posting_numbers and (self.due_before or self.warehouse_id):
            raise ValueError("posting_numbers goes without due_before and warehouse_id")
        return self


class WaveItemView(View):
    posting_number: str
    intent: Annotated[str | None, Field(description="Its call to the marketplace: follow /v1/intents/{id}.")]
    problem: Annotated[str | None, Field(description="Why it was left out; the others are shipped all the same.")]


class WaveView(View):
    """What became of each posting of a wave."""

    accepted: int
    left_out: int
    items: list[WaveItemView]
