"""Tracking numbers and the people who are told of them."""

from datetime import timedelta
from typing import Any

import pytest

from shipby.application.alarms.route_events import Destination, route_event
from shipby.application.deadlines.clocks import ClockCommand, set_clock
from shipby.application.intents.replace_tracking import normalise
from shipby.application.notices.digest import Tools
from shipby.application.notices.notify import notify, read_notice
from shipby.application.postings.queries import PostingFilter, list_postings
from shipby.application.shared.idempotency import Answer, idempotently
from shipby.domain import pointers
from shipby.domain.carriers.s10 import s10
from shipby.domain.errors import (
    ActionNotOfferedError,
    AlreadyExistsError,
    InvalidInputError,
    MarketplaceUnavailableError,
    NotFoundError,
    PreconditionFailedError,
    RateLimitedError,
    RetryableError,
)
from shipby.domain.events import EventType, StoredEvent, posting_ref
from shipby.domain.intents import IntentState
from shipby.domain.postings.posting import RungKind
from tests.support import builders as a
from tests.support.fake_marketplace import ASSEMBLED_ACTIONS, FakeMarketplaces, Fault
from tests.support.fakes import RecordingChannels, RecordingQueue
from tests.unit.world_support import World

OLD, NEW = s10("RB", 1, "CN"), s10("RB", 2, "CN")


@pytest.fixture
def world() -> World:
    world = World()
    world.policy(digest_window=timedelta(0))
    world.arrives(status="awaiting_deliver", actions=ASSEMBLED_ACTIONS)
    world.settle(world.ask_tracking(OLD, carrier="China Post"))
    return world


def test_numbers_are_written_as_carriers_print_them() -> None:
    assert normalise(" rb 000-1cn ") == "RB000-1CN"
    for wrong in (
        "",
        "AB",
        "Ж1234567",
        "A" * 41,
        "AB_12345",
        "ß1234",
        "ı1234567",
        "ﬁ12345",
        "RВ123456785CN",
        "１２３４５６",
    ):
        with pytest.raises(InvalidInputError):
            normalise(wrong)


def test_a_replacement_keeps_the_whole_history(world: World) -> None:
    world.settle(world.ask_tracking(NEW, reason="the parcel was lost", carrier="EMS China"))
    first, second = world.store.tracking_history(a.SELLER, a.NUMBER)
    assert (first.old, first.new, first.sequence) == ("", OLD, 1)
    assert (second.old, second.new, second.sequence) == (OLD, NEW, 2)
    assert (second.reason, second.asked_by, second.carrier) == ("the parcel was lost", "key:k1", "EMS China")
    assert second.intent_id == f"p.{a.NUMBER}.set_tracking.2"
    assert world.posting().tracking_number == NEW
    assert world.market.books.tracking[a.NUMBER] == [OLD, NEW]


def test_the_new_number_answers_the_marketplaces_request_for_one(world: World) -> None:
    asked = ClockCommand(seller=a.SELLER, number=a.NUMBER, actor="key:k1", since=world.clock.now())
    set_clock(asked, lambda _: [], store=world.store, clock=world.clock)
    assert RungKind.ANSWER_TRACKING_BY in {rung.kind for rung in world.posting().rungs}
    world.settle(world.ask_tracking(NEW))
    answered = world.posting()
    assert answered.tracking_asked_at is None
    assert RungKind.ANSWER_TRACKING_BY not in {rung.kind for rung in answered.rungs}


def test_a_number_belongs_to_one_posting_now_and_formerly(world: World) -> None:
    world.arrives("n-2", status="awaiting_deliver", actions=ASSEMBLED_ACTIONS)
    with pytest.raises(AlreadyExistsError, match=a.NUMBER):
        world.ask_tracking(OLD, "n-2")
    world.settle(world.ask_tracking(NEW))
    with pytest.raises(AlreadyExistsError, match=f"{a.NUMBER} before"):
        world.ask_tracking(OLD, "n-2")
    assert world.store.find(a.SELLER, pointers.TRACKING, OLD) is None
    assert world.store.find(a.SELLER, pointers.FORMER_TRACKING, OLD) == a.NUMBER
    assert world.store.find(a.SELLER, pointers.TRACKING, NEW) == a.NUMBER
    found: Any = list_postings(a.SELLER, PostingFilter(q=OLD.lower()), limit=10, cursor=None, store=world.store)
    assert [item["posting_number"] for item in found["items"]] == [a.NUMBER]


def test_a_number_is_taken_from_the_moment_it_is_asked_for(world: World) -> None:
    world.arrives("n-2", status="awaiting_deliver", actions=ASSEMBLED_ACTIONS)
    world.ask_tracking(NEW)
    with pytest.raises(AlreadyExistsError):
        world.ask_tracking(NEW, "n-2")


def test_a_refused_number_is_free_again_and_the_old_one_stands(world: World) -> None:
    world.market.refused_tracking[NEW] = "INVALID"
    assert world.settle(world.ask_tracking(NEW)).intent.state is IntentState.REJECTED
    assert world.store.find(a.SELLER, pointers.TRACKING, NEW) is None
    assert world.store.find(a.SELLER, pointers.TRACKING, OLD) == a.NUMBER
    assert len(world.store.tracking_history(a.SELLER, a.NUMBER)) == 1


@pytest.mark.parametrize(("fault", "rows"), [(Fault.TIMEOUT_AFTER, 2), (Fault.TIMEOUT_BEFORE, 1)])
def test_a_number_without_an_answer_joins_the_history_once_it_is_seen(world: World, fault: Fault, rows: int) -> None:
    identifier = world.ask_tracking(NEW)
    world.market.fail("set_tracking_numbers", fault)
    world.settle(identifier)
    world.read()
    assert len(world.store.tracking_history(a.SELLER, a.NUMBER)) == 1
    world.settle(identifier)
    assert len(world.store.tracking_history(a.SELLER, a.NUMBER)) == rows
    assert world.market.calls["set_tracking_numbers"] == 2


def test_the_carriers_own_number_joins_the_same_history(world: World) -> None:
    world.market.change(a.NUMBER, tracking_number="CARRIER-77", carrier="CDEK")
    world.read()
    assert [change.new for change in world.store.tracking_history(a.SELLER, a.NUMBER)] == [OLD, "CARRIER-77"]
    assert world.store.find(a.SELLER, pointers.TRACKING, "CARRIER-77") == a.NUMBER


def test_a_parcel_with_two_postings_does_not_stop_the_second_from_being_read(world: World) -> None:
    posting = world.arrives("n-2", tracking_number=OLD)
    assert posting.tracking_number == OLD
    assert world.store.find(a.SELLER, pointers.TRACKING, OLD) == a.NUMBER


def test_a_number_needs_a_reason_an_offer_and_to_be_new(world: World) -> None:
    with pytest.raises(InvalidInputError):
        world.ask_tracking(NEW, reason=" ")
    with pytest.raises(ActionNotOfferedError):
        world.ask_tracking(OLD)
    with pytest.raises(PreconditionFailedError):
        world.ask_tracking(NEW, if_match=1)
    with pytest.raises(NotFoundError):
        world.ask_tracking(NEW, "nobody")
    world.market.change(a.NUMBER, actions=("cancel",))
    world.read()
    with pytest.raises(ActionNotOfferedError):
        world.ask_tracking(NEW)


# Telling


class Office:
    """The notice worker."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.channels = RecordingChannels()
        self.known: dict[str, Any] = {a.SELLER: world.market}
        self.tools = Tools(world.store, self.channels, RecordingQueue(), world.clock)

    def tell(self, stored: StoredEvent) -> str:
        return notify(
            stored.seller,
            stored.ref,
            stored.version,
            stored.index,
            tools=self.tools,
            marketplaces=FakeMarketplaces(self.known),
        )


@pytest.fixture
def office(world: World) -> Office:
    world.settle(world.ask_tracking(NEW))
    return Office(world)


def change(world: World) -> StoredEvent:
    return [stored for stored in world.history() if stored.event.type is EventType.TRACKING_CHANGED][-1]


def notes(world: World) -> list[tuple[EventType, str]]:
    kinds = (EventType.NOTICE_SENT, EventType.NOTICE_UNDELIVERABLE)
    return [(s.event.type, s.event.reason) for s in world.history() if s.event.type in kinds]


def test_buyer_and_seller_are_told_of_a_replacement_exactly_once(world: World, office: Office) -> None:
    assert [office.tell(change(world)) for _ in range(3)] == ["told", "repeated", "repeated"]
    ((chat, text),) = world.market.books.chats
    assert chat == f"chat-{a.NUMBER}"
    assert OLD in text
    assert NEW in text
    assert len(text) <= 1000
    assert len(office.channels.said) == 1
    assert f"{OLD} → {NEW}" in office.channels.said[0][2]
    assert notes(world) == [(EventType.NOTICE_SENT, "marketplace chat")]
    assert world.red() == set()


def test_a_number_with_a_t_in_it_is_a_number_and_no_time(world: World) -> None:
    world.settle(world.ask_tracking("RT123456785CN"))
    office = Office(world)
    assert office.tell(change(world)) == "told"
    assert f"{OLD} → RT123456785CN" in office.channels.said[0][2]


def test_nobody_can_silence_a_notice_by_using_its_key_first(world: World, office: Office) -> None:
    office.tell(change(world))
    for key in (f"notice {change(world).id} everybody", f"buyer-notice {change(world).id}"):
        assert world.store.remembered(a.SELLER, key, world.clock.now()) is not None
        with pytest.raises(InvalidInputError, match="without spaces"):
            idempotently(a.SELLER, key, {}, lambda _: Answer(200, {}), store=world.store, clock=world.clock)


def test_the_buyer_is_not_written_to_about_a_first_number(world: World) -> None:
    office = Office(world)
    office.tell(change(world))
    assert world.market.books.chats == []
    assert len(office.channels.said) == 1


def test_without_a_chat_subscription_no_chat_is_tried_and_the_seller_hears_of_it(world: World, office: Office) -> None:
    world.policy(buyer_chat=False)
    assert office.tell(change(world)) == "told"
    assert world.market.calls["start_chat"] == 0
    ((kind, why),) = notes(world)
    assert kind is EventType.NOTICE_UNDELIVERABLE
    assert "no lawful channel" in why
    (routed,) = route_event(world.history()[-1], label_delay_seconds=0)
    assert routed.destination is Destination.NOTIFY
    assert office.tell(world.history()[-1]) == "told"


def test_a_chat_that_is_not_allowed_is_no_lawful_channel(world: World, office: Office) -> None:
    world.market.change(a.NUMBER, actions=("no_chat",))
    office.tell(change(world))
    assert notes(world)[0][0] is EventType.NOTICE_UNDELIVERABLE


def test_rejected_credentials_do_not_keep_the_seller_from_being_told(world: World, office: Office) -> None:
    office.known.clear()
    assert office.tell(change(world)) == "told"
    assert notes(world)[0][0] is EventType.NOTICE_UNDELIVERABLE


@pytest.mark.parametrize("fault", [Fault.RATE_LIMIT, Fault.UNAVAILABLE])
def test_a_chat_that_cannot_be_opened_now_is_tried_again(world: World, office: Office, fault: Fault) -> None:
    world.market.fail("start_chat", fault)
    with pytest.raises((RateLimitedError, MarketplaceUnavailableError)):
        office.tell(change(world))
    assert office.tell(change(world)) == "told"
    assert len(world.market.books.chats) == 1


@pytest.mark.parametrize(
    ("fault", "written"),
    [(Fault.TIMEOUT_AFTER, 1), (Fault.TIMEOUT_BEFORE, 0), (Fault.RATE_LIMIT, 0), (Fault.REFUSE, 0)],
)
def test_a_message_without_an_answer_is_never_repeated_and_noted(
    world: World, office: Office, fault: Fault, written: int
) -> None:
    world.market.fail("send_chat_message", fault)
    assert [office.tell(change(world)) for _ in range(2)] == ["told", "repeated"]
    assert len(world.market.books.chats) == written
    assert world.market.calls["send_chat_message"] == 1
    assert [kind for kind, _ in notes(world)] == [EventType.NOTICE_UNDELIVERABLE]


def test_a_crash_while_writing_to_the_buyer_is_noted_and_never_repeated(world: World, office: Office) -> None:
    def dies(name: str) -> None:
        if name == "send_chat_message":
            world.market.on_call = None
            raise KeyboardInterrupt

    world.market.on_call = dies
    with pytest.raises(KeyboardInterrupt):
        office.tell(change(world))
    assert office.tell(change(world)) == "told"
    assert world.market.books.chats == []
    assert "nobody knows" in notes(world)[0][1]


def test_a_messenger_that_is_away_is_tried_again_without_a_second_message_to_the_buyer(
    world: World, office: Office
) -> None:
    office.channels.away = True
    with pytest.raises(RetryableError):
        office.tell(change(world))
    office.channels.away = False
    assert office.tell(change(world)) == "told"
    assert len(world.market.books.chats) == 1


def test_a_seller_without_channels_is_counted_as_nobody_and_not_tried_for_ever(world: World, office: Office) -> None:
    office.channels.nobody = True
    assert [office.tell(change(world)) for _ in range(2)] == ["nobody", "repeated"]


def test_an_event_that_does_not_exist_is_not_told(world: World, office: Office) -> None:
    last = world.history()[-1]
    for version, index in ((last.version + 1, 0), (last.version, 9), (0, 0)):
        with pytest.raises(NotFoundError):
            notify(
                a.SELLER,
                posting_ref(a.NUMBER),
                version,
                index,
                tools=office.tools,
                marketplaces=FakeMarketplaces(office.known),
            )


def test_every_event_for_people_can_be_put_into_words(world: World, office: Office) -> None:
    for stored in world.history():
        for routed in route_event(stored, label_delay_seconds=60):
            if routed.destination is Destination.NOTIFY:
                assert read_notice(routed.message.body) == (a.SELLER, stored.ref, stored.version, stored.index)
                assert office.tell(stored) in ("told", "repeated")
    with pytest.raises(InvalidInputError):
        read_notice({"kind": "POSTING"})
