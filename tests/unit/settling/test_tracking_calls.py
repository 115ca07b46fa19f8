"""Several tracking numbers in one call: each is settled for itself."""

import pytest

from shipby.application.settling.settle import settle_together
from shipby.domain.errors import NotFoundError
from shipby.domain.intents import IntentState
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.unit.world_support import World


@pytest.fixture
def world() -> World:
    return World()


def numbers(world: World, count: int) -> list[str]:
    asked = []
    for index in range(count):
        world.arrives(f"n-{index}", status="awaiting_deliver", actions=("set_track_number",))
        asked.append(world.ask_tracking(f"TRACK-{index}", f"n-{index}"))
    return asked


def test_each_number_of_a_call_is_settled_for_itself(world: World) -> None:
    good, bad, unknown = numbers(world, 3)
    world.market.refused_tracking["TRACK-1"] = "INVALID_TRACKING"
    results = settle_together(
        a.SELLER,
        [good, bad, unknown, good, "p.nobody.set_tracking.1"],
        store=world.store,
        marketplace=world.market,
        clock=world.clock,
    )
    assert world.state(good) is IntentState.CONFIRMED
    assert world.state(bad) is IntentState.REJECTED
    assert isinstance(results["p.nobody.set_tracking.1"], NotFoundError)
    assert world.market.calls["set_tracking_numbers"] == 1
    assert world.intent(bad).outcome == "INVALID_TRACKING"


def test_nothing_is_claimed_while_the_marketplace_is_still_being_read(world: World) -> None:
    asked = numbers(world, 3)
    claimed_while_reading: list[str] = []

    def look(call: str) -> None:
        if call == "posting" and not world.market.calls["set_tracking_numbers"]:
            claimed_while_reading.extend(one for one in asked if world.state(one) is IntentState.SENT)

    world.market.on_call = look
    settle_together(a.SELLER, asked, store=world.store, marketplace=world.market, clock=world.clock)
    assert claimed_while_reading == []
    assert {world.state(identifier) for identifier in asked} == {IntentState.CONFIRMED}


@pytest.mark.parametrize(
    ("fault", "ends", "calls"),
    [
        (Fault.TIMEOUT_AFTER, IntentState.CONFIRMED, 1),
        (Fault.TIMEOUT_BEFORE, IntentState.UNKNOWN, 1),
        (Fault.RATE_LIMIT, IntentState.CONFIRMED, 2),
        (Fault.REFUSE, IntentState.REJECTED, 1),
    ],
)
def test_a_call_for_several_numbers_that_fails_settles_each_by_reading(
    world: World, fault: Fault, ends: IntentState, calls: int
) -> None:
    asked = numbers(world, 2)
    world.market.fail("set_tracking_numbers", fault)
    for _ in range(2):
        settle_together(a.SELLER, asked, store=world.store, marketplace=world.market, clock=world.clock)
    assert {world.state(identifier) for identifier in asked} == {ends}
    assert world.market.calls["set_tracking_numbers"] == calls


@pytest.mark.parametrize("together", [True, False])
def test_a_refusal_that_may_pass_is_asked_for_again_while_the_number_is_offered(world: World, together: bool) -> None:
    passing, final = numbers(world, 2)
    world.market.refused_tracking["TRACK-0"] = "HAS_INCORRECT_STATUS"
    world.market.refused_tracking["TRACK-1"] = "HAS_INCORRECT_STATUSES"

    def settle() -> None:
        if together:
            settle_together(a.SELLER, [passing, final], store=world.store, marketplace=world.market, clock=world.clock)
        else:
            world.settle(passing)
            world.settle(final)

    settle()
    assert (world.state(passing), world.state(final)) == (IntentState.PENDING, IntentState.REJECTED)
    assert "try 1 of 3: HAS_INCORRECT_STATUS" in world.intent(passing).outcome
    waiting = world.intent(passing).next_alarm
    assert waiting is not None
    assert waiting.due > world.clock.now()
    del world.market.refused_tracking["TRACK-0"]
    settle()
    assert world.state(passing) is IntentState.CONFIRMED
    assert world.posting("n-0").tracking_number == "TRACK-0"


def test_a_refusal_that_does_not_pass_stands_after_three_calls(world: World) -> None:
    (asked,) = numbers(world, 1)
    world.market.refused_tracking["TRACK-0"] = "TRANSITION_IS_NOT_POSSIBLE"
    for tries, state in ((1, "PENDING"), (2, "PENDING"), (3, "REJECTED"), (3, "REJECTED")):
        world.settle(asked)
        assert (world.market.calls["set_tracking_numbers"], world.state(asked)) == (tries, state)


def test_a_refusal_of_what_is_not_offered_any_more_is_never_asked_for_again(world: World) -> None:
    (asked,) = numbers(world, 1)

    def meanwhile(name: str) -> None:
        if name == "set_tracking_numbers":
            world.market.change("n-0", actions=("cancel",))

    world.market.on_call = meanwhile
    world.settle(asked)
    assert world.state(asked) is IntentState.REJECTED
    assert world.market.calls["set_tracking_numbers"] == 1
