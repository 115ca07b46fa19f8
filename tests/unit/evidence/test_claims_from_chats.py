"""Requests for proof found in chats: once each, without a word kept, and with a clock that rings."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from shipby.application.alarms.ringing import ring
from shipby.application.alarms.route_events import route_push
from shipby.application.evidence.claim_hints import CHATS, ChatsRead, watch_chats
from shipby.application.evidence.claims import ClaimAnswer, answer_claim
from shipby.application.ports.writes import SavePosting, SaveSettings
from shipby.application.rating.index_figures import NOT_PERMITTED
from shipby.domain.alarm import AlarmRef
from shipby.domain.cases.case import CaseKind
from shipby.domain.events import AggregateKind, Event, EventType, claim_ref
from shipby.domain.evidence.claims import Claim, ClaimState
from shipby.domain.postings.posting import RungKind
from shipby.domain.postings.push import judge
from tests.support import builders as a
from tests.support.fake_chats import BUYER, FakeChats
from tests.support.fake_marketplace import FakeMarketplace, Fault
from tests.support.memory_store import MemoryStore

SECRET = "Иван Петров, +7 900 000-00-00"
ASKS = f"Пришлите видео упаковки отправления {a.NUMBER}. {SECRET}"


class Desk:
    """A seller with one posting, and chats at the marketplace."""

    def __init__(self) -> None:
        self.clock = a.FixedClock()
        self.store = MemoryStore(clock=self.clock)
        self.market = FakeMarketplace(self.clock)
        self.store.commit([SavePosting(a.posting())])

    @property
    def chats(self) -> FakeChats:
        return self.market.chats

    def looks(self, *, at_once: bool = False) -> ChatsRead:
        return watch_chats(a.SELLER, store=self.store, chats=self.chats, clock=self.clock, at_once=at_once)

    def later(self, by: timedelta = timedelta(minutes=15)) -> ChatsRead:
        self.clock.advance(by)
        return self.looks()

    def claims(self, *, open_only: bool = True) -> list[Claim]:
        page = self.store.claims_in(a.SELLER, open_only=open_only)
        return [claim for one in page.items if (claim := self.store.claim(a.SELLER, one))]

    def case_reasons(self) -> list[str]:
        found = (self.store.case(a.SELLER, one) for one in self.store.cases_in(a.SELLER).items)
        return [case.reason for case in found if case and case.kind is CaseKind.CLAIM]

    def events(self, claim: Claim) -> list[Event]:
        return [stored.event for stored in self.store.events(a.SELLER, claim_ref(claim.id))]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_request_in_the_support_chat_becomes_a_claim_with_the_messages_own_time(desk: Desk) -> None:
    asked_at = a.NOW - timedelta(hours=1)
    message = desk.chats.say("support", ASKS, at=asked_at)

    seen = desk.looks()

    (claim,) = desk.claims()
    assert (seen.state, seen.claims, seen.cases) == ("read", 1, 0)
    assert (claim.source, claim.source_id, claim.posting_number) == ("chat", message, a.NUMBER)
    assert (claim.asked_at, claim.answer_by) == (asked_at, asked_at + timedelta(days=2))
    (event,) = desk.events(claim)
    assert (event.type, event.data["recognised_by"], event.data["clock_certain"]) == (
        EventType.CLAIM_OPENED,
        "ru.packing",
        False,
    )


def test_the_same_message_never_makes_two_claims_not_even_after_the_first_has_ended(desk: Desk) -> None:
    desk.chats.say("support", ASKS)
    desk.looks()
    (claim,) = desk.claims()
    answer_claim(
        ClaimAnswer(seller=a.SELLER, claim_id=claim.id, actor="key:k1", note="sent"),
        lambda _: [],
        store=desk.store,
        clock=desk.clock,
    )

    # A new watch knows of no message at all, as after a crash before it was saved.
    again = watch_chats(a.SELLER, store=Forgetful(desk.store), chats=desk.chats, clock=desk.clock)  # type: ignore[arg-type]  # a store whose watch is gone

    assert (again.messages, again.claims, again.cases) == (1, 0, 0)
    assert desk.claims() == []


class Forgetful:
    """The store, but the watch was never written."""

    def __init__(self, store: MemoryStore) -> None:
        self._store, self._first = store, True

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def watch(self, seller: str, identifier: str) -> object:
        if self._first:
            self._first = False
            return None
        return self._store.watch(seller, identifier)


class Blind(Forgetful):
    """The store as two workers see it that look at the same moment: neither finds the other's pointers yet."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store)
        self._looks = 0

    def find(self, seller: str, kind: str, value: str) -> str | None:
        self._looks += 1
        return None if self._looks <= 2 else self._store.find(seller, kind, value)


def test_two_workers_that_read_the_same_message_at_once_open_one_claim(desk: Desk) -> None:
    desk.chats.say("support", ASKS)
    desk.looks()

    other = watch_chats(a.SELLER, store=Blind(desk.store), chats=desk.chats, clock=desk.clock)  # type: ignore[arg-type]  # as above

    assert (other.messages, other.claims, other.cases) == (1, 0, 0)
    (claim,) = desk.claims()
    assert (claim.version, len(desk.events(claim))) == (1, 1)


def test_two_messages_of_one_moment_about_one_posting_open_one_claim(desk: Desk) -> None:
    desk.chats.say("support", ASKS)
    desk.looks()
    desk.chats.say("support", ASKS)

    other = watch_chats(a.SELLER, store=Blind(desk.store), chats=desk.chats, clock=desk.clock)  # type: ignore[arg-type]  # as above

    assert (other.messages, other.claims) == (2, 0)
    assert len(desk.claims()) == 1


def test_a_second_message_about_an_open_claim_opens_no_other_one(desk: Desk) -> None:
    desk.chats.say("support", ASKS)
    desk.looks()
    desk.chats.say("logistics", ASKS, type="SELLER_NOTIFICATION_LOGISTICS", sender="NotificationUser")

    seen = desk.later()

    assert (seen.messages, seen.claims) == (1, 0)
    assert len(desk.claims()) == 1


def test_a_request_that_names_no_known_posting_goes_to_a_person_once(desk: Desk) -> None:
    desk.chats.say("support", "Пришлите видео упаковки по вашему обращению")
    desk.chats.say("support", "Please send a video of packing for 77777777-0001-1")

    first, second = desk.looks(), desk.looks(at_once=True)

    assert (first.cases, second.cases, first.claims) == (2, 0, 0)
    reasons = desk.case_reasons()
    assert ["names no posting" in reason for reason in reasons].count(True) == 1
    assert ["77777777-0001-1" in reason for reason in reasons].count(True) == 1


def test_words_of_a_chat_are_neither_stored_nor_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    desk.chats.say("support", ASKS)
    desk.chats.say("support", f"Нужно видео упаковки. {SECRET}")

    seen = desk.looks()

    assert (seen.claims, seen.cases) == (1, 1)
    kept = repr(vars(desk.store)) + caplog.text + json.dumps(seen.view())
    assert a.NUMBER in kept
    for word in ("Иван", "900 000", "Пришлите", "видео"):
        assert word not in kept


def test_chats_with_buyers_are_not_opened_and_the_sellers_own_words_are_no_request(desk: Desk) -> None:
    desk.chats.say("buyer", ASKS, type=BUYER, sender="Customer")
    desk.chats.say("support", ASKS, sender="Seller")

    seen = desk.looks()

    assert (seen.chats, seen.messages, seen.claims, seen.cases) == (1, 1, 0, 0)
    assert desk.market.calls["chats.messages"] == 1


def test_old_messages_are_left_alone_and_only_new_ones_are_read(desk: Desk) -> None:
    desk.chats.say("support", ASKS, at=a.NOW - timedelta(days=4))
    assert desk.looks().messages == 0

    desk.chats.say("support", "Добрый день")
    assert desk.later().messages == 1
    assert desk.later().messages == 0


def test_chats_are_read_every_quarter_of_an_hour_and_at_once_when_somebody_asks(desk: Desk) -> None:
    desk.chats.say("support", ASKS)

    assert [desk.looks().state, desk.looks().state] == ["read", "not due"]
    assert desk.later(timedelta(minutes=5)).state == "not due"
    assert desk.looks(at_once=True).state == "read"
    assert desk.later(timedelta(minutes=14)).state == "read"


def test_a_hint_is_followed_unless_somebody_has_looked_since(desk: Desk) -> None:
    desk.looks()
    hinted_at = desk.clock.advance(timedelta(minutes=1))
    desk.chats.say("support", ASKS)
    desk.clock.advance(timedelta(minutes=1))

    def follow() -> ChatsRead:
        return watch_chats(a.SELLER, store=desk.store, chats=desk.chats, clock=desk.clock, hinted_at=hinted_at)

    assert follow().claims == 1
    assert follow().state == "not due"


@pytest.mark.parametrize(
    ("kind", "chat_type", "hints"),
    [
        ("TYPE_NEW_MESSAGE", "Seller_Support", True),
        ("TYPE_NEW_MESSAGE", "Seller_Notification_Logistics", True),
        ("TYPE_NEW_MESSAGE", None, False),
        ("TYPE_MESSAGE_READ", "Seller_Support", False),
    ],
)
def test_a_push_about_words_of_the_marketplace_is_a_hint_without_them(kind: str, chat_type: str, hints: bool) -> None:
    body = {
        "message_type": kind,
        "chat_id": "c",
        "chat_type": chat_type,
        "message_id": "1",
        "data": [ASKS],
        "seller_id": a.SELLER,
    }
    row = judge(json.dumps(body).encode(), body, "", seller=a.SELLER, at=a.NOW)

    routed = route_push(row)

    assert [one.message.body for one in routed] == [
        {"seller": a.SELLER, "task": "chats", "hinted_at": a.NOW.isoformat()}
    ] * hints


def test_a_chat_that_a_person_has_read_in_the_cabinet_is_still_followed(desk: Desk) -> None:
    desk.chats.say("support", "Добрый день")
    desk.looks()
    desk.chats.say("support", ASKS)
    desk.chats.books["support"].read_until = desk.chats.books["support"].messages[-1].id

    assert desk.later().claims == 1


def test_all_pages_of_the_list_are_looked_through(desk: Desk) -> None:
    for number in range(7):
        desk.chats.say(f"buyer-{number}", "Где заказ?", type=BUYER, sender="Customer")
    desk.chats.say("support", ASKS)

    assert desk.looks().claims == 1


@pytest.mark.parametrize("fault", [Fault.CREDENTIALS, Fault.REFUSE])
def test_a_key_that_may_not_read_chats_is_a_state_and_is_tried_again_tomorrow(desk: Desk, fault: Fault) -> None:
    desk.chats.say("support", ASKS)
    desk.market.fail("chats.listed", fault)

    assert desk.looks().state == NOT_PERMITTED
    watch = desk.store.watch(a.SELLER, CHATS)
    assert watch is not None
    assert watch.state == NOT_PERMITTED
    assert desk.later(timedelta(hours=1)).state == "not due"
    assert desk.later(timedelta(days=1)).claims == 1


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.RATE_LIMIT])
def test_a_marketplace_that_does_not_answer_fails_no_round_and_loses_no_message(desk: Desk, fault: Fault) -> None:
    desk.chats.say("a-chat", f"Please send packing photos of {a.NUMBER}")
    desk.chats.say("b-chat", ASKS.replace(a.NUMBER, "24219509-0020-3"))
    desk.store.commit([SavePosting(a.posting(number="24219509-0020-3"))])
    desk.market.fail("chats.messages", fault)

    assert desk.looks().state == "unavailable"
    assert desk.later().claims == 2


def test_a_chat_that_is_gone_is_forgotten(desk: Desk) -> None:
    desk.chats.say("support", "Добрый день")
    desk.looks()
    del desk.chats.books["support"]

    assert desk.later().state == "read"
    watch = desk.store.watch(a.SELLER, CHATS)
    assert watch is not None
    assert watch.data["last"] == {}


# The clock -------------------------------------------------------------------------------------------------------


def rings(desk: Desk) -> EventType:
    """Let the claim's next alarm ring at its time; the event it led to."""
    shards = range(desk.store.alarm_shards)
    due = [one for shard in shards for one in desk.store.due_alarms(shard, until=a.NOW + timedelta(days=9)).items]
    (alarm,) = [one for one in due if one.ref.kind is AggregateKind.CLAIM]
    desk.clock.time = alarm.due
    assert ring(alarm, store=desk.store, clock=desk.clock).outcome == "fired"
    assert ring(alarm, store=desk.store, clock=desk.clock).outcome == "gone"
    claim = desk.store.claim(a.SELLER, alarm.ref.id)
    assert claim is not None
    return desk.events(claim)[-1].type


def test_a_claim_reminds_then_expires_and_can_still_be_answered_late(desk: Desk) -> None:
    desk.store.commit([SaveSettings(a.settings(remind_claim_before=timedelta(hours=6)))])
    desk.chats.say("support", ASKS)
    desk.looks()
    (claim,) = desk.claims()
    assert claim.next_alarm is not None
    assert (claim.next_alarm.kind, claim.next_alarm.due) == (
        RungKind.CLAIM_REMIND,
        claim.answer_by - timedelta(hours=6),
    )

    assert rings(desk) is EventType.CLAIM_REMINDED
    assert rings(desk) is EventType.CLAIM_EXPIRED

    (expired,) = desk.claims(open_only=False)
    assert (expired.state, expired.next_alarm) == (ClaimState.EXPIRED, None)
    late = answer_claim(
        ClaimAnswer(seller=a.SELLER, claim_id=claim.id, actor="key:k1", note="sent all the same"),
        lambda _: [],
        store=desk.store,
        clock=a.FixedClock(desk.clock.now() + timedelta(minutes=1)),
    )
    assert (late.body["state"], late.body["late"]) == ("answered", True)


def test_an_alarm_of_an_answered_claim_rings_nobody(desk: Desk) -> None:
    desk.chats.say("support", ASKS)
    desk.looks()
    (claim,) = desk.claims()
    assert claim.next_alarm is not None
    alarm = AlarmRef(seller=a.SELLER, ref=claim_ref(claim.id), intent_id="", due=claim.next_alarm.due)
    answer_claim(
        ClaimAnswer(seller=a.SELLER, claim_id=claim.id, actor="key:k1", note="sent"),
        lambda _: [],
        store=desk.store,
        clock=desk.clock,
    )
    desk.clock.time = alarm.due

    assert ring(alarm, store=desk.store, clock=desk.clock).outcome == "gone"
