"""A new rule, or a card that is another one, has every open order checked anew: in parts, within a minute."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.alarms.route_events import Destination, route_event
from shipby.application.packing.product_cards import put_product
from shipby.application.ports.writes import AppendEvents, SaveDetail, SavePosting, Write
from shipby.application.sellers.change_settings import change_settings
from shipby.application.validation.recheck import BEGINS_AFTER, PART, parts_of, recheck
from shipby.domain.cases.case import CaseKind
from shipby.domain.errors import MarketplaceUnavailableError
from shipby.domain.events import posting_ref, watch_ref
from shipby.domain.packing.cards import ProductCard
from shipby.domain.postings.posting import Scheme, Stage
from shipby.domain.sellers.check_rules import Check, CheckRule, Severity
from shipby.domain.validation.limits import DropOffLimits
from tests.support import builders as a
from tests.unit.world_support import World, forget

SKU = "149123456"
FEW = CheckRule(name="few", check=Check.QUANTITY, most=1, severity=Severity.BLOCKING)
HEAVY = CheckRule(name="heavy", check=Check.WEIGHT, most=5_000, severity=Severity.BLOCKING)
DROP_OFF = CheckRule(name="drop-off", check=Check.DROP_OFF, severity=Severity.BLOCKING)


@pytest.fixture
def world() -> World:
    return World()


def rules(world: World, *wanted: CheckRule) -> None:
    current = world.store.settings(a.SELLER)
    assert current is not None
    changed = replace(current, check_rules=wanted)
    change_settings(changed, current.version, forget, actor="key:k1", store=world.store, now=world.clock.now())


def asked(world: World) -> int:
    return len(world.store.events(a.SELLER, watch_ref("checks")))


def walk(world: World) -> int:
    """The walk that an event has begun, part by part."""
    parts: list[Any] = [message.body["postings"] for message in parts_of(a.SELLER, store=world.store)]
    return sum(recheck(a.SELLER, numbers, store=world.store, clock=world.clock) for numbers in parts)


def card(world: World, version: int = 0, **changes: Any) -> None:
    wanted = ProductCard(seller=a.SELLER, sku=SKU, version=1, **changes)
    put_product(wanted, version, "key:k1", forget, store=world.store, clock=world.clock)


def test_a_new_rule_is_held_against_every_open_order_and_lifted_with_it(world: World) -> None:
    world.arrives()
    world.arrives("2-2-2", lines=(a.line(quantity=1),))
    world.arrives("3-3-3", status="delivered", actions=())
    rules(world, FEW)
    [stored] = world.store.events(a.SELLER, watch_ref("checks"))
    [routed] = route_event(stored, label_delay_seconds=60)
    assert (routed.destination, routed.message.body) == (Destination.LABELS, {"seller": a.SELLER, "task": "recheck"})
    assert routed.message.delay_seconds == BEGINS_AFTER.total_seconds()

    assert (walk(world), walk(world)) == (1, 0)
    assert world.posting().holds == ("odd_quantity",)
    assert world.posting("2-2-2").holds == world.posting("3-3-3").holds == ()
    [case] = world.store.cases_in(a.SELLER).items
    assert getattr(world.store.case(a.SELLER, case), "kind", None) is CaseKind.CANNOT_SHIP

    rules(world)
    assert walk(world) == 1
    assert (world.posting().holds, world.posting().checked) == ((), "")
    assert world.store.cases_in(a.SELLER).items == ()


def test_settings_that_change_no_check_ask_for_nothing(world: World) -> None:
    current = world.store.settings(a.SELLER)
    assert current is not None
    change_settings(
        replace(current, language="en"),
        current.version,
        forget,
        actor="key:k1",
        store=world.store,
        now=world.clock.now(),
    )
    assert asked(world) == 0


def test_a_card_asks_for_it_where_a_rule_looks_at_cards_and_what_it_looks_at_changes(world: World) -> None:
    world.arrives()
    card(world, weight_g=9_000)
    assert asked(world) == 0

    world.policy(check_rules=(HEAVY,))
    card(world, 1, weight_g=9_000, bin="A-1")
    assert asked(world) == 0
    card(world, 2, weight_g=9_001, bin="A-1")
    assert asked(world) == 1
    assert walk(world) == 1
    assert world.posting().holds == ("too_heavy",)


def test_many_cards_within_seconds_are_one_walk_and_one_that_may_come_too_late_asks_again(world: World) -> None:
    world.policy(check_rules=(HEAVY,))
    card(world, weight_g=1)
    card(world, 1, weight_g=2)
    assert asked(world) == 1
    world.clock.advance(BEGINS_AFTER)
    card(world, 2, weight_g=3)
    assert asked(world) == 2
    world.clock.time -= timedelta(hours=1)
    card(world, 3, weight_g=4)
    assert asked(world) == 3


def test_one_that_is_changed_meanwhile_is_decided_anew(world: World) -> None:
    world.arrives()
    world.policy(check_rules=(FEW,))
    inner, begun = world.store.commit, list[bool]()

    def commit(writes: list[Write], **more: Any) -> None:
        if not begun and any(isinstance(write, SavePosting) for write in writes):
            begun.append(True)
            posting = replace(world.posting(), version=2, stage=Stage.HANDED_OVER)
            inner([SavePosting(posting), AppendEvents(a.SELLER, posting_ref(a.NUMBER), 2, (a.event(),))])
        inner(writes, **more)

    world.store.commit = commit  # type: ignore[method-assign,assignment]  # the loser of the race
    assert walk(world) == 0
    assert world.posting().holds == ()


def test_a_new_rule_over_many_open_orders_reads_them_in_parts_and_ten_thousand_take_less_than_a_minute(
    world: World,
) -> None:
    count, all_of_them, minute = 2_000, 10_000, 60.0
    for n in range(count):
        number = f"{n}-0001-1"
        detail = a.detail(number=number, requirements={}, lines=(a.line(quantity=1 + n % 2),))
        born = AppendEvents(a.SELLER, posting_ref(number), 1, (a.event(),))
        world.write(SavePosting(a.posting(number=number)), SaveDetail(a.SELLER, detail), born)
    world.policy(check_rules=(replace(HEAVY, check=Check.PIECES, most=1),))
    batches, commits = list[int](), list[int]()
    read, commit = world.store.postings_with_details, world.store.commit

    def counted(seller: str, numbers: list[str]) -> Any:
        batches.append(len(numbers))
        return read(seller, numbers)

    def committed(writes: list[Write], **more: Any) -> None:
        commits.append(len(writes))
        commit(writes, **more)

    world.store.postings_with_details = counted  # type: ignore[method-assign,assignment]  # counted
    world.store.commit = committed  # type: ignore[method-assign,assignment]  # as above
    began = time.process_time()
    assert walk(world) == count // 2
    spent = time.process_time() - began
    assert (len(batches), max(batches)) == (count // PART, PART)
    assert len(commits) == count // 2
    # CPU of one process, whatever else runs; on AWS the parts run side by side.
    assert spent * all_of_them / count < minute


# The limits of a drop-off ----------------------------------------------------------------------------------------


def test_limits_are_read_once_a_day_for_each_method_and_only_where_a_rule_looks_at_them(world: World) -> None:
    world.arrives()
    assert world.market.calls["restrictions"] == 0
    world.policy(check_rules=(DROP_OFF,))
    card(world, weight_g=20_001, sides_mm=(10, 10, 10))
    for n in range(3):
        world.arrives(f"{n}-1-1", delivery_method_id="5")
    assert world.market.calls["restrictions"] == 1
    world.arrives("7-7-7", delivery_method_id="6")
    world.arrives("8-8-8", scheme=Scheme.RFBS)
    world.arrives("9-9-9", status="delivered", actions=(), delivery_method_id="7")
    assert world.market.calls["restrictions"] == 2
    assert world.posting("0-1-1").holds == ("over_drop_off_weight",)
    assert world.posting("8-8-8").holds == ()
    world.clock.advance(timedelta(days=1))
    world.market.limits = DropOffLimits()
    world.market.change("0-1-1", substatus="posting_in_carriage")
    assert world.read("0-1-1").holds == ()


def test_limits_that_cannot_be_read_keep_no_order_from_coming_in(world: World) -> None:
    world.policy(check_rules=(DROP_OFF,))
    card(world, weight_g=50_000, sides_mm=(10, 10, 10))

    def away(name: str) -> None:
        if name == "restrictions":
            raise MarketplaceUnavailableError("away")

    world.market.on_call = away
    assert world.arrives().holds == ()
    world.market.on_call = None
    world.clock.advance(timedelta(minutes=1))
    world.market.change(a.NUMBER, substatus="posting_in_carriage")
    assert world.read().holds == ("over_drop_off_weight",)
