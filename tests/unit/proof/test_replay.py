"""Replay: whatever was done to a posting or a return, its history alone gives the stored item back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from shipby.adapters.dynamodb import keys
from shipby.application.proof.replay import replay, replay_view
from shipby.domain import actors
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import NotFoundError, ShipbyError
from shipby.domain.events import EventType, Ref, StoredEvent, posting_ref, return_ref
from shipby.domain.intents import IntentAction
from shipby.domain.postings.posting import Stage
from shipby.domain.sellers.settings import Automation
from tests.support import builders as a
from tests.support.fake_marketplace import FULL_REFUND, REJECT
from tests.unit.world_support import World

REF = posting_ref(a.NUMBER)


def told(world: World, ref: Ref = REF) -> dict[str, Any]:
    view: dict[str, Any] = replay_view(replay(a.SELLER, ref, store=world.store, now=world.clock.now()))
    return view


class EveryHistoryRebuilds(RuleBasedStateMachine):
    """One posting and one return under anything that people, the clock and the marketplace may do."""

    @initialize(automation=st.sampled_from(Automation))
    def begin(self, automation: Automation) -> None:
        self.world = World()
        self.world.policy(auto_cancel=automation, auto_move_date=automation, auto_ask_buyer=automation)
        self.world.arrives()
        self.world.arrives("back", status="delivered", actions=())
        self.world.return_opens(number="back")

    @rule(command=st.sampled_from(Command), minutes=st.integers(0, 600))
    def work(self, command: Command, minutes: int) -> None:
        self.world.clock.advance(timedelta(minutes=minutes))
        self.tried(lambda: self.world.do(command, reason="because"))

    @rule(action=st.sampled_from([IntentAction.SHIP, IntentAction.CANCEL, IntentAction.SET_CUT_OFF]))
    def ask_and_settle(self, action: IntentAction) -> None:
        self.tried(lambda: self.world.settle(self.world.ask(action)))

    @rule(changes=st.sampled_from(
        [
            {},
            {"status": "awaiting_deliver", "actions": ("cancel", "set_track_number")},
            {"shipment_date": a.CUT_OFF + timedelta(days=1)},
            {"tracking_number": "T-1", "carrier": "CDEK"},
            {"status": "delivering", "actions": ()},
            {"status": "cancelled", "actions": ()},
            {"requirements": {"products_requiring_gtd": ("1",)}},
        ]
    ))  # fmt: skip
    def marketplace_changes(self, changes: dict[str, Any]) -> None:
        self.world.clock.advance(timedelta(seconds=30))
        self.world.market.change(a.NUMBER, **changes)
        self.tried(self.world.read)

    @rule()
    def alarm(self) -> None:
        if self.world.alarm_of(REF) is not None:
            self.tried(self.world.ring_next)

    @rule(action=st.sampled_from([FULL_REFUND, REJECT]))
    def decide(self, action: int) -> None:
        more: dict[str, Any] = (
            {"refund": False, "comment": "used", "rejection_reason_id": 7} if action == REJECT else {}
        )
        self.tried(lambda: self.world.settle(self.world.decide(action, **more)))

    @rule()
    def read_return(self) -> None:
        self.world.clock.advance(timedelta(seconds=30))
        self.tried(self.world.read_return)

    @staticmethod
    def tried(doing: Any) -> None:
        try:
            doing()
        except ShipbyError:
            return

    @invariant()
    def the_rebuilt_item_is_the_stored_one(self) -> None:
        for ref in (REF, return_ref(a.RETURN_ID)):
            view = told(self.world, ref)
            assert view["equal"], view
            assert view["differences"] == {}
            assert view["not_rebuilt"] == []


EveryHistoryRebuilds.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
test_whatever_happens_the_history_gives_the_stored_item = EveryHistoryRebuilds.TestCase


@pytest.fixture
def world() -> World:
    world = World()
    world.arrives()
    world.clock.advance(timedelta(minutes=5))
    world.do(Command.CONFIRM)
    world.ring_next()
    return world


def test_the_timeline_tells_pushes_events_with_their_policy_and_what_each_version_changed(world: World) -> None:
    world.store.put_push(a.push(received_at=a.NOW + timedelta(minutes=1), posting_number=a.NUMBER))
    world.store.put_push(a.push(received_at=a.NOW + timedelta(minutes=1), posting_number="another", digest="d" * 64))

    view = told(world)

    assert view["equal"]
    born, confirmed, reminded = view["steps"]
    assert [push["type"] for push in confirmed["pushes"]] == [a.push().type]
    assert born["pushes"] == reminded["pushes"] == []
    assert confirmed["changed"]["stage"] == {"before": "received", "after": "confirmed"}
    assert (confirmed["events"][0]["actor"], confirmed["events"][0]["policy_version"]) == ("key:k1", None)
    current = world.store.settings(a.SELLER)
    assert current is not None
    assert {event["policy_version"] for event in reminded["events"]} == {current.version}
    assert view["pushes_since"] is None


def test_pushes_older_than_they_are_kept_are_said_to_be_gone(world: World) -> None:
    world.clock.advance(timedelta(days=40))

    assert told(world)["pushes_since"] == (world.clock.now() - timedelta(days=30)).isoformat().replace("+00:00", "Z")


def test_a_later_read_that_changed_nothing_is_equal_and_said(world: World) -> None:
    world.store.mark_synced(a.SELLER, a.NUMBER, world.clock.now() + timedelta(minutes=1))

    view = told(world)

    assert view["equal"]
    assert "synced_at of the stored item is later" in view["note"]


def test_an_item_edited_by_hand_is_different_by_name(world: World) -> None:
    key = keys.posting(a.SELLER, a.NUMBER)
    world.store._rows[key] = replace(world.posting(), stage=Stage.PACKED)

    view = told(world)

    assert not view["equal"]
    assert view["differences"] == {"stage": {"rebuilt": "confirmed", "stored": "packed"}}


def test_an_event_edited_or_deleted_by_hand_is_named_with_its_version(world: World) -> None:
    key = keys.event(a.SELLER, REF, 2, 0)
    rows = world.store._rows
    stored: StoredEvent = rows[key]
    rows[key] = replace(stored, event=replace(stored.event, actor="key:nobody"))
    edited = told(world)
    del rows[key]
    world.store._partitions[key.pk].remove(key.sk)
    deleted = told(world)

    assert (edited["equal"], deleted["equal"]) == (False, False)
    assert edited["gaps"] == ["version 2 is not as it was written: its events or its change were edited"]
    assert "version 2 has no event" in deleted["gaps"]


def test_an_item_nobody_knows_cannot_be_replayed(world: World) -> None:
    with pytest.raises(NotFoundError, match="there is no posting 404"):
        replay(a.SELLER, posting_ref("404"), store=world.store, now=a.NOW)


def test_every_event_of_the_alarm_engine_and_of_automation_tells_its_policy() -> None:
    world = World()
    version = world.policy(auto_cancel=Automation.SHADOW, auto_move_date=Automation.SHADOW).version
    world.arrives(actions=("cancel", "ship", "set_cutoff"))
    while world.alarm_of(REF) is not None and len(world.history()) < 20:
        world.ring_next()

    machine = [
        stored.event for stored in world.history() if stored.event.actor not in ("marketplace", actors.NOTIFICATIONS)
    ]

    assert {EventType.POSTING_REMINDED, EventType.POSTING_GIVE_UP_SHADOWED} <= {event.type for event in machine}
    assert {event.data.get("policy") for event in machine} == {version}
