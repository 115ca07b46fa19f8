"""Pools of marks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shipby.contracts.base import ActorName, Paged, Request, Time, View


class MarksBody(Request):
    codes: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=300)]],
        Field(min_length=1, max_length=100, description="As scanned, or as the operator's file has them."),
    ]


class PoolQuery(Paged):
    state: Annotated[Literal["free", "used"], Field(description="Which half of the pool.")] = "free"


class PoolMarkView(View):
    mark: str
    posting_number: Annotated[str | None, Field(description="Whose it is; null while it is free.")]
    at: Annotated[Time, Field(description="When it was uploaded.")]
    by: str
    by_name: ActorName = None


class UploadedMarkView(View):
    index: Annotated[int, Field(description="Its place in `codes`, from 0.")]
    result: Literal["added", "there", "problem"]
    code: Annotated[str | None, Field(description="Why not, as of a scan.")]
    problem: str | None


class UploadedMarksView(View):
    """What became of each mark."""

    items: list[UploadedMarkView]
    added: int
    there: int
    problem: int
