"""The guard of the error index: what a cancel by the seller would do to it is worked out and enforced beforehand.

Only so many cancels fit before a worse band ("room"). Two operators at once must not overshoot it, and the marketplace
shows a cancel a day late, so a counter that begins anew with each reading would grant the same room again and again.
Therefore every cancel asked for is written into the watch of the figures, by number, in the transaction that writes its
intent: the watch's version lets only one of two parallel cancels take the last place, and the number stays there until
the marketplace lists it, or it proves not to count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from shipby.application.ports.matters import WatchReads
from shipby.application.ports.sellers import SellerReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveWatch, Write
from shipby.application.rating.index_figures import WATCH, Knowledge, Standing, figures_of, standing_of, watch_data
from shipby.domain.cases.watch import Watch
from shipby.domain.errors import CancelGuardError, IndexUnknownError
from shipby.domain.events import Event, EventType, watch_ref
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.rating.error_index import Forecast, forecast
from shipby.domain.sellers.settings import SellerSettings

NOT_SELLERS_FAULT = frozenset({665})
"""Cancel reasons that are the buyer's: 665 = not collected. Source: /v2/posting/fbs/cancel-reason/list."""
ACCEPT = "accept_forecast"


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelWish:
    """A cancel of the seller's side that is about to be asked for."""

    seller: str
    number: str
    reason_id: int
    actor: str
    automatic: bool
    accepted: bool = False
    """Somebody who may has seen the forecast and wants it all the same."""
    price: Money | None = None


def standing(seller: str, *, store: Store, now: datetime) -> Standing:
    """Where the seller stands now."""
    return standing_of(store.watch(seller, WATCH), _settings(store, seller), now)


def cancel_forecast(
    seller: str, *, store: Store, now: datetime, count: int = 1, price: Money | None = None
) -> Forecast | None:
    """What `count` more cancels would do, the ones asked for counted in; None where the index was never read."""
    return forecast_of(standing(seller, store=store, now=now), count=count, price=price)


def forecast_of(where: Standing, *, count: int = 1, price: Money | None = None) -> Forecast | None:
    """The forecast of a standing; None where the index was never read."""
    if where.state is None:
        return None
    return forecast(where.state, where.bands, count, table=where.table, price=price)


def guard_cancel(wish: CancelWish, settings: SellerSettings, *, store: WatchReads, now: datetime) -> list[Write]:
    """What a cancel has to write beside its intent so that its place is taken. Raises CancelGuardError.

    People are stopped where it would bring a worse band, unless they accept that or the guard is off; where the index
    is not known they may cancel. Automatic cancels are never sent into a worse band, and while the guard is on not
    without fresh figures either: what nobody knows, no machine may risk.
    """
    if wish.reason_id in NOT_SELLERS_FAULT:
        return []
    watch = store.watch(wish.seller, WATCH)
    where = standing_of(watch, settings, now)
    placed = where.figures is not None and wish.number in where.figures.asked
    if placed and not wish.automatic:
        return []
    # A place that a person took with open eyes, for a cancel that then came to nothing, gives a machine no leave.
    told = forecast_of(_without(where, wish.number), price=wish.price)
    if wish.automatic:
        if told is not None and told.worse:
            raise CancelGuardError(f"posting {wish.number} is not cancelled automatically: {words(told)}")
        if where.word is not Knowledge.KNOWN and settings.cancel_guard:
            raise IndexUnknownError(
                f"posting {wish.number} is not cancelled automatically: the error index is {where.word}, so nobody "
                "knows what it would do; a person decides, or cancel_guard is switched off"
            )
    elif told is not None and told.worse and settings.cancel_guard and not wish.accepted:
        raise CancelGuardError(
            f"posting {wish.number} is not cancelled: {words(told)}",
            errors=[(ACCEPT, "send true to cancel all the same; owners and managers only")],
        )
    return [] if placed else _take_place(watch, wish, settings, now)


def _without(where: Standing, number: str) -> Standing:
    if where.figures is None:
        return where
    others = {asked: at for asked, at in where.figures.asked.items() if asked != number}
    return replace(where, figures=replace(where.figures, asked=others))


def words(told: Forecast) -> str:
    """A forecast in a sentence: bands, index, room and fee."""
    if told.band is None or told.band_now is None:
        return "what it would do to the error index is not known"
    index = f"the error index would be {'up to ' if told.estimated else ''}{told.index} %"
    bands = f"{told.band_now.name} -> {told.band.name}" if told.worse else f"still {told.band.name}"
    parts = [f"{index}, {bands}"]
    if told.fee is not None and told.fee.minor:
        parts.append(f"this cancel would cost up to {told.fee}")
    elif told.fee_percent:
        parts.append(f"each cancel would cost up to {told.fee_percent} % of the product price")
    if told.band.blocks:
        parts.append("there the marketplace may block the account")
    return "; ".join(parts)


def room_words(told: Forecast | None) -> str:
    """ "3 more cancels before yellow"; with "at least" where the figures are estimated."""
    if told is None or not told.known:
        return "how many cancels are left is not known"
    if told.room is None or told.next_band is None:
        return "there is no worse band"
    least = "at least " if told.estimated else ""
    return f"{least}{told.room} more cancel{'' if told.room == 1 else 's'} before {told.next_band.name}"


def _take_place(watch: Watch | None, wish: CancelWish, settings: SellerSettings, now: datetime) -> list[Write]:
    if watch is None or "index" not in watch.data:
        return []
    figures = figures_of(watch.data)
    figures = replace(figures, asked={**figures.asked, wish.number: now.isoformat()})
    state, data = watch_data(figures, settings)
    changed = replace(watch, version=watch.version + 1, state=state, data=data)
    about: dict[str, Json] = {"posting": wish.number, "asked": len(figures.asked), "room": data["room"]}
    about["policy"] = settings.version
    event = Event(type=EventType.WATCH_CHANGED, at=now, actor=wish.actor, reason="a cancel was asked for", data=about)
    return [SaveWatch(changed), AppendEvents(wish.seller, watch_ref(WATCH), changed.version, (event,))]


def _settings(store: SellerReads, seller: str) -> SellerSettings:
    return store.settings(seller) or SellerSettings(seller=seller)
