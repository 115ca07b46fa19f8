"""An operation of the API: its address, what goes in and out, and the function that does it; `permissions` says who.

Routing, checking and the OpenAPI document are all made from these, so that none can disagree with another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from functions.seller_api.access import Caller
from functions.seller_api.permissions import PERMISSIONS
from functions.seller_api.wiring import Parts
from shipby.application.ports.clock import Clock
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.store import Store
from shipby.application.shared.csv_text import Separator, separator_of
from shipby.application.shared.idempotency import Answer, Remember
from shipby.contracts.base import NoQuery, Query, Request
from shipby.domain.sellers.keys import Role
from shipby.domain.sellers.settings import SellerSettings

B = TypeVar("B", bound=Request)
Q = TypeVar("Q", bound=Query)


@dataclass(frozen=True, slots=True)
class Download(Answer):
    """An answer that is a CSV file instead of JSON."""

    text: str = ""
    name: str = "report.csv"
    """What a browser calls the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One checked call, as an operation's function gets it."""

    parts: Parts
    caller: Caller | None
    """None where anybody may call."""
    path: Mapping[str, str]
    query: Query
    body: Request | None
    if_match: int | None
    """The version the caller has seen, if it says so."""
    remember: Remember

    @property
    def key(self) -> Caller:
        """The caller of an operation that is not public."""
        if self.caller is None:
            raise TypeError("a public operation has no caller")
        return self.caller

    @property
    def seller(self) -> str:
        return self.key.seller

    @property
    def actor(self) -> str:
        return self.key.actor

    @property
    def store(self) -> Store:
        return self.parts.store

    @property
    def clock(self) -> Clock:
        return self.parts.clock

    @property
    def documents(self) -> DocumentStore:
        return self.parts.documents

    def body_as(self, model: type[B]) -> B:
        """The body; the operation must be declared with this model."""
        if not isinstance(self.body, model):
            raise TypeError(f"the operation does not take a {model.__name__}")
        return self.body

    def query_as(self, model: type[Q]) -> Q:
        """The parameters; the operation must be declared with this model."""
        if not isinstance(self.query, model):
            raise TypeError(f"the operation does not take a {model.__name__}")
        return self.query


class IfMatch(StrEnum):
    """Whether the version that a change was decided on has to come with it."""

    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one address."""

    id: str
    method: str
    path: str
    """With parameters in braces: /v1/postings/{number}"""
    summary: str
    run: Callable[[Call], Answer]
    answers: str
    """Name of the model of a successful answer in a module of `shipby.contracts`, or Listing[<name>]."""
    query: type[Query] = NoQuery
    body: type[Request] | None = None
    status: int = 200
    """202 has a Location: /v1/intents/{id} or /v1/labels/{job}."""
    etag: bool = False
    """The answer has a `version`, which is its ETag."""
    csv: bool = False
    """With `format=csv` the answer is a Download."""
    if_match: IfMatch | None = None
    """None where it makes no sense."""
    description: str = ""
    pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.id not in PERMISSIONS:
            raise TypeError(f"operation {self.id} has no row in functions/seller_api/permissions.py")
        object.__setattr__(self, "pattern", re.compile(re.sub(r"\{(\w+)\}", r"[^/]+", self.path)))

    @property
    def roles(self) -> frozenset[Role]:
        """Who may call it, as the table of permissions says; empty: public, without a key."""
        return PERMISSIONS[self.id]

    @property
    def unsafe(self) -> bool:
        return self.method != "GET"


def separator_for(call: Call, wanted: Separator | None) -> Separator:
    """What a table's cells stand apart by: as asked, or as the spreadsheets in the seller's language split."""
    if wanted is not None:
        return wanted
    settings = call.store.settings(call.seller) or SellerSettings(seller=call.seller)
    return separator_of(settings.language)


def read(
    path: str,
    run: Callable[[Call], Mapping[str, object]],
    *,
    id: str,
    summary: str,
    answers: str,
    query: type[Query] = NoQuery,
    etag: bool = False,
    description: str = "",
) -> Operation:
    """A GET whose function returns the body."""
    return Operation(
        id=id,
        method="GET",
        path=path,
        summary=summary,
        run=lambda call: Answer(200, run(call)),  # type: ignore[arg-type]  # views are JSON by their tests
        answers=answers,
        query=query,
        etag=etag,
        description=description,
    )
