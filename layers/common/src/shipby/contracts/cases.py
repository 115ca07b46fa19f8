"""Matters for a person: bodies, queries and answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shipby.contracts.base import Paged, Request, Time, View
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
    resolution: str | None
