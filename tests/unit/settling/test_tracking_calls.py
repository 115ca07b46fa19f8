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
