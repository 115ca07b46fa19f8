"""Write to a buyer over the marketplace's chat: where that is lawful, at most once, and noted on the posting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shipby.application.cases.held import DEFAULT_CAP, Stopped, commit, hold
from shipby.application.deadlines.ring_posting import around_of
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import Marketplace, Marketplaces
from shipby.application.ports.postings import HistoryReads
from shipby.application.ports.sellers import Pointers
from shipby.application.ports.store import Store
from shipby.application.ports.writes import (
    AppendEvents,
    ClaimPointer,
    Commits,
    RememberResponse,
    RequireAutomation,
    SavePosting,
    SpendCap,
    Write,
)
from shipby.application.shared.retry import decide_anew, or_decide_anew
from shipby.domain import actors, pointers
from shipby.domain.cases.held import Wait
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.deadlines.moot import why_moot
from shipby.domain.deadlines.policy import CHAT_OFFER, Move, may_be_sent
from shipby.domain.errors import (
    ActionNotOfferedError,
    AlreadyExistsError,
    CapReachedError,
    CredentialsRejectedError,
    KillSwitchOnError,
    NotFoundError,
    OutcomeUnknownError,
    PermanentError,
    ShipbyError,
)
from shipby.domain.events import Event, EventType, StoredEvent, posting_ref
from shipby.domain.json_types import Json
from shipby.domain.notices.telling import (
    buyer_amended_text,
    buyer_check_question,
    buyer_question,
    buyer_tracking_text,
)
from shipby.domain.postings.posting import Posting, Stage
from shipby.domain.remembered import RememberedResponse
from shipby.domain.sellers.owners import owner_of
from shipby.domain.sellers.settings import SellerSettings

KEPT_FOR = timedelta(days=90)
"""How long it is remembered that a buyer was written to: longer than a posting is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    """One text to the buyer of one posting."""

    seller: str
    number: str
    about: str
    """Id of the event that it follows from; the note on the posting names it."""
    text: str
    claim: str
    """The remembered key that is claimed before it is sent. It holds a space, as no caller's key may."""
    noted_as: EventType
    guards: tuple[Write, ...] = ()
    """What must hold at the moment of the claim: only automatic letters have any, and wait where it does not hold."""
    check: Callable[[Marketplace], None] = lambda _marketplace: None
    """Raises ActionNotOfferedError if a fresh read does not allow it."""
    waits: bool = True
    """Whether a letter with guards that may not be sent now waits as a held decision."""


def tell_buyer_of_number(
    stored: StoredEvent, settings: SellerSettings, *, store: Store, marketplaces: Marketplaces, clock: Clock
) -> None:
    """The number of a parcel under way was replaced: the buyer's old link is dead.

    Raises RetryableError while no chat can be opened.
    """
    data = stored.event.data
    letter = _Letter(
        seller=stored.seller,
        number=stored.ref.id,
        about=stored.id,
        text=buyer_tracking_text(str(data["old"]), str(data["new"])),
        claim=f"buyer-notice {stored.id}",
        noted_as=EventType.NOTICE_SENT,
    )
    _deliver(letter, settings, store=store, marketplaces=marketplaces, clock=clock)


def ask_buyer(seller: str, number: str, version: int, *, store: Store, marketplaces: Marketplaces, clock: Clock) -> str:
    """Ask the buyer of a late posting whether it is still wanted, at most once in the posting's life.

    `version` names the BUYER_ASK_DUE event. Returns asked, undeliverable, repeated, or gone (it has left the house or
    is over). Raises NotFoundError without that event, RetryableError while the marketplace is away.
    """
    history = store.events(seller, posting_ref(number))
    due = (EventType.BUYER_ASK_DUE, version)
    stored = next((found for found in history if (found.event.type, found.version) == due), None)
    posting = store.posting(seller, number)
    if stored is None or posting is None:
        raise NotFoundError(f"posting {number} has no question to its buyer in version {version}")
    if any(found.event.type is EventType.BUYER_ASKED for found in history):
        return "repeated"
    if not may_be_sent(posting) and posting.stage is not Stage.EXPIRED:
        return "gone"

    automatic = actors.is_automatic(stored.event.actor)
    letter = _Letter(
        seller=seller,
        number=number,
        about=stored.id,
        text=buyer_question(number),
        claim=f"buyer-ask {number}",
        noted_as=EventType.BUYER_ASKED,
        guards=(RequireAutomation(seller),) if automatic else (),
        check=lambda marketplace: _chat_offered(marketplace, number),
    )
    settings = store.settings(seller) or SellerSettings(seller=seller)
    became = _deliver(letter, settings, store=store, marketplaces=marketplaces, clock=clock)
    if became is None:
        return "repeated"
    return "asked" if became is EventType.BUYER_ASKED else "undeliverable"


def tell_buyer_of(
    seller: str, number: str, version: int, *, store: Store, marketplaces: Marketplaces, clock: Clock
) -> str:
    """Ask the buyer about what stops their order, or tell them that it was changed: at most once for each.

    `version` names the BUYER_TELL_DUE event. Returns told, undeliverable, repeated, or gone (it has left the house, is
    over, or fits by now). Raises NotFoundError without that event, RetryableError while the marketplace is away.
    """
    history = store.events(seller, posting_ref(number), after_version=version - 1)
    due = (EventType.BUYER_TELL_DUE, version)
    stored = next((found for found in history if (found.event.type, found.version) == due), None)
    posting = store.posting(seller, number)
    if stored is None or posting is None:
        raise NotFoundError(f"posting {number} has no letter to its buyer in version {version}")
    asks = stored.event.data.get("about") == "checks"
    if not may_be_sent(posting) or (asks and not posting.checked):
        return "gone"
    codes = stored.event.data.get("codes")
    named = [str(code) for code in codes] if isinstance(codes, Sequence) and not isinstance(codes, str) else []
    settings = store.settings(seller) or SellerSettings(seller=seller)
    limit = settings.caps.get(Move.ASK_BUYER, DEFAULT_CAP)
    letter = _Letter(
        seller=seller,
        number=number,
        about=stored.id,
        text=buyer_check_question(number, named) if asks else buyer_amended_text(number),
        claim=f"buyer-checks {number}" if asks else f"buyer-amended {stored.id}",
        noted_as=EventType.NOTICE_SENT,
        guards=(RequireAutomation(seller), SpendCap(seller, Move.ASK_BUYER, clock.now().date(), limit)),
        check=lambda marketplace: _chat_offered(marketplace, number),
        waits=False,
    )
    became = _deliver(letter, settings, store=store, marketplaces=marketplaces, clock=clock)
    if became is None:
        return "repeated"
    return "told" if became is EventType.NOTICE_SENT else "undeliverable"


def _chat_offered(marketplace: Marketplace, number: str) -> None:
    if CHAT_OFFER not in marketplace.posting(number).actions:
        raise ActionNotOfferedError(f"the marketplace offers no chat with the buyer of posting {number}")


def _deliver(
    letter: _Letter, settings: SellerSettings, *, store: Store, marketplaces: Marketplaces, clock: Clock
) -> EventType | None:
    """What became of it, as it is noted; None if that was noted before."""
    if _noted(letter, store):
        return None
    kind, why, wait, chat = _send(letter, settings, store=store, marketplaces=marketplaces, clock=clock)

    def once() -> None:
        posting = store.posting(letter.seller, letter.number)
        if posting is None:
            raise NotFoundError(f"posting {letter.number} is gone from the store")
        if _noted(letter, store):
            return
        changed = rewind(replace(posting, version=posting.version + 1))
        about: dict[str, Json] = {"about": letter.about, "channel": "marketplace_chat"}
        event = Event(type=kind, at=clock.now(), actor=actors.NOTIFICATIONS, reason=why[:300], data=about)
        appended = AppendEvents(letter.seller, posting_ref(letter.number), changed.version, (event,))
        waits = letter.guards and letter.waits
        held = _held(letter, posting, wait, why, settings, store, clock.now()) if wait and waits else []
        with or_decide_anew(f"the buyer of posting {letter.number} is written to about another one: read it again"):
            commit(store, [SavePosting(changed), appended, *held, *_chat_of(letter, chat, store)])

    decide_anew(once)
    return kind


def _chat_of(letter: _Letter, chat: str, store: Pointers) -> list[Write]:
    """The posting is found by its chat from now on; a chat about several postings says so, and none is guessed."""
    known = store.find(letter.seller, pointers.BUYER_CHAT, chat) if chat else letter.number
    if known == letter.number:
        return []
    if known is None:
        return [ClaimPointer(letter.seller, pointers.BUYER_CHAT, chat, letter.number)]
    return [ClaimPointer(letter.seller, pointers.BUYER_CHATS_SHARED, chat, pointers.EVERY_SHOP)]


def hold_question(seller: str, number: str, problem: ShipbyError, *, store: Store, now: datetime) -> None:
    """The marketplace is away for so long that the message of an automatic question may get lost: its case waits."""
    settings = store.settings(seller) or SellerSettings(seller=seller)

    def once() -> None:
        posting = store.posting(seller, number)
        if posting is not None:
            commit(store, hold(_stopped(posting, Wait.MARKETPLACE, str(problem), settings), store=store, now=now))

    decide_anew(once)


def _held(
    letter: _Letter, posting: Posting, wait: Wait, why: str, settings: SellerSettings, store: Store, now: datetime
) -> list[Write]:
    around = around_of(letter.seller, letter.number, store=store)
    if why_moot(posting, Move.ASK_BUYER, settings, around, at=now):
        return []
    return hold(_stopped(posting, wait, why, settings), store=store, now=now)


def _stopped(posting: Posting, wait: Wait, why: str, settings: SellerSettings) -> Stopped:
    return Stopped(
        seller=posting.seller,
        ref=posting_ref(posting.number),
        action=Move.ASK_BUYER,
        waits_for=wait,
        reason=why[:500],
        owner=owner_of(posting, settings),
        actor=actors.NOTIFICATIONS,
    )


def _noted(letter: _Letter, store: HistoryReads) -> bool:
    kinds = (letter.noted_as, EventType.NOTICE_UNDELIVERABLE)
    history = store.events(letter.seller, posting_ref(letter.number))
    return any(found.event.type in kinds and found.event.data.get("about") == letter.about for found in history)


def _send(
    letter: _Letter, settings: SellerSettings, *, store: Commits, marketplaces: Marketplaces, clock: Clock
) -> tuple[EventType, str, Wait | None, str]:
    """Send at most once; what became of it, in words, what it waits for if it may still be sent later, and the chat.

    Raises RetryableError while no chat can be opened.
    """
    unsent = EventType.NOTICE_UNDELIVERABLE
    if not settings.buyer_chat:
        return unsent, "no lawful channel: the account has no chat subscription", None, ""
    try:
        marketplace = marketplaces.of(letter.seller)
        letter.check(marketplace)
        chat = marketplace.start_chat(letter.number)
    except (PermanentError, CredentialsRejectedError, OutcomeUnknownError) as error:
        away = isinstance(error, CredentialsRejectedError)
        return unsent, f"no lawful channel: {error}", Wait.MARKETPLACE if away else None, ""
    # Claimed before sending: a second message to a buyer is worse than a missing one, which a person hears of.
    try:
        store.commit([_claim(letter, clock), *letter.guards])
    except AlreadyExistsError:
        return unsent, "it was begun before, and nobody knows whether it was sent", None, chat
    except KillSwitchOnError as error:
        return unsent, f"not sent: {error}", Wait.KILL_SWITCH, ""
    except CapReachedError as error:
        return unsent, f"not sent: {error}", Wait.CAP, ""
    try:
        marketplace.send_chat_message(chat, letter.text)
    except OutcomeUnknownError as error:
        return unsent, f"sent, but no answer came: {error}", None, chat
    except ShipbyError as error:
        return unsent, f"not sent: {error}", None, ""
    return letter.noted_as, "marketplace chat", None, chat


def _claim(letter: _Letter, clock: Clock) -> RememberResponse:
    expires = clock.now() + KEPT_FOR
    return RememberResponse(
        RememberedResponse(
            seller=letter.seller, key=letter.claim, request_hash="", status=200, body={}, expires_at=expires
        )
    )
