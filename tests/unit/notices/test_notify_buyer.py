"""Asking the buyer of a late posting: where a chat is offered, at most once, and noted on the posting."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.alarms.route_events import Destination, route_event
from shipby.application.notices.notify import read_ask
from shipby.application.notices.tell_buyer import ask_buyer
from shipby.application.ports.writes import AppendEvents, SavePosting
from shipby.domain.errors import InvalidInputError, MarketplaceUnavailableError, NotFoundError, RateLimitedError
from shipby.domain.events import Event, EventType, StoredEvent, posting_ref
from shipby.domain.postings.posting import Stage
from tests.support import builders as a
from tests.support.fake_marketplace import FakeMarketplaces, Fault
from tests.unit.world_support import World

CHAT = ("cancel", "can_create_chat", "ship")


@pytest.fixture
def world() -> World:
    world = World()
    world.arrives(actions=CHAT)
    return world


def due(world: World, actor: str = "system:alarm_worker") -> StoredEvent:
    """The seller's policy wants the buyer to be asked."""
    posting = world.posting()
    changed = replace(posting, version=posting.version + 1)
    event = Event(type=EventType.BUYER_ASK_DUE, at=world.clock.now(), actor=actor, data={"late": True})
    world.write(SavePosting(changed), AppendEvents(a.SELLER, posting_ref(a.NUMBER), changed.version, (event,)))
    return world.history()[-1]


def ask(world: World, stored: StoredEvent, **known: Any) -> str:
    return ask_buyer(
        a.SELLER,
        stored.ref.id,
        stored.version,
        store=world.store,
        marketplaces=FakeMarketplaces(known.get("known", {a.SELLER: world.market})),
        clock=world.clock,
    )


def notes(world: World) -> list[tuple[EventType, str]]:
    kinds = (EventType.BUYER_ASKED, EventType.NOTICE_UNDELIVERABLE)
    return [(s.event.type, s.event.reason) for s in world.history() if s.event.type in kinds]


def test_the_buyer_is_asked_once_and_that_is_noted(world: World) -> None:
    stored = due(world)
    assert [ask(world, stored) for _ in range(3)] == ["asked", "repeated", "repeated"]
    ((chat, text),) = world.market.books.chats
    assert chat == f"chat-{a.NUMBER}"
    assert a.NUMBER in text
    assert notes(world) == [(EventType.BUYER_ASKED, "marketplace chat")]
    assert world.history()[-1].event.data["about"] == stored.id
    assert "event_missing" not in world.red()


def test_the_message_of_the_event_is_read_as_it_was_written(world: World) -> None:
    stored = due(world)
    (routed,) = (one for one in route_event(stored, label_delay_seconds=0) if one.destination is Destination.NOTIFY)
    assert read_ask(routed.message.body) == (a.SELLER, a.NUMBER, stored.version)
    for wrong in ({}, {"seller": "s", "posting": "p", "version": "x"}):
        with pytest.raises(InvalidInputError):
            read_ask(wrong)


def test_a_buyer_is_not_asked_twice_whatever_asks_for_it(world: World) -> None:
    ask(world, due(world))
    assert ask(world, due(world, "key:k1")) == "repeated"
    assert len(world.market.books.chats) == 1


def test_what_left_the_house_meanwhile_is_not_asked_about(world: World) -> None:
    stored = due(world)
    posting = world.posting()
    world.write(SavePosting(replace(posting, version=posting.version + 1, stage=Stage.HANDED_OVER)))
    assert ask(world, stored) == "gone"
    assert (world.market.books.chats, notes(world)) == ([], [])


def test_an_expired_posting_is_still_asked_about(world: World) -> None:
    stored = due(world)
    posting = world.posting()
    expired = replace(posting, version=posting.version + 1, stage=Stage.EXPIRED, blocked_from=Stage.RECEIVED)
    world.write(SavePosting(expired))
    assert ask(world, stored) == "asked"


def test_a_fresh_read_decides_whether_a_chat_is_offered(world: World) -> None:
    stored = due(world)
    world.market.change(a.NUMBER, actions=("cancel", "ship"))
    assert ask(world, stored) == "undeliverable"
    assert world.market.calls["start_chat"] == 0
    ((kind, why),) = notes(world)
    assert kind is EventType.NOTICE_UNDELIVERABLE
    assert "offers no chat" in why
    assert ask(world, stored) == "repeated"


def test_an_account_without_a_chat_is_never_tried(world: World) -> None:
    world.policy(buyer_chat=False)
    calls = world.market.calls.total()
    assert ask(world, due(world)) == "undeliverable"
    assert world.market.calls.total() == calls


def test_a_missing_key_is_noted(world: World) -> None:
    assert ask(world, due(world), known={}) == "undeliverable"


def test_the_kill_switch_stops_what_the_policy_asks_and_not_what_a_person_asks(world: World) -> None:
    world.policy(kill_switch=True)
    assert ask(world, due(world)) == "undeliverable"
    assert world.market.books.chats == []
    assert ask(world, due(world, "key:k1")) == "asked"


@pytest.mark.parametrize("call", ["posting", "start_chat"])
@pytest.mark.parametrize("fault", [Fault.RATE_LIMIT, Fault.UNAVAILABLE])
def test_a_marketplace_that_is_away_is_tried_again(world: World, call: str, fault: Fault) -> None:
    stored = due(world)
    world.market.fail(call, fault)
    with pytest.raises((RateLimitedError, MarketplaceUnavailableError)):
        ask(world, stored)
    assert notes(world) == []
    assert ask(world, stored) == "asked"


@pytest.mark.parametrize(("fault", "written"), [(Fault.TIMEOUT_AFTER, 1), (Fault.TIMEOUT_BEFORE, 0)])
def test_a_question_without_an_answer_is_never_sent_again(world: World, fault: Fault, written: int) -> None:
    stored = due(world)
    world.market.fail("send_chat_message", fault)
    assert [ask(world, stored) for _ in range(2)] == ["undeliverable", "repeated"]
    assert ask(world, due(world)) == "undeliverable", "it may have been sent, so nothing sends it again"
    assert len(world.market.books.chats) == written
    assert world.market.calls["send_chat_message"] == 1


def test_a_crash_while_asking_is_noted_and_never_repeated(world: World) -> None:
    stored = due(world)

    def dies(name: str) -> None:
        if name == "send_chat_message":
            world.market.on_call = None
            raise KeyboardInterrupt

    world.market.on_call = dies
    with pytest.raises(KeyboardInterrupt):
        ask(world, stored)
    world.clock.advance(timedelta(days=30))
    assert ask(world, stored) == "undeliverable"
    assert world.market.books.chats == []
    assert "nobody knows" in notes(world)[0][1]


def test_there_is_no_question_without_its_event(world: World) -> None:
    stored = due(world)
    with pytest.raises(NotFoundError):
        ask(world, replace(stored, version=stored.version + 1))
    with pytest.raises(NotFoundError):
        ask(world, replace(stored, ref=posting_ref("nobody")))
