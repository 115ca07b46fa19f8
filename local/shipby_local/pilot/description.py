"""The official API description as far as the pilot needs it. Written by `tools/api_description.py`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

DESCRIPTION: Final = Path(__file__).with_name("description.json")

Shape = Any
"""An object of shapes, a list with one shape, or a text such as `time` or `text=big|small`."""


@dataclass(frozen=True, slots=True)
class Description:
    """`answers`: path -> the shape of what it answers; `words`: every word of names, codes and paths."""

    published: str
    answers: dict[str, Shape]
    words: frozenset[str]

    @classmethod
    @cache
    def load(cls) -> Description:
        """The one that the product was built with."""
        value = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
        return cls(value["published"], value["answers"], frozenset(value["words"].split()))

    def at(self, path: str, *names: str) -> Shape:
        """The shape of a field; lists on the way are walked through. Raises KeyError."""
        shape = self.answers[path]
        for name in names:
            while isinstance(shape, list):
                shape = shape[0]
            shape = shape[name]
        return shape


def codes(shape: Shape) -> frozenset[str]:
    """The words that a text may be, as far as the description lists them; none where it lists none."""
    _, equals, listed = shape.partition("=") if isinstance(shape, str) else ("", "", "")
    return frozenset(listed.split("|")) if equals else frozenset()
