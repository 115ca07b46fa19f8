"""The service itself: its health, its document, and the one shape of every error (RFC 9457)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from shipby.contracts.base import Time, View


class FieldProblem(View):
    """What is wrong with one field, parameter or header."""

    field: Annotated[str, Field(description="Its name; parts are divided by '/'.", examples=["packages/0/149123456"])]
    problem: str


class Problem(View):
    """Why a call failed and what to do about it."""

    type: Annotated[
        str,
        Field(description="Stable and machine-readable; see docs/api.md.", examples=["urn:shipby:problem:not_found"]),
    ]
    former_type: Annotated[
        str | None,
        Field(description="What `type` was in the release before, where it has changed; gone with the next one."),
    ] = None
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: Annotated[str, Field(description="What happened, and to which item.")]
    what_to_do: str
    errors: Annotated[list[FieldProblem], Field(description="Fields to correct; empty where none is to blame.")]
    offered: Annotated[
        list[str] | None,
        Field(description="What can be done instead now (only with action_not_offered)."),
    ] = None
    request_id: Annotated[str, Field(description="Tell it to support; the logs know it.")]


class HealthView(View):
    status: Literal["ok"]
    time: Time


class OpenApiView(View):
    """An OpenAPI 3.1 document."""

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]
    components: dict[str, Any]
