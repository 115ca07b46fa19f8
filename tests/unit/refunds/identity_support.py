"""Two returns of one posting whose refunds are of one amount, and what the marketplace charges for them."""

from datetime import timedelta
from typing import Any

from shipby.application.cases.opening import find_open_case
from shipby.application.refunds.compare_accruals import AccrualRound, compare_accruals
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.cases.matter import Matter
from shipby.domain.intents import IntentState
from shipby.domain.postings.posting import Scheme
from shipby.domain.refunds.ledger import Entry
from tests.support import builders as a
from tests.support.fake_accruals import REFUND
from tests.support.fake_marketplace import FULL_REFUND, GOODS_RECEIVED, Fault, offer
from tests.unit.world_support import World

DAY = timedelta(days=1)
SKU = a.line().sku
R1, R2 = a.RETURN_ID, "2"


def two_returns() -> World:
    """A delivered posting with two open returns of one piece each."""
    world = World()
    world.arrives(status="delivered", actions=(), scheme=Scheme.RFBS, integration="aggregator")
    world.return_opens(quantity=1)
    world.return_opens(R2, quantity=1)
    return world


def compare(world: World, days: int = 1) -> AccrualRound:
    world.clock.advance(DAY * days)
    return compare_accruals(a.SELLER, store=world.store, marketplace=world.market, clock=world.clock, at_once=True)


def lost(world: World, return_id: str = R1, *, moves_on: bool = True, fault: Fault = Fault.TIMEOUT_BEFORE) -> str:
    """A refund whose call never arrived; its return moves on by itself, which proves nothing."""
    identifier = world.decide(FULL_REFUND, return_id)
    world.market.fail("act_on_return", fault)
    world.settle(identifier)
    assert world.state(identifier) is IntentState.UNKNOWN
    if moves_on:
        world.market.change_return(return_id, state="AWAITING_GOODS", actions=offer(GOODS_RECEIVED))
    return identifier


def made(world: World, return_id: str, *, charged: bool = True, **more: Any) -> str:
    world.market.accruals.late = not charged
    identifier = world.decide(more.pop("action", FULL_REFUND), return_id, **more)
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    world.market.accruals.late = False
    return identifier


def in_the_cabinet(world: World, return_id: str = R2) -> None:
    world.market.change_return(return_id, actions=(), state="MoneyReturned")


def charge(world: World, minor: int = 12_500, type_id: int = REFUND, **more: Any) -> None:
    named: dict[str, Any] = {"on": world.clock.now().date(), "sku": SKU, "quantity": 1}
    world.market.accruals.charge(a.NUMBER, type_id, minor, **(named | more))


def money_case(world: World) -> Case | None:
    return find_open_case(world.store, Matter(seller=a.SELLER, kind=CaseKind.MONEY, subject=a.NUMBER))


def entry(world: World, key: str) -> Entry:
    return world.ledger().entries[key]


def unproven(world: World, identifier: str) -> bool:
    return world.state(identifier) is IntentState.UNKNOWN and world.ledger().reserved > 0
