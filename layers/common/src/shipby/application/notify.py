"""Tell people: the seller over their own messengers, the buyer over the marketplace's chat where that is lawful."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from shipby.application.ports import (
    AppendEvents,
    Clock,
    Marketplaces,
    RememberResponse,
    SavePosting,
    SellerChannels,
    Store,
)
from shipby.application.retry import decide_anew
from shipby.domain.errors import (
    AlreadyExistsError,
    CredentialsRejectedError,
    InvalidInputError,
    NotFoundError,
    OutcomeUnknownError,
    PermanentError,
    ShipbyError,
)
from shipby.domain.events import AggregateKind, Event, EventType, Ref, StoredEvent, posting_ref
from shipby.domain.json_types import Json
from shipby.domain.ladder import rewind
from shipby.domain.notices import buyer_tracking_text, seller_text
from shipby.domain.records import RememberedResponse, SellerSettings

ACTOR = "system:notifications"
KEPT_FOR = timedelta(days=7)
"""How long it is remembered that a notice was told. Its keys hold a space, which no caller's Idempotency-Key may have:
nobody can silence a notice by using its key first."""


def read_notice(body: Mapping[str, Json]) -> tuple[str, Ref, int, int]:
    """Seller, aggregate, version and index of the event to tell. Raises InvalidInputError on a foreign message."""
    try:
        ref = Ref(AggregateKind(str(body["kind"])), str(body["id"]))
        return str(body["seller"]), ref, int(str(body["version"])), int(str(body["index"]))
    except (KeyError, ValueError) as error:
        raise InvalidInputError(f"not a notice message: {error}") from error


def notify(
    seller: str,
    ref: Ref,
    version: int,
    index: int,
    *,
    store: Store,
    channels: SellerChannels,
    marketplaces: Marketplaces,
    clock: Clock,
) -> str:
    """Tell one event once. Returns told, repeated, or nobody.

    A crash between sending and noting may repeat a message to the seller; a buyer is written to at most once.
    Raises RetryableError when a channel is away.
    """
    stored = next(
        (found for found in store.events(seller, ref, after_version=version - 1) if found.index == index), None
    )
    if stored is None or stored.version != version:
        raise NotFoundError(f"there is no event {ref.kind}/{ref.id}/{version}/{index}")
    settings = store.settings(seller) or SellerSettings(seller=seller)
    if _replaced_by_us(stored):
        _tell_buyer(stored, settings, store=store, marketplaces=marketplaces, clock=clock)
    key = f"notice {stored.id}"
    now = clock.now()
    if store.remembered(seller, key, now) is not None:
        return "repeated"
    title, text = seller_text(stored, settings)
    told = channels.send(seller, title, text)
    _remember(seller, key, {"told": told}, store=store, now=now)
    return "told" if told else "nobody"


def _remember(seller: str, key: str, body: Mapping[str, Json], *, store: Store, now: datetime) -> bool:
    response = RememberedResponse(
        seller=seller, key=key, request_hash="", status=200, body=body, expires_at=now + KEPT_FOR
    )
    try:
        store.commit([RememberResponse(response)])
    except AlreadyExistsError:
        return False
    return True


def _replaced_by_us(stored: StoredEvent) -> bool:
    """A number that stood before and was changed by our intent: the buyer's old link is dead."""
    event = stored.event
    return event.type is EventType.TRACKING_CHANGED and bool(event.data.get("old")) and "intent" in event.data


def _noted(stored: StoredEvent, store: Store) -> bool:
    later = store.events(stored.seller, stored.ref, after_version=stored.version)
    kinds = (EventType.NOTICE_SENT, EventType.NOTICE_UNDELIVERABLE)
    return any(found.event.type in kinds and found.event.data["about"] == stored.id for found in later)


def _write_to_buyer(
    stored: StoredEvent, settings: SellerSettings, *, store: Store, marketplaces: Marketplaces, clock: Clock
) -> tuple[EventType, str]:
    """Write at most once; what became of it, in words. Raises RetryableError while no chat can be opened."""
    seller, data = stored.seller, stored.event.data
    unsent = EventType.NOTICE_UNDELIVERABLE
    if not settings.buyer_chat:
        return unsent, "no lawful channel: the account has no chat subscription"
    try:
        marketplace = marketplaces.of(seller)
        chat = marketplace.start_chat(stored.ref.id)
    except (PermanentError, CredentialsRejectedError, OutcomeUnknownError) as error:
        return unsent, f"no lawful channel: {error}"
    # Claimed before sending: a second message to a buyer is worse than a missing one, which a person hears of.
    if not _remember(seller, f"buyer-notice {stored.id}", {}, store=store, now=clock.now()):
        return unsent, "it was begun before, and nobody knows whether it was sent"
    try:
        marketplace.send_chat_message(chat, buyer_tracking_text(str(data["old"]), str(data["new"])))
    except OutcomeUnknownError as error:
        return unsent, f"sent, but no answer came: {error}"
    except ShipbyError as error:
        return unsent, f"not sent: {error}"
    return EventType.NOTICE_SENT, "marketplace chat"


def _tell_buyer(
    stored: StoredEvent, settings: SellerSettings, *, store: Store, marketplaces: Marketplaces, clock: Clock
) -> None:
    seller, number = stored.seller, stored.ref.id
    if _noted(stored, store):
        return
    kind, why = _write_to_buyer(stored, settings, store=store, marketplaces=marketplaces, clock=clock)

    def once() -> None:
        posting = store.posting(seller, number)
        if posting is None:
            raise NotFoundError(f"posting {number} is gone from the store")
        if _noted(stored, store):
            return
        changed = rewind(replace(posting, version=posting.version + 1))
        about: dict[str, Json] = {"about": stored.id, "channel": "marketplace_chat"}
        event = Event(type=kind, at=clock.now(), actor=ACTOR, reason=why[:300], data=about)
        store.commit([SavePosting(changed), AppendEvents(seller, posting_ref(number), changed.version, (event,))])

    decide_anew(once)
