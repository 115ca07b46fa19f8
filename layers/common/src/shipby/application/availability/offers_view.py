"""What a shop says is for sale, as people see it; a number that a person has told again."""

from __future__ import annotations

from dataclasses import replace

from shipby.application.availability.wishes import waking
from shipby.application.ports.clock import Clock
from shipby.application.ports.papers import OfferReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveOffer
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.application.shared.views import time_text
from shipby.domain.availability.offers import Offer, OfferState
from shipby.domain.availability.places import Place
from shipby.domain.errors import ActionNotOfferedError, NotFoundError
from shipby.domain.events import Event, EventType
from shipby.domain.json_types import Json
from shipby.domain.sellers.settings import Automation


def list_offers(
    shop: str, state: OfferState | None, *, limit: int, cursor: str | None, store: OfferReads
) -> dict[str, Json]:
    """By warehouse and article; with `state` those of a page in another one are left out of it."""
    page = store.offers_of(shop, limit=limit, cursor=cursor)
    items: list[Json] = [offer_view(offer) for offer in page.items if state is None or offer.state is state]
    return {"items": items, "next_cursor": page.cursor}


def tell_again(
    shop: str, place: Place, actor: str, reason: str, remember: Remember, *, store: Store, clock: Clock
) -> Answer:
    """A person has our number told whatever the marketplace shows: 202. What is under way already stays as it is.

    Raises NotFoundError for a place that sells from no pool, ActionNotOfferedError where the shop tells nothing.
    """

    def once() -> Answer:
        offer = store.offers_at(shop, [place]).get(place)
        if offer is None:
            raise NotFoundError(
                f"nothing is known of {place.offer} in warehouse {place.warehouse}: it sells from no pool, or nothing "
                "of it has moved yet; see GET /v1/stock-offers"
            )
        settings = store.settings(shop)
        if settings is None or settings.tell_stock is not Automation.ON or settings.kill_switch:
            raise ActionNotOfferedError(
                "this shop does not tell stock: set tell_stock to on and kill_switch to false (PUT /v1/settings)"
            )
        now = clock.now()
        changed = replace(offer, version=offer.version + 1, state=OfferState.WAITS, told=None, tries=0, not_before=None)
        answer = Answer(202, offer_view(changed), "/v1/stock-offers")
        if offer.state is OfferState.WAITS and offer.not_before is None:
            told = remember(answer)
        else:
            event = Event(
                type=EventType.STOCK_UNTOLD,
                at=now,
                actor=actor,
                reason=reason,
                data={"in_seconds": 0, "warehouse": place.warehouse, "offer": place.offer},
            )
            wakes = [
                replace(write, events=(event,)) if isinstance(write, AppendEvents) else write
                for write in waking(shop, store, now=now)
            ]
            told = [SaveOffer(changed, marks=offer.state is not OfferState.WAITS), *wakes, *remember(answer)]
        if told:
            store.commit(told)
        return answer

    return decide_anew(once)


def offer_view(offer: Offer) -> dict[str, Json]:
    return {
        "warehouse": offer.warehouse,
        "offer_id": offer.offer,
        "pool": f"{offer.owner}:{offer.pool}" if offer.owner != offer.seller else offer.pool,
        "version": offer.version,
        "state": offer.state,
        "wanted": offer.wanted,
        "wanted_at": time_text(offer.wanted_at),
        "told": offer.told,
        "told_at": time_text(offer.told_at),
        "next_at": time_text(offer.may_be_told) if offer.state is OfferState.WAITS else None,
        "code": offer.code or None,
        "problem": offer.problem or None,
    }
