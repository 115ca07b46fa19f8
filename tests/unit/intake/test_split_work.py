"""What is split off is the same order: its work, its clocks and its money go along, and each view shows the family."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from shipby.application.deadlines.due_soon import Wanted, deadlines
from shipby.application.postings.queries import get_posting
from shipby.application.proof.replay import replay
from shipby.application.refunds.queries import get_refunds
from shipby.application.returns.refund_money import left_for
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import ActionNotOfferedError, OverRefundError
from shipby.domain.events import EventType, posting_ref
from shipby.domain.money import Money
from shipby.domain.postings.posting import RungKind, Scheme, Stage
from shipby.domain.refunds.families import Family, Relative, joined
from shipby.domain.refunds.ledger import LineBalance, MoneyLedger
from tests.support import builders as a
from tests.unit.world_support import World, money

PARENT, FIRST, SECOND = a.NUMBER, "24219509-0020-3", "24219509-0020-4"
TEA, CUP = (
    a.line(sku="1", quantity=1, price=a.rub("100.00")),
    a.line(sku="2", quantity=1, price=a.rub("60.00")),
)
ORDERS = list(permutations((PARENT, FIRST)))
WORK = (Command.CONFIRM, Command.PICK, Command.PACK)
BEGIN = [(0, Stage.RECEIVED), (1, Stage.CONFIRMED), (2, Stage.PICKED), (3, Stage.PICKED)]
RFBS: dict[str, Any] = {"scheme": Scheme.RFBS, "integration": "non_integrated", "tariff_steps": ()}


def shop(steps: int = 0) -> World:
    world = World()
    world.arrives(lines=(TEA, CUP), **RFBS)
    for command in WORK[:steps]:
        world.do(command)
    world.clock.advance(timedelta(minutes=1))
    return world


def split(world: World, *, whole: bool, **child: Any) -> None:
    ended = {"status": "cancelled_from_split_pending", "substatus": "posting_split_pending", "actions": ()}
    others = (FIRST, SECOND) if whole else (FIRST,)
    world.market.change(PARENT, related_numbers=others, **(ended if whole else {"lines": (TEA,)}))
    for number, line in zip(others, (CUP, TEA), strict=False):
        facts = {"lines": (line,), "parent_number": PARENT, "requirements": {}, "actions": ("cancel", "ship")}
        world.market.put(a.detail(**{"number": number, **facts, **RFBS, **child}))


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("steps", "stage"), BEGIN)
def test_what_was_done_for_the_goods_is_done(whole: bool, order: tuple[str, ...], steps: int, stage: Stage) -> None:
    world = shop(steps)
    split(world, whole=whole)
    for number in order:
        world.read(number)
    child, parent = world.posting(FIRST), world.posting(PARENT)
    assert (child.stage, child.parent_number) == (stage, PARENT)
    assert child.received_at == parent.received_at
    received = world.history(posting_ref(FIRST))[0].event
    assert (received.type, received.data["parent"], received.data["stage"]) == (
        EventType.POSTING_RECEIVED,
        PARENT,
        stage,
    )
    assert replay(a.SELLER, posting_ref(FIRST), store=world.store, now=world.clock.now()).equal


@pytest.mark.parametrize("order", ORDERS)
def test_a_block_goes_along_and_is_lifted_to_the_work_before_it(order: tuple[str, ...]) -> None:
    world = shop(2)
    world.do(Command.INSPECT, passed=False, reason="scratched")
    world.clock.advance(timedelta(minutes=1))
    split(world, whole=True)
    for number in order:
        world.read(number)
    child = world.posting(FIRST)
    assert (child.stage, child.blocked_reason) == (Stage.BLOCKED, "inspection failed: scratched")
    assert world.do(Command.UNBLOCK, FIRST, reason="looked again").body["stage"] == "picked"


@pytest.mark.parametrize("order", ORDERS)
def test_reminders_that_rang_for_the_order_do_not_ring_for_each_part(order: tuple[str, ...]) -> None:
    world = shop()
    while RungKind.REMIND_AT not in world.posting().fired:
        assert world.ring_next().outcome == "fired"
    world.clock.advance(timedelta(seconds=1))
    rang = world.posting().fired
    split(world, whole=True)
    for number in order:
        world.read(number)
    child = world.posting(FIRST)
    assert child.fired[RungKind.REMIND_AT] == rang[RungKind.REMIND_AT]
    assert child.next_alarm is not None
    assert child.next_alarm.due > world.clock.now()
    assert {rung.kind for rung in child.rungs} >= {RungKind.SHIPMENT_DATE}


def test_what_left_the_house_already_is_no_work_of_ours() -> None:
    world = shop(3)
    split(world, whole=True, status="delivering", actions=())
    world.read(FIRST)
    assert world.posting(FIRST).stage is Stage.IN_TRANSIT


def test_a_child_of_a_posting_that_nobody_knows_begins_like_any_other() -> None:
    world = World()
    world.market.put(a.detail(number=FIRST, lines=(CUP,), parent_number=PARENT))
    world.read(FIRST)
    child = world.posting(FIRST)
    assert (child.stage, child.received_at) == (Stage.RECEIVED, world.clock.now())


# Views -----------------------------------------------------------------------------------------------------------


def family(view: Any) -> tuple[list[str], list[Any]]:
    return [each["posting_number"] for each in view["family"]["postings"]], view["family"]["totals"]


@pytest.mark.parametrize("whole", [True, False])
def test_each_member_shows_the_family_and_what_was_paid_for_it_once(whole: bool) -> None:
    world = shop()
    split(world, whole=whole)
    members = [PARENT, FIRST, *([SECOND] if whole else [])]
    for number in members:
        world.read(number)
    world.market.change(FIRST, status="delivered", actions=())
    world.clock.advance(timedelta(minutes=1))
    world.read(FIRST)
    world.return_opens("r1", FIRST, sku="2", quantity=1, price=a.rub("60"))
    world.settle(world.decide(return_id="r1"))
    total = {
        "currency": "RUB",
        "paid": {"amount": "160.00", "currency": "RUB"},
        "reserved": {"amount": "0.00", "currency": "RUB"},
        "refunded": {"amount": "60.00", "currency": "RUB"},
    }
    for number in members:
        for view in (
            get_posting(a.SELLER, number, store=world.store),
            get_refunds(a.SELLER, number, store=world.store),
        ):
            assert family(view) == (members, [total])
    shown: Any = get_posting(a.SELLER, FIRST, store=world.store)
    assert shown["parent"] == PARENT
    assert [each["parent"] for each in shown["family"]["postings"]] == [None, *([PARENT] * (len(members) - 1))]


def test_a_child_that_is_split_again_belongs_to_the_same_family() -> None:
    world = shop()
    split(world, whole=False, lines=(a.line(sku="2", quantity=1, price=a.rub("60.00")),))
    world.read(PARENT)
    world.read(FIRST)
    world.clock.advance(timedelta(minutes=1))
    world.market.change(FIRST, status="cancelled_from_split_pending", actions=(), related_numbers=(PARENT, SECOND))
    world.market.put(a.detail(number=SECOND, lines=(CUP,), parent_number=FIRST, related_numbers=(FIRST,)))
    world.read(SECOND)
    world.read(FIRST)
    for number in (PARENT, FIRST, SECOND):
        numbers, [total] = family(get_posting(a.SELLER, number, store=world.store))
        assert numbers == [PARENT, FIRST, SECOND]
        assert total["paid"]["amount"] == "160.00"


def test_amounts_of_two_currencies_are_not_added_up() -> None:
    world = shop()
    yuan = a.line(sku="9", quantity=1, price=Money.parse("7.00", "CNY"))
    split(world, whole=False, lines=(yuan,))
    world.read(PARENT)
    world.read(FIRST)
    _, totals = family(get_posting(a.SELLER, PARENT, store=world.store))
    assert [(each["currency"], each["paid"]["amount"]) for each in totals] == [("CNY", "7.00"), ("RUB", "160.00")]


def test_a_posting_without_relatives_has_no_family() -> None:
    world = shop()
    assert get_posting(a.SELLER, PARENT, store=world.store)["family"] is None
    assert get_refunds(a.SELLER, PARENT, store=world.store)["family"] is None


def test_what_is_due_names_the_order_of_each_part() -> None:
    world = shop()
    split(world, whole=False)
    world.read(PARENT)
    world.read(FIRST)
    wanted = Wanted(within=timedelta(days=3))
    told: Any = deadlines(a.SELLER, wanted, store=world.store, clock=world.clock)
    assert {item["posting_number"]: item["order"] for item in told["items"]} == {PARENT: PARENT, FIRST: PARENT}
    assert [item["others"] for item in told["items"]] == [[], []]


@pytest.mark.parametrize("whole", [True, False])
def test_what_goes_out_is_one_line_per_order_if_that_is_asked_for(whole: bool) -> None:
    world = shop()
    split(world, whole=whole)
    for number in (PARENT, FIRST, *([SECOND] if whole else [])):
        world.read(number)
    other = "24219509-0099-1"
    world.arrives(other, lines=(TEA,), **RFBS)
    found, cursor = list[Any](), None
    while True:
        wanted = Wanted(within=timedelta(days=3), by_order=True, limit=1, cursor=cursor)
        told: Any = deadlines(a.SELLER, wanted, store=world.store, clock=world.clock)
        found += told["items"]
        cursor = told["next_cursor"]
        if cursor is None:
            break
    assert told["due"] == 3
    lines = {item["order"]: {item["posting_number"], *item["others"]} for item in found}
    assert lines == {PARENT: {FIRST, SECOND} if whole else {PARENT, FIRST}, other: {other}}
    assert len(found) == 2


# What may be given back ------------------------------------------------------------------------------------------


def delivered(world: World, *numbers: str) -> None:
    for number in numbers:
        world.market.change(number, status="delivered", actions=())
    world.clock.advance(timedelta(minutes=1))
    for number in numbers:
        world.read(number)


def test_goods_that_moved_are_not_given_back_under_the_old_number_too() -> None:
    world = shop()
    split(world, whole=False)
    world.read(PARENT)
    world.read(FIRST)
    delivered(world, PARENT, FIRST)
    world.return_opens("r1", PARENT, sku="2", quantity=1, price=a.rub("60"))
    world.return_opens("r2", FIRST, sku="2", quantity=1, price=a.rub("60"))
    assert left_for(world.case("r1"), world.ledger(PARENT)).minor == 0
    assert left_for(world.case("r2"), world.ledger(FIRST)).minor == 6_000
    world.return_opens("r3", PARENT, sku="1", quantity=1, price=a.rub("100"))
    assert left_for(world.case("r3"), world.ledger(PARENT)).minor == 10_000
    with pytest.raises(ActionNotOfferedError, match=FIRST):
        world.decide(return_id="r1")
    world.settle(world.decide(return_id="r2"))
    assert world.ledger(FIRST).refunded == 6_000
    assert world.ledger(PARENT).refunded == 0


def test_what_was_given_back_before_the_split_is_not_given_back_by_the_child() -> None:
    world = shop()
    delivered(world, PARENT)
    world.return_opens("r1", PARENT, sku="2", quantity=1, price=a.rub("60"))
    world.settle(world.decide(return_id="r1"))
    split(world, whole=False, status="delivered", actions=())
    world.read(FIRST)
    world.return_opens("r2", FIRST, sku="2", quantity=1, price=a.rub("60"))
    with pytest.raises(OverRefundError):
        world.decide(return_id="r2")


@pytest.mark.parametrize("reserved", [10_000, 13_000, 16_000])
def test_what_is_set_aside_without_a_line_does_not_move_either(reserved: int) -> None:
    lines = {"1": LineBalance(paid=10_000), "2": LineBalance(paid=6_000)}
    parent = MoneyLedger(seller=a.SELLER, number=PARENT, version=1, currency="RUB", paid=16_000, lines=lines)
    parent = parent.reserve("x", money(reserved))
    child = MoneyLedger(
        seller=a.SELLER, number=FIRST, version=1, currency="RUB", paid=6_000, lines={"2": LineBalance(paid=6_000)}
    )
    facts = a.detail(number=PARENT, lines=(TEA, CUP)), a.detail(number=FIRST, lines=(CUP,), parent_number=PARENT)
    members = {one.number: Relative(ledger=one, facts=read) for one, read in zip((parent, child), facts, strict=True)}
    family = joined(Family(members), FIRST)
    after, own = family.members[PARENT].ledger, family.members[FIRST].ledger
    assert after.available >= 0
    assert own.available + after.paid == 16_000
    assert own.available == min(6_000, 16_000 - reserved)
