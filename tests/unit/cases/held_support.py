"""A shop whose automatic cancels are on, and what is seen of a decision that is held."""

from datetime import timedelta
from typing import Any

from shipby.application.alarms.decide_again import decide_held
from shipby.application.alarms.ringing import ring
from shipby.domain.alarm import AlarmRef
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.cases.held import Wait
from shipby.domain.events import case_ref, posting_ref
from shipby.domain.postings.posting import RungKind, Scheme, Stage
from shipby.domain.sellers.settings import Automation, LatePolicy, Recipient
from tests.support import builders as a
from tests.unit.world_support import World

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OFFERED = ("can_create_chat", "cancel", "set_cutoff", "ship")
ACTIVE: dict[str, Any] = {
    "policy": LatePolicy.CROSS_BORDER_RFBS,
    "auto_cancel": Automation.ON,
    "cancel_guard": False,
    "owners": {"*": "owner"},
    "recipients": (Recipient(name="owner"),),
}


def active_shop() -> World:
    """One posting that the seller delivers, in a shop that cancels by itself."""
    world = World()
    world.policy(**ACTIVE)
    world.arrives(actions=OFFERED, scheme=Scheme.RFBS, integration="non_integrated")
    return world


def ring_to(world: World, kind: RungKind, number: str = a.NUMBER) -> None:
    for _ in range(60):
        if kind in world.posting(number).fired:
            return
        assert world.ring_next(posting_ref(number)).outcome == "fired"
    raise AssertionError(f"{kind} never rang")


def cases(world: World, kind: CaseKind = CaseKind.HELD) -> list[Case]:
    found = [world.store.case(a.SELLER, identifier) for identifier in world.store.cases_in(a.SELLER).items]
    return [case for case in found if case is not None and case.kind is kind]


def held(world: World) -> Case:
    """The one held decision: owned, and with an alarm ahead that is not further away than a day."""
    (case,) = cases(world)
    assert case.owner == "owner"
    assert case.next_alarm is not None
    assert world.clock.now() < case.next_alarm.due <= world.clock.now() + DAY
    return case


def waits_for(world: World) -> Wait:
    case = held(world)
    assert case.held is not None
    return case.held.waits_for


def ring_case(world: World) -> str:
    """Wait for the held decision's own alarm, and let it ring."""
    case = held(world)
    assert case.next_alarm is not None
    world.clock.time = case.next_alarm.due
    alarm = AlarmRef(seller=a.SELLER, ref=case_ref(case.id), intent_id="", due=case.next_alarm.due)
    return ring(alarm, store=world.store, clock=world.clock).outcome


def again(world: World) -> dict[str, int]:
    """A round of the poll."""
    return decide_held(a.SELLER, store=world.store, clock=world.clock)


def cancels(world: World, number: str = a.NUMBER) -> list[str]:
    return [identifier for identifier in world.posting(number).open_intents if ".cancel." in identifier]


def closed_as(world: World, case: Case) -> str:
    found = world.store.case(a.SELLER, case.id)
    assert found is not None
    assert not found.open
    assert found.next_alarm is None
    return found.resolution


def give_up(world: World, **policy: Any) -> Case:
    world.policy(**policy)
    ring_to(world, RungKind.GIVE_UP_AT)
    assert world.posting().stage is Stage.EXPIRED
    assert cancels(world) == []
    return held(world)
