"""From a method and a path to the operation. The module of its area alone is loaded: a call has one address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from functions.seller_api.addresses import ADDRESSES
from functions.seller_api.operations import Operation

_PART = r"[-._~()'!*:@,;=+&$%<> \[\]{}|^\w]+"
"""What a part of a path may be written with. No id of ours has another character."""


@cache
def _pattern(path: str, part: str) -> re.Pattern[str]:
    pieces = re.split(r"\{(\w+)\}", path)
    return re.compile("".join(f"(?P<{piece}>{part})" if i % 2 else re.escape(piece) for i, piece in enumerate(pieces)))


def find(method: str, path: str) -> tuple[Operation, Mapping[str, str]] | None:
    """The operation and the parts of its address. A written-out address goes before one with parts in braces."""
    exact = [entry for entry in ADDRESSES if entry[:2] == (method, path)]
    for verb, address, area in exact or [entry for entry in ADDRESSES if "{" in entry[1]]:
        match = _pattern(address, _PART).fullmatch(path) if verb == method else None
        if match is not None:
            return _operation(area, verb, address), match.groupdict()
    return None


def methods_at(path: str) -> list[str]:
    """The methods that an address knows, whatever its parts are written with."""
    return sorted({verb for verb, address, _ in ADDRESSES if _pattern(address, "[^/]+").fullmatch(path)})


@cache
def _operation(area: str, method: str, address: str) -> Operation:
    module = import_module(f"functions.seller_api.routes.{area}")
    operations: tuple[Operation, ...] = module.OPERATIONS
    (found,) = [each for each in operations if (each.method, each.path) == (method, address)]
    return found
