"""A notice: one event is put into the digest of everybody who hears of it, and told at once or with others.

Who hears of it, and when, is `shipby.domain.notices.recipients`; the words are `shipby.domain.notices.telling`.
"""

from __future__ import annotations

from collections.abc import Mapping

from shipby.application.notices.digest import Tools, put_by, tell_or_arm, waits
from shipby.application.notices.tell_buyer import tell_buyer_of_number
from shipby.application.ports.marketplace import Marketplaces
from shipby.application.ports.store import Store
from shipby.domain.errors import InvalidInputError, NotFoundError, RetryableError
from shipby.domain.events import AggregateKind, EventType, Ref, StoredEvent
from shipby.domain.json_types import Json
from shipby.domain.notices.recipients import asks_warehouse, who_hears
from shipby.domain.sellers.settings import Recipient, SellerSettings


def read_notice(body: Mapping[str, Json]) -> tuple[str, Ref, int, int]:
    """Seller, aggregate, version and index of the event to tell. Raises InvalidInputError on a foreign message."""
    try:
        ref = Ref(AggregateKind(str(body["kind"])), str(body["id"]))
        return str(body["seller"]), ref, int(str(body["version"])), int(str(body["index"]))
    except (KeyError, ValueError) as error:
        raise InvalidInputError(f"not a notice message: {error}") from error


def read_ask(body: Mapping[str, Json]) -> tuple[str, str, int]:
    """Seller, posting and version of the question to its buyer. Raises InvalidInputError on a foreign message."""
    try:
        return str(body["seller"]), str(body["posting"]), int(str(body["version"]))
    except (KeyError, ValueError) as error:
        raise InvalidInputError(f"not a message about a buyer: {error}") from error


def notify(seller: str, ref: Ref, version: int, index: int, *, tools: Tools, marketplaces: Marketplaces) -> str:
    """Have one event told to everybody who hears of it, once each.

    Returns told, collected (it waits for others, or for a shift), repeated, left_out, or nobody. A crash between
    sending and noting may repeat a message to the seller; a buyer is written to at most once. Raises NotFoundError
    without such an event, RetryableError when channels are away: those who were told are not told again.
    """
    store = tools.store
    stored = next(
        (found for found in store.events(seller, ref, after_version=version - 1) if found.index == index), None
    )
    if stored is None or stored.version != version:
        raise NotFoundError(f"there is no event {ref.kind}/{ref.id}/{version}/{index}")
    settings = store.settings(seller) or SellerSettings(seller=seller)
    if _replaced_by_us(stored):
        tell_buyer_of_number(stored, settings, store=store, marketplaces=marketplaces, clock=tools.clock)
    warehouse = _warehouse(stored, store) if asks_warehouse(settings) else ""
    outcomes: list[str] = []
    away: RetryableError | None = None
    for recipient in who_hears(stored.event, settings, warehouse=warehouse):
        try:
            outcomes.append(_notify(stored, recipient, settings, tools))
        except RetryableError as error:
            away = error  # the others are told all the same
    if away is not None:
        raise away
    order = ("told", "collected", "repeated", "left_out")
    return next((outcome for outcome in order if outcome in outcomes), "nobody")


def _notify(stored: StoredEvent, recipient: Recipient, settings: SellerSettings, tools: Tools) -> str:
    new = put_by(stored, recipient, store=tools.store, now=tools.clock.now())
    if not new and not waits(stored, recipient, store=tools.store):
        return "repeated"
    # Repeated, but not told yet: the first try may have broken off before it was armed, or the channels were away.
    return tell_or_arm(stored, recipient, settings, tools)


def _replaced_by_us(stored: StoredEvent) -> bool:
    """A number that stood before and was changed by our intent: the buyer's old link is dead."""
    event = stored.event
    return event.type is EventType.TRACKING_CHANGED and bool(event.data.get("old")) and "intent" in event.data


def _warehouse(stored: StoredEvent, store: Store) -> str:
    """The warehouse an event is about; empty where it is about none."""
    match stored.ref.kind:
        case AggregateKind.POSTING:
            number = stored.ref.id
        case AggregateKind.RETURN:
            case = store.return_case(stored.seller, stored.ref.id)
            number = case.posting_number if case else ""
        case AggregateKind.CANCEL_REQUEST:
            request = store.cancel_request(stored.seller, stored.ref.id)
            number = request.posting_number if request else ""
        case AggregateKind.CLAIM:
            number = str(stored.event.data["posting"])
        case _:
            return ""
    posting = store.posting(stored.seller, number) if number else None
    return posting.warehouse_id if posting else ""
