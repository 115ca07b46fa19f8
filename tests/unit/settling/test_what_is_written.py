"""What the steps of an intent write, in which transaction, and what their history tells in the end."""

import contextlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.alarms.route_events import route_event
from shipby.application.ports.writes import SaveIntent, Write
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import VersionConflictError
from shipby.domain.events import QUIET, EventType, StoredEvent, posting_ref
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.postings.posting import Alarm, RungKind
from shipby.domain.sellers.settings import SellerSettings
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.unit.world_support import World

SHIP = IntentAction.SHIP
ACTIONS: dict[IntentAction, tuple[str, str]] = {
    SHIP: ("ship", "ship"),
    IntentAction.CANCEL: ("cancel", "cancel"),
    IntentAction.SET_CUT_OFF: ("set_cutoff", "set_cut_off"),
}


@pytest.fixture
def world() -> World:
    world = World()
    world.arrives(actions=("cancel", "set_cutoff", "ship"))
    return world


def test_a_claim_writes_the_intent_alone_and_the_next_step_tells_of_it(world: World) -> None:
    identifier = world.ask(SHIP)
    asked = world.posting()
    seen: list[tuple[IntentState, bool, int]] = []

    def during(name: str) -> None:
        if name == "ship":
            intent = world.intent(identifier)
            seen.append((intent.state, intent.untold, world.posting().version))

    world.market.on_call = during
    world.clock.advance(timedelta(seconds=5))
    sent_at = world.clock.now()
    world.settle(identifier)

    assert seen == [(IntentState.SENT, True, asked.version)]
    # The read that shows it and what it proves are one version, with one row for both.
    told = [(stored.version, stored.event.type) for stored in world.history()[-3:]]
    assert told == [
        (asked.version + 1, EventType.POSTING_ASSEMBLED),
        (asked.version + 1, EventType.INTENT_SENT),
        (asked.version + 1, EventType.INTENT_CONFIRMED),
    ]
    assert world.history()[-2].event.at == sent_at
    assert not world.intent(identifier).untold
    assert world.red() == set()


@pytest.mark.parametrize("action", list(ACTIONS))
def test_a_claim_that_was_never_answered_is_told_by_whatever_comes_next(world: World, action: IntentAction) -> None:
    identifier = world.ask(action)
    world.market.fail(ACTIONS[action][1], Fault.TIMEOUT_BEFORE)
    world.settle(identifier)
    assert world.state(identifier) is IntentState.UNKNOWN
    kinds = [stored.event.type for stored in world.history() if stored.event.data.get("intent") == identifier]
    assert kinds == [EventType.INTENT_CREATED, EventType.INTENT_SENT, EventType.INTENT_UNKNOWN]

    world.clock.advance(timedelta(minutes=1))
    world.market.change(a.NUMBER, status="cancelled", actions=())
    world.settle(identifier)
    assert world.types().count(EventType.INTENT_SENT) == 1


def test_an_intent_has_one_alarm_for_life_where_that_rings_in_time_after_the_call(world: World) -> None:
    identifier = world.ask(SHIP)
    born = world.intent(identifier).next_alarm
    alarms: list[Alarm | None] = []

    def during(name: str) -> None:
        if name == "ship":
            alarms.append(world.intent(identifier).next_alarm)

    world.market.on_call = during
    world.clock.advance(timedelta(seconds=5))
    world.settle(identifier)
    assert alarms == [born]


def test_an_intent_that_is_claimed_late_is_looked_at_as_long_after_its_call_as_ever(world: World) -> None:
    identifier = world.ask(SHIP)
    alarms: list[Alarm | None] = []

    def during(name: str) -> None:
        if name == "ship":
            alarms.append(world.intent(identifier).next_alarm)

    world.market.on_call = during
    world.clock.advance(timedelta(seconds=55))
    world.settle(identifier)
    assert alarms == [
        Alarm(due=world.clock.now() + SellerSettings(seller="x").settle_after, kind=RungKind.SETTLE_INTENT)
    ]


def test_a_worker_that_died_between_claim_and_call_is_noticed_by_the_alarm_the_intent_was_born_with(
    world: World,
) -> None:
    identifier = world.ask(SHIP)
    world.clock.advance(timedelta(seconds=5))

    def dies(name: str) -> None:
        if name == "ship":
            raise KeyboardInterrupt

    world.market.on_call = dies
    with pytest.raises(KeyboardInterrupt):
        world.settle(identifier)
    world.market.on_call = None
    assert world.state(identifier) is IntentState.SENT

    assert world.ring_next(intent_id=identifier).outcome == "fired"
    world.settle(identifier)
    assert world.state(identifier) is IntentState.UNKNOWN
    kinds = [stored.event.type for stored in world.history() if stored.event.data.get("intent") == identifier]
    assert kinds == [
        EventType.INTENT_CREATED,
        EventType.INTENT_CHECK_DUE,
        EventType.INTENT_SENT,
        EventType.INTENT_UNKNOWN,
    ]
    assert world.market.calls["ship"] == 0


def test_the_read_after_the_call_meets_another_writer_and_settles_at_the_next_try(world: World) -> None:
    identifier = world.ask(SHIP)
    real = world.store.commit
    meddled: list[bool] = []

    def commit(writes: Sequence[Write], **more: Any) -> None:
        confirms = any(isinstance(one, SaveIntent) and one.intent.state is IntentState.CONFIRMED for one in writes)
        if confirms and not meddled:
            meddled.append(True)
            world.do(Command.CONFIRM)
        real(writes, **more)

    world.store.commit = commit  # type: ignore[method-assign]  # a double of the test
    settled = world.settle(identifier)
    assert meddled
    assert settled.intent.state is world.state(identifier) is IntentState.CONFIRMED
    assert world.types().count(EventType.INTENT_CONFIRMED) == 1
    assert world.posting().open_intents == ()
    assert world.red() == set()


def test_the_read_after_the_call_is_folded_by_a_reader_first_and_the_intent_is_settled_by_itself(world: World) -> None:
    identifier = world.ask(SHIP)
    real = world.store.commit
    meddled: list[bool] = []

    def commit(writes: Sequence[Write], **more: Any) -> None:
        confirms = any(isinstance(one, SaveIntent) and one.intent.state is IntentState.CONFIRMED for one in writes)
        if confirms and not meddled:
            meddled.append(True)
            world.read()
        real(writes, **more)

    world.store.commit = commit  # type: ignore[method-assign]  # a double of the test
    settled = world.settle(identifier)
    assert settled.intent.state is world.state(identifier) is IntentState.CONFIRMED
    assert settled.intent.version == world.intent(identifier).version
    assert world.types().count(EventType.INTENT_CONFIRMED) == 1
    assert world.red() == set()


def test_somebody_ends_an_intent_in_the_middle_of_the_read_after_its_call(world: World) -> None:
    identifier = world.ask(SHIP)
    real = world.store.commit
    meddled: list[bool] = []

    def commit(writes: Sequence[Write], **more: Any) -> None:
        confirms = any(isinstance(one, SaveIntent) and one.intent.state is IntentState.CONFIRMED for one in writes)
        if confirms and not meddled:
            meddled.append(True)
            world.settle(identifier)
        real(writes, **more)

    world.store.commit = commit  # type: ignore[method-assign]  # a double of the test
    with contextlib.suppress(VersionConflictError):
        world.settle(identifier)
    assert world.state(identifier) is IntentState.CONFIRMED
    assert world.types().count(EventType.INTENT_CONFIRMED) == 1
    assert world.types().count(EventType.INTENT_SENT) == 1
    assert world.red() == set()


def test_what_no_queue_hears_of_is_quiet() -> None:
    for kind in QUIET:
        stored = StoredEvent(
            seller=a.SELLER,
            ref=posting_ref(a.NUMBER),
            version=1,
            index=0,
            event=a.event(type=kind, data={"intent": "p.1.ship.1", "action": "ship", "state": "SENT"}),
        )
        assert not route_event(stored, label_delay_seconds=0)
