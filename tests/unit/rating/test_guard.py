"""The guard: no cancel brings the error index into a worse band unseen, however many ask at once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from shipby.application.rating.guard import cancel_forecast, room_words, words
from shipby.domain.errors import CancelGuardError, ShipbyError
from shipby.domain.events import EventType
from shipby.domain.intents import IntentAction
from shipby.domain.market import Market
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.unit.rating.index_support import asked, history, index_is, later, look, watch
from tests.unit.world_support import REQUESTS, World

AUTOMATIC: dict[str, Any] = {"automatic": True, "actor": "system:alarm_worker"}


@pytest.fixture
def world() -> World:
    """1 error in 80 shipments: two more cancels stay green, the third would not."""
    made = World()
    for n in range(5):
        made.arrives(f"n-{n}")
    index_is(made, "1.25", 1)
    look(made)
    return made


def cancel(world: World, number: str, **more: Any) -> str:
    return world.ask(IntentAction.CANCEL, number, **more)


def test_the_room_is_told_and_used_up_cancel_by_cancel(world: World) -> None:
    rooms = []
    for n in range(2):
        told = cancel_forecast(a.SELLER, store=world.store, now=world.clock.now())
        assert told is not None
        rooms.append((told.room, told.worse, room_words(told)))
        cancel(world, f"n-{n}")
    assert rooms == [
        (2, False, "at least 2 more cancels before yellow"),
        (1, False, "at least 1 more cancel before yellow"),
    ]
    assert asked(world) == ["n-0", "n-1"]
    assert watch(world).data["room"] == 0
    data = history(world)[-1].event.data
    assert (data["posting"], data["asked"], data["room"]) == ("n-1", 2, 0)


def test_a_cancel_into_a_worse_band_is_refused_with_the_forecast_and_the_way_on(world: World) -> None:
    cancel(world, "n-0")
    cancel(world, "n-1")
    with pytest.raises(CancelGuardError, match="green -> yellow") as caught:
        cancel(world, "n-2")
    assert [field for field, _ in caught.value.errors] == ["accept_forecast"]
    assert world.posting("n-2").open_intents == ()
    assert asked(world) == ["n-0", "n-1"]
    cancel(world, "n-2", accept_forecast=True)
    told = cancel_forecast(a.SELLER, store=world.store, now=world.clock.now())
    assert told is not None
    assert told.band_now is not None
    assert (told.band_now.name, told.worse) == ("yellow", False)
    assert watch(world).state == "green"
    assert watch(world).data["expected_band"] == "yellow"
    cancel(world, "n-3")


def test_with_the_guard_off_people_cancel_and_it_is_still_counted(world: World) -> None:
    world.policy(cancel_guard=False)
    for n in range(3):
        cancel(world, f"n-{n}")
    assert asked(world) == ["n-0", "n-1", "n-2"]


@pytest.mark.parametrize("guard", [True, False])
def test_an_automatic_cancel_into_a_worse_band_is_never_sent(world: World, guard: bool) -> None:
    world.policy(cancel_guard=guard, caps={"cancel": 100})
    cancel(world, "n-0", **AUTOMATIC)
    cancel(world, "n-1", **AUTOMATIC)
    with pytest.raises(CancelGuardError, match="not cancelled automatically"):
        cancel(world, "n-2", **AUTOMATIC, accept_forecast=True)


@pytest.mark.parametrize("why", ["never read", "not permitted", "no shipments", "a day old"])
def test_what_nobody_knows_a_person_may_risk_and_no_machine(why: str) -> None:
    fresh = World()
    fresh.arrives()
    if why == "not permitted":
        fresh.market.fail("error_index", Fault.CREDENTIALS)
        look(fresh)
    elif why == "a day old":
        index_is(fresh, "1.25", 1)
        look(fresh)
        fresh.clock.advance(timedelta(hours=25))
    elif why == "no shipments":
        fresh.clock.advance(timedelta(days=20))
        look(fresh)
    with pytest.raises(CancelGuardError, match="nobody knows"):
        cancel(fresh, a.NUMBER, **AUTOMATIC)
    cancel(fresh, a.NUMBER)
    assert fresh.posting().open_intents


def test_without_the_guard_an_unknown_index_holds_no_automatic_cancel() -> None:
    world = World()
    world.arrives()
    world.policy(cancel_guard=False)
    cancel(world, a.NUMBER, **AUTOMATIC)


def test_a_reason_that_is_the_buyers_is_not_guarded(world: World) -> None:
    request = {**REQUESTS[IntentAction.CANCEL], "reason_id": 665}
    for n in range(4):
        cancel(world, f"n-{n}", request=request)
    assert asked(world) == []


def test_a_cancel_asked_for_again_takes_no_second_place(world: World) -> None:
    intent = cancel(world, "n-0")
    world.market.change("n-0", actions=())
    world.settle(intent)
    world.market.change("n-0", actions=("cancel",))
    world.sync("n-0")
    cancel(world, "n-0")
    assert asked(world) == ["n-0"]


def test_a_forecast_that_a_person_accepted_gives_a_machine_no_leave(world: World) -> None:
    cancel(world, "n-0")
    cancel(world, "n-1")
    intent = cancel(world, "n-2", accept_forecast=True)
    world.market.change("n-2", actions=())
    world.settle(intent)
    world.market.change("n-2", actions=("cancel",))
    world.sync("n-2")
    with pytest.raises(CancelGuardError, match="green -> yellow"):
        cancel(world, "n-2", **AUTOMATIC)
    assert asked(world) == ["n-0", "n-1", "n-2"]
    cancel(world, "n-2")


def test_a_machine_may_use_the_place_that_its_posting_has_within_the_room(world: World) -> None:
    cancel(world, "n-0")
    intent = cancel(world, "n-1")
    world.market.change("n-1", actions=())
    world.settle(intent)
    world.market.change("n-1", actions=("cancel",))
    world.sync("n-1")
    cancel(world, "n-1", **AUTOMATIC)
    assert asked(world) == ["n-0", "n-1"]


def test_places_taken_outlive_a_time_in_which_the_key_may_not_read_the_index(world: World) -> None:
    cancel(world, "n-0")
    cancel(world, "n-1")
    world.market.fail("error_index", Fault.CREDENTIALS)
    later(world, hours=1)
    assert watch(world).state == "not permitted"
    with pytest.raises(CancelGuardError):
        cancel(world, "n-3", **AUTOMATIC)
    later(world, hours=1)
    assert asked(world) == ["n-0", "n-1"]
    with pytest.raises(CancelGuardError, match="green -> yellow"):
        cancel(world, "n-2")


def test_other_calls_know_nothing_of_the_guard(world: World) -> None:
    cancel(world, "n-0")
    cancel(world, "n-1")
    before = watch(world)
    world.ask(IntentAction.SHIP, "n-2")
    assert watch(world) == before


def test_eight_operators_at_once_do_not_overshoot_the_room() -> None:
    world = World()
    for n in range(8):
        world.arrives(f"n-{n}")
    index_is(world, "1.000", 1)
    look(world)
    told = cancel_forecast(a.SELLER, store=world.store, now=world.clock.now())
    assert told is not None
    assert told.room == 2
    barrier = Barrier(8)

    def run(n: int) -> str:
        barrier.wait()
        for _ in range(50):
            try:
                cancel(world, f"n-{n}")
            except ShipbyError as error:
                if not error.retryable:
                    return error.code
            else:
                return "sent"
        return "never"

    with ThreadPoolExecutor(8) as pool:
        results = Counter(pool.map(run, range(8)))
    assert results == {"sent": 2, "cancel_guard": 6}
    assert len(asked(world)) == 2
    assert sum(bool(world.posting(f"n-{n}").open_intents) for n in range(8)) == 2


def test_the_forecast_in_words_names_the_fee_and_what_blocks() -> None:
    world = World()
    world.policy(market=Market.GLOBAL)
    world.arrives()
    index_is(world, "39.0", 39)
    look(world)
    told = cancel_forecast(a.SELLER, store=world.store, now=world.clock.now(), count=3, price=a.rub("1000.00"))
    assert told is not None
    said = words(told)
    assert "orange -> red" in said
    assert "90.00 RUB" in said
    assert "block the account" in said


def test_the_history_of_the_watch_says_who_asked(world: World) -> None:
    cancel(world, "n-0")
    last = history(world)[-1].event
    assert (last.type, last.actor) == (EventType.WATCH_CHANGED, "key:k1")
