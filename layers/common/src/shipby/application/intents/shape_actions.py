"""Splits, partial assembly and boxes: what is asked, what the call is, and how its effect shows.

A split shows in the posting and in its parts: the parent ends, or it holds less and names a posting that it did not
name before. Quantities alone prove nothing, since goods may be cancelled beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from shipby.application.intake.sync_posting import read_and_fold
from shipby.application.intents.effect import Effect
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.store import Store
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError, NotFoundError
from shipby.domain.intents import MOVES_GOODS, Intent, IntentAction, IntentState
from shipby.domain.json_types import Json
from shipby.domain.postings.lines import quantities
from shipby.domain.postings.posting import SPLIT, MarketplacePosting

if TYPE_CHECKING:
    from shipby.application.intents.request_intent import Wish

MOST_PARCELS = 100
"""Parcels of one split, and boxes of one posting. Ours: the marketplace names no maximum."""


def resolve_shape(wish: Wish, detail: MarketplacePosting | None) -> Wish:
    """What is asked, with what the posting holds now: it is sent only while that stands.

    A part that is all of it is an ordinary assembly. Raises InvalidInputError that names each wrong product, and
    ActionNotOfferedError where the goods are not known yet.
    """
    if wish.action is IntentAction.SET_BOXES:
        return wish
    have = quantities(detail)
    if detail is None or not have:
        raise ActionNotOfferedError(f"the goods of posting {wish.number} are not known yet; try again in a minute")
    before: dict[str, Json] = dict(have)
    if wish.action is IntentAction.SPLIT:
        _check_parcels(wish.number, _parcels(wish.request), have)
        return replace(wish, request={**wish.request, "before": before})
    products = _goods(wish.request["products"])
    _check_part(wish.number, products, have)
    if products == have:
        return replace(wish, action=IntentAction.SHIP, request={"packages": [dict(products)]})
    keeps_pieces = bool(detail.requirements or detail.optional_marks)
    return replace(wish, request={**wish.request, "before": before, "pieces": keeps_pieces})


def _parcels(request: Mapping[str, Json]) -> list[dict[str, int]]:
    return [_goods(parcel) for parcel in cast("Sequence[Json]", request["parcels"])]


def _goods(value: Json) -> dict[str, int]:
    return {sku: int(cast("int", count)) for sku, count in cast("Mapping[str, Json]", value).items()}


def _check_parcels(number: str, parcels: Sequence[Mapping[str, int]], have: Mapping[str, int]) -> None:
    packed: Counter[str] = Counter()
    for parcel in parcels:
        packed.update(parcel)
    wrong = [
        (f"parcels/{sku}", f"{packed[sku]} in the parcels, {have.get(sku, 0)} in the posting")
        for sku in sorted(packed.keys() | have.keys())
        if packed[sku] != have.get(sku, 0)
    ]
    wrong += [
        (f"parcels/{place}", "every parcel needs products, each with a positive quantity")
        for place, parcel in enumerate(parcels)
        if not parcel or min(parcel.values()) < 1
    ]
    if not 2 <= len(parcels) <= MOST_PARCELS:
        wrong.append(("parcels", f"a split has 2 to {MOST_PARCELS} parcels, here are {len(parcels)}"))
    if wrong:
        raise InvalidInputError(
            f"posting {number} cannot be split like this: put every piece of it into exactly one parcel", errors=wrong
        )


def _check_part(number: str, products: Mapping[str, int], have: Mapping[str, int]) -> None:
    wrong = [
        (f"products/{sku}", f"the posting holds {have[sku]} of it" if sku in have else "the posting has no such SKU")
        for sku, count in products.items()
        if not 0 < count <= have.get(sku, 0)
    ]
    if wrong or not products:
        raise InvalidInputError(
            f"this is no part of posting {number}: name products that it holds",
            errors=wrong or [("products", "is empty")],
        )


def read_shape(intent: Intent, *, store: Store, marketplace: Marketplace, clock: Clock) -> Effect:
    """Read the posting and, once it was sent, what it was split into; hold both against the intent.

    Parts are folded as they are read, so that they are known here as soon as the call has ended. Raises what the
    marketplace's reads raise.
    """
    from shipby.application.intents.posting_actions import effect  # it leads here: see there

    seller, number = intent.seller, intent.posting_number
    noted = intent.state is not IntentState.PENDING
    facts, _ = read_and_fold(seller, number, store=store, marketplace=marketplace, clock=clock, noted=noted)
    if intent.action not in MOVES_GOODS or not noted:
        return effect(intent, facts)
    parts: list[MarketplacePosting] = []
    for part in sorted(_new_relatives(intent, facts)):
        try:
            found, _ = read_and_fold(seller, part, store=store, marketplace=marketplace, clock=clock)
        except NotFoundError:
            continue  # named before it is there: the next reading finds it
        if found.parent_number == number:
            parts.append(found)
    return effect(intent, facts, parts)


def _new_relatives(intent: Intent, facts: MarketplacePosting) -> set[str]:
    """Postings that it is related to now, and was not right before the call."""
    known = intent.read_back.get("related")
    before = {str(number) for number in known} if isinstance(known, list) else set()
    return set(facts.related_numbers) - before - {facts.parent_number}


def shape_effect(
    intent: Intent, facts: MarketplacePosting, seen: dict[str, Json], parts: Sequence[MarketplacePosting]
) -> Effect | None:
    """None while it is still to be done, or nothing of it shows."""
    if intent.action is IntentAction.SET_BOXES:
        return _boxes_effect(intent, facts, seen)
    if intent.state is IntentState.PENDING:
        seen["related"] = list(facts.related_numbers)
        if facts.status == SPLIT or quantities(facts) != _goods(intent.request["before"]):
            text = "the posting holds other goods than when this was asked: look at it and ask again"
            return Effect(impossible=True, text=text, read_back=seen)
        return None
    seen["related"] = intent.read_back.get("related") or []
    seen["into"] = [part.number for part in parts]
    if _is_moved(intent, facts, parts):
        return Effect(done=True, text=f"the marketplace shows it split: {_told(facts, parts)}", read_back=seen)
    if not parts and not _new_relatives(intent, facts) and facts.status != SPLIT:
        return None
    # Another split ended it, and all it held is seen elsewhere: what was asked can never be done any more.
    held = sum((Counter(quantities(part)) for part in parts), Counter[str]())
    over = facts.status == SPLIT and held == Counter(_goods(intent.request["before"]))
    text = f"it was split, and not as it was asked or not wholly visible yet: {_told(facts, parts)}"
    return Effect(impossible=over, text=text, read_back=seen)


def _is_moved(intent: Intent, facts: MarketplacePosting, parts: Iterable[MarketplacePosting]) -> bool:
    if intent.action is IntentAction.SPLIT:
        # The parent ends, or it stays with the goods of one parcel: the description shows it with goods of its own.
        wanted = Counter(_key(parcel) for parcel in _parcels(intent.request))
        if facts.status != SPLIT:
            wanted.subtract([_key(quantities(facts))])
        wanted.subtract(_key(quantities(part)) for part in parts)
        # A split cannot be made twice once its parent has ended, whoever reads its parts when.
        return facts.status == SPLIT or not any(wanted.values())
    products, before = _goods(intent.request["products"]), _goods(intent.request["before"])
    left = {sku: count - products.get(sku, 0) for sku, count in before.items() if count > products.get(sku, 0)}
    parts = list(parts)
    # Each of them proves it alone, since goods of the other may have been cancelled meanwhile.
    rest_stands = facts.status != SPLIT and quantities(facts) == left
    return bool(parts) and (rest_stands or any(quantities(part) == products for part in parts))


def _key(goods: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(goods.items()))


def _told(facts: MarketplacePosting, parts: Sequence[MarketplacePosting]) -> str:
    unassembled = [part.number for part in parts if part.substatus == "ship_failed"]
    told = ", ".join(part.number for part in parts) or ", ".join(facts.related_numbers) or facts.status
    return f"{told}; {', '.join(unassembled)} could not be assembled: ship it again" if unassembled else told


def _boxes_effect(intent: Intent, facts: MarketplacePosting, seen: dict[str, Json]) -> Effect | None:
    count = _count(intent)
    shown = facts.boxes or 1
    seen["boxes"] = shown
    # One box is what it shows before it is told anything: until our call it proves nothing.
    if shown == count and (count > 1 or intent.state is not IntentState.PENDING):
        return Effect(done=True, text=f"the marketplace shows {count} boxes", read_back=seen)
    return None


def _count(intent: Intent) -> int:
    return int(cast("int", intent.request["boxes"]))


def prepare_shape(intent: Intent, marketplace: Marketplace) -> Callable[[], str]:
    """Do every read that the call needs, and give back the one call that acts.

    Raises ActionNotOfferedError if the marketplace keeps data of fewer pieces than a part takes.
    """
    number, shapes = intent.posting_number, marketplace.shapes
    if intent.action is IntentAction.SET_BOXES:

        def tell() -> str:
            shapes.set_boxes(number, _count(intent))
            return f"told of {_count(intent)} boxes"

        return tell
    if intent.action is IntentAction.SPLIT:
        return lambda: f"split into {', '.join(shapes.split(number, _parcels(intent.request)))}"
    products = _goods(intent.request["products"])
    pieces = _first_pieces(number, products, marketplace) if intent.request.get("pieces") else {}
    return lambda: f"assembled in part as {', '.join(shapes.ship_part(number, products, pieces))}"


def _first_pieces(number: str, products: Mapping[str, int], marketplace: Marketplace) -> dict[str, tuple[str, ...]]:
    """A part takes the first pieces of each product, here and there: their entries go along in the same order."""
    ids = marketplace.exemplars.slots(number).ids
    for sku, count in products.items():
        if len(ids.get(sku, ())) < count:
            raise ActionNotOfferedError(
                f"the marketplace keeps data of {len(ids.get(sku, ()))} pieces of SKU {sku} in posting {number}, and "
                f"{count} are to go: read the posting again"
            )
    return {sku: tuple(ids[sku][:count]) for sku, count in products.items()}
