"""Refunds above the seller's limit: a second person's word, and nothing sent without it."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.ports.writes import SaveAccess
from shipby.application.refunds.approvals import approve_refund, reject_refund
from shipby.application.settling.by_hand import Verdict, settle_by_hand
from shipby.application.settling.second_word import SecondWord
from shipby.application.shared.idempotency import Answer
from shipby.domain.errors import (
    ActionNotOfferedError,
    CapReachedError,
    InvalidInputError,
    KillSwitchOnError,
    NotFoundError,
    ShipbyError,
)
from shipby.domain.events import EventType, return_ref
from shipby.domain.intents import IntentState
from shipby.domain.returns.return_case import COMPENSATE_ACTION, ReturnStage
from tests.support import builders as a
from tests.unit.world_support import World, forget, money

REF = return_ref(a.RETURN_ID)


@pytest.fixture
def world() -> World:
    world = World()
    world.policy(approve_above={"RUB": 10_000})
    world.return_opens(quantity=2)
    return world


def ask(world: World, minor: int = 10_001, **more: Any) -> str:
    return world.decide(COMPENSATE_ACTION, amount=money(minor), **more)


def approve(world: World, identifier: str, actor: str = "key:k2") -> Answer:
    word = SecondWord(seller=a.SELLER, intent_id=identifier, actor=actor, reason="seen")
    return approve_refund(word, forget, store=world.store, clock=world.clock)


def reject(world: World, identifier: str, actor: str = "key:k2", reason: str = "too much") -> Answer:
    word = SecondWord(seller=a.SELLER, intent_id=identifier, actor=actor, reason=reason)
    return reject_refund(word, forget, store=world.store, clock=world.clock)


def test_up_to_the_limit_nobody_else_is_asked(world: World) -> None:
    assert world.state(ask(world, 10_000)) is IntentState.PENDING


def test_the_postage_counts_towards_the_limit(world: World) -> None:
    assert world.state(ask(world, 10_000, postage=money(1))) is IntentState.PROPOSED


def test_a_currency_without_a_limit_has_none(world: World) -> None:
    world.policy(approve_above={"CNY": 1})
    assert world.state(ask(world, 25_000)) is IntentState.PENDING


def test_above_it_the_money_is_set_aside_and_nothing_is_sent(world: World) -> None:
    identifier = ask(world)
    assert world.state(identifier) is IntentState.PROPOSED
    assert world.ledger().reserved == 10_001
    assert world.return_types()[-1] is EventType.INTENT_PROPOSED
    settled = world.settle(identifier)
    assert (settled.called, settled.intent.state) == (False, IntentState.PROPOSED)
    assert world.market.calls == {"posting": 1, "return_details": 1}  # as they came in
    verdict = Verdict(seller=a.SELLER, intent_id=identifier, happened=True, actor="key:k2", reason="x")
    with pytest.raises(ActionNotOfferedError, match="second person") as caught:
        settle_by_hand(verdict, forget, store=world.store, clock=world.clock)
    assert caught.value.offered[0] == f"/v1/refunds/{identifier}/approve"


def test_the_clock_reminds_people_less_and_less_often_and_never_sends(world: World) -> None:
    identifier = ask(world)
    waits = []
    for _ in range(8):
        before = world.clock.now()
        world.ring_next(REF, intent_id=identifier)
        waits.append(world.clock.now() - before)
        assert world.return_types()[-1] is EventType.INTENT_PROPOSED
    assert waits == sorted(waits)
    assert (waits[0], max(waits) <= timedelta(hours=12)) == (timedelta(hours=1), True)
    assert EventType.INTENT_CHECK_DUE not in world.return_types()
    assert world.state(identifier) is IntentState.PROPOSED
    assert "intent_open" not in world.red()


def test_a_second_person_lets_it_go(world: World) -> None:
    identifier = ask(world)
    world.clock.advance(timedelta(hours=5))
    answer = approve(world, identifier)
    assert answer.body["approved_by"] == "key:k2"
    intent = world.intent(identifier)
    assert (intent.state, intent.approved_at) == (IntentState.PENDING, world.clock.now())
    assert world.return_types()[-1] is EventType.INTENT_CREATED
    assert "intent_open" not in world.red()
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert world.market.books.paid_back[a.RETURN_ID] == [10_001]
    assert world.case().stage is ReturnStage.DECIDED


def test_who_asked_for_it_cannot_approve_it_with_any_of_their_keys_but_may_take_it_back(world: World) -> None:
    identifier = ask(world)
    for name, key in (("Anna", "k1"), ("anna", "k3"), ("Boris", "k2")):
        world.store.commit([SaveAccess(a.api_key(id=key, name=name))])
    for own in ("key:k1", "key:k3"):
        with pytest.raises(ActionNotOfferedError, match="by the same person"):
            approve(world, identifier, own)
    assert world.state(identifier) is IntentState.PROPOSED
    reject(world, identifier, "key:k1")
    assert world.state(identifier) is IntentState.REJECTED


def test_a_rejection_frees_the_money_and_the_return(world: World) -> None:
    identifier = ask(world)
    with pytest.raises(InvalidInputError):
        reject(world, identifier, reason="  ")
    reject(world, identifier)
    intent = world.intent(identifier)
    assert (intent.state, intent.outcome) == (IntentState.REJECTED, "not approved by key:k2: too much")
    assert world.ledger().reserved == 0
    assert world.case().open_intent == ""
    assert world.market.calls["act_on_return"] == 0
    ask(world)


def test_what_is_decided_is_not_decided_again(world: World) -> None:
    identifier = ask(world)
    approve(world, identifier)
    for again in (approve, reject):
        with pytest.raises(ActionNotOfferedError, match="PENDING"):
            again(world, identifier)
    with pytest.raises(NotFoundError):
        approve(world, "r.9.return_action.1")


def test_the_days_limit_is_spent_by_the_approval_and_not_before(world: World) -> None:
    world.policy(refund_cap={"RUB": 15_000})
    first = ask(world)
    reject(world, first)
    second = ask(world, 10_001)
    approve(world, second)
    world.return_opens("2", quantity=2)
    third = world.decide(COMPENSATE_ACTION, "2", amount=money(10_002))
    with pytest.raises(CapReachedError, match=r"150\.00 RUB"):
        approve(world, third)
    assert world.state(third) is IntentState.PROPOSED


def test_the_kill_switch_stops_a_machines_refund_after_its_approval_too(world: World) -> None:
    identifier = ask(world, automatic=True, actor="system:returns")
    world.policy(kill_switch=True)
    with pytest.raises(KillSwitchOnError):
        approve(world, identifier)
    world.policy(kill_switch=False)
    approve(world, identifier)
    world.policy(kill_switch=True)
    assert world.settle(identifier).intent.state is IntentState.REJECTED
    assert world.market.calls["act_on_return"] == 0


def test_of_two_people_at_once_exactly_one_decides() -> None:
    for _ in range(10):
        world = World()
        world.policy(approve_above={"RUB": 1})
        world.return_opens(quantity=2)
        identifier = ask(world)
        barrier, outcomes = threading.Barrier(3), list[str]()

        def run(
            act: object,
            world: World = world,
            identifier: str = identifier,
            b: threading.Barrier = barrier,
            o: list[str] = outcomes,
        ) -> None:
            b.wait()
            try:
                act(world, identifier)  # type: ignore[operator]  # approve or reject
                o.append("won")
            except ShipbyError as error:
                o.append(error.code)

        threads = [threading.Thread(target=run, args=(act,)) for act in (approve, reject, approve)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["action_not_offered", "action_not_offered", "won"]
        assert world.state(identifier) in (IntentState.PENDING, IntentState.REJECTED)
        reserved = 10_001 if world.state(identifier) is IntentState.PENDING else 0
        assert world.ledger().reserved == reserved
