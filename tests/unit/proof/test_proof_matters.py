"""What the proof holds of returns, wishes to cancel, claims, carriages and cases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.keys import Key
from shipby.application.cancels.sync import sync_cancel_requests
from shipby.application.cases.opening import close_open_case, open_case
from shipby.application.evidence.claims import claim_writes
from shipby.domain.cancels.requests import CancelRequestState
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.matter import Matter, case_id
from shipby.domain.events import Event, EventType, Ref, cancel_request_ref, case_ref, claim_ref
from shipby.domain.evidence.claims import Claim, ClaimKind, ClaimState
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.support.memory_writes import Planned
from tests.unit.world_support import World

FIRST, SECOND, THIRD = "90000001", "90000002", "90000003"


def delete(world: World, key: Key) -> Callable[[], None]:
    """What a careless hand does in a console; returns what puts it back."""
    row, columns = world.store._rows[key], world.store._columns[key]
    world.store._put(Planned(key, None))
    return lambda: world.store._put(Planned(key, row, columns))


def claim(identifier: str, **changes: Any) -> Claim:
    return replace(
        Claim(
            seller=a.SELLER,
            id=identifier,
            version=1,
            kind=next(iter(ClaimKind)),
            state=ClaimState.OPEN,
            posting_number="n-1",
            asked_at=a.NOW,
            answer_by=a.NOW + timedelta(days=2),
            source="hand",
        ),
        **changes,
    )


def told(kind: EventType) -> tuple[Event, ...]:
    return (Event(type=kind, at=a.NOW, actor="key:k1"),)


@pytest.fixture
def world() -> World:
    """Two claims, the second ended; three wishes to cancel, the last one answered; one case."""
    world = World()
    for number in ("n-1", "n-2", "n-3"):
        world.arrives(number)
    for identifier, number in ((FIRST, "n-1"), (SECOND, "n-2"), (THIRD, "n-3")):
        world.market.cancellations.opens(identifier, number, until=a.NOW + timedelta(days=2))
    poll_requests(world)
    world.clock.advance(timedelta(minutes=5))
    world.market.cancellations.decide(THIRD, CancelRequestState.REJECTED)
    poll_requests(world)
    for identifier in ("c-1", "c-2"):
        world.write(*claim_writes(claim(identifier), told(EventType.CLAIM_OPENED)))
    world.write(*claim_writes(claim("c-2", version=2, state=ClaimState.WITHDRAWN), told(EventType.CLAIM_WITHDRAWN)))
    open_case(world.store, **CASE, reason="looks odd", owner="")
    world.clock.advance(timedelta(hours=3))
    return world


CASE: dict[str, Any] = {
    "seller": a.SELLER,
    "kind": CaseKind.LABEL_PAGE,
    "subject": "n-1",
    "now": a.NOW,
    "actor": "system:test",
}
CASE_ID = case_id(Matter(seller=a.SELLER, kind=CaseKind.LABEL_PAGE, subject="n-1"), a.NOW)


def poll_requests(world: World) -> None:
    sync_cancel_requests(a.SELLER, store=world.store, marketplace=world.market, clock=world.clock)


def test_matters_without_gaps_are_green_and_counted(world: World) -> None:
    proof = world.proof()
    assert proof.view()["findings"] == []
    assert (proof.counts["cancel_requests"], proof.counts["claims"], proof.counts["cases"]) == (3, 2, 1)


@pytest.mark.parametrize(
    ("ref", "name", "versions"),
    [
        (cancel_request_ref(FIRST), f"cancel request {FIRST}", 1),
        (cancel_request_ref(SECOND), f"cancel request {SECOND}", 1),
        (cancel_request_ref(THIRD), f"cancel request {THIRD}", 2),
        (claim_ref("c-1"), "claim c-1", 1),
        (claim_ref("c-2"), "claim c-2", 2),
        (case_ref(CASE_ID), f"case {CASE_ID}", 1),
    ],
)
def test_each_lost_event_of_a_matter_is_red_until_it_is_back(world: World, ref: Ref, name: str, versions: int) -> None:
    for version in range(1, versions + 1):
        put_back = delete(world, keys.event(a.SELLER, ref, version, 0))
        assert ("event_missing", name) in {(one.check, one.id) for one in world.proof().findings}
        put_back()
        assert world.red() == set()


def test_the_lost_event_of_a_closed_case_is_red(world: World) -> None:
    close_open_case(world.store, **{**CASE, "now": world.clock.now()}, resolution="looked at")
    put_back = delete(world, keys.event(a.SELLER, case_ref(CASE_ID), 2, 0))
    assert world.red() == {"event_missing"}
    put_back()
    assert world.red() == set()


@pytest.mark.parametrize("identifier", [FIRST, SECOND])
def test_a_wish_to_cancel_that_waits_there_and_has_no_row_is_red(world: World, identifier: str) -> None:
    put_back = delete(world, keys.cancel_request(a.SELLER, identifier))
    assert ("cancel_request_missing", identifier) in {(one.check, one.id) for one in world.proof().findings}
    put_back()
    assert world.red() == set()


def test_a_wish_to_cancel_that_was_asked_for_a_moment_ago_may_still_come(world: World) -> None:
    world.market.cancellations.opens("90000009", "n-1", until=None)
    assert world.red() == set()
    world.clock.advance(timedelta(minutes=11))
    assert world.red() == {"cancel_request_missing"}
    poll_requests(world)
    assert world.red() == set()


def test_a_wish_that_is_answered_here_and_waits_there_is_red(world: World) -> None:
    key = keys.cancel_request(a.SELLER, SECOND)
    row, columns = world.store._rows[key], world.store._columns[key]
    world.store._put(Planned(key, replace(row, state=CancelRequestState.REJECTED), columns))
    assert world.red() == {"cancel_request_differs"}
    world.store._put(Planned(key, row, columns))
    assert world.red() == set()


def test_a_wish_whose_clock_ran_out_is_red_while_it_is_open_here(world: World) -> None:
    for identifier in (FIRST, SECOND):
        world.market.cancellations.decide(identifier, CancelRequestState.APPROVED)
    world.clock.advance(timedelta(days=3))
    for number in ("n-1", "n-2", "n-3"):
        world.read(number)
    assert world.red() == {"cancel_request_differs"}
    poll_requests(world)
    assert world.red() == set()


@pytest.mark.parametrize("fault", [Fault.CREDENTIALS])
def test_a_key_that_may_not_read_wishes_to_cancel_makes_nothing_red(world: World, fault: Fault) -> None:
    world.market.fail("cancellations.waiting", fault)
    proof = world.proof()
    assert proof.green
    assert proof.counts["cancel_requests_not_permitted"] == 1


@pytest.mark.parametrize("which", ["501", "503"])
def test_a_return_in_another_state_than_listed_is_red_until_it_is_read(world: World, which: str) -> None:
    for index, return_id in enumerate(("501", "502", "503"), start=1):
        world.market.change(f"n-{index}", status="delivered", actions=())
        world.read(f"n-{index}")
        world.return_opens(return_id, number=f"n-{index}")
    world.clock.advance(timedelta(hours=3))
    assert world.red() == set()
    world.market.change_return(which, state="X")
    assert {(one.check, one.id) for one in world.proof().findings} == {("return_differs", which)}
    world.read_return(which)
    assert world.red() == set()
