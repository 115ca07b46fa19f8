"""Ask the marketplace to assemble a posting: into one package unless the caller says how to split it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shipby.application.intents.request_intent import Wish, request_intent
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.postings.work_posting import load_posting
from shipby.application.shared.idempotency import Answer, Remember
from shipby.domain.errors import InvalidInputError
from shipby.domain.intents import IntentAction
from shipby.domain.json_types import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipWish:
    """What goes into which package (SKU -> quantity); no packages = everything into one."""

    seller: str
    number: str
    actor: str
    packages: Sequence[Mapping[str, int]] = ()
    if_match: int | None = None
    reason: str = ""
    """Why it is assembled although nobody has confirmed it."""


def ship_posting(wish: ShipWish, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Accept the wish: 202 with the intent's place.

    Raises what `request_intent` raises, and InvalidInputError if the packages do not hold exactly what was ordered.
    """
    posting = load_posting(store, wish.seller, wish.number)
    detail = store.detail(wish.seller, wish.number, of=posting)
    ordered: Counter[str] = Counter()
    for line in detail.lines if detail else ():
        ordered[line.sku] += line.quantity
    packages = [dict(package) for package in wish.packages] or [dict(ordered)]
    if wish.packages:
        _check_complete(wish, packages, ordered)
    request: dict[str, Json] = {"packages": [dict(package) for package in packages]}
    intended = Wish(
        seller=wish.seller,
        number=wish.number,
        action=IntentAction.SHIP,
        request=request,
        actor=wish.actor,
        reason=wish.reason.strip(),
        confirmed_first=True,
        if_match=wish.if_match,
    )
    return request_intent(intended, remember, store=store, clock=clock)


def _check_complete(wish: ShipWish, packages: Sequence[Mapping[str, int]], ordered: Counter[str]) -> None:
    packed: Counter[str] = Counter()
    for package in packages:
        packed.update(package)
    wrong = [
        (f"packages/{sku}", f"{packed[sku]} packed, {ordered[sku]} ordered")
        for sku in sorted(packed.keys() | ordered.keys())
        if packed[sku] != ordered[sku]
    ]
    if wrong:
        raise InvalidInputError(
            f"the packages do not hold what was ordered with posting {wish.number}; pack every piece once", errors=wrong
        )
