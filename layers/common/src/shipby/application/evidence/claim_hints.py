"""Best effort: requests for proof are looked for in the chats in which the marketplace speaks to the seller.

Chats with buyers are never opened. Texts live in memory for as long as they are judged: nothing of them is stored,
logged or told. What is kept per chat is the id of its last message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shipby.application.cases.odd_entries import (
    Listed,
    close_readable,
    keep_odd_entries,
    note_unread,
    noting,
    set_aside_of,
)
from shipby.application.cases.opening import open_case
from shipby.application.cases.watch_account import KEY_EVERY, SLACK, note_state
from shipby.application.evidence.claims import open_from_chat
from shipby.application.ports.chats import ChatMessage, Chats, ListedChat, is_newer
from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import Cases, Watches
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, ClaimPointer, SaveWatch
from shipby.application.rating.index_figures import NOT_PERMITTED
from shipby.application.shared.retry import decide_anew
from shipby.domain import actors, pointers
from shipby.domain.cases import watches
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.watch import Watch
from shipby.domain.errors import (
    ActionNotOfferedError,
    CredentialsRejectedError,
    MarketplaceRefusedError,
    MarketplaceUnavailableError,
    NotFoundError,
    NotReadyYetError,
    RateLimitedError,
    UnreadableAnswerError,
)
from shipby.domain.events import Event, EventType, watch_ref
from shipby.domain.evidence.claim_hints import Hint, asks_here, may_ask, read_hint
from shipby.domain.evidence.claims import FROM_CHAT, Asked
from shipby.domain.json_types import Json
from shipby.domain.skew import age

CHATS = watches.SUPPORT_CHATS
"""Id of the watch."""
EVERY = timedelta(minutes=15)
LIST_EVERY = timedelta(days=1)
"""How often all chats are listed; in between only unread ones, and the histories of those that are known."""
LOOK_BACK = timedelta(days=3)
"""Older messages are left alone: their two days are over."""
PAGES_OF_ALL = 30
PAGES_OF_UNREAD = 5
"""Pages of 100 chats: a list cannot be asked for one type, and chats with buyers may be many."""
MOST_CHATS = 30
"""Chats of the marketplace that are followed: those with the newest messages."""
READ = "read"
UNAVAILABLE = "unavailable"


@dataclass(slots=True)
class ChatsRead:
    """What one look into the chats found. `state`: read, not due, unavailable, or not permitted."""

    state: str
    chats: int = 0
    messages: int = 0
    claims: int = 0
    cases: int = 0
    cut: bool = False
    """There are more chats than are listed: one of the marketplace may be among those never seen."""

    def view(self) -> dict[str, Json]:
        return {
            "state": self.state,
            "chats": self.chats,
            "messages": self.messages,
            "claims": self.claims,
            "cases": self.cases,
            "cut": self.cut,
        }


@dataclass(slots=True)
class _Followed:
    """Chat id -> id of the last message that was judged."""

    last: dict[str, str] = field(default_factory=dict)
    listed_at: datetime | None = None
    cut: bool = False


def watch_chats(
    seller: str,
    *,
    store: Store,
    chats: Chats,
    clock: Clock,
    at_once: bool = False,
    hinted_at: datetime | None = None,
) -> ChatsRead:
    """Look for requests for proof if it is time, `at_once`, or if nobody has looked since a hint.

    A marketplace that does not answer is a state. Raises StoreUnavailableError.
    """
    now, watch = clock.now(), store.watch(seller, CHATS)
    if not at_once and watch is not None and not _is_due(watch, hinted_at, now):
        return ChatsRead("not due")
    followed, done = _followed(watch), ChatsRead(READ)
    with noting() as odd:
        _look(seller, followed, done, store=store, chats=chats, clock=clock)
    keep_odd_entries(seller, odd, store=store, now=now)
    if done.state == READ and hinted_at is None:  # the poll's own look; other workers may not list cases
        # Between whole listings only unread chats are seen.
        unseen = set() if followed.listed_at is not None and followed.listed_at >= now else {Listed.CHAT}
        close_readable(seller, odd, odd.whole - unseen, store=store, now=now)
    return done


def _look(seller: str, followed: _Followed, done: ChatsRead, *, store: Store, chats: Chats, clock: Clock) -> None:
    now = clock.now()
    try:
        _follow(chats, followed, now)
        done.cut, done.chats = followed.cut, len(followed.last)
        for chat_id in sorted(followed.last):
            _read_chat(seller, chat_id, followed, done, store=store, chats=chats, clock=clock)
    except (CredentialsRejectedError, ActionNotOfferedError, MarketplaceRefusedError) as error:
        # The postings were listed with the same key: it is this method that it may not call.
        note_state(seller, CHATS, NOT_PERMITTED, {"problem": str(error)}, store=store, now=now)
        done.state = NOT_PERMITTED
    except (MarketplaceUnavailableError, RateLimitedError, NotReadyYetError):
        # Best effort: neither the round nor its proof may fail over it. What was judged so far is noted below.
        done.state = UNAVAILABLE
        _save(seller, UNAVAILABLE, followed, store=store, now=now)
    else:
        _save(seller, READ, followed, store=store, now=now)


def _is_due(watch: Watch, hinted_at: datetime | None, now: datetime) -> bool:
    if watch.state == NOT_PERMITTED:
        return age(watch.checked_at, now) >= KEY_EVERY - SLACK
    return age(watch.checked_at, now) >= EVERY - SLACK or (hinted_at is not None and watch.checked_at <= hinted_at)


def _follow(chats: Chats, followed: _Followed, now: datetime) -> None:
    """Bring the chats that are followed up to date."""
    whole = followed.listed_at is None or age(followed.listed_at, now) >= LIST_EVERY
    found = _list(chats, followed, whole=whole)
    for chat in found:
        followed.last.setdefault(chat.id, "")
    if whole:
        followed.listed_at = now
        newest = sorted(found, key=lambda chat: (len(chat.last_message_id), chat.last_message_id), reverse=True)
        kept = {chat.id for chat in newest[:MOST_CHATS]}
        followed.last = {chat_id: last for chat_id, last in followed.last.items() if chat_id in kept}


def _list(chats: Chats, followed: _Followed, *, whole: bool) -> list[ListedChat]:
    found: list[ListedChat] = []
    cursor = ""
    for _ in range(PAGES_OF_ALL if whole else PAGES_OF_UNREAD):
        page = chats.listed(unread_only=not whole, cursor=cursor)
        found += [chat for chat in page.items if asks_here(chat.type)]
        if page.cursor is None:
            followed.cut = False if whole else followed.cut
            return found
        cursor = page.cursor
    followed.cut = True
    return found


def _read_chat(
    seller: str, chat_id: str, followed: _Followed, done: ChatsRead, *, store: Store, chats: Chats, clock: Clock
) -> None:
    last = followed.last[chat_id]
    with noting() as odd:
        try:
            messages = chats.messages(chat_id, after=last, since=clock.now() - LOOK_BACK)
        except NotFoundError:
            del followed.last[chat_id]
            return
        except UnreadableAnswerError as error:
            note_unread(Listed.CHAT_MESSAGE, f"of chat {chat_id}", error)
            return
    # A message that cannot be read is not behind us: it is looked at again until it is too old to matter.
    stuck = bool(set_aside_of(odd, Listed.CHAT_MESSAGE))
    for message in messages:
        done.messages += 1
        hint = read_hint(message.text) if may_ask(message.sender) else None
        if hint is not None:
            _act(seller, message, hint, done, store=store, clock=clock)
        if not stuck and is_newer(message.id, followed.last[chat_id]):
            followed.last[chat_id] = message.id


def _act(seller: str, message: ChatMessage, hint: Hint, done: ChatsRead, *, store: Store, clock: Clock) -> None:
    known = [number for number in hint.posting_numbers if store.posting(seller, number) is not None]
    for number in known:
        asked = Asked(
            seller=seller,
            posting_number=number,
            kind=hint.kind,
            # Never ahead of our own clock: the marketplace's may be.
            at=min(message.at, clock.now()),
            source=FROM_CHAT,
            source_id=message.id,
        )
        done.claims += open_from_chat(asked, hint.pattern, actors.MARKETPLACE_POLL, store=store, clock=clock)
    strange = [number for number in hint.posting_numbers if number not in known]
    if strange or not known:
        done.cases += _ask_person(seller, message, strange, store=store, now=clock.now())


def _ask_person(seller: str, message: ChatMessage, strange: list[str], *, store: Cases, now: datetime) -> bool:
    """A person looks: the message asks for proof, but not of a posting that we know. True if the case is new."""
    if store.find(seller, pointers.CLAIM_MESSAGE, message.id):
        return False
    named = f"names {', '.join(strange)}, which is not here" if strange else "names no posting"
    identifier = open_case(
        store,
        seller=seller,
        kind=CaseKind.CLAIM,
        subject=f"chat message {message.id}",
        reason=f"a chat message of the marketplace looks like a request for proof of packing and {named}: read it in "
        "the cabinet and enter it with POST /v1/claims; the marketplace waits about two days",
        now=now,
        actor=actors.MARKETPLACE_POLL,
    )
    store.commit([ClaimPointer(seller, pointers.CLAIM_MESSAGE, message.id, f"case {identifier}")])
    return True


def _followed(watch: Watch | None) -> _Followed:
    data = watch.data if watch is not None else {}
    last, listed_at = data.get("last"), data.get("listed_at")
    return _Followed(
        last={str(key): str(value) for key, value in last.items()} if isinstance(last, Mapping) else {},
        listed_at=datetime.fromisoformat(listed_at) if isinstance(listed_at, str) else None,
        cut=data.get("cut") is True,
    )


def _save(seller: str, state: str, followed: _Followed, *, store: Watches, now: datetime) -> None:
    def once() -> None:
        watch = store.watch(seller, CHATS)
        before = _followed(watch).last
        # Another round may have been further in one of them.
        last = {key: _later(value, before.get(key, "")) for key, value in followed.last.items()}
        listed_at = followed.listed_at.isoformat() if followed.listed_at else None
        data: dict[str, Json] = {"last": dict(last), "listed_at": listed_at, "cut": followed.cut}
        event = Event(
            type=EventType.WATCH_CHANGED,
            at=now,
            actor=actors.MARKETPLACE_POLL,
            data={"state": state, "was": watch.state if watch else None},
        )
        if watch is None:
            changed = Watch(seller=seller, id=CHATS, version=1, checked_at=now, state=state, data=data)
        else:
            changed = replace(watch, version=watch.version + 1, checked_at=now, state=state, data=data)
        store.commit([SaveWatch(changed), AppendEvents(seller, watch_ref(CHATS), changed.version, (event,))])

    decide_anew(once)


def _later(one: str, other: str) -> str:
    return one if is_newer(one, other) else other
