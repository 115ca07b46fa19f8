"""Replay and the shadow report: queries and answers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from shipby.contracts.base import ActorName, MoneyView, Paged, Time, View
from shipby.domain.events import AggregateKind, EventType

Day = date
"""Under another name: a field called date would hide its own type."""
_LONGEST = timedelta(days=31)


class ShadowQuery(Paged):
    first: Annotated[Day | None, Field(alias="from", description="First day (UTC); left out: 7 days in all.")] = None
    last: Annotated[Day | None, Field(alias="to", description="Last day (UTC), included; left out: today.")] = None

    @model_validator(mode="after")
    def _whole_period(self) -> Self:
        if self.first and self.last and not timedelta(0) <= self.last - self.first < _LONGEST:
            raise ValueError("a report covers 1 to 31 days, the last one not before the first")
        return self


class ShadowThenView(View):
    outcome: Annotated[
        Literal["person_same", "person_otherwise", "automation", "marketplace", "nothing_yet"],
        Field(description="Who settled the matter instead; marketplace: anybody outside, the cabinet too."),
    ]
    event: EventType | None
    at: Time | None
    actor: str | None
    actor_name: ActorName = None
    reason: str | None


class ShadowDecisionView(View):
    """What would have been done, under which version of the settings, and what happened instead."""

    id: str
    at: Time
    kind: AggregateKind
    of: str
    posting_number: str
    action: str
    would: str
    reason: str
    policy_version: int
    money: Annotated[MoneyView | None, Field(description="Where the decision is about an amount.")]
    data: dict[str, Any]
    then: ShadowThenView


class ShadowReportView(View):
    """Decisions of automatic actions that were only watched."""

    model_config = ConfigDict(serialize_by_alias=True)

    first: Annotated[Day, Field(alias="from")]
    last: Annotated[Day, Field(alias="to")]
    total: Annotated[int, Field(description="Of the whole period, not of the page.")]
    by_action: dict[str, int]
    items: Annotated[list[ShadowDecisionView], Field(description="Oldest first.")]
    next_cursor: Annotated[str | None, Field(description="Null on the last page.")]


class ReplayPushView(View):
    type: str
    at: Time
    state: str
    digest: str


class ReplayEventView(View):
    type: EventType
    at: Time
    actor: str
    actor_name: ActorName = None
    reason: str
    policy_version: Annotated[int | None, Field(description="Version of your settings that decided; null: a person.")]
    data: dict[str, Any]


class ReplayChangeView(View):
    before: Any
    after: Any


class ReplayStepView(View):
    """One version: what came in before it, what happened, what it changed."""

    version: int
    at: Time
    pushes: list[ReplayPushView]
    events: list[ReplayEventView]
    changed: dict[str, ReplayChangeView]
    rebuilt: bool


class ReplayDifferenceView(View):
    rebuilt: Any
    stored: Any


class ReplayView(View):
    """The item rebuilt from its history, held against the stored one."""

    kind: AggregateKind
    id: str
    equal: bool
    steps: list[ReplayStepView]
    later_pushes: list[ReplayPushView]
    pushes_since: Annotated[Time | None, Field(description="Pushes before then are gone; null: all are here.")]
    gaps: Annotated[list[str], Field(description="What is missing of the history, or was edited.")]
    not_rebuilt: Annotated[list[int], Field(description="Versions written by releases that did not keep changes.")]
    note: Annotated[str | None, Field(description="What is not the same and no difference.")]
    bytes: Annotated[int, Field(description="Length of the stored item in canonical JSON.")]
    sha256: Annotated[str | None, Field(description="Of the stored item in canonical JSON; null: it is gone.")]
    differences: dict[str, ReplayDifferenceView]
