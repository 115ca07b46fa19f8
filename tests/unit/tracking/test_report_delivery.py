"""What the marketplace is told of a parcel that the seller's own carrier brings, from the hand-over to the buyer."""

from datetime import timedelta
from typing import Any

import pytest

from shipby.application.alarms.route_events import Destination, route_event
from shipby.application.settling.settle import settle_together
from shipby.application.tracking.report_delivery import Reports, report_many
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError, NotFoundError
from shipby.domain.events import EventType
from shipby.domain.intents import IntentState
from shipby.domain.postings.delivery import DeliveryStage
from shipby.domain.postings.posting import RungKind, Scheme, Stage
from shipby.domain.sellers.settings import Automation
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.unit.world_support import World, forget

OWN = {"scheme": Scheme.RFBS, "integration": "non_integrated"}
WAITS = ("cancel", "label_download", "non_int_delivering", "set_track_number")
HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> World:
    world = World()
    packed(world, a.NUMBER)
    return world


def packed(world: World, number: str, *, numbered: bool = True, **facts: object) -> None:
    """Assembled, packed, and the marketplace waits to hear that it is on its way."""
    world.arrives(number, status="awaiting_deliver", actions=WAITS, **{**OWN, **facts})
    for command in (Command.CONFIRM, Command.PICK, Command.PACK):
        world.do(command, number)
    if numbered:
        world.settle(world.ask_tracking(f"T-{number}"[:30], number))


def handed_over(world: World, number: str = a.NUMBER) -> str:
    """The intent that the hand-over asked for."""
    world.do(Command.HAND_OVER, number)
    [intent] = world.posting(number).open_intents
    return intent


def test_a_hand_over_is_reported_and_the_parcel_is_reported_to_the_door(world: World) -> None:
    intent = handed_over(world)
    created = next(one for one in reversed(world.history()) if one.event.type is EventType.INTENT_CREATED)
    assert [routed.destination for routed in route_event(created, label_delay_seconds=0)] == [Destination.TRACKING]
    assert world.settle(intent).intent.state is IntentState.CONFIRMED
    assert (world.posting().stage, world.posting().status) == (Stage.IN_TRANSIT, "delivering")
    world.settle(world.report(DeliveryStage.LAST_MILE))
    assert world.posting().substatus == "posting_in_courier_service"
    world.settle(world.report(DeliveryStage.DELIVERED))
    assert world.posting().stage is Stage.DELIVERED
    assert world.market.books.reports[a.NUMBER] == ["delivering", "last_mile", "delivered"]


def test_last_mile_may_be_left_out(world: World) -> None:
    world.settle(handed_over(world))
    world.settle(world.report(DeliveryStage.DELIVERED))
    assert world.posting().stage is Stage.DELIVERED


@pytest.mark.parametrize("reason", ["", "  "])
def test_what_the_own_carrier_takes_needs_a_number_or_a_reason(world: World, reason: str) -> None:
    packed(world, "n-2", numbered=False)
    with pytest.raises(InvalidInputError, match="no tracking number") as refused:
        world.do(Command.HAND_OVER, "n-2", reason=reason)
    assert refused.value.errors[0][0] == "reason"
    assert world.posting("n-2").stage is Stage.PACKED
    with pytest.raises(InvalidInputError):
        world.report(DeliveryStage.DELIVERING, "n-2", reason=reason)
    world.do(Command.HAND_OVER, "n-2", reason="our courier brings it himself")
    assert world.posting("n-2").stage is Stage.HANDED_OVER


def test_a_number_that_is_asked_for_is_enough(world: World) -> None:
    packed(world, "n-2", numbered=False)
    world.ask_tracking("TRACK-2", "n-2")
    world.do(Command.HAND_OVER, "n-2", reason="")
    assert len(world.posting("n-2").open_intents) == 2


@pytest.mark.parametrize("integration", ["ozon", "aggregator", "3pl_tracking", "hybryd"])
def test_nobody_reports_for_another_carrier(world: World, integration: str) -> None:
    packed(world, "n-2", numbered=False, integration=integration)
    world.do(Command.HAND_OVER, "n-2", reason="")
    assert world.posting("n-2").open_intents == ()
    with pytest.raises(ActionNotOfferedError, match=integration):
        world.report(DeliveryStage.DELIVERING, "n-2")


def test_only_what_is_offered_and_not_shown_already_is_reported(world: World) -> None:
    with pytest.raises(ActionNotOfferedError, match="does not offer"):
        world.report(DeliveryStage.DELIVERED)
    world.settle(handed_over(world))
    with pytest.raises(ActionNotOfferedError, match="already"):
        world.report(DeliveryStage.DELIVERING)
    with pytest.raises(NotFoundError):
        world.report(DeliveryStage.DELIVERED, "nobody")
    world.report(DeliveryStage.DELIVERED)
    with pytest.raises(ActionNotOfferedError, match="open report_delivered"):
        world.report(DeliveryStage.DELIVERED)


@pytest.mark.parametrize(("fault", "told"), [(Fault.TIMEOUT_AFTER, 1), (Fault.TIMEOUT_BEFORE, 0)])
def test_a_report_without_an_answer_is_settled_by_reading_and_never_sent_again(
    world: World, fault: Fault, told: int
) -> None:
    intent = handed_over(world)
    world.market.fail("report_delivery", fault)
    assert world.settle(intent).intent.state is IntentState.UNKNOWN
    world.settle(intent)
    assert world.state(intent) is (IntentState.CONFIRMED if told else IntentState.UNKNOWN)
    assert world.market.calls["report_delivery"] == 1
    assert len(world.market.books.reports[a.NUMBER]) == told


def test_what_the_cabinet_reported_meanwhile_is_not_reported_again(world: World) -> None:
    intent = handed_over(world)
    world.market.change(a.NUMBER, status="delivering", actions=("non_int_delivered",))
    assert world.settle(intent).intent.state is IntentState.CONFIRMED
    assert world.market.calls["report_delivery"] == 0


def test_forty_one_reports_go_in_three_calls_and_one_of_them_fails_alone(world: World) -> None:
    numbers = [f"n-{index:02d}" for index in range(41)]
    for number in numbers:
        packed(world, number)
    intents = [handed_over(world, number) for number in numbers]

    def meanwhile(name: str) -> None:
        if name != "report_delivery":
            return
        if world.market.calls[name] == 0:
            # Withdrawn between our reading and our call: the marketplace answers for this one only.
            world.market.change("n-07", actions=("cancel",))
        elif world.market.calls[name] == 1:
            world.market.fail(name, Fault.RATE_LIMIT)

    world.market.on_call = meanwhile
    settle_together(a.SELLER, intents, store=world.store, marketplace=world.market, clock=world.clock)
    states = [world.state(intent) for intent in intents]
    assert world.market.calls["report_delivery"] == 3
    assert states[7] is IntentState.REJECTED
    assert set(states[:7] + states[8:20]) == {IntentState.CONFIRMED}
    assert set(states[20:40]) == {IntentState.PENDING}, "the call that was refused leaves its own postings free"
    assert states[40] is IntentState.CONFIRMED


def test_a_number_goes_before_the_report_of_the_same_posting(world: World) -> None:
    packed(world, "n-2", numbered=False)
    number = world.ask_tracking("TRACK-2", "n-2")
    report = handed_over_with(world, "n-2")
    order: list[str] = []
    world.market.on_call = order.append
    results = settle_together(
        a.SELLER, [report, number], store=world.store, marketplace=world.market, clock=world.clock
    )
    assert [name for name in order if name != "posting"] == ["set_tracking_numbers", "report_delivery"]
    assert {world.state(intent) for intent in results} == {IntentState.CONFIRMED}


def handed_over_with(world: World, number: str) -> str:
    world.do(Command.HAND_OVER, number)
    return world.posting(number).open_intents[-1]


def test_a_carriers_list_is_reported_in_one_call_and_answers_for_each(world: World) -> None:
    world.settle(handed_over(world))
    packed(world, "n-2")
    reports = Reports(
        seller=a.SELLER, numbers=[a.NUMBER, "n-2", "nobody", a.NUMBER], stage=DeliveryStage.DELIVERED, actor="key:k1"
    )
    body: Any = report_many(reports, forget, store=world.store, clock=world.clock).body
    assert (body["accepted"], body["left_out"]) == (1, 2)
    first, early, unknown = body["items"]
    assert first["problem"] is None
    assert "does not offer" in early["problem"]
    assert "no posting nobody" in unknown["problem"]
    again: Any = report_many(reports, forget, store=world.store, clock=world.clock).body
    assert again["items"][0]["intent"] == first["intent"]
    for numbers in ([], [f"n-{index}" for index in range(301)]):
        many = Reports(seller=a.SELLER, numbers=numbers, stage=DeliveryStage.DELIVERED, actor="key:k1")
        with pytest.raises(InvalidInputError):
            report_many(many, forget, store=world.store, clock=world.clock)


# Clocks


def dues(world: World, kind: RungKind) -> list[timedelta]:
    """Clocks of a kind, from now."""
    return [rung.due - world.clock.now() for rung in world.posting().rungs if rung.kind is kind]


def test_a_clock_rings_until_the_marketplace_knows_that_it_has_left(world: World) -> None:
    world.do(Command.HAND_OVER)
    assert dues(world, RungKind.REPORT_BY) == [HOUR, timedelta(days=1)]
    assert dues(world, RungKind.SHIPMENT_DATE), "until it is told, the marketplace counts"
    world.ring_next()
    told = world.history()[-1].event
    assert (told.type, told.data["rung"]) == (EventType.POSTING_REMINDED, "report_by")
    read_again = [routed.destination for routed in route_event(world.history()[-1], label_delay_seconds=0)]
    assert Destination.SYNC in read_again
    world.clock.time = a.CUT_OFF
    while (alarm := world.posting().next_alarm) is not None and alarm.due <= a.CUT_OFF:
        world.ring_next()
    assert world.posting().late, "handed over in time, and late all the same: nobody told the marketplace"


def test_what_was_reported_in_time_is_not_late_and_its_arrival_is_waited_for(world: World) -> None:
    world.settle(handed_over(world))
    assert dues(world, RungKind.SHIPMENT_DATE) == []
    assert dues(world, RungKind.REPORT_BY) == [timedelta(days=20), timedelta(days=29)]
    alarm = world.posting().next_alarm
    assert alarm is not None
    world.ring_next()
    assert world.history()[-1].event.data["rung"] == alarm.kind
    world.settle(world.report(DeliveryStage.DELIVERED))
    assert dues(world, RungKind.REPORT_BY) == []


def test_how_it_left_is_booked_when_the_marketplace_knows(world: World) -> None:
    world.market.change(a.NUMBER, delivering_date=None)
    intent = handed_over(world)
    assert world.store.outcomes_on(a.SELLER, world.clock.now().date()).items == ()
    world.clock.time = a.CUT_OFF + HOUR
    world.settle(intent)
    [outcome] = world.store.outcomes_on(a.SELLER, world.clock.now().date()).items
    assert outcome.late, "the marketplace counts from what it is told, not from our hand-over"


def test_no_policy_gives_up_what_the_carrier_has(world: World) -> None:
    """Given up in shadow while it was packed, and the switch is turned after the hand-over."""
    world.policy(auto_cancel=Automation.SHADOW)
    while RungKind.GIVE_UP_AT not in world.posting().fired:
        world.ring_next()
    world.market.change(a.NUMBER, actions=("cancel", "label_download", "set_track_number"))
    world.clock.advance(timedelta(minutes=1))
    world.read()
    world.policy(auto_cancel=Automation.ON)
    world.do(Command.HAND_OVER)
    for _ in range(6):
        world.ring_next()
    assert world.posting().stage is Stage.HANDED_OVER
    assert world.posting().open_intents == ()
    assert RungKind.REPORT_BY in world.posting().fired
