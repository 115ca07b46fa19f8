"""What a method gets: the seller who calls, the market, and a reader of the request body."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from shipby_local.simulator import words
from shipby_local.simulator.desks.returns import ReturnDesk
from shipby_local.simulator.errors import ApiError, invalid, not_found
from shipby_local.simulator.market import Market
from shipby_local.simulator.model import Posting, SellerAccount
from shipby_local.simulator.words import Json
from shipby_local.simulator.world import World

_Default = TypeVar("_Default", str, int)


def syntax_error(value: object) -> ApiError:
    """A value of the wrong JSON type, in the words of the marketplace's parser."""
    return invalid(f"proto: syntax error (line 1:1): unexpected token {value!r}")


@dataclass(frozen=True, slots=True)
class Download:
    """An answer that is a file and not JSON."""

    content: bytes
    content_type: str
    name: str

    @property
    def base64(self) -> str:
        """The content as the JSON mapping of `format: byte` writes it."""
        return base64.b64encode(self.content).decode()


class Body:
    """Reads a request object; raises ApiError 400 for what is missing or of the wrong type. Null means absent."""

    def __init__(self, value: object) -> None:
        if not isinstance(value, dict):
            raise syntax_error(value)
        self._value: Json = value

    def text(self, name: str, default: str | None = None) -> str:
        value = self._value.get(name)
        if value is None:
            return self._missing(name, default)
        if not isinstance(value, str):
            raise syntax_error(value)
        return value

    def integer(self, name: str, default: int | None = None) -> int:
        """int64 comes as a number or as text; both are right in the protobuf mapping."""
        value = self._value.get(name)
        if value is None:
            return self._missing(name, default)
        return _integer(value)

    def money(self, name: str) -> Decimal | None:
        value = self._value.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise syntax_error(value)
        try:
            return Decimal(str(value))
        except InvalidOperation as error:
            raise syntax_error(value) from error

    def flag(self, name: str) -> bool:
        value = self._value.get(name, False)
        if not isinstance(value, bool):
            raise syntax_error(value)
        return value

    def when(self, name: str) -> datetime | None:
        value = self._value.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise syntax_error(value)
        try:
            return words.instant(value)
        except ValueError as error:
            raise invalid(
                f"proto: syntax error (line 1:1): invalid google.protobuf.Timestamp value {value!r}"
            ) from error

    def texts(self, name: str) -> list[str]:
        return [_text(item) for item in self._list(name)]

    def integers(self, name: str) -> list[int]:
        return [_integer(item) for item in self._list(name)]

    def parts(self, name: str) -> list[Body]:
        return [Body(item) for item in self._list(name)]

    def part(self, name: str) -> Body:
        """A nested object; an empty one if absent."""
        value = self._value.get(name)
        return Body({} if value is None else value)

    def has(self, name: str) -> bool:
        return self._value.get(name) is not None

    def raw(self) -> Json:
        return self._value

    def limit(self, most: int, default: int | None = None) -> int:
        value = self.integer("limit", default)
        if not 1 <= value <= most:
            raise invalid(f"Request validation error: invalid Limit: value must be inside range [1, {most}]")
        return value

    def _list(self, name: str) -> list[Any]:
        value = self._value.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise syntax_error(value)
        return value

    def _missing(self, name: str, default: _Default | None) -> _Default:
        if default is None:
            raise invalid(f"Request validation error: invalid {name}: value is required")
        return default


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a seller, inside the world's batch."""

    path: str
    seller: SellerAccount
    body: Body
    market: Market
    desk: ReturnDesk
    base_url: str
    read_only: bool = False
    """Whether it came with the key that may change nothing."""

    @property
    def world(self) -> World:
        return self.market.world

    def posting(self, number: str) -> Posting:
        """The seller's own, visible posting. Raises 404."""
        posting = self.world.postings.get(number)
        if posting is None or posting.client_id != self.seller.client_id or not posting.history:
            raise not_found("POSTING_NOT_FOUND")
        return posting

    def own_postings(self) -> list[Posting]:
        """All visible postings of the seller, oldest first."""
        return [
            posting
            for posting in self.world.postings.all()
            if posting.client_id == self.seller.client_id and posting.history
        ]


Method = Callable[[Call], Any]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise syntax_error(value)
    return value


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise syntax_error(value)
    try:
        return int(value)
    except ValueError as error:
        raise syntax_error(value) from error
