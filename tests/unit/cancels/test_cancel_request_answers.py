"""Answering a buyer who wants to cancel: exactly once, by a person or by policy, and never after its time."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.ports.writes import SaveCancelRequest
from shipby.application.settling.by_hand import Verdict, settle_by_hand
from shipby.domain.cancels.requests import CancelRequestState, DecidedBy
from shipby.domain.errors import (
    ActionNotOfferedError,
    InvalidInputError,
    NotFoundError,
    PreconditionFailedError,
    RateLimitedError,
)
from shipby.domain.events import EventType
from shipby.domain.intents import IntentState, request_hash
from shipby.domain.postings.posting import Stage
from shipby.domain.sellers.settings import Automation
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.unit.cancels.cancel_request_support import ID, LATE, REF, UNTIL, Plea
from tests.unit.world_support import forget


@pytest.fixture
def world() -> Plea:
    world = Plea()
    world.policy(auto_cancel_request=Automation.OFF)
    return world


@pytest.fixture
def asked(world: Plea) -> Plea:
    world.asks()
    world.poll()
    return world


# By people ----------------------------------------------------------------------------------------------------------


def test_an_approval_is_sent_once_and_proven_by_reading(asked: Plea) -> None:
    intent = asked.answer()
    assert intent == f"c.{ID}.cancel_request.1"
    row = asked.intent(intent)
    assert (row.request_hash, row.policy_version, row.posting_number) == (request_hash(row.request), 2, a.NUMBER)
    assert asked.settle(intent).called
    assert asked.state(intent) is IntentState.CONFIRMED
    assert asked.market.cancellations.answered == [(ID, "approve", "")]
    plea = asked.plea()
    assert (plea.state, plea.decided_by, plea.decision, plea.open_intent) == (
        CancelRequestState.APPROVED,
        DecidedBy.SELLER,
        "approve",
        "",
    )
    assert asked.last(EventType.CANCEL_REQUEST_DECIDED).data["intent"] == intent
    assert not asked.settle(intent).called


def test_a_rejection_leaves_the_posting_and_needs_a_comment(asked: Plea) -> None:
    for comment in ("", "  "):
        with pytest.raises(InvalidInputError) as refused:
            asked.answer("reject", comment=comment)
        assert [field for field, _ in refused.value.errors] == ["comment"]
    intent = asked.answer("reject", comment=LATE)
    asked.settle(intent)
    assert asked.state(intent) is IntentState.CONFIRMED
    assert asked.market.cancellations.answered == [(ID, "reject", LATE)]
    assert asked.read().stage is not Stage.CANCELLED


def test_approving_makes_no_refund_of_ours(asked: Plea) -> None:
    asked.settle(asked.answer())
    asked.sync()
    assert not asked.market.calls["cancel"]
    assert not asked.market.books.paid_back
    assert asked.ledger().refunded == 25_000
    assert {entry.executed_by for entry in asked.ledger().entries.values()} == {"marketplace"}


def test_a_second_answer_is_refused_while_the_first_is_on_its_way(asked: Plea) -> None:
    first = asked.answer()
    with pytest.raises(ActionNotOfferedError) as refused:
        asked.answer("reject", comment=LATE)
    assert refused.value.offered == (f"/v1/intents/{first}",)


def test_of_two_who_decide_at_once_one_wins(asked: Plea) -> None:
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def decide(decision: str) -> None:
        start.wait()
        try:
            outcomes.append(asked.answer(decision, comment=LATE))
        except ActionNotOfferedError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=decide, args=(decision,)) for decision in ("approve", "reject")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["action_not_offered", f"c.{ID}.cancel_request.1"]
    assert asked.plea().intent_count == 1


def test_a_version_that_has_gone_on_is_refused(asked: Plea) -> None:
    with pytest.raises(PreconditionFailedError):
        asked.answer(if_match=7)
    asked.answer(if_match=1)


def test_what_is_not_there_cannot_be_answered(world: Plea) -> None:
    with pytest.raises(NotFoundError):
        world.answer()


def test_an_answer_that_is_none_is_refused(asked: Plea) -> None:
    with pytest.raises(InvalidInputError):
        asked.answer("perhaps")


def test_after_its_time_nobody_answers_any_more(asked: Plea) -> None:
    asked.clock.time = UNTIL
    with pytest.raises(ActionNotOfferedError, match="approves it by itself"):
        asked.answer("reject", comment=LATE)
    asked.market.cancellations.decide(ID, CancelRequestState.APPROVED)
    asked.poll()
    with pytest.raises(ActionNotOfferedError, match="decided by clock"):
        asked.answer()


def test_an_answer_that_its_time_overtook_is_never_sent(asked: Plea) -> None:
    intent = asked.answer("reject", comment=LATE)
    asked.clock.time = UNTIL
    asked.settle(intent)
    assert asked.state(intent) is IntentState.REJECTED
    assert "time was over" in asked.intent(intent).outcome
    assert asked.market.cancellations.answered == []
    assert (asked.plea().open_intent, asked.plea().decision) == ("", "")


# The marketplace first ----------------------------------------------------------------------------------------------


def _approved(world: Plea) -> None:
    world.market.cancellations.decide(ID, CancelRequestState.APPROVED)


def _rejected(world: Plea) -> None:
    world.market.cancellations.decide(ID, CancelRequestState.REJECTED, "cabinet")


def _over(world: Plea) -> None:
    world.clock.time = UNTIL + timedelta(seconds=1)
    _approved(world)


def _withdrawn(world: Plea) -> None:
    world.market.cancellations.withdraw(ID)


@pytest.mark.parametrize(
    ("meanwhile", "text", "by"),
    [
        (_approved, "somebody else", DecidedBy.ELSEWHERE),
        (_rejected, "somebody else", DecidedBy.ELSEWHERE),
        (_over, "by itself", DecidedBy.CLOCK),
        (_withdrawn, "withdrawn", DecidedBy.WITHDRAWN),
    ],
)
@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_what_ended_before_the_call_ends_the_intent_unsent(
    asked: Plea, meanwhile: Any, text: str, by: DecidedBy, decision: str
) -> None:
    intent = asked.answer(decision, comment=LATE)
    meanwhile(asked)
    assert not asked.settle(intent).called
    assert asked.state(intent) is IntentState.REJECTED
    assert text in asked.intent(intent).outcome
    assert asked.market.cancellations.answered == []
    assert (asked.plea().open, asked.plea().decided_by, asked.plea().open_intent) == (False, by, "")


def test_a_refused_call_is_no_answer_of_ours(asked: Plea) -> None:
    intent = asked.answer()
    asked.market.on_call = lambda name: _approved(asked) if name == "cancellations.approve" else None
    asked.settle(intent)
    assert asked.state(intent) is IntentState.REJECTED
    assert "ALREADY_DECIDED" in asked.intent(intent).outcome
    assert asked.last(EventType.CANCEL_REQUEST_CLOSED).data["by"] == DecidedBy.ELSEWHERE
    assert (asked.plea().open, asked.plea().decided_by) == (False, DecidedBy.ELSEWHERE)


# No answer ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("decision", "comment"), [("approve", ""), ("approve", "ok"), ("reject", LATE)])
def test_a_timeout_after_success_is_settled_by_reading(asked: Plea, decision: str, comment: str) -> None:
    intent = asked.answer(decision, comment=comment)
    asked.market.fail(f"cancellations.{decision}", Fault.TIMEOUT_AFTER)
    asked.settle(intent)
    assert asked.state(intent) is IntentState.UNKNOWN
    asked.clock.advance(timedelta(minutes=1))
    assert not asked.settle(intent).called
    assert asked.state(intent) is IntentState.CONFIRMED
    assert asked.market.cancellations.answered == [(ID, decision, comment)]
    assert asked.plea().decided_by == DecidedBy.SELLER


def test_a_call_that_never_arrived_is_not_sent_again_and_a_person_is_called(asked: Plea) -> None:
    intent = asked.answer("reject", comment=LATE)
    asked.market.fail("cancellations.reject", Fault.TIMEOUT_BEFORE)
    asked.settle(intent)
    asked.clock.advance(timedelta(minutes=20))
    asked.settle(intent)
    assert asked.state(intent) is IntentState.UNKNOWN
    assert asked.market.calls["cancellations.reject"] == 1
    assert EventType.INTENT_NEEDS_PERSON in asked.told()
    verdict = Verdict(seller=a.SELLER, intent_id=intent, happened=False, actor="key:k2", reason="cabinet: still open")
    settle_by_hand(verdict, forget, store=asked.store, clock=asked.clock)
    assert asked.plea().open_intent == ""
    assert asked.answer("reject", comment=LATE) == f"c.{ID}.cancel_request.2"


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_what_the_clock_approved_is_never_taken_for_our_lost_answer(asked: Plea, decision: str) -> None:
    intent = asked.answer(decision, comment=LATE)
    asked.market.fail(f"cancellations.{decision}", Fault.TIMEOUT_BEFORE)
    asked.settle(intent)
    _over(asked)
    asked.settle(intent)
    assert asked.state(intent) is IntentState.REJECTED
    assert "by itself" in asked.intent(intent).outcome
    assert asked.plea().decided_by == DecidedBy.CLOCK


def test_another_persons_words_are_not_ours(asked: Plea) -> None:
    intent = asked.answer("reject", comment=LATE)
    asked.market.fail("cancellations.reject", Fault.TIMEOUT_BEFORE)
    asked.settle(intent)
    _rejected(asked)
    asked.settle(intent)
    assert asked.state(intent) is IntentState.REJECTED
    assert "not ours" in asked.intent(intent).outcome
    assert asked.plea().decided_by == DecidedBy.ELSEWHERE


def test_a_worker_that_dies_in_the_call_leaves_an_intent_that_is_read_and_never_sent_again(asked: Plea) -> None:
    intent = asked.answer("reject", comment=LATE)

    def die(name: str) -> None:
        if name == "cancellations.reject":
            raise SystemExit

    asked.market.on_call = die
    with pytest.raises(SystemExit):
        asked.settle(intent)
    assert asked.state(intent) is IntentState.SENT
    asked.market.on_call = None
    asked.settle(intent)
    assert asked.state(intent) is IntentState.UNKNOWN
    assert asked.market.calls["cancellations.reject"] == 0
    assert asked.market.cancellations.answered == []


def test_a_throttled_call_is_free_again(asked: Plea) -> None:
    intent = asked.answer()
    asked.market.fail("cancellations.approve", Fault.RATE_LIMIT)
    with pytest.raises(RateLimitedError):
        asked.settle(intent)
    assert asked.state(intent) is IntentState.PENDING
    asked.settle(intent)
    assert asked.state(intent) is IntentState.CONFIRMED


def test_a_lost_message_is_asked_for_again(asked: Plea) -> None:
    intent = asked.answer()
    assert asked.ring_next(REF, intent_id=intent).outcome == "fired"
    assert asked.told()[-1] is EventType.INTENT_CHECK_DUE
    asked.settle(intent)
    assert asked.state(intent) is IntentState.CONFIRMED


# By itself ----------------------------------------------------------------------------------------------------------


def test_the_shadow_says_once_what_it_would_have_done(world: Plea) -> None:
    world.policy(auto_cancel_request=Automation.SHADOW)
    world.asks()
    world.poll()
    world.poll()
    assert world.told() == [EventType.CANCEL_REQUEST_OPENED, EventType.AUTOMATION_SHADOWED]
    [shadow] = world.store.shadows_on(a.SELLER, a.NOW.date()).items
    assert (shadow.ref, shadow.action, shadow.data["decision"]) == (REF, "cancel_request", "approve")
    assert shadow.id == world.history(REF)[-1].id
    assert shadow.policy_version == 3
    assert world.plea().intent_count == 0


def test_another_suggestion_is_another_shadow(world: Plea) -> None:
    world.policy(auto_cancel_request=Automation.SHADOW)
    world.asks()
    world.poll()
    world.parcel(stage=Stage.HANDED_OVER, handed_over_at=a.NOW)
    world.poll()
    assert [one.data["decision"] for one in world.store.shadows_on(a.SELLER, a.NOW.date()).items] == [
        "approve",
        "reject",
    ]


def test_switched_on_it_answers_by_itself_under_the_cap(world: Plea) -> None:
    world.policy(auto_cancel_request=Automation.ON)
    world.on_its_way()
    world.poll()
    intent = world.plea().open_intent
    assert world.intent(intent).actor == "system:cancel_requests"
    assert world.store.cap_used(a.SELLER, "cancel_request", a.NOW.date()) == 1
    world.settle(intent)
    assert world.state(intent) is IntentState.CONFIRMED
    [(_, answer, comment)] = world.market.cancellations.answered
    assert (answer, bool(comment)) == ("reject", True)
    world.poll()
    assert world.plea().intent_count == 1


@pytest.mark.parametrize("policy", [{"kill_switch": True}, {"caps": {"cancel_request": 0}}])
def test_a_stopped_automation_is_told_once_and_left_to_people(world: Plea, policy: dict[str, Any]) -> None:
    world.policy(auto_cancel_request=Automation.ON, **policy)
    world.asks()
    world.poll()
    world.poll()
    assert world.told() == [EventType.CANCEL_REQUEST_OPENED, EventType.AUTOMATION_HELD]
    assert world.answer() == f"c.{ID}.cancel_request.1"


def test_an_automatic_answer_is_not_sent_once_its_parcel_has_left(world: Plea) -> None:
    world.policy(auto_cancel_request=Automation.ON)
    world.asks()
    world.poll()
    intent = world.plea().open_intent
    assert world.intent(intent).request["decision"] == "approve"
    world.market.change(a.NUMBER, status="delivering", substatus="posting_on_way_to_city", actions=())
    world.settle(intent)
    assert world.state(intent) is IntentState.REJECTED
    assert "moved on" in world.intent(intent).outcome
    assert world.market.cancellations.answered == []
    world.poll()
    assert world.intent(world.plea().open_intent).request["decision"] == "reject"


def test_nothing_is_answered_by_itself_where_a_person_has_to_look(world: Plea) -> None:
    world.policy(auto_cancel_request=Automation.ON)
    world.market.cancellations.opens(ID, a.NUMBER, until=UNTIL)
    world.poll()
    assert world.plea().intent_count == 0


def test_nothing_is_answered_by_itself_after_its_time(world: Plea) -> None:
    world.policy(auto_cancel_request=Automation.ON)
    world.asks(until=a.NOW)
    world.poll()
    assert world.plea().intent_count == 0


def test_an_open_request_of_a_lost_write_is_answered_by_the_next_round(world: Plea) -> None:
    world.asks()
    world.poll()
    world.store.commit([SaveCancelRequest(replace(world.plea(), version=2))])
    world.policy(auto_cancel_request=Automation.ON)
    world.poll()
    assert world.plea().open_intent
