"""Telling the marketplace of the pieces: create-or-get, validate, set (and update), settled by reading the status."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from shipby.application.intents.effect import Effect
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.papers import BenchReads
from shipby.application.ports.writes import SaveExemplars, Write
from shipby.domain.errors import ActionNotOfferedError, MarketplaceRefusedError
from shipby.domain.intents import Intent, IntentState
from shipby.domain.json_types import Json
from shipby.domain.packing.cards import Exemplar
from shipby.domain.packing.exemplars import from_json, shows_all

_GOOD = frozenset({"ship_available", "update_available", "update_not_available"})
"""The last two are of postings that are assembled already."""
_IN_PROCESS = "validation_in_process"


def exemplar_effect(intent: Intent, marketplace: Marketplace) -> Effect:
    """Hold the entries against what the marketplace shows of the pieces.

    Verdicts count only where it shows these entries: until then they are of what was set before. A failed check says
    that it took too long, not that a code is wrong.
    """
    found = marketplace.exemplars.status(intent.posting_number)
    seen: dict[str, Json] = {"status": found.status, "errors": list(found.errors)}
    if not shows_all(from_json(intent.request["pieces"]), found.shown):
        return Effect(text=f"the marketplace does not show these entries yet ({found.status})", read_back=seen)
    if found.status == _IN_PROCESS or found.processing:
        return Effect(text="the marketplace is checking them", read_back=seen)
    sent = intent.state is not IntentState.PENDING
    if found.errors:
        return Effect(impossible=sent, text=f"refused: {'; '.join(found.errors)}", read_back=seen)
    if found.failed:
        text = "the marketplace did not finish checking them in time: send the same entries again"
        return Effect(impossible=sent, text=text, read_back=seen)
    if found.status in _GOOD:
        return Effect(done=True, text=f"the marketplace has them: {found.status}", read_back=seen)
    return Effect(text=f"the marketplace shows them, and says {found.status}", read_back=seen)


def prepare_exemplars(intent: Intent, marketplace: Marketplace) -> Callable[[], str]:
    """Find the marketplace's ids of all pieces, have the entries validated, and give back the call that sets them.

    Raises ActionNotOfferedError if it has fewer pieces than were entered, MarketplaceRefusedError with its raw codes.
    """
    number, api = intent.posting_number, marketplace.exemplars
    pieces = from_json(intent.request["pieces"])
    slots = api.slots(number)
    whole: dict[str, dict[str, Exemplar]] = {}
    for sku, ids in slots.ids.items():
        known = pieces.get(sku, ())
        # Always all pieces of all products: what is left out would be taken away.
        whole[sku] = {each: known[place] if place < len(known) else Exemplar() for place, each in enumerate(ids)}
    for sku, entered in pieces.items():
        if len(entered) > len(whole.get(sku, {})):
            raise ActionNotOfferedError(
                f"{len(entered)} pieces of SKU {sku} were entered for posting {number}, and the marketplace has "
                f"{len(whole.get(sku, {}))}: read the posting again and enter what is in it now"
            )
    if problems := api.validate(number, {sku: tuple(each.values()) for sku, each in whole.items()}):
        text = "; ".join(problems)
        raise MarketplaceRefusedError(f"the marketplace's validation refuses the entries: {text}", text=text)

    def act() -> str:
        api.set(number, whole, boxes=slots.boxes)
        if intent.request.get("edit"):
            api.update(number)
        return "set; the marketplace checks them"

    return act


def booked(moved: Intent, store: BenchReads) -> list[Write]:
    """What the end of the call means for the entries it was made for; entries made since are left alone."""
    if moved.open:
        return []
    sheet = store.exemplar_sheet(moved.seller, moved.posting_number)
    if sheet is None or sheet.intent != moved.id:
        return []
    good = moved.state is IntentState.CONFIRMED
    problem = "" if good else moved.outcome
    return [SaveExemplars(replace(sheet, version=sheet.version + 1, accepted=good, problem=problem))]
