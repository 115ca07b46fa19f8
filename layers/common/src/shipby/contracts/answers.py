"""Finds the model of an answer by its name, in whichever room it lives."""

from __future__ import annotations

from shipby.contracts import (
    cancel_requests,
    carriages,
    cases,
    claims,
    clocks,
    deadlines,
    evidence,
    guard,
    money,
    picking,
    printing,
    products,
    refused_pages,
    reports,
    responses,
    returns,
    settings,
    shadow,
    waves,
)
from shipby.contracts.base import View

_ROOMS = (
    responses,
    returns,
    cancel_requests,
    carriages,
    deadlines,
    clocks,
    guard,
    money,
    cases,
    refused_pages,
    printing,
    picking,
    products,
    waves,
    settings,
    evidence,
    claims,
    reports,
    shadow,
)


def model(name: str) -> type[View]:
    """The answer model of this name. Raises LookupError."""
    for room in _ROOMS:
        found = getattr(room, name, None)
        if isinstance(found, type) and issubclass(found, View):
            return found
    raise LookupError(f"there is no answer model {name}")
