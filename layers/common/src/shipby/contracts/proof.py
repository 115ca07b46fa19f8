"""The proof that nothing was lost: which seller and days, and what was found."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from shipby.contracts.base import MoneyView, Query, Time, View

Day = date
"""Under another name: a field called date would hide its own type."""


class ProofQuery(Query):
    date: Annotated[Day | None, Field(description="The day (UTC) the proof was made; without it today.")] = None


class FindingView(View):
    check: str
    id: str
    problem: str


class WholeProofView(View):
    """The last run that held everything of its window against the marketplace, not only what had changed."""

    began: Time
    listed: int
    green: bool


class ProofView(View):
    """Whether anything was lost between the marketplace's list and our rows."""

    seller: str
    since: Time
    until: Time
    at: Time
    changed_since: Annotated[
        Time | None, Field(description="Only what has changed since then was held against the marketplace; null: all.")
    ] = None
    whole: WholeProofView | None = None
    green: bool
    counts: dict[str, int]
    refunded: Annotated[
        list[MoneyView], Field(default_factory=list, description="What was given back, a sum for each currency.")
    ]
    findings: list[FindingView]
    findings_left_out: Annotated[int, Field(description="Findings beyond those that are listed.")] = 0
