"""Some intents no reading can settle: a person says what happened, once, and the money follows."""

from datetime import timedelta

import pytest

from shipby.application.settling.by_hand import Verdict, settle_by_hand
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError, NotFoundError
from shipby.domain.events import EventType
from shipby.domain.intents import IntentState
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.unit.world_support import World, forget


@pytest.fixture
def world() -> World:
    return World()


def unknown(world: World) -> str:
    """A refund whose call was lost without a trace."""
    world.arrives(status="delivered", actions=())
    world.return_opens()
    identifier = world.decide()
    world.market.fail("act_on_return", Fault.TIMEOUT_BEFORE)
    world.settle(identifier)
    return identifier


def called_for(world: World) -> str:
    """The same, so long that a person was told."""
    identifier = unknown(world)
    world.clock.advance(a.settings().settle_limit + timedelta(minutes=1))
    world.settle(identifier)
    return identifier


def say(world: World, identifier: str, *, happened: bool, reason: str = "seen in the cabinet") -> IntentState:
    verdict = Verdict(seller=a.SELLER, intent_id=identifier, happened=happened, actor="key:boss", reason=reason)
    settle_by_hand(verdict, forget, store=world.store, clock=world.clock)
    return world.intent(identifier).state


@pytest.mark.parametrize("happened", [True, False])
def test_a_verdict_ends_the_intent_and_moves_its_money(world: World, happened: bool) -> None:
    identifier = called_for(world)
    reserved = world.store.money(a.SELLER, a.NUMBER)
    assert reserved is not None
    assert reserved.reserved > 0
    state = say(world, identifier, happened=happened)
    assert state is (IntentState.CONFIRMED if happened else IntentState.REJECTED)
    ledger = world.store.money(a.SELLER, a.NUMBER)
    assert ledger is not None
    assert (ledger.reserved, ledger.refunded) == (0, reserved.reserved if happened else 0)
    assert world.market.calls["act_on_return"] == 1
    said = [stored.event for stored in world.store.events(a.SELLER, world.intent(identifier).ref)]
    kind = EventType.INTENT_CONFIRMED if happened else EventType.INTENT_REJECTED
    [event] = [event for event in said if event.type is kind]
    assert event.actor == "key:boss"
    assert "seen in the cabinet" in event.reason


def test_nobody_may_decide_while_the_answer_may_still_come(world: World) -> None:
    identifier = unknown(world)
    with pytest.raises(ActionNotOfferedError, match="still being settled"):
        say(world, identifier, happened=True)
    assert world.intent(identifier).state is IntentState.UNKNOWN


def test_a_settled_intent_is_not_settled_again(world: World) -> None:
    identifier = called_for(world)
    say(world, identifier, happened=False)
    with pytest.raises(ActionNotOfferedError, match="settled already"):
        say(world, identifier, happened=True)


def test_a_verdict_needs_a_reason_and_an_intent(world: World) -> None:
    identifier = called_for(world)
    with pytest.raises(InvalidInputError):
        say(world, identifier, happened=True, reason=" ")
    with pytest.raises(NotFoundError):
        say(world, f"p.{a.NUMBER}.cancel.9", happened=True)
