"""Seeded bugs as edits: a function of the product with one piece of its text replaced, wherever it is called from."""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import CodeType, FunctionType


def edit(target: str, old: str, new: str) -> Callable[[], Edited]:
    """A function `package.module:name` or `package.module:Class.name` in which `old`, which stands there once, is
    `new`.

    Whoever has imported the function calls the edited one. Opening it raises ValueError if `old` does not stand there
    just once: then the product has changed and the bug must follow.
    """
    return lambda: Edited(target, old, new)


@dataclass(frozen=True, slots=True)
class Bug:
    """A seeded bug of the whole system: `edit` is (function, piece of its text, what stands there instead)."""

    area: str
    name: str
    bug: str
    edit: tuple[str, str, str]
    scene: Callable[[], None]


class Edited:
    """One edit, while it is entered."""

    def __init__(self, target: str, old: str, new: str) -> None:
        self._function = _function(target)
        self._bad = _compiled(self._function, target, old, new)
        self._good = self._function.__code__

    def __enter__(self) -> None:
        self._function.__code__ = self._bad

    def __exit__(self, *_: object) -> None:
        self._function.__code__ = self._good


def _function(target: str) -> FunctionType:
    module, _, path = target.partition(":")
    found: object = import_module(module)
    for name in path.split("."):
        found = inspect.getattr_static(found, name)
    found = found.__func__ if isinstance(found, staticmethod | classmethod) else found
    found = found.fget if isinstance(found, property) else found
    found = inspect.unwrap(found) if callable(found) else found
    assert isinstance(found, FunctionType), target
    return found


def _compiled(function: FunctionType, target: str, old: str, new: str) -> CodeType:
    source = textwrap.dedent(inspect.getsource(function))
    if source.count(old) != 1:
        raise ValueError(f"{target} has {source.count(old)} times {old!r}: the seeded bug must follow the product")
    lines = source.replace(old, new).splitlines()
    while lines[0].startswith("@"):
        lines.pop(0)
    text = "from __future__ import annotations\n" + "\n".join(lines)
    space: dict[str, object] = {}
    exec(compile(text, f"<{target}>", "exec"), sys.modules[function.__module__].__dict__, space)  # noqa: S102  # our own text
    made = space[function.__name__]
    assert isinstance(made, FunctionType)
    return made.__code__
