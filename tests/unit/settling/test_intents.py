"""Irreversible calls: exactly once under crashes, timeouts, refusals and a marketplace that acts first."""

from datetime import timedelta
from typing import Any

import pytest

from shipby.application.alarms.ringing import ring
from shipby.application.settling import settle as settling
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import (
    ActionNotOfferedError,
    CredentialsRejectedError,
    NotFoundError,
    PreconditionFailedError,
    RetryableError,
    ShipbyError,
)
from shipby.domain.events import EventType, posting_ref
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.postings.posting import Stage
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.unit.world_support import World

SHIP, CANCEL, CUT_OFF = IntentAction.SHIP, IntentAction.CANCEL, IntentAction.SET_CUT_OFF
ACTIONS: dict[IntentAction, tuple[str, str]] = {
    SHIP: ("ship", "ship"),
    CANCEL: ("cancel", "cancel"),
    CUT_OFF: ("set_cutoff", "set_cut_off"),
}
"""What the marketplace offers for it, and the call that does it."""


@pytest.fixture
def world() -> World:
    world = World()
    world.arrives(actions=("cancel", "set_cutoff", "ship"))
    return world


@pytest.mark.parametrize("action", list(ACTIONS))
def test_an_intent_is_written_before_the_call_and_confirmed_by_reading_back(world: World, action: IntentAction) -> None:
    identifier = world.ask(action)
    assert world.market.calls[ACTIONS[action][1]] == 0
    assert world.posting().open_intents == (identifier,)
    settled = world.settle(identifier)
    assert (settled.called, settled.intent.state) == (True, IntentState.CONFIRMED)
    assert world.posting().open_intents == ()
    told = [e for e in world.types() if e.startswith("intent.")]
    assert told == [EventType.INTENT_CREATED, EventType.INTENT_SENT, EventType.INTENT_CONFIRMED]
    assert world.intent(identifier).next_alarm is None


@pytest.mark.parametrize("action", list(ACTIONS))
def test_a_duplicate_message_calls_nothing(world: World, action: IntentAction) -> None:
    identifier = world.ask(action)
    world.settle(identifier)
    assert not world.settle(identifier).called
    assert world.market.calls[ACTIONS[action][1]] == 1


@pytest.mark.parametrize("action", list(ACTIONS))
def test_a_timeout_after_success_is_unknown_and_confirmed_by_reading(world: World, action: IntentAction) -> None:
    identifier = world.ask(action)
    world.market.fail(ACTIONS[action][1], Fault.TIMEOUT_AFTER)
    assert world.settle(identifier).intent.state is IntentState.UNKNOWN
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert world.market.calls[ACTIONS[action][1]] == 1


@pytest.mark.parametrize("action", list(ACTIONS))
def test_a_call_without_answer_or_effect_is_never_sent_again_and_a_person_is_told_once(
    world: World, action: IntentAction
) -> None:
    identifier = world.ask(action)
    world.market.fail(ACTIONS[action][1], Fault.TIMEOUT_BEFORE)
    assert world.settle(identifier).intent.state is IntentState.UNKNOWN
    for _ in range(12):
        world.ring_next(intent_id=identifier)
        assert world.settle(identifier).intent.state is IntentState.UNKNOWN
    assert world.market.calls[ACTIONS[action][1]] == 1
    assert world.types().count(EventType.INTENT_NEEDS_PERSON) == 1
    told = next(s.event.at for s in world.history() if s.event.type is EventType.INTENT_NEEDS_PERSON)
    assert told - world.intent(identifier).created_at > a.settings().settle_limit
    assert "intent_open" in world.red()


@pytest.mark.parametrize("action", [IntentAction.CANCEL, IntentAction.SET_CUT_OFF])
def test_a_call_without_answer_does_not_stay_unknown_beyond_the_delivery(world: World, action: IntentAction) -> None:
    identifier = world.ask(action)
    world.market.fail(ACTIONS[action][1], Fault.TIMEOUT_BEFORE)
    world.settle(identifier)
    world.market.change(a.NUMBER, status="delivering", actions=())
    assert world.settle(identifier).intent.state is IntentState.UNKNOWN
    world.market.change(a.NUMBER, status="delivered", actions=())
    ended = world.settle(identifier).intent
    assert (ended.state, ended.outcome) == (IntentState.REJECTED, "the posting is delivered")
    assert world.posting().open_intents == ()
    assert world.market.calls[ACTIONS[action][1]] == 1


@pytest.mark.parametrize("action", list(ACTIONS))
@pytest.mark.parametrize("fault", [Fault.REFUSE, Fault.CREDENTIALS])
def test_a_refused_call_ends_rejected_with_the_marketplaces_words(
    world: World, action: IntentAction, fault: Fault
) -> None:
    identifier = world.ask(action)
    world.market.fail(ACTIONS[action][1], fault)
    rejected = world.settle(identifier).intent
    assert rejected.state is IntentState.REJECTED
    assert ACTIONS[action][1] in rejected.outcome
    assert world.posting().open_intents == ()


@pytest.mark.parametrize("action", list(ACTIONS))
@pytest.mark.parametrize("fault", [Fault.RATE_LIMIT, Fault.UNAVAILABLE, Fault.NOT_READY])
def test_a_call_the_marketplace_surely_did_not_take_is_free_again_and_done_once(
    world: World, action: IntentAction, fault: Fault
) -> None:
    identifier = world.ask(action)
    world.market.fail(ACTIONS[action][1], fault, fault)
    for _ in range(2):
        with pytest.raises(RetryableError):
            world.settle(identifier)
        assert world.state(identifier) is IntentState.PENDING
        assert world.intent(identifier).next_alarm is not None
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert world.market.calls[ACTIONS[action][1]] == 3
    assert world.market.books.shipped[a.NUMBER] + world.market.books.cancelled[a.NUMBER] <= 1


def test_already_cancelled_is_a_refusal_of_what_is_done(world: World) -> None:
    identifier = world.ask(CANCEL)
    world.market.on_call = lambda name: world.market.cancel_by(a.NUMBER, "client") if name == "cancel" else None
    settled = world.settle(identifier).intent
    assert settled.state is IntentState.CONFIRMED
    assert settled.read_back["by"] == "client"
    assert world.market.books.cancelled[a.NUMBER] == 0


@pytest.mark.parametrize("call", ["posting", "cancel_reasons"])
@pytest.mark.parametrize("fault", [Fault.RATE_LIMIT, Fault.UNAVAILABLE])
def test_a_read_that_fails_before_the_claim_costs_nothing(world: World, call: str, fault: Fault) -> None:
    identifier = world.ask(CANCEL)
    world.market.fail(call, fault)
    with pytest.raises(RetryableError):
        world.settle(identifier)
    assert world.state(identifier) is IntentState.PENDING
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED


def test_rejected_credentials_leave_the_intent_waiting_until_a_person_is_told(world: World) -> None:
    identifier = world.ask(SHIP)
    world.market.fail("posting", *[Fault.CREDENTIALS] * 50)
    while EventType.INTENT_NEEDS_PERSON not in world.types():
        world.ring_next(intent_id=identifier)
        with pytest.raises(CredentialsRejectedError):
            world.settle(identifier)
        assert world.clock.now() < a.NOW + timedelta(hours=2)
    assert world.state(identifier) is IntentState.PENDING


def test_a_crash_between_the_claim_and_the_call_is_settled_by_reading_and_never_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier = world.ask(SHIP)

    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(settling, "_call", dies)
        with pytest.raises(KeyboardInterrupt):
            world.settle(identifier)
    assert world.state(identifier) is IntentState.SENT
    assert not world.settle(identifier).called
    assert world.state(identifier) is IntentState.UNKNOWN
    assert world.market.calls["ship"] == 0


def test_a_crash_between_the_answer_and_its_booking_is_settled_by_reading(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier = world.ask(SHIP)

    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(settling, "after_answer", dies)
        with pytest.raises(KeyboardInterrupt):
            world.settle(identifier)
    assert world.market.books.shipped[a.NUMBER] == 1
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert world.market.calls["ship"] == 1


@pytest.mark.parametrize(("fault", "ends"), [(None, IntentState.CONFIRMED), (Fault.REFUSE, IntentState.REJECTED)])
def test_an_answer_is_booked_although_a_duplicate_read_the_marketplace_meanwhile(
    world: World, fault: Fault | None, ends: IntentState
) -> None:
    identifier = world.ask(SHIP)
    if fault:
        world.market.fail("ship", fault)

    def meanwhile(name: str) -> None:
        if name == "ship":
            world.market.on_call = None
            assert world.settle(identifier).intent.state is IntentState.UNKNOWN

    world.market.on_call = meanwhile
    assert world.settle(identifier).intent.state is ends
    assert world.state(identifier) is ends
    assert world.market.calls["ship"] == 1


def test_an_alarm_that_rings_during_the_call_does_not_lose_the_answer(world: World) -> None:
    identifier = world.ask(SHIP)
    world.market.fail("ship", Fault.REFUSE)

    def meanwhile(name: str) -> None:
        if name == "ship":
            assert world.ring_next(intent_id=identifier).outcome == "fired"

    world.market.on_call = meanwhile
    assert world.settle(identifier).intent.state is IntentState.REJECTED


@pytest.mark.parametrize(
    ("action", "ends"),
    [(SHIP, IntentState.REJECTED), (CUT_OFF, IntentState.REJECTED), (CANCEL, IntentState.CONFIRMED)],
)
def test_a_buyer_who_cancels_first_leaves_nothing_to_call(
    world: World, action: IntentAction, ends: IntentState
) -> None:
    identifier = world.ask(action)
    world.market.cancel_by(a.NUMBER, "client")
    settled = world.settle(identifier)
    assert (settled.called, settled.intent.state) == (False, ends)
    assert world.posting().stage is Stage.CANCELLED
    assert world.posting().cancelled_by == "client"
    assert world.ledger().refunded == world.ledger().paid


def test_a_posting_that_was_split_is_not_cancelled_by_a_pending_cancel(world: World) -> None:
    identifier = world.ask(CANCEL)
    world.market.change(a.NUMBER, status="cancelled_from_split_pending", related_numbers=("x-1", "x-2"), actions=())
    assert world.settle(identifier).intent.state is IntentState.REJECTED
    assert world.market.calls["cancel"] == 0


def test_an_action_that_vanished_before_it_was_sent_is_rejected(world: World) -> None:
    identifier = world.ask(CUT_OFF)
    world.market.change(a.NUMBER, actions=("cancel", "ship"))
    rejected = world.settle(identifier).intent
    assert rejected.state is IntentState.REJECTED
    assert "does not offer" in rejected.outcome


def test_a_split_ship_confirms_and_its_parts_are_asked_for(world: World) -> None:
    identifier = world.ask(SHIP, request={"packages": [{"149123456": 1}, {"149123456": 1}]})
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert world.posting().cancelled_by == "split"
    assert EventType.POSTING_SPLIT in world.types()
    assert world.ledger().refunded == 0


def test_a_ship_that_failed_later_is_rejected_but_an_old_failure_says_nothing(world: World) -> None:
    world.market.change(a.NUMBER, substatus="ship_failed")
    world.read()
    again = world.ask(SHIP)
    world.market.fail("ship", Fault.TIMEOUT_BEFORE)
    world.settle(again)
    assert world.settle(again).intent.state is IntentState.UNKNOWN
    world.market.change(a.NUMBER, substatus="posting_created")
    other = World()
    other.arrives()
    first = other.ask(SHIP)
    other.market.fail("ship", Fault.TIMEOUT_BEFORE)
    other.settle(first)
    other.market.change(a.NUMBER, substatus="ship_failed")
    assert other.settle(first).intent.state is IntentState.REJECTED


def test_a_cancel_reason_that_is_not_offered_is_rejected_before_anything_is_sent(world: World) -> None:
    identifier = world.ask(CANCEL, request={"reason_id": 999})
    rejected = world.settle(identifier).intent
    assert rejected.state is IntentState.REJECTED
    assert "352" in rejected.outcome
    assert EventType.INTENT_SENT not in world.types()


# Asking


def test_what_is_not_offered_is_refused_with_what_is(world: World) -> None:
    world.market.change(a.NUMBER, actions=("ship",))
    world.read()
    with pytest.raises(ActionNotOfferedError) as caught:
        world.ask(CANCEL)
    assert caught.value.offered == ("ship",)


def test_only_one_intent_of_a_kind_is_open_at_a_time(world: World) -> None:
    first = world.ask(CANCEL)
    with pytest.raises(ActionNotOfferedError) as caught:
        world.ask(CANCEL)
    assert caught.value.offered == (f"/v1/intents/{first}",)


def test_a_finished_posting_takes_no_intents_and_an_expired_one_only_a_cancel(world: World) -> None:
    world.market.fail("ship", Fault.REFUSE)
    world.settle(world.ask(SHIP))
    with pytest.raises(NotFoundError):
        world.ask(SHIP, number="nobody")
    with pytest.raises(PreconditionFailedError):
        world.ask(SHIP, if_match=1)
    overdue = a.CUT_OFF + timedelta(days=2)
    world.clock.time = overdue
    world.market.change(a.NUMBER, actions=("cancel",), without_delay=a.CUT_OFF)
    assert world.read().stage is Stage.EXPIRED
    with pytest.raises(ActionNotOfferedError) as caught:
        world.ask(SHIP)
    assert caught.value.offered == ("override",)
    assert world.settle(world.ask(CANCEL)).intent.state is IntentState.CONFIRMED
    world.read()
    with pytest.raises(ActionNotOfferedError):
        world.ask(CANCEL)


def test_unmet_requirements_are_named_and_lifted_by_a_read_that_changes_nothing_else(world: World) -> None:
    world.market.change(a.NUMBER, requirements={"products_requiring_gtd": ("149123456",)})
    version = world.posting().version
    assert world.read().version == version + 1
    with pytest.raises(ActionNotOfferedError, match="products_requiring_gtd"):
        world.ask(SHIP)
    world.market.change(a.NUMBER, requirements={})
    world.read()
    assert world.settle(world.ask(SHIP)).intent.state is IntentState.CONFIRMED


def test_an_unknown_intent_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError):
        world.settle(f"p.{a.NUMBER}.cancel.9")


def test_a_pending_intent_nobody_picked_up_is_queued_again_and_a_settled_one_is_not(world: World) -> None:
    identifier = world.ask(SHIP)
    alarm = world.alarm_of(posting_ref(a.NUMBER), intent_id=identifier)
    assert alarm is not None
    assert world.ring_next(intent_id=identifier).outcome == "fired"
    assert world.types()[-1] is EventType.INTENT_CHECK_DUE
    world.settle(identifier)
    assert ring(alarm, store=world.store, clock=world.clock).outcome == "gone"
    assert world.types().count(EventType.INTENT_CHECK_DUE) == 1


def test_a_hand_over_waits_for_the_ship_to_be_confirmed(world: World) -> None:
    for command in (Command.CONFIRM, Command.PICK, Command.PACK):
        world.do(command)
    with pytest.raises(ShipbyError):
        world.do(Command.HAND_OVER)
    world.settle(world.ask(SHIP))
    assert world.do(Command.HAND_OVER).body["stage"] == "handed_over"


def test_a_worker_that_loses_the_claim_after_its_reads_does_not_call(world: World) -> None:
    identifier = world.ask(CANCEL)
    world.market.fail("cancel", Fault.TIMEOUT_BEFORE)

    def another_is_faster(name: str) -> None:
        if name == "cancel_reasons":
            world.market.on_call = None
            assert world.settle(identifier).called

    world.market.on_call = another_is_faster
    assert not world.settle(identifier).called
    assert world.market.calls["cancel"] == 1
    assert world.types().count(EventType.INTENT_SENT) == 1
