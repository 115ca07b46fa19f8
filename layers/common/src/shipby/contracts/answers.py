"""Finds the model of an answer by its name, in whichever room it lives."""

from __future__ import annotations

from shipby.contracts import (
    carriages,
    cases,
    clocks,
    deadlines,
    guard,
    picking,
    printing,
    products,
    refused_pages,
    responses,
    waves,
)
from shipby.contracts.base import View

_ROOMS = (responses, carriages, deadlines, clocks, guard, cases, refused_pages, printing, picking, products, waves)


def model(name: str) -> type[View]:
    """The answer model of this name. Raises LookupError."""
    for room in _ROOMS:
        found = getattr(room, name, None)
        if isinstance(found, type) and issubclass(found, View):
            return found
    raise LookupError(f"there is no answer model {name}")
