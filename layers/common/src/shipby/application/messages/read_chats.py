"""Buyers' words are read: an answer to a question of ours is applied once, what no rule decides is a person's.

Texts live in memory for as long as they are judged: nothing of them is stored, logged or told. What is kept per chat is
the id of its last message that was judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shipby.application.cases.opening import open_case
from shipby.application.deadlines.clocks import BuyerAnswer, answer_for_buyer
from shipby.application.messages.orders import order_of
from shipby.application.ports.chats import ChatMessage, Chats, ListedChat, is_newer
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, ClaimPointer, SaveWatch, Write
from shipby.application.shared.idempotency import Answer as RememberedAnswer
from shipby.application.shared.retry import decide_anew
from shipby.domain import actors, pointers
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.watch import Watch
from shipby.domain.cases.watches import BUYER_CHATS
from shipby.domain.errors import (
    ActionNotOfferedError,
    AlreadyExistsError,
    CredentialsRejectedError,
    MarketplaceRefusedError,
    MarketplaceUnavailableError,
    NotFoundError,
    NotReadyYetError,
    RateLimitedError,
    StageMismatchError,
    UnreadableAnswerError,
)
from shipby.domain.events import Event, EventType, posting_ref, watch_ref
from shipby.domain.initiators import is_buyer, latin
from shipby.domain.json_types import Json
from shipby.domain.messages.answers import Answer, read_answers
from shipby.domain.messages.triage import Topic, triage
from shipby.domain.postings.posting import Posting
from shipby.domain.sellers.owners import owner_of
from shipby.domain.sellers.settings import Automation, SellerSettings
from shipby.domain.skew import age

SETTLED_AFTER = timedelta(seconds=20)
"""A buyer who has just written may write on: two opposite answers within seconds are judged together."""
LOOK_BACK = timedelta(days=3)
"""The marketplace lets a buyer be answered for 48 hours: what is older is nobody's hurry."""
PAGES = 5
MOST_CHATS = 300
"""Chats whose last judged message is remembered: those with the newest ones."""
REPLY_WITHIN = timedelta(hours=48)
"""After a buyer's last message. Source: Ozon Seller API, /v1/chat/send/message."""

_UNREADABLE = "a buyer wrote, and the marketplace's answer about the chat cannot be read: open it in the cabinet"
_TOO_LATE = "the buyer does not want it any more, but it has left the house or is over: read it and answer"


@dataclass(slots=True)
class ChatsSeen:
    """What one look found. `state`: read, off, waiting (somebody is still writing), unavailable, not permitted."""

    state: str
    answers: dict[str, str] = field(default_factory=dict)
    """Posting -> yes, no or unclear."""
    cases: int = 0

    def view(self) -> dict[str, Json]:
        counted: dict[str, Json] = {}
        for answer in self.answers.values():
            counted[answer] = int(str(counted.get(answer, 0))) + 1
        return {"state": self.state, "answers": counted, "cases": self.cases}


@dataclass(frozen=True, slots=True)
class _Desk:
    seller: str
    settings: SellerSettings
    store: Store
    chats: Chats
    clock: Clock


def is_buyers(kind: str) -> bool:
    """Whether buyers write in chats of this type, in the list's spelling or a push's."""
    return latin(kind).upper().startswith("BUYER_SELLER")


def read_buyer_chats(seller: str, *, store: Store, chats: Chats, clock: Clock, chat_id: str = "") -> ChatsSeen:
    """Judge what buyers wrote since the last look: in one chat that a push named, or in all unread ones.

    A marketplace that does not answer is a state. Raises StoreUnavailableError.
    """
    settings = store.settings(seller)
    if settings is None or settings.messages.read is Automation.OFF:
        return ChatsSeen("off")
    desk, done = _Desk(seller, settings, store, chats, clock), ChatsSeen("read")
    watch = store.watch(seller, BUYER_CHATS)
    seen = _seen(watch)
    before = dict(seen)
    try:
        named = [chat_id] if chat_id else [chat.id for chat in _unread(chats) if _is_new(chat, seen)]
        for one in named:
            try:
                _judge_chat(one, seen, done, desk)
            except UnreadableAnswerError:
                # The others go on; this one is a person's, and is tried again at the next look.
                done.cases += 1
                _for_person(one, None, _UNREADABLE, clock.now(), desk)
    except (CredentialsRejectedError, ActionNotOfferedError, MarketplaceRefusedError):
        done.state = "not permitted"
    except (MarketplaceUnavailableError, RateLimitedError, NotReadyYetError, UnreadableAnswerError):
        done.state = "unavailable"
    if seen != before:
        _save(desk, seen)
    return done


def _unread(chats: Chats) -> list[ListedChat]:
    found: list[ListedChat] = []
    cursor = ""
    for _ in range(PAGES):
        page = chats.listed(unread_only=True, cursor=cursor)
        found += [chat for chat in page.items if is_buyers(chat.type)]
        if page.cursor is None:
            break
        cursor = page.cursor
    return found


def _is_new(chat: ListedChat, seen: Mapping[str, str]) -> bool:
    return is_newer(chat.last_message_id, seen.get(chat.id, ""))


def _judge_chat(chat_id: str, seen: dict[str, str], done: ChatsSeen, desk: _Desk) -> None:
    now = desk.clock.now()
    try:
        found = desk.chats.messages(chat_id, after=seen.get(chat_id, ""), since=now - LOOK_BACK)
    except NotFoundError:
        return  # closed meanwhile, or a push about nothing
    wrote = [message for message in found if is_buyer(message.sender)]
    if wrote and age(wrote[-1].at, now) < SETTLED_AFTER:
        done.state = "waiting"
        return
    if wrote:
        _judge(chat_id, wrote, done, desk)
    if found:
        seen[chat_id] = found[-1].id


def _judge(chat_id: str, wrote: Sequence[ChatMessage], done: ChatsSeen, desk: _Desk) -> None:
    posting = order_of(desk.seller, chat_id, [message.text for message in wrote], store=desk.store)
    asked = _asked_at(posting, desk) if posting is not None else None
    answering = [message for message in wrote if asked is not None and message.at >= asked]
    if posting is not None and answering:
        answer = read_answers([message.text for message in answering])
        done.answers[posting.number] = answer
        problem = _apply(posting, answer, answering[-1].id, desk)
    else:
        problem = _complaint(wrote)
    if problem:
        done.cases += 1
        _for_person(chat_id, posting, problem, wrote[-1].at, desk)


def _asked_at(posting: Posting, desk: _Desk) -> datetime | None:
    """When the buyer was asked whether it is still wanted; None where nobody asked."""
    history = desk.store.events(desk.seller, posting_ref(posting.number))
    return next((found.event.at for found in history if found.event.type is EventType.BUYER_ASKED), None)


def _apply(posting: Posting, answer: Answer, message_id: str, desk: _Desk) -> str:
    """Once in a posting's life. What a person has to do, if anything."""
    if answer is Answer.UNCLEAR:
        return "the buyer was asked whether it is still wanted, and the answer is unclear: read it and enter it"
    known = _answered(posting.number, desk)
    if known is not None:
        same = known is (answer is Answer.YES)
        return "" if same else f"the buyer says {answer} now, and said otherwise before: read it and decide"
    if desk.settings.messages.read is Automation.SHADOW:
        return f"shadow mode: the answer {answer} would have been applied: read it and enter it"
    told = BuyerAnswer(
        seller=desk.seller,
        number=posting.number,
        actor=actors.MARKETPLACE_POLL,
        wanted=answer is Answer.YES,
        note="read in the marketplace's chat",
    )

    def once(_: RememberedAnswer) -> list[Write]:
        if _answered(posting.number, desk) is not None:
            raise AlreadyExistsError(f"the buyer's answer about posting {posting.number} was entered meanwhile")
        return [ClaimPointer(desk.seller, pointers.BUYER_ANSWER, posting.number, message_id)]

    try:
        answer_for_buyer(told, once, store=desk.store, clock=desk.clock)
    except AlreadyExistsError:
        return ""  # another look was faster
    except StageMismatchError:
        return "" if answer is Answer.YES else _TOO_LATE
    return ""


def _answered(number: str, desk: _Desk) -> bool | None:
    """What the buyer's last word that was applied or entered was."""
    history = desk.store.events(desk.seller, posting_ref(number))
    said = [found.event.data.get("wanted") is True for found in history if found.event.type is EventType.BUYER_ANSWERED]
    return said[-1] if said else None


def _complaint(wrote: Sequence[ChatMessage]) -> str:
    topics = {triage(message.text) for message in wrote} - {Topic.THANKS}
    if not topics:
        return ""
    topic = topics.pop() if len(topics) == 1 else Topic.PERSON
    return f"a buyer wrote; topic: {topic}. Read it and answer"


def _for_person(chat_id: str, posting: Posting | None, problem: str, at: datetime, desk: _Desk) -> None:
    until = (at + REPLY_WITHIN).isoformat(timespec="minutes")
    about = f"posting {posting.number}" if posting is not None else "no posting that is known"
    open_case(
        desk.store,
        seller=desk.seller,
        kind=CaseKind.BUYER_MESSAGE,
        subject=chat_id,
        reason=f"{problem} ({about}; the marketplace takes an answer until {until})",
        owner=owner_of(posting, desk.settings),
        now=desk.clock.now(),
        actor=actors.MARKETPLACE_POLL,
    )


def _seen(watch: Watch | None) -> dict[str, str]:
    last = watch.data.get("last") if watch is not None else None
    return {str(key): str(value) for key, value in last.items()} if isinstance(last, Mapping) else {}


def _save(desk: _Desk, seen: Mapping[str, str]) -> None:
    def once() -> None:
        now, watch = desk.clock.now(), desk.store.watch(desk.seller, BUYER_CHATS)
        last = _seen(watch)
        for chat, message in seen.items():
            # Another look may have been further in one of them.
            last[chat] = message if is_newer(message, last.get(chat, "")) else last[chat]
        kept = sorted(last, key=lambda chat: (len(last[chat]), last[chat]), reverse=True)[:MOST_CHATS]
        data: dict[str, Json] = {"last": {chat: last[chat] for chat in kept}}
        changed = (
            Watch(seller=desk.seller, id=BUYER_CHATS, version=1, checked_at=now, state="read", data=data)
            if watch is None
            else replace(watch, version=watch.version + 1, checked_at=now, state="read", data=data)
        )
        event = Event(type=EventType.WATCH_CHANGED, at=now, actor=actors.MARKETPLACE_POLL, data={"state": "read"})
        desk.store.commit(
            [SaveWatch(changed), AppendEvents(desk.seller, watch_ref(BUYER_CHATS), changed.version, (event,))]
        )

    decide_anew(once)
