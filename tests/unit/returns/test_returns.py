"""Returns and their money: decided once, reserved before the call, booked as the marketplace did."""

from datetime import timedelta

import pytest

from shipby.application.returns.work import ReturnStep, work_return
from shipby.domain.errors import (
    ActionNotOfferedError,
    CapReachedError,
    InvalidInputError,
    KillSwitchOnError,
    NotFoundError,
    OverRefundError,
    PreconditionFailedError,
    StageMismatchError,
)
from shipby.domain.events import EventType, return_ref
from shipby.domain.intents import IntentState
from shipby.domain.postings.posting import RungKind
from shipby.domain.refunds.ledger import EntryState
from shipby.domain.returns.return_case import COMPENSATE_ACTION, ReturnStage
from tests.support import builders as a
from tests.support.fake_marketplace import (
    ASK_GOODS,
    FULL_REFUND,
    GOODS_RECEIVED,
    REJECT,
    Fault,
    offer,
)
from tests.unit.world_support import World, forget, money


@pytest.fixture
def world() -> World:
    world = World()
    world.return_opens(quantity=2)
    return world


def step(world: World, command: str, condition: str = "") -> None:
    work_return(
        ReturnStep(seller=a.SELLER, return_id=a.RETURN_ID, command=command, actor="key:k1", condition=condition),
        forget,
        store=world.store,
        clock=world.clock,
    )


def test_a_full_refund_is_reserved_paid_once_and_booked(world: World) -> None:
    identifier = world.decide()
    assert world.ledger().reserved == 25_000
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert (world.ledger().reserved, world.ledger().refunded) == (0, 25_000)
    assert world.market.books.paid_back[a.RETURN_ID] == [25_000]
    assert world.case().stage is ReturnStage.DECIDED
    assert world.case().next_alarm is None
    assert world.return_types()[-1] is EventType.RETURN_DECIDED
    world.settle(identifier)
    assert world.market.books.paid_back[a.RETURN_ID] == [25_000]


def test_a_compensation_pays_exactly_its_amount(world: World) -> None:
    world.settle(world.decide(COMPENSATE_ACTION, amount=money(4_999)))
    assert world.market.books.paid_back[a.RETURN_ID] == [4_999]
    assert world.ledger().refunded == 4_999


@pytest.mark.parametrize("fault", [Fault.REFUSE, Fault.CREDENTIALS])
def test_a_refused_refund_gives_its_reservation_free(world: World, fault: Fault) -> None:
    identifier = world.decide()
    world.market.fail("act_on_return", fault)
    assert world.settle(identifier).intent.state is IntentState.REJECTED
    assert (world.ledger().reserved, world.ledger().refunded) == (0, 0)
    assert world.ledger().entries[identifier].state is EntryState.RELEASED
    assert world.case().open_intent == ""
    assert world.case().stage is ReturnStage.OPENED


def test_a_refund_with_a_timeout_after_success_is_booked_by_reading_and_paid_once(world: World) -> None:
    identifier = world.decide()
    world.market.fail("act_on_return", Fault.TIMEOUT_AFTER)
    assert world.settle(identifier).intent.state is IntentState.UNKNOWN
    assert world.ledger().reserved == 25_000
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert world.market.books.paid_back[a.RETURN_ID] == [25_000]
    assert world.ledger().refunded == 25_000


def test_a_refund_that_never_happened_keeps_its_reservation_until_a_person_looks(world: World) -> None:
    identifier = world.decide()
    world.market.fail("act_on_return", Fault.TIMEOUT_BEFORE)
    for _ in range(10):
        world.settle(identifier)
        world.ring_next(return_ref(a.RETURN_ID), intent_id=identifier)
    assert world.state(identifier) is IntentState.UNKNOWN
    assert world.market.calls["act_on_return"] == 1
    assert world.ledger().reserved == 25_000
    assert world.return_types().count(EventType.INTENT_NEEDS_PERSON) == 1


def test_a_return_that_moved_on_by_itself_does_not_prove_a_payment(world: World) -> None:
    identifier = world.decide()
    world.market.fail("act_on_return", Fault.TIMEOUT_BEFORE)
    world.settle(identifier)
    world.market.change_return(a.RETURN_ID, state="AWAITING_GOODS", actions=offer(GOODS_RECEIVED))
    assert world.settle(identifier).intent.state is IntentState.UNKNOWN
    assert world.ledger().refunded == 0


def test_somebody_who_decided_first_leaves_nothing_to_send(world: World) -> None:
    identifier = world.decide()
    world.market.change_return(a.RETURN_ID, state="REJECTED", actions=())
    settled = world.settle(identifier)
    assert (settled.called, settled.intent.state) == (False, IntentState.REJECTED)
    assert world.ledger().reserved == 0
    world.read_return()
    assert world.case().stage is ReturnStage.CLOSED


def test_money_given_back_meanwhile_refuses_the_refund(world: World) -> None:
    world.return_opens("2", quantity=1, sku="")
    first = world.decide(COMPENSATE_ACTION, amount=money(1_000))
    second = world.decide(COMPENSATE_ACTION, "2", amount=money(1_000))
    assert world.settle(first).intent.state is IntentState.CONFIRMED
    rejected = world.settle(second)
    assert (rejected.called, rejected.intent.state) == (False, IntentState.REJECTED)
    assert "other money" in rejected.intent.outcome
    assert world.market.books.paid_back["2"] == []
    assert (world.ledger().reserved, world.ledger().refunded) == (0, 1_000)
    assert world.settle(world.decide(COMPENSATE_ACTION, "2", amount=money(1_000))).intent.state is IntentState.CONFIRMED


def test_more_than_was_paid_is_never_reserved(world: World) -> None:
    world.return_opens("2", quantity=2)
    world.decide()
    with pytest.raises(OverRefundError):
        world.decide(return_id="2")
    with pytest.raises(OverRefundError):
        world.decide(COMPENSATE_ACTION, "2", amount=money(1))
    assert world.case("2").version == 1


def test_a_return_has_one_open_decision(world: World) -> None:
    first = world.decide()
    with pytest.raises(ActionNotOfferedError) as caught:
        world.decide()
    assert caught.value.offered == (f"/v1/intents/{first}",)


def test_what_is_missing_or_contradicts_itself_is_refused_before_anything_is_written(world: World) -> None:
    version = world.case().version
    with pytest.raises(NotFoundError):
        world.decide(return_id="77")
    with pytest.raises(PreconditionFailedError):
        world.decide(if_match=99)
    with pytest.raises(ActionNotOfferedError) as caught:
        world.decide(4711)
    assert len(caught.value.offered) == 4
    for wrong in (
        {"action_id": REJECT, "refund": False},
        {"action_id": REJECT, "refund": True, "comment": "x", "rejection_reason_id": 1},
        {"action_id": COMPENSATE_ACTION},
        {"action_id": COMPENSATE_ACTION, "amount": money(5), "refund": False},
        {"action_id": FULL_REFUND, "amount": money(5)},
        {"action_id": COMPENSATE_ACTION, "amount": money(-5)},
    ):
        with pytest.raises(InvalidInputError):
            world.decide(**wrong)
    assert world.case().version == version


def test_money_of_an_unknown_posting_is_not_given_back() -> None:
    world = World()
    world.market.open_return(a.marketplace_return(actions=offer(FULL_REFUND)))
    world.read_return()
    with pytest.raises(InvalidInputError, match="not known yet"):
        world.decide()


def test_a_rejection_moves_no_money(world: World) -> None:
    world.settle(world.decide(REJECT, refund=False, comment="used", rejection_reason_id=7))
    assert world.case().stage is ReturnStage.DECIDED
    assert world.ledger().entries == {}


def test_asking_for_the_goods_decides_nothing_yet_and_the_last_decision_has_its_own_clock(world: World) -> None:
    world.settle(world.decide(ASK_GOODS, refund=False))
    assert world.case().stage is ReturnStage.OPENED
    assert world.case().next_alarm is None
    step(world, "receive")
    world.settle(world.decide(GOODS_RECEIVED, refund=False))
    step(world, "inspect", "new")
    world.market.change_return(a.RETURN_ID, actions=())
    world.read_return()
    assert world.case().next_alarm is None
    world.clock.advance(timedelta(hours=3))
    world.market.change_return(a.RETURN_ID, actions=offer(-10, FULL_REFUND))
    case = world.read_return()
    assert case.next_alarm is not None
    assert case.decide_by == world.clock.now() + timedelta(hours=24)
    world.settle(world.decide())
    assert world.market.books.paid_back[a.RETURN_ID] == [25_000]
    assert world.case().stage is ReturnStage.DECIDED


def test_a_parcel_is_received_then_inspected_with_a_condition(world: World) -> None:
    with pytest.raises(StageMismatchError):
        step(world, "inspect", "new")
    step(world, "receive")
    with pytest.raises(StageMismatchError):
        step(world, "receive")
    with pytest.raises(InvalidInputError):
        step(world, "inspect", "quite fine")
    step(world, "inspect", "damaged")
    assert (world.case().stage, world.case().condition) == (ReturnStage.INSPECTED, "damaged")


def test_the_seller_is_reminded_and_then_told_that_the_deadline_passed(world: World) -> None:
    ref = return_ref(a.RETURN_ID)
    world.ring_next(ref)
    assert world.case().next_alarm == a.alarm(a.NOW + timedelta(hours=24), RungKind.DECIDE_RETURN_BY)
    world.ring_next(ref)
    assert world.case().next_alarm is None
    assert world.return_types()[1:] == [EventType.RETURN_REMINDED, EventType.RETURN_OVERDUE]


def test_a_reminder_that_rings_too_late_is_still_followed_by_the_deadline(world: World) -> None:
    world.clock.advance(timedelta(days=3))
    world.ring_next(return_ref(a.RETURN_ID))
    world.ring_next(return_ref(a.RETURN_ID))
    assert world.return_types()[1:] == [EventType.RETURN_REMINDED, EventType.RETURN_OVERDUE]


def test_a_return_first_seen_after_its_deadline_is_overdue_at_once() -> None:
    world = World()
    world.return_opens(opened_at=a.NOW - timedelta(days=2))
    world.ring_next(return_ref(a.RETURN_ID))
    assert world.return_types()[-1] is EventType.RETURN_OVERDUE
    assert world.clock.now() == a.NOW


def test_a_return_closes_when_nothing_is_offered_and_opens_again_when_something_is(world: World) -> None:
    world.clock.advance(timedelta(hours=1))
    world.market.change_return(a.RETURN_ID, state="X", actions=())
    case = world.read_return()
    assert (case.stage, case.next_alarm) == (ReturnStage.CLOSED, None)
    assert world.return_types()[-1] is EventType.RETURN_CLOSED
    world.market.change_return(a.RETURN_ID, state="Y", actions=offer(FULL_REFUND))
    case = world.read_return()
    assert case.stage is ReturnStage.OPENED
    assert case.next_alarm is not None


def test_an_older_or_equal_read_of_a_return_changes_nothing(world: World) -> None:
    version = world.case().version
    world.market.change_return(a.RETURN_ID, state="NEW")
    world.clock.time = a.NOW - timedelta(seconds=1)
    world.read_return()
    assert world.case().version == version


def test_automatic_decisions_stand_under_cap_and_kill_switch(world: World) -> None:
    world.policy(caps={"return_action": 1})
    world.settle(world.decide(COMPENSATE_ACTION, amount=money(1), automatic=True))
    world.return_opens("2", quantity=1)
    with pytest.raises(CapReachedError):
        world.decide(COMPENSATE_ACTION, "2", amount=money(1), automatic=True)
    world.policy(caps={"return_action": 9}, kill_switch=True)
    with pytest.raises(KillSwitchOnError):
        world.decide(COMPENSATE_ACTION, "2", amount=money(1), automatic=True)
    assert world.ledger().reserved == 0
    assert world.settle(world.decide(COMPENSATE_ACTION, "2", amount=money(1))).called


def test_a_kill_switch_thrown_after_asking_stops_an_automatic_call_and_not_a_persons(world: World) -> None:
    machine = world.decide(actor="system:rules", automatic=True)
    world.policy(kill_switch=True)
    stopped = world.settle(machine)
    assert (stopped.called, stopped.intent.state) == (False, IntentState.REJECTED)
    assert world.ledger().reserved == 0
    assert world.settle(world.decide()).intent.state is IntentState.CONFIRMED


def test_a_next_question_that_the_confirming_read_shows_already_has_a_clock(world: World) -> None:
    world.settle(world.decide(ASK_GOODS, refund=False))
    world.clock.advance(timedelta(days=2))
    world.settle(world.decide(GOODS_RECEIVED, refund=False))
    world.read_return()
    assert world.case().decide_by == world.clock.now() + timedelta(hours=24)
    for kind in (EventType.RETURN_REMINDED, EventType.RETURN_OVERDUE):
        assert world.ring_next(return_ref(a.RETURN_ID)).outcome == "fired"
        assert world.return_types()[-1] is kind
    assert world.case().next_alarm is None
