"""What happens while a decision is held: questions, things that end it, many at once, races and the audit."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shipby.application.alarms.decide_again import decide_again, decide_held
from shipby.application.alarms.ringing import ring
from shipby.application.cases.opening import close_case
from shipby.application.deadlines.clocks import BuyerAnswer, answer_for_buyer
from shipby.application.notices.tell_buyer import ask_buyer, hold_question
from shipby.application.ports.writes import SavePosting
from shipby.application.proof.audit_open_orders import audit_open_orders
from shipby.domain.alarm import AlarmRef
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.held import Wait, again_at
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import InvalidInputError, MarketplaceUnavailableError
from shipby.domain.events import EventType, case_ref
from shipby.domain.intents import IntentAction
from shipby.domain.postings.posting import BEFORE_HAND_OVER, MAIN_LINE, RungKind, Stage
from shipby.domain.sellers.settings import Automation
from tests.support import builders as a
from tests.support.fake_marketplace import FakeMarketplaces
from tests.unit.cases.held_support import (
    ACTIVE,
    DAY,
    HOUR,
    OFFERED,
    active_shop,
    again,
    cancels,
    cases,
    closed_as,
    give_up,
    held,
    ring_to,
    waits_for,
)
from tests.unit.rating.index_support import index_is, look
from tests.unit.world_support import World, forget


@pytest.fixture
def world() -> World:
    return active_shop()


def ask(world: World, version: int) -> str:
    markets = FakeMarketplaces({a.SELLER: world.market})
    return ask_buyer(a.SELLER, a.NUMBER, version, store=world.store, marketplaces=markets, clock=world.clock)


def due_questions(world: World) -> list[int]:
    return [stored.version for stored in world.history() if stored.event.type is EventType.BUYER_ASK_DUE]


@pytest.mark.parametrize("when", ["when it rings", "when it is sent", "the marketplace is away"])
def test_a_question_to_the_buyer_that_is_stopped_is_asked_later(world: World, when: str) -> None:
    world.policy(auto_ask_buyer=Automation.ON, kill_switch=when == "when it rings")
    ring_to(world, RungKind.ASK_BUYER_AT)
    if when == "when it is sent":
        world.policy(kill_switch=True)
        assert ask(world, due_questions(world)[-1]) == "undeliverable"
    elif when == "the marketplace is away":
        away = MarketplaceUnavailableError("away")
        hold_question(a.SELLER, a.NUMBER, away, store=world.store, now=world.clock.now())
    held(world)
    world.policy(kill_switch=False)
    assert again(world)["decided"] == 1
    assert ask(world, due_questions(world)[-1]) == "asked"
    assert again(world) == {"decided": 0, "held": 0, "moot": 0}


# What became of the posting meanwhile


def cancelled(world: World) -> None:
    world.market.cancel_by(a.NUMBER, "client")
    world.clock.advance(timedelta(seconds=1))
    world.read()


def shipped(world: World) -> None:
    world.market.change(a.NUMBER, status="delivering", actions=())
    world.clock.advance(timedelta(seconds=1))
    world.read()


def overridden(world: World) -> None:
    world.do(Command.OVERRIDE, reason="the courier waits")


def moved_later(world: World) -> None:
    world.market.change(a.NUMBER, shipment_date=world.clock.now() + DAY, without_delay=None)
    world.clock.advance(timedelta(seconds=1))
    world.read()


def wanted(world: World) -> None:
    answer = BuyerAnswer(seller=a.SELLER, number=a.NUMBER, actor="key:k1", wanted=True)
    answer_for_buyer(answer, forget, store=world.store, clock=world.clock)


def switched_off(world: World) -> None:
    world.policy(auto_cancel=Automation.OFF)


def asked_by_a_person(world: World) -> None:
    world.ask(IntentAction.CANCEL)


@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (cancelled, "it is cancelled"),
        (shipped, "it is in_transit"),
        (overridden, "still sent"),
        (moved_later, "its date has moved"),
        (wanted, "still wants it"),
        (switched_off, "a person decides"),
        (asked_by_a_person, "being cancelled"),
    ],
)
def test_a_decision_that_makes_no_sense_any_more_is_dropped_with_its_case(
    world: World, happens: Callable[[World], None], says: str
) -> None:
    case = give_up(world, caps={"cancel": 0})
    happens(world)
    world.policy(caps={"cancel": 10})
    before = world.posting().open_intents
    assert again(world) == {"decided": 0, "held": 0, "moot": 1}
    assert says in closed_as(world, case)
    assert world.posting().open_intents == before
    told = world.store.events(a.SELLER, case_ref(case.id))[-1].event
    assert told.type is EventType.CASE_CLOSED


def test_a_second_reason_after_the_first_is_told_at_once_and_waits_anew(world: World) -> None:
    case = give_up(world, cancel_guard=True, caps={"cancel": 0})
    assert waits_for(world) is Wait.INDEX
    index_is(world, "1.000", 1)
    look(world)
    again(world)
    assert waits_for(world) is Wait.CAP
    assert held(world).id == case.id
    assert world.store.events(a.SELLER, case_ref(case.id))[-1].event.type is EventType.CASE_REMINDED
    world.policy(caps={"cancel": 5}, kill_switch=True)
    again(world)
    assert waits_for(world) is Wait.KILL_SWITCH
    world.policy(kill_switch=False)
    again(world)
    assert cases(world) == []
    assert len(cancels(world)) == 1


# Many at once, and two at once


def test_all_of_a_seller_are_decided_when_the_index_comes_in_bounded_batches() -> None:
    world = World()
    world.policy(**{**ACTIVE, "cancel_guard": True, "caps": {"cancel": 100}})
    numbers = [f"n-{n}" for n in range(7)]
    for number in numbers:
        world.arrives(number, actions=OFFERED)
        ring_to(world, RungKind.GIVE_UP_AT, number)
    assert len(cases(world)) == 7
    world.policy(cancel_guard=False)
    done = [decide_held(a.SELLER, store=world.store, clock=world.clock, most=3)["decided"] for _ in range(3)]
    assert done == [3, 3, 1]
    assert cases(world) == []
    assert all(len(cancels(world, number)) == 1 for number in numbers)


def test_one_that_cannot_be_decided_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.policy(**{**ACTIVE, "kill_switch": True})
    for number in ("n-0", "n-1"):
        world.arrives(number, actions=OFFERED)
        ring_to(world, RungKind.GIVE_UP_AT, number)
    world.policy(kill_switch=False)
    posting = world.store.posting

    def broken(seller: str, number: str) -> Any:
        if number == "n-0":
            raise InvalidInputError("an odd row")
        return posting(seller, number)

    monkeypatch.setattr(world.store, "posting", broken)
    assert again(world) == {"decided": 1, "held": 0, "moot": 0, "failed": 1}


def test_a_look_that_finds_nothing_new_writes_nothing(world: World) -> None:
    for stop in ({"cancel_guard": True}, {"kill_switch": True}):
        give_up(world, **stop)
        before = (world.posting().version, held(world).version)
        again(world)
        assert (world.posting().version, held(world).version) == before


def test_of_two_who_decide_at_once_one_cancels_and_the_other_finds_it_gone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = give_up(world, kill_switch=True)
    world.policy(kill_switch=False)
    commit, first = world.store.commit, [True]

    def overtaken(writes: Any) -> None:
        if first.pop() if first else False:
            assert decide_again(a.SELLER, case.id, store=world.store, clock=world.clock) == "decided"
        commit(writes)

    monkeypatch.setattr(world.store, "commit", overtaken)
    assert decide_again(a.SELLER, case.id, store=world.store, clock=world.clock) == "gone"
    assert len(cancels(world)) == 1
    assert world.store.cap_used(a.SELLER, "cancel", world.clock.now().date()) == 1


def test_the_alarm_that_loses_to_the_poll_is_gone(world: World) -> None:
    case = give_up(world, kill_switch=True)
    world.policy(kill_switch=False)
    again(world)
    assert case.next_alarm is not None
    world.clock.time = case.next_alarm.due
    alarm = AlarmRef(seller=a.SELLER, ref=case_ref(case.id), intent_id="", due=case.next_alarm.due)
    assert ring(alarm, store=world.store, clock=world.clock).outcome == "gone"


# The audit


def test_the_audit_finds_a_held_decision_that_nothing_waits_for_and_gives_it_its_case(world: World) -> None:
    case = give_up(world, kill_switch=True)
    now = world.clock.now()
    close_case(world.store, seller=a.SELLER, identifier=case.id, resolution="lost", now=now, actor="x")
    world.policy(kill_switch=False)
    report = audit_open_orders(a.SELLER, store=world.store, clock=world.clock)
    assert [found.rule for found in report.violations if found.rule == "held"] == ["held"]
    held(world)
    report = audit_open_orders(a.SELLER, store=world.store, clock=world.clock)
    assert [found.rule for found in report.violations if found.rule == "held"] == []
    again(world)
    assert len(cancels(world)) == 1


def test_a_closed_case_of_an_expired_posting_comes_back_with_the_next_look(world: World) -> None:
    case = give_up(world, kill_switch=True)
    close_case(
        world.store, seller=a.SELLER, identifier=case.id, resolution="lost", now=world.clock.now(), actor="key:k1"
    )
    ring_to(world, RungKind.LOOK_AGAIN)
    assert held(world).id != case.id


# When


def test_no_reason_waits_longer_than_a_day_and_each_grows() -> None:
    for wait in Wait:
        for age in (timedelta(0), HOUR, 30 * DAY):
            due = again_at(wait, a.NOW - age, a.NOW)
            assert a.NOW < due <= a.NOW + DAY
    assert again_at(Wait.CAP, a.NOW, datetime(2026, 3, 2, 0, 0, tzinfo=UTC)) == datetime(2026, 3, 3, tzinfo=UTC)


# Not accepted


def test_what_the_sorting_centre_misses_has_a_clock_a_case_and_an_end(world: World) -> None:
    since = world.clock.advance(timedelta(seconds=1))
    world.market.change(a.NUMBER, status="not_accepted", substatus="posting_not_in_sort_center", actions=())
    assert world.read().stage is Stage.BLOCKED
    (case,) = cases(world, CaseKind.NOT_ACCEPTED)
    assert (case.subject, case.owner, "open a dispute" in case.reason) == (a.NUMBER, "owner", True)
    rungs = [rung.due for rung in world.posting().rungs if rung.kind is RungKind.NOT_ACCEPTED_BY]
    assert rungs == [since + DAY, since + 11 * DAY, since + 14 * DAY]
    world.clock.advance(HOUR)
    world.read()
    assert [rung.due for rung in world.posting().rungs if rung.kind is RungKind.NOT_ACCEPTED_BY] == rungs
    world.market.change(a.NUMBER, status="awaiting_deliver", substatus="posting_in_carriage")
    world.clock.advance(HOUR)
    assert world.read().not_accepted_since is None
    assert cases(world, CaseKind.NOT_ACCEPTED) == []


@pytest.mark.parametrize("stage", [stage for stage in MAIN_LINE if stage not in BEFORE_HAND_OVER][:2])
def test_a_missed_parcel_that_had_left_rings_all_the_same(world: World, stage: Stage) -> None:
    posting = world.posting()
    gone = rewind(replace(posting, version=posting.version + 1, stage=stage, status="awaiting_deliver"))
    world.write(SavePosting(gone))
    world.market.change(a.NUMBER, status="not_accepted", actions=())
    world.clock.advance(timedelta(seconds=1))
    blocked = world.read()
    assert blocked.next_alarm is not None
    assert blocked.next_alarm.kind is RungKind.NOT_ACCEPTED_BY
    while RungKind.LOOK_AGAIN not in world.posting().fired:
        world.ring_next()
    told = [s.event for s in world.history() if s.event.data.get("rung") == RungKind.NOT_ACCEPTED_BY]
    assert [event.type for event in told] == [EventType.POSTING_REMINDED] * 3
