"""The account is watched: pushes, the key and the error index, each told when it changes and only then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shipby.application.cases.watch_account import note_rejected_key
from shipby.application.ports.marketplace import PushUrlHealth
from shipby.application.ports.writes import SaveWatch
from shipby.domain.errors import MarketplaceUnavailableError, StoreUnavailableError
from shipby.domain.events import EventType, watch_ref
from shipby.domain.intents import IntentAction
from shipby.domain.postings.posting import Alarm, RungKind, Stage
from shipby.domain.rating.error_index import RATING
from shipby.domain.rating.standing import IndexErrorKind, KeyInfo, RatingThresholds
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.support.memory_store import MemoryStore
from tests.unit.rating.index_support import (
    SELLERS_CANCEL,
    asked,
    error,
    history,
    index_is,
    later,
    look,
    types,
    watch,
)
from tests.unit.world_support import World, event_row

ENDS = a.NOW + timedelta(days=60)


@pytest.fixture
def world() -> World:
    made = World()
    made.market.key = KeyInfo(expires_at=ENDS, methods=("/v3/posting",))
    return made


def url(state: str, path: str = f"/ozon/push/{a.SELLER}.***", reason: str = "") -> PushUrlHealth:
    return PushUrlHealth(url=f"https://push.example{path}", state=state, reason=reason)


# Push health


def test_pushes_that_turn_unhealthy_are_told_once_and_again_when_it_gets_worse(world: World) -> None:
    for state in ("GREEN", "GREEN", "YELLOW", "YELLOW", "RED", "YELLOW", "GREEN", "GREEN"):
        world.market.health = (url(state),)
        assert later(world, minutes=5).push == state
    assert types(world, "push-health") == [
        "watch.changed",
        "push.unhealthy",
        "push.unhealthy",
        "watch.changed",
        "push.recovered",
    ]
    assert watch(world, "push-health").next_alarm is None


def test_an_unhealthy_address_has_an_alarm_until_it_recovers(world: World) -> None:
    world.market.health = (url("DISABLED", reason="AUTO: too many errors"),)
    look(world)
    found = watch(world, "push-health")
    assert found.next_alarm == Alarm(due=a.NOW + timedelta(hours=6), kind=RungKind.PUSH_UNHEALTHY)
    assert history(world, "push-health")[0].event.reason == "AUTO: too many errors"


def test_the_address_of_another_program_does_not_count(world: World) -> None:
    world.market.health = (url("DISABLED", "/hooks/other"), url("GREEN"))
    seen = look(world)
    assert (seen.push, seen.push_states) == ("GREEN", ("DISABLED", "GREEN"))
    world.market.health = (url("RED", "/hooks/other"),)
    assert look(world).push == "RED"


def test_without_any_address_nothing_is_unhealthy(world: World) -> None:
    assert look(world).push == "NONE"
    assert types(world, "push-health") == ["watch.changed"]


# The key


def test_the_key_is_looked_at_once_a_day_and_has_an_alarm_fourteen_days_before_its_end(world: World) -> None:
    assert look(world).key == "valid"
    later(world, hours=12)
    later(world, hours=11, minutes=59)
    assert world.market.calls["key_info"] == 2
    found = watch(world, "marketplace-key")
    assert found.next_alarm == Alarm(due=ENDS - timedelta(days=14), kind=RungKind.KEY_EXPIRES)
    assert found.data["expires_at"] == ENDS.isoformat()


def test_a_daily_look_leaves_the_alarm_that_has_moved_on(world: World) -> None:
    look(world)
    first = watch(world, "marketplace-key")
    moved = Alarm(due=ENDS - timedelta(days=7), kind=RungKind.KEY_EXPIRES)
    event = a.event(type=EventType.KEY_EXPIRES_SOON)
    world.write(
        SaveWatch(replace(first, version=2, next_alarm=moved)),
        event_row(watch_ref("marketplace-key"), 2, event),
    )
    assert later(world, days=50).key == "expires_soon"
    assert watch(world, "marketplace-key").next_alarm == moved


def test_a_key_with_few_days_left_is_told_at_once(world: World) -> None:
    world.market.key = KeyInfo(expires_at=a.NOW + timedelta(days=5), methods=())
    assert look(world).key == "expires_soon"
    alarm = watch(world, "marketplace-key").next_alarm
    assert alarm is not None
    assert alarm.due < a.NOW


def test_a_renewed_key_is_told_and_armed_anew(world: World) -> None:
    look(world)
    world.market.key = KeyInfo(expires_at=ENDS + timedelta(days=90), methods=())
    later(world, days=1)
    assert types(world, "marketplace-key") == ["watch.changed", "key.renewed"]
    alarm = watch(world, "marketplace-key").next_alarm
    assert alarm is not None
    assert alarm.due == ENDS + timedelta(days=76)


def test_a_rejection_is_told_once_and_its_case_is_closed_by_a_key_that_works(world: World) -> None:
    look(world)
    for _ in range(3):
        note_rejected_key(a.SELLER, "Api-key is deactivated", store=world.store, now=world.clock.now())
    assert watch(world, "marketplace-key").next_alarm is None
    [case] = world.store.cases_in(a.SELLER).items
    assert later(world, minutes=5).key == "valid"
    assert types(world, "marketplace-key") == ["watch.changed", "key.rejected", "key.renewed"]
    closed = world.store.case(a.SELLER, case)
    assert closed is not None
    assert not closed.open
    note_rejected_key(a.SELLER, "Invalid Api-Key", store=world.store, now=world.clock.now())
    assert len(world.store.cases_in(a.SELLER).items) == 1
    assert types(world, "marketplace-key")[-1] == "key.rejected"


def test_a_round_that_breaks_off_leaves_no_case_of_a_key_that_works(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(world)
    note_rejected_key(a.SELLER, "Api-key is deactivated", store=world.store, now=world.clock.now())
    commit, left = MemoryStore.commit, [1]

    def breaks_off(store: MemoryStore, *writes: Any, **more: Any) -> None:
        if not left:
            raise StoreUnavailableError("the function ended here")
        left.pop()
        commit(store, *writes, **more)

    with monkeypatch.context() as broken:
        broken.setattr(MemoryStore, "commit", breaks_off)
        with pytest.raises(StoreUnavailableError):
            later(world, minutes=5)
    assert later(world, minutes=5).key == "valid"
    assert world.store.cases_in(a.SELLER).items == ()


@pytest.mark.parametrize(("call", "identifier"), [("key_info", "marketplace-key"), ("error_index", "error-index")])
def test_a_method_that_the_key_may_not_call_is_a_state_and_no_failure(world: World, call: str, identifier: str) -> None:
    world.market.fail(call, Fault.CREDENTIALS)
    look(world)
    found = watch(world, identifier)
    assert (found.state, found.next_alarm) == ("not permitted", None)
    assert types(world, identifier) == ["watch.changed"]
    later(world, days=2)
    assert watch(world, identifier).state in ("valid", "unknown")


def test_an_unavailable_marketplace_is_a_failure_of_the_round(world: World) -> None:
    world.market.fail("error_index", Fault.UNAVAILABLE)
    with pytest.raises(MarketplaceUnavailableError):
        look(world)
    assert world.store.watch(a.SELLER, "error-index") is None


# The error index


def test_the_index_is_read_once_an_hour_with_all_pages_of_its_errors(world: World) -> None:
    index_is(world, "3.75", 0, *(error(f"n-{n}", days_ago=n + 1) for n in range(3)), error("n-g", grace=True))
    assert look(world).index == "green"
    later(world, minutes=30)
    assert world.market.calls["error_index"] == 1
    data = watch(world, "error-index").data
    assert (data["errors"], data["shipments"], data["shipments_most"]) == (3, 80, 80)
    assert (data["basis"], data["estimated"], data["ahead"]) == ("index", False, 0)
    assert data["leaves"] == {"2026-03-13": 1, "2026-03-14": 1, "2026-03-15": 1}
    assert data["costs"] == {"amount": "30.00", "currency": "RUB"}
    later(world, minutes=30)
    assert world.market.calls["error_index"] == 2


def test_errors_of_today_come_on_top_of_the_index(world: World) -> None:
    index_is(world, "3.75", 3, error("n-today", days_ago=0))
    look(world)
    assert watch(world, "error-index").data["ahead"] == 1


def test_a_posting_with_two_errors_counts_once(world: World) -> None:
    late = error("e-0", kind=IndexErrorKind.SELLER_DELAY, days_ago=6)
    index_is(world, "3.75", 3, late)
    look(world)
    assert watch(world, "error-index").data["errors"] == 3


def test_a_band_that_changes_is_told_in_either_direction(world: World) -> None:
    for value, count in (("1.25", 1), ("3.75", 3), ("6.25", 5), ("3.75", 3)):
        index_is(world, value, count)
        later(world, hours=1)
    assert types(world, "error-index") == [
        "watch.changed",
        "watch.changed",
        "index.band_changed",
        "index.band_changed",
    ]
    last = history(world, "error-index")[-1].event.data
    assert (last["was"], last["state"], last["index"]) == ("yellow", "green", "3.75")


def test_thresholds_of_the_marketplace_move_the_bands(world: World) -> None:
    world.market.thresholds[RATING] = RatingThresholds(rating=RATING, warning=Decimal(2), danger=Decimal(30))
    index_is(world, "3.75", 3)
    assert look(world).index == "yellow"
    assert watch(world, "error-index").data["warning"] == "2"


def test_thresholds_that_may_not_be_read_leave_the_dated_ones(world: World) -> None:
    world.market.fail("rating_thresholds", Fault.CREDENTIALS)
    index_is(world, "3.75", 3)
    assert look(world).index == "green"


def test_without_errors_our_own_postings_are_counted_as_an_estimate(world: World) -> None:
    assert look(world).index == "unknown"
    for n in range(60):
        world.arrives(f"n-{n}")
    index_is(world, "0")
    assert later(world, minutes=1).index == "green"
    data = watch(world, "error-index").data
    assert (data["shipments"], data["basis"], data["estimated"], data["room"]) == (60, "own_count", True, 2)


@pytest.mark.parametrize("days", [0, 2])
def test_a_cancel_asked_for_stays_ahead_until_the_marketplace_lists_it(world: World, days: int) -> None:
    world.arrives()
    index_is(world, "3.75", 3)
    look(world)
    world.settle(world.ask(IntentAction.CANCEL, accept_forecast=True))
    assert asked(world) == [a.NUMBER]
    world.market.change(a.NUMBER, cancellation=SELLERS_CANCEL)
    world.read()
    assert world.posting().stage is Stage.CANCELLED
    later(world, days=days, hours=1)
    assert asked(world) == [a.NUMBER]
    world.market.index_book.append(error(a.NUMBER, days_ago=-days))
    later(world, hours=1)
    assert asked(world) == []


@pytest.mark.parametrize("why", ["refused", "by the buyer", "does not count", "never listed"])
def test_a_cancel_that_proves_not_to_count_gives_its_place_back(world: World, why: str) -> None:
    world.arrives()
    index_is(world, "3.75", 3)
    look(world)
    intent = world.ask(IntentAction.CANCEL, accept_forecast=True)
    if why == "refused":
        world.market.fail("cancel", Fault.REFUSE)
        world.settle(intent)
    elif why == "by the buyer":
        world.market.cancel_by(a.NUMBER, "client")
        world.settle(intent)
        world.read()
    else:
        world.settle(intent)
        if why == "never listed":
            world.market.change(a.NUMBER, cancellation=SELLERS_CANCEL)
        world.read()
    later(world, minutes=58)
    assert asked(world) == [a.NUMBER]
    later(world, days=4 if why == "never listed" else 0, hours=2)
    assert asked(world) == []
