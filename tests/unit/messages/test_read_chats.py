"""Buyers' words: an answer is applied once, what no rule decides is a person's, and no word of it is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.alarms.route_events import route_push
from shipby.application.deadlines.clocks import BuyerAnswer, answer_for_buyer
from shipby.application.messages.read_chats import SETTLED_AFTER, ChatsSeen, read_buyer_chats
from shipby.application.notices.tell_buyer import ask_buyer
from shipby.application.ports.writes import AppendEvents, ClaimPointer, SavePosting
from shipby.domain import pointers
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.errors import UnreadableAnswerError
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.postings.posting import Stage
from shipby.domain.postings.push import judge
from shipby.domain.sellers.settings import Automation, MessagePolicy
from tests.support import builders as a
from tests.support.fake_chats import BUYER, SUPPORT
from tests.support.fake_marketplace import FakeMarketplaces, Fault
from tests.unit.world_support import World, forget

CHAT = f"chat-{a.NUMBER}"


@pytest.fixture
def world() -> World:
    world = World()
    world.policy(messages=MessagePolicy(read=Automation.ON))
    world.arrives(actions=("cancel", "can_create_chat", "ship"))
    asks(world)
    return world


def asks(world: World, number: str = a.NUMBER) -> None:
    posting = world.posting(number)
    changed = replace(posting, version=posting.version + 1)
    event = Event(type=EventType.BUYER_ASK_DUE, at=world.clock.now(), actor="key:k1", data={"late": True})
    world.write(SavePosting(changed), AppendEvents(a.SELLER, posting_ref(number), changed.version, (event,)))
    markets = FakeMarketplaces({a.SELLER: world.market})
    asked = ask_buyer(a.SELLER, number, changed.version, store=world.store, marketplaces=markets, clock=world.clock)
    assert asked == "asked"


def says(world: World, *texts: str, chat: str = CHAT, type: str = BUYER, sender: str = "Customer") -> None:
    for text in texts:
        world.clock.advance(timedelta(milliseconds=300))
        world.market.chats.say(chat, text, type=type, sender=sender)
    world.clock.advance(SETTLED_AFTER)


def look(world: World, chat: str = "") -> ChatsSeen:
    return read_buyer_chats(a.SELLER, store=world.store, chats=world.market.chats, clock=world.clock, chat_id=chat)


def answers(world: World) -> list[bool]:
    kinds = EventType.BUYER_ANSWERED
    return [found.event.data["wanted"] is True for found in world.history() if found.event.type is kinds]


def cases(world: World) -> list[Case]:
    ids = world.store.cases_in(a.SELLER, open_only=True, limit=50, cursor=None).items
    found = [case for one in ids if (case := world.store.case(a.SELLER, one)) is not None]
    return [case for case in found if case.kind is CaseKind.BUYER_MESSAGE]


def test_a_yes_brings_the_posting_to_the_front_once(world: World) -> None:
    says(world, "Здравствуйте!", "Да, жду")
    assert look(world).answers == {a.NUMBER: "yes"}
    assert [look(world).answers, look(world, CHAT).answers] == [{}, {}]
    assert answers(world) == [True]
    assert EventType.POSTING_PRIORITISED in [found.event.type for found in world.history()]
    assert cases(world) == []


def test_a_no_goes_the_way_of_who_must_cancel(world: World) -> None:
    says(world, "нет, отмените")
    assert look(world, CHAT).answers == {a.NUMBER: "no"}
    assert answers(world) == [False]
    assert EventType.POSTING_CHOICES in [found.event.type for found in world.history()]


def test_the_sellers_policy_cancels_after_a_no(world: World) -> None:
    world.policy(auto_cancel=Automation.ON, cancel_guard=False)
    says(world, "не нужен")
    look(world)
    assert answers(world) == [False]
    assert any(found.event.type.startswith("intent.") for found in world.history())


@pytest.mark.parametrize(
    "texts", [("да нет",), ("👍",), ("да", "нет"), ("нет", "да"), ("да\n" * 1000,), ("убью",), ("",)]
)
def test_an_unclear_answer_is_a_persons_and_its_case_has_no_word_of_it(world: World, texts: tuple[str, ...]) -> None:
    says(world, *texts)
    assert look(world).answers == {a.NUMBER: "unclear"}
    assert answers(world) == []
    (case,) = cases(world)
    assert (case.subject, a.NUMBER in case.reason) == (CHAT, True)
    assert not any(text in case.reason for text in texts if len(text) > 3)
    assert look(world).cases == 0


def test_a_buyer_who_is_still_writing_is_let_finish(world: World) -> None:
    world.market.chats.say(CHAT, "да", type=BUYER, sender="Customer")
    world.clock.advance(timedelta(seconds=1))
    assert (look(world, CHAT).state, answers(world)) == ("waiting", [])
    says(world, "нет")
    assert look(world, CHAT).answers == {a.NUMBER: "unclear"}


def test_a_later_word_to_the_contrary_is_a_persons(world: World) -> None:
    says(world, "да")
    look(world)
    says(world, "нет, передумал")
    look(world)
    assert answers(world) == [True]
    assert "otherwise before" in cases(world)[0].reason


def test_in_shadow_nothing_is_applied(world: World) -> None:
    world.policy(messages=MessagePolicy(read=Automation.SHADOW))
    says(world, "да")
    look(world)
    assert answers(world) == []
    assert "shadow" in cases(world)[0].reason


def test_a_shop_that_did_not_ask_for_it_has_no_chat_opened(world: World) -> None:
    world.policy(messages=MessagePolicy())
    says(world, "да")
    calls = world.market.calls.total()
    assert look(world).state == "off"
    assert world.market.calls.total() == calls


def test_only_the_buyer_answers_and_only_after_the_question(world: World) -> None:
    says(world, "да", sender="Seller")
    says(world, "да", chat="support", type=SUPPORT, sender="Support")
    assert look(world).answers == {}
    world.market.chats.say(CHAT, "нет", type=BUYER, sender="Customer", at=world.clock.now() - timedelta(hours=1))
    assert look(world).answers == {}
    assert answers(world) == []
    says(world, "Да", sender="Сustomer")
    assert look(world).answers == {a.NUMBER: "yes"}, "with a Cyrillic letter, as the official example has it"


def test_an_answer_that_comes_too_late_is_a_persons(world: World) -> None:
    posting = world.posting()
    world.write(SavePosting(replace(posting, version=posting.version + 1, stage=Stage.HANDED_OVER)))
    says(world, "не нужен")
    look(world)
    assert answers(world) == []
    assert "left the house" in cases(world)[0].reason


def test_who_answers_by_hand_in_the_middle_of_a_look_wins(world: World) -> None:
    says(world, "да")
    by_hand = BuyerAnswer(seller=a.SELLER, number=a.NUMBER, actor="key:k1", wanted=False)
    commit, done = world.store.commit, list[bool]()

    def first(writes: list[object]) -> None:
        if not done and any(isinstance(one, ClaimPointer) and one.kind == pointers.BUYER_ANSWER for one in writes):
            done.append(True)
            answer_for_buyer(by_hand, forget, store=world.store, clock=world.clock)
        commit(writes)  # type: ignore[arg-type]

    world.store.commit = first  # type: ignore[method-assign, assignment]
    look(world)
    assert (done, answers(world)) == ([True], [False])


def test_a_crash_before_it_is_noted_applies_nothing_twice(world: World) -> None:
    says(world, "да")
    store, find = world.store, world.store.watch

    def dies(seller: str, identifier: str) -> object:
        if answers(world):
            raise KeyboardInterrupt
        return find(seller, identifier)

    store.watch = dies  # type: ignore[method-assign, assignment]
    with pytest.raises(KeyboardInterrupt):
        look(world)
    store.watch = find  # type: ignore[method-assign]
    look(world)
    assert answers(world) == [True]
    assert cases(world) == []


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.RATE_LIMIT])
@pytest.mark.parametrize("call", ["chats.listed", "chats.messages"])
def test_a_marketplace_that_is_away_is_looked_at_again(world: World, call: str, fault: Fault) -> None:
    says(world, "да")
    world.market.fail(call, fault)
    assert look(world).state == "unavailable"
    assert look(world).answers == {a.NUMBER: "yes"}


def test_a_chat_that_cannot_be_read_is_a_persons_and_keeps_no_other_from_being_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(world, "???", chat="chat-a")
    says(world, "Да, жду")
    messages = world.market.chats.messages

    def odd(chat_id: str, **more: Any) -> Any:
        if chat_id == "chat-a":
            raise UnreadableAnswerError("messages: expected a list")
        return messages(chat_id, **more)

    monkeypatch.setattr(world.market.chats, "messages", odd)
    assert look(world).answers == {a.NUMBER: "yes"}
    assert [case.subject for case in cases(world)] == ["chat-a"]
    assert look(world).cases == 1
    assert len(cases(world)) == 1
    monkeypatch.undo()
    assert look(world).state == "read"


def test_a_push_for_a_chat_that_is_not_there_does_nothing(world: World) -> None:
    assert look(world, "nobody").state == "read"
    assert cases(world) == []


@pytest.mark.parametrize(
    ("text", "topic"),
    [("Где моя посылка?", "logistics"), ("Пришёл брак", "quality"), ("мяу", "person"), ("сменить адрес", "address")],
)
def test_a_complaint_is_a_case_by_its_topic(world: World, text: str, topic: str) -> None:
    says(world, text, chat="another")
    look(world)
    (case,) = cases(world)
    assert f"topic: {topic}" in case.reason
    assert "no posting" in case.reason
    assert text not in str(world.store.watch(a.SELLER, "buyer-chats"))


def test_thanks_are_nobodys_work(world: World) -> None:
    says(world, "Спасибо большое!", chat="another")
    look(world)
    assert cases(world) == []


@pytest.mark.parametrize("kind", [pointers.TRACKING, pointers.FORMER_TRACKING])
def test_a_number_in_the_words_finds_the_order_a_former_one_too(world: World, kind: str) -> None:
    world.write(ClaimPointer(a.SELLER, kind, "RB123456789CN", a.NUMBER))
    world.policy(owners={"*": "olga"})
    says(world, "rb123456789cn не ищется, где посылка?", chat="another")
    look(world)
    (case,) = cases(world)
    assert a.NUMBER in case.reason
    assert case.owner == "olga"


def test_a_chat_about_two_postings_is_guessed_for_neither(world: World) -> None:
    other = "55555555-0001-1"
    world.arrives(other, actions=("cancel", "can_create_chat", "ship"))
    world.write(ClaimPointer(a.SELLER, pointers.BUYER_CHATS_SHARED, CHAT, "*"))
    says(world, "да")
    look(world)
    assert answers(world) == []
    assert len(cases(world)) == 1


@pytest.mark.parametrize(
    ("kind", "chat_type", "hints"),
    [
        ("TYPE_NEW_MESSAGE", "Buyer_Seller", True),
        ("TYPE_NEW_MESSAGE", "Buyer_Seller_Select", True),
        ("TYPE_NEW_MESSAGE", "Seller_Business_Development_Group", False),
        ("TYPE_CHAT_CLOSED", "Buyer_Seller", False),
    ],
)
def test_a_push_of_a_buyers_message_is_a_hint_without_its_words(kind: str, chat_type: str, hints: bool) -> None:
    body = {"message_type": kind, "chat_id": "c", "chat_type": chat_type, "data": ["да, жду"], "seller_id": a.SELLER}
    row = judge(json.dumps(body).encode(), body, "", seller=a.SELLER, at=a.NOW)
    routed = route_push(row)
    assert [one.message.body for one in routed] == [{"seller": a.SELLER, "task": "buyer_chat", "chat": "c"}] * hints
    assert all(one.message.delay_seconds > SETTLED_AFTER.total_seconds() for one in routed)
