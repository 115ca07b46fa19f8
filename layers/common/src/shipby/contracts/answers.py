"""Finds the model of an answer by its name, in whichever room it lives."""

from __future__ import annotations

from shipby.contracts import (
    cancel_requests,
    carriages,
    cases,
    deadlines,
    evidence,
    guard,
    intents,
    money,
    picking,
    postings,
    printing,
    products,
    proof,
    reports,
    returns,
    service,
    settings,
    shadow,
)
from shipby.contracts.availability import counts, offers, supply
from shipby.contracts.base import View
from shipby.contracts.bench import marks, quality
from shipby.contracts.overview import figures, search
from shipby.contracts.people import access
from shipby.contracts.shapes import splits
from shipby.contracts.stock import goods
from shipby.contracts.tracking import (
    carriers,
    choice,
    exceptions,
    jobs,
    numbers,
    options,
    posting_carrier,
    purchases,
    replacements,
    scorecards,
    supplier_quality,
    ways,
)
from shipby.contracts.validation import checks
from shipby.contracts.webhooks import endpoints

_ROOMS = (
    postings,
    splits,
    intents,
    proof,
    service,
    returns,
    cancel_requests,
    carriages,
    deadlines,
    guard,
    money,
    cases,
    printing,
    picking,
    quality,
    marks,
    products,
    settings,
    evidence,
    reports,
    shadow,
    search,
    figures,
    carriers,
    exceptions,
    numbers,
    jobs,
    options,
    posting_carrier,
    replacements,
    ways,
    offers,
    counts,
    supply,
    access,
    purchases,
    supplier_quality,
    scorecards,
    choice,
    checks,
    goods,
    endpoints,
)


def model(name: str) -> type[View]:
    """The answer model of this name. Raises LookupError."""
    for room in _ROOMS:
        found = getattr(room, name, None)
        if isinstance(found, type) and issubclass(found, View):
            return found
    raise LookupError(f"there is no answer model {name}")
