"""An automatic cancel gives a reason that is true of what happened, or waits for a person."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.alarms.decide_again import decide_again
from shipby.application.cases.held import held_case
from shipby.application.deadlines.clocks import BuyerAnswer, answer_for_buyer
from shipby.application.ports.marketplace import CancelReason
from shipby.application.ports.writes import SaveIntent
from shipby.domain.cases.held import Wait
from shipby.domain.deadlines.cancel_causes import CancelCause, OfferedReason, true_reason
from shipby.domain.deadlines.policy import Move
from shipby.domain.events import posting_ref
from shipby.domain.intents import IntentState, request_hash
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import RungKind, Scheme, Stage
from shipby.domain.sellers.settings import Automation, LatePolicy
from tests.support import builders as a
from tests.unit.world_support import World, forget

STOCK = CancelReason(id=352, title="Товар закончился на складе продавца", by="seller")
DEFECTIVE = CancelReason(id=400, title="Остался только бракованный товар", by="seller")
OTHER = CancelReason(id=402, title="Другое (вина продавца)", by="seller")
NOT_COLLECTED = CancelReason(id=665, title="Покупатель не забрал заказ", by="buyer")
DECLINED = CancelReason(id=504, title="Покупатель передумал", by="buyer")
SLOW = CancelReason(id=9001, title="Не успеваем собрать", by="seller")
ACTIVE: dict[str, Any] = {
    "policy": LatePolicy.CROSS_BORDER_RFBS,
    "auto_cancel": Automation.ON,
    "auto_move_date": Automation.OFF,
    "auto_ask_buyer": Automation.OFF,
    "cancel_guard": False,
}


@pytest.fixture
def world() -> World:
    world = World()
    world.policy(**ACTIVE)
    world.arrives(actions=("cancel", "ship"), scheme=Scheme.RFBS, integration="non_integrated")
    return world


def ring_to(world: World, kind: RungKind) -> None:
    while kind not in world.posting().fired:
        assert world.ring_next().outcome == "fired"


def given_up(world: World) -> None:
    ring_to(world, RungKind.GIVE_UP_AT)
    assert world.posting().stage is Stage.EXPIRED


def proven_expired(world: World) -> None:
    """The marketplace offers nothing but to cancel it; the policy gives it up in its time."""
    ring_to(world, RungKind.SHIPMENT_DATE)
    world.market.change(a.NUMBER, actions=("cancel",))
    world.clock.advance(timedelta(seconds=1))
    assert world.read().stage is Stage.EXPIRED
    ring_to(world, RungKind.GIVE_UP_AT)


def declined(world: World) -> None:
    answer = BuyerAnswer(seller=a.SELLER, number=a.NUMBER, actor="key:k1", wanted=False)
    answer_for_buyer(answer, forget, store=world.store, clock=world.clock)


def declined_late(world: World) -> None:
    ring_to(world, RungKind.SHIPMENT_DATE)
    assert world.posting().late
    declined(world)


def settled(world: World) -> IntentState:
    (identifier,) = world.posting().open_intents
    return world.settle(identifier).intent.state


def sent(world: World) -> list[tuple[int, str]]:
    return world.market.books.reasons[a.NUMBER]


CAUSES = [
    (given_up, (402, "Продавец не отправил заказ")),
    (proven_expired, (402, "Продавец не отправил заказ")),
    (declined_late, (402, "Продавец опоздал с отправкой, и покупатель отказался от заказа")),
]


@pytest.mark.parametrize(("happens", "reason"), CAUSES)
def test_the_reason_is_true_of_the_cause_and_never_out_of_stock(
    world: World, happens: Callable[[World], None], reason: tuple[int, str]
) -> None:
    world.market.reasons = (STOCK, DEFECTIVE, OTHER, NOT_COLLECTED)
    happens(world)
    assert settled(world) is IntentState.CONFIRMED
    assert sent(world) == [reason]


@pytest.mark.parametrize("happens", [declined, declined_late])
def test_what_the_buyer_did_is_told_as_the_buyers_where_that_is_offered(
    world: World, happens: Callable[[World], None]
) -> None:
    world.market.reasons = (STOCK, OTHER, NOT_COLLECTED, DECLINED)
    happens(world)
    assert settled(world) is IntentState.CONFIRMED
    assert sent(world) == [(504, "Покупатель передумал")]


def test_a_buyer_who_declines_in_time_is_not_made_the_sellers_fault(world: World) -> None:
    world.market.reasons = (STOCK, OTHER, NOT_COLLECTED)
    declined(world)
    assert settled(world) is IntentState.REJECTED
    assert sent(world) == []
    case = held_case(world.store, a.SELLER, posting_ref(a.NUMBER), Move.CANCEL)
    assert case is not None
    assert case.held is not None
    assert case.held.waits_for is Wait.PERSON


@pytest.mark.parametrize("happens", [given_up, proven_expired, declined, declined_late])
@pytest.mark.parametrize("offered", [(), (STOCK,), (STOCK, DEFECTIVE, NOT_COLLECTED)])
def test_without_a_true_reason_nothing_is_sent_and_a_case_with_an_alarm_waits_for_a_person(
    world: World, happens: Callable[[World], None], offered: tuple[CancelReason, ...]
) -> None:
    world.market.reasons = offered
    happens(world)
    assert settled(world) is IntentState.REJECTED
    assert (sent(world), world.market.calls["cancel"]) == ([], 0)
    case = held_case(world.store, a.SELLER, posting_ref(a.NUMBER), Move.CANCEL)
    assert case is not None
    assert case.held is not None
    assert case.held.waits_for is Wait.PERSON
    assert case.next_alarm is not None
    assert "no reason that the marketplace offers is true" in case.reason
    assert world.posting().open_intents == ()


@pytest.mark.parametrize("happens", [given_up, declined_late])
def test_a_date_that_moves_before_the_call_makes_the_reason_untrue_and_nothing_is_sent(
    world: World, happens: Callable[[World], None]
) -> None:
    world.market.reasons = (STOCK, OTHER)
    happens(world)
    later = world.clock.now() + timedelta(days=2)
    world.market.change(a.NUMBER, shipment_date=later, without_delay=later + timedelta(hours=1))
    world.clock.advance(timedelta(seconds=1))
    assert settled(world) is IntentState.REJECTED
    assert sent(world) == []


def test_it_is_decided_again_once_a_true_reason_is_offered(world: World) -> None:
    world.market.reasons = (STOCK,)
    given_up(world)
    settled(world)
    case = held_case(world.store, a.SELLER, posting_ref(a.NUMBER), Move.CANCEL)
    assert case is not None
    assert case.next_alarm is not None
    world.clock.time = case.next_alarm.due
    world.market.reasons = (STOCK, OTHER)
    decide_again(a.SELLER, case.id, store=world.store, clock=world.clock)
    assert settled(world) is IntentState.CONFIRMED
    assert [reason for reason, _ in sent(world)] == [402]


def test_the_sellers_own_choice_counts_where_it_may_be_true(world: World) -> None:
    world.policy(cancel_reason_id=SLOW.id)
    world.market.reasons = (STOCK, OTHER, SLOW)
    given_up(world)
    assert settled(world) is IntentState.CONFIRMED
    assert sent(world) == [(SLOW.id, SLOW.title)]


def test_what_an_older_release_asked_for_is_not_sent_with_its_reason_either(world: World) -> None:
    given_up(world)
    (identifier,) = world.posting().open_intents
    intent = world.intent(identifier)
    old: dict[str, Json] = {"reason_id": 352, "message": "", "cut_off": intent.request["cut_off"]}
    aged = replace(intent, version=intent.version + 1, request=old, request_hash=request_hash(old))
    world.write(SaveIntent(aged))
    assert settled(world) is IntentState.CONFIRMED
    assert [reason for reason, _ in sent(world)] == [402]


@pytest.mark.parametrize("cause", list(CancelCause))
@pytest.mark.parametrize("preferred", [352, 400, 401, 665, 666, 667])
def test_a_reason_with_a_published_meaning_is_never_given_for_something_else(
    cause: CancelCause, preferred: int
) -> None:
    offered = [
        OfferedReason(number, "Покупатель отказался", by)
        for number in (352, 400, 401, 665, 666, 667)
        for by in ("seller", "buyer")
    ]
    assert true_reason(cause, offered, preferred=preferred) is None
