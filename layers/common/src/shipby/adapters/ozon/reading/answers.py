"""Reading answers without trust: every access names its field, tolerates null, and never raises KeyError.

What cannot be understood raises UnreadableAnswerError that names the field and never shows the value: an answer may
hold personal data. What that means for the entry of a list and its neighbours is said in `entries.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from shipby.adapters.ozon.assumptions import EMPTY_YEAR
from shipby.domain.errors import InvalidInputError, UnreadableAnswerError
from shipby.domain.json_types import read_json
from shipby.domain.money import Money

_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,40})?")
"""A double has up to 17 significant digits, and its text may begin with a row of zeros: 0.000033333333333333335."""
_CURRENCY = re.compile(r"[A-Z]{3}")
_IDENTIFIER = re.compile(r"[!-~]{1,100}")
_TOO_LARGE = 10**19
"""Nothing that is counted comes to that, and no table takes it."""
_INT64 = re.compile(r"[0-9]{1,19}")
LONGEST_CODE = 100
"""Ours: such texts become keys."""
_LEAP_SECOND = re.compile(r"(T\d\d:\d\d):60")
_GO_TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?) ([+-]\d{4})( [A-Z]{1,5}| [+-]\d\d)?( m=\S+)?")
"""How Go prints a time that nobody formatted, as in "2026-05-01 10:00:00 +0000 UTC". seen"""


def unreadable(path: str, wanted: str) -> UnreadableAnswerError:
    """The error for a field that is not what the API description says."""
    return UnreadableAnswerError.at(path, f"is not {wanted}")


def parse_json(body: bytes) -> object:
    """The JSON value of a body, numbers with a fraction as Decimal. Raises ValueError without showing the body."""
    return read_json(body, number=Decimal)


@dataclass(frozen=True, slots=True, repr=False)
class Node:
    """One JSON object of an answer and where it stands. It has no repr of its content."""

    fields: Mapping[str, Any]
    path: str

    @classmethod
    def of(cls, value: object, path: str) -> Node:
        """An object; null counts as an empty one."""
        if value is None:
            return cls({}, path)
        if not isinstance(value, dict):
            raise unreadable(path, "an object")
        return cls(value, path)

    def at(self, key: str) -> str:
        """The full name of a field, for error messages."""
        return f"{self.path}.{key}"

    def __contains__(self, key: str) -> bool:
        return self.fields.get(key) is not None

    def node(self, key: str) -> Node:
        return Node.of(self.fields.get(key), self.at(key))

    def nodes(self, key: str) -> tuple[Node, ...]:
        """A list of objects; null and {} count as an empty list."""
        return tuple(Node.of(item, f"{self.at(key)}[{i}]") for i, item in enumerate(self.listed(key)))

    def text(self, key: str) -> str:
        """Text or a whole number as text (ids come as both); null is ""."""
        return _text(self.fields.get(key), self.at(key))

    def required(self, key: str) -> str:
        """As `text`, and never empty."""
        value = self.text(key)
        if not value:
            raise unreadable(self.at(key), "there")
        return value

    def identifier(self, key: str) -> str:
        """As `required`, and fit to be a key: at most 100 visible ASCII characters."""
        value = self.required(key)
        if not _IDENTIFIER.fullmatch(value):
            raise unreadable(self.at(key), "an id")
        return value

    def int64(self, key: str) -> str:
        """As `required`, and an id that requests can name: up to 19 digits."""
        value = self.required(key)
        if not _INT64.fullmatch(value):
            raise unreadable(self.at(key), "an id")
        return value

    def code(self, key: str) -> str:
        """As `text`, at most 100 characters: what things are found by, such as a tracking number."""
        value = self.text(key)
        if len(value) > LONGEST_CODE:
            raise unreadable(self.at(key), "a code")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(_text(item, f"{self.at(key)}[{i}]") for i, item in enumerate(self.listed(key)))

    def integer(self, key: str) -> int:
        """A whole number, also as text; null and "" are 0."""
        value = self.fields.get(key)
        if value is None or value == "":
            return 0
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _TOO_LARGE:
            return value
        # `adjusted` first: int() of 1e999999999 would not end.
        if isinstance(value, Decimal) and abs(value.adjusted()) < 19 and value == int(value):
            return int(value)
        if isinstance(value, str) and re.fullmatch(r"-?\d{1,19}", value):
            return int(value)
        raise unreadable(self.at(key), "a whole number")

    def decimal(self, key: str) -> Decimal:
        """A number, also as text; null and "" are 0."""
        return _decimal(self.fields.get(key), self.at(key))

    def day(self, key: str) -> date | None:
        """A calendar day, also as the beginning of a time; null and "" are None."""
        value = self.text(key)
        if not value:
            return None
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            raise unreadable(self.at(key), "a day") from None

    def flag(self, key: str) -> bool:
        """A truth value, also as text or as 0 and 1; null and "" are False."""
        value = self.fields.get(key)
        if value is None or value == "" or isinstance(value, bool):
            return bool(value)
        told = str(value).casefold() if isinstance(value, str | int) else ""
        if told in ("true", "false", "1", "0"):
            return told in ("true", "1")
        raise unreadable(self.at(key), "true or false")

    def moment(self, key: str) -> datetime | None:
        """An RFC 3339 time in UTC; null, "" and year 0001 are None, 9999-12-31 stays.

        The Z may be small, and a second may be the 60th, as RFC 3339 has it.
        """
        value = self.fields.get(key)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise unreadable(self.at(key), "a time")
        try:
            text = _LEAP_SECOND.sub(r"\1:59", value.strip().upper())
            go = _GO_TIME.fullmatch(value)
            when = datetime.fromisoformat(go[1] + go[2] if go else text)
            if when.year == EMPTY_YEAR:
                return None
            # The API says that its times are UTC, so one without an offset is UTC too.
            return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
        except (ValueError, OverflowError):
            raise unreadable(self.at(key), "a time") from None

    def listed(self, key: str) -> list[object]:
        """The values of a list as they are; null and {} count as an empty one."""
        value = self.fields.get(key)
        if value is None or value == {}:
            return []
        if not isinstance(value, list):
            raise unreadable(self.at(key), "a list")
        return value


def following(answer: Node, cursor: str) -> str | None:
    """The cursor of the next page, if there is one."""
    found = answer.text("cursor") if answer.flag("has_next") else ""
    # `has_next` may be true before an empty page; a cursor that stands still would never end.
    return found if found and found != cursor else None


def is_currency(text: str) -> bool:
    """Whether it looks like an ISO 4217 code."""
    return _CURRENCY.fullmatch(text) is not None


def money(amount: Decimal, currency: str, path: str) -> Money:
    """An exact price. Raises if the currency is no code or the amount has more digits than it knows."""
    if not is_currency(currency):
        raise unreadable(path, "a price with a currency")
    try:
        return Money.parse(amount, currency)
    except InvalidInputError:
        raise unreadable(path, "a price") from None


def rounded(node: Node, key: str, currency: str) -> Money:
    """As `rounded_money`. Raises UnreadableAnswerError for a currency that is no code; null and "" are 0."""
    if not is_currency(currency):
        raise unreadable(node.at(key), "an amount with a currency")
    return rounded_money(node.decimal(key), currency)


def rounded_money(amount: Decimal, currency: str) -> Money:
    """A charge computed by percent, which may have more digits than the currency: rounded half-even."""
    return Money.parse(1, currency).percent(amount * 100)


def _text(value: object, path: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        # Half of an emoji that somebody cut off is no text that anything can store.
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise unreadable(path, "text")


def _decimal(value: object, path: str) -> Decimal:
    if value is None or value == "":
        return Decimal(0)
    if isinstance(value, int | Decimal | str) and not isinstance(value, bool):
        text = format(value, "f") if isinstance(value, Decimal) and -24 < value.adjusted() < 16 else str(value)
        if _DECIMAL.fullmatch(text):
            return Decimal(text)
    raise unreadable(path, "a number")
