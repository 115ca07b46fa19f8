"""What of an answer a report may show. Everything is hidden that is not allowed here.

Allowed are: words of the official description in codes (`status`, `RUB`), the kind and rough length of anything else,
the day of a time and its offset, counts. A text that people write or that names somebody is never shown, in no part.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

CURRENCIES: Final = frozenset({"RUB", "BYN", "KZT", "EUR", "USD", "CNY"})
"""Of the seller's prices, by the official description."""
OUR_WORDS: Final = frozenset({"no", "printing", "pack", "sended"})
"""Parts of codes of the official examples, which no list of codes has."""
_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,80}")
_PARTS: Final = re.compile(r"[A-Za-z0-9]+|[_-]+")
_HUMPS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")
_KEPT: Final = frozenset("-_.:/+@#%(),")
_LONGEST_SHAPE: Final = 40
_LENGTHS: Final = (100, 1_000, 10_000)


class Mask:
    """Shows values without telling them; `words` are those that codes and names of fields may be made of."""

    def __init__(self, words: Iterable[str], also: Collection[str] = ()) -> None:
        self._words = frozenset(words) | OUR_WORDS | {word.lower() for word in also}

    def code(self, text: str) -> str:
        """A code or a field's name, word by word: an unknown word is its shape, and so is whatever is no code."""
        if text in CURRENCIES:
            return text
        if not _CODE.fullmatch(text):
            return shape(text)
        return "".join(self._part(part) for part in _PARTS.findall(text))

    def knows(self, text: str) -> bool:
        """Whether a code is shown as it is."""
        return self.code(text) == text

    def unknown(self, text: str) -> tuple[str, ...]:
        """The words of a code that are not shown."""
        parts = _PARTS.findall(text) if _CODE.fullmatch(text) else []
        hidden = [hump for part in parts if part.lower() not in self._words for hump in _HUMPS.findall(part)]
        return tuple(hump for hump in hidden if self._part(hump) != hump)

    def _part(self, part: str) -> str:
        if part.lower() in self._words or not part.isalnum():
            return part
        humps = _HUMPS.findall(part)
        return "".join(hump if hump.lower() in self._words else shape(hump) for hump in humps)


def shape(value: Any) -> str:
    """Of what kind a value is: digits as 9, letters as a or я, lengths in braces."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int):
        return f"whole number of {len(str(abs(value)))} digits"
    if isinstance(value, Decimal | float):
        return "number with a fraction"
    if isinstance(value, dict):
        return f"object of {len(value)} fields"
    if isinstance(value, list):
        return f"list of {len(value)}"
    return _of_text(value) if isinstance(value, str) else type(value).__name__


def moment(text: str) -> str | None:
    """A time as its day and offset, such as `2026-11-30 +03:00`; None for what is no time."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    try:
        day = datetime.fromisoformat(text[:10]).date()
    except ValueError:
        return None
    return f"{day} {found[3] or 'without offset'}"


def _of_text(text: str) -> str:
    if not text:
        return "empty text"
    if (time := moment(text)) is not None:
        return f"time {time}"
    if len(text) > _LONGEST_SHAPE:
        longest = next((str(most) for most in _LENGTHS if len(text) <= most), "more than 10000")
        return f"text of up to {longest} characters" if longest.isdigit() else f"text of {longest} characters"
    runs = ((kind, len(list(run))) for kind, run in groupby(map(_kind, text)))
    return "".join(kind if count == 1 else f"{kind}{{{count}}}" for kind, count in runs)


def _kind(sign: str) -> str:
    if sign.isdigit():
        return "9"
    if sign.isalpha():
        latin = sign.isascii()
        return ("A" if latin else "Я") if sign.isupper() else ("a" if latin else "я")
    if sign.isspace():
        return "_"
    return sign if sign in _KEPT else "?"
