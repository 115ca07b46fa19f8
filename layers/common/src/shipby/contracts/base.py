"""Common ground of the API's models: what a field may hold, and how strictly a request is read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _time(value: object) -> object:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("write it like 2026-11-22T17:40:00Z")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("there is no such time") from error


Time = Annotated[AwareDatetime, BeforeValidator(_time, json_schema_input_type=AwareDatetime)]
"""RFC 3339 with a time zone; answers are always in UTC."""


def plain_text(value: str) -> str:
    """What people can see. Raises ValueError for control characters."""
    if _CONTROLS.search(value):
        raise ValueError("it has signs that nobody sees (control characters): write it as plain text")
    return value


Text = Annotated[str, Field(max_length=500), AfterValidator(plain_text)]
"""What people write; lines may be broken. Scanned codes are no such text: their separators are control characters."""
Reason = Annotated[
    str, Field(min_length=1, max_length=500, description="Why; kept in the history."), AfterValidator(plain_text)
]
Number = Annotated[str, Field(min_length=1, max_length=100, examples=["24219509-0020-2"])]


ActorName = Annotated[
    str | None, Field(description="The name of the person or key beside it, also of one who was removed since.")
]


class Request(BaseModel):
    """A body: exactly the named fields, of exactly the named types."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        str_strip_whitespace=True,
        hide_input_in_errors=True,
        defer_build=True,  # a cold start builds only the model it needs
    )


class Query(BaseModel):
    """The parameters behind the question mark; text is converted to the named types."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True, defer_build=True
    )


class NoQuery(Query):
    """No parameters."""


class View(BaseModel):
    """An answer. New fields may appear in any release: ignore what you do not know."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


class Paged(Query):
    cursor: Annotated[
        str | None, Field(max_length=8192, description="`next_cursor` of the page before; leave it out to begin.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=200, description="Items on a page.")] = 50


class MoneyBody(Request):
    """An amount, such as 12.50 RUB."""

    amount: Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,3})?$", examples=["12.50"])]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["RUB"], description="ISO 4217")]


class MoneyView(View):
    """An amount as decimal text: never a float."""

    amount: Annotated[str, Field(examples=["12.50"])]
    currency: Annotated[str, Field(examples=["RUB"])]


class NoBody(Request):
    """Nothing has to be said."""


T = TypeVar("T", bound=View)


class Listing(View, Generic[T]):
    items: list[T]
    next_cursor: Annotated[str | None, Field(description="Null on the last page.")]

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """WorkItemView -> WorkItemListing, as the OpenAPI document names it."""
        return f"{params[0].__name__.removesuffix('View')}Listing"
