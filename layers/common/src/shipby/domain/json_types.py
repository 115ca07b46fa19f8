"""What plain JSON data may hold here, and reading what others wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"
"""No floats, because money and times have types of their own."""

LONGEST_NUMBER = 40
"""Digits of a whole number that is read as one; nothing that is counted has more. Python itself refuses 4,300."""
DEEPEST = 100
"""Brackets within brackets that are read; the API description has no more than ten."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
"""A text, also one that never ends: what is matched is not looked at again."""


def read_json(raw: bytes, *, number: Callable[[str], object] = float) -> object:
    """The value of a JSON text that others wrote. Raises ValueError without showing it.

    One value that no reader takes does not cost the rest: a number beyond all bounds is read as the text it is, what is
    nested too deep as null, and bytes and signs that have no place in a text are replaced. `number` reads fractions.
    """
    try:
        return json.loads(raw, parse_float=number)
    except (ValueError, ArithmeticError, RecursionError):
        pass
    text = raw.decode(json.detect_encoding(raw), "replace")

    def fraction(told: str) -> object:
        try:
            return number(told)
        except ArithmeticError:
            return told

    def whole(told: str) -> object:
        return int(told) if len(told) <= LONGEST_NUMBER else told

    try:
        return json.loads(_flat(text), parse_float=fraction, parse_int=whole, strict=False)
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None


def _flat(text: str) -> str:
    """The text without what is nested deeper than DEEPEST."""
    pieces: list[str] = []
    depth, begin = 0, 0
    for found in _TOKEN.finditer(text):
        if found[0] in "[{":
            depth += 1
            if depth == DEEPEST:
                pieces += (text[begin : found.start()], "null")
        elif found[0] in "]}":
            if depth == DEEPEST:
                begin = found.end()
            depth -= 1
    if depth >= DEEPEST:
        raise ValueError("not JSON")
    return "".join((*pieces, text[begin:])) if pieces else text
