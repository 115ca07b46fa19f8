"""A part that is split again, and parts that nobody expected: a family never has more money than the buyer paid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations

import pytest

from shipby.application.intake.sync_posting import apply_facts
from shipby.domain.postings.posting import Line
from tests.simulation.scenes.stage import meanwhile
from tests.support import builders as a
from tests.unit.world_support import World

ROOT, PART, AGAIN = a.NUMBER, "24219509-0020-3", "24219509-0020-4"
TEA = a.line(sku="1", quantity=1, price=a.rub("100.00"))
CUP = a.line(sku="2", quantity=1, price=a.rub("30.00"))
CUPS = a.line(sku="2", quantity=2, price=a.rub("30.00"))
ENDED = {"status": "cancelled_from_split_pending", "substatus": "posting_split_pending", "actions": ()}
ORDERS = list(permutations((ROOT, PART, AGAIN)))


def left(world: World) -> tuple[int, ...]:
    found = [world.store.money(a.SELLER, number) for number in (ROOT, PART, AGAIN)]
    assert all(each is None or each.paid == sum(line.paid for line in each.lines.values()) for each in found)
    return tuple(each.available for each in found if each is not None)


def shop() -> World:
    world = World()
    world.arrives(lines=(TEA, CUPS))
    world.clock.advance(timedelta(minutes=1))
    return world


def puts(world: World, number: str, *lines: Line, parent: str = ROOT, related: tuple[str, ...] = ()) -> None:
    world.market.put(a.detail(number=number, lines=lines, parent_number=parent, related_numbers=related))


def split_once(world: World, *, whole: bool = False) -> None:
    world.market.change(ROOT, related_numbers=(PART,), **(ENDED if whole else {"lines": (TEA,)}))
    puts(world, PART, *((TEA, CUPS) if whole else (CUPS,)), related=(ROOT,))
    for number in (ROOT, PART):
        world.read(number)
    world.clock.advance(timedelta(minutes=1))


def one_cup(world: World) -> None:
    split_once(world)
    world.market.change(PART, lines=(CUP,), related_numbers=(ROOT, AGAIN))
    puts(world, AGAIN, CUP, related=(ROOT, PART))


def one_cup_and_the_root_lists_it(world: World) -> None:
    one_cup(world)
    world.market.change(ROOT, related_numbers=(PART, AGAIN))


def one_cup_of_a_whole(world: World) -> None:
    split_once(world, whole=True)
    world.market.change(PART, lines=(TEA, CUP), related_numbers=(ROOT, AGAIN))
    puts(world, AGAIN, CUP, related=(ROOT, PART))


def all_of_the_part(world: World) -> None:
    split_once(world)
    world.market.change(PART, related_numbers=(ROOT, AGAIN), **ENDED)
    puts(world, AGAIN, CUPS, related=(ROOT, PART))


def twice_before_anybody_looks(world: World) -> None:
    world.market.change(ROOT, lines=(TEA,), related_numbers=(PART, AGAIN))
    puts(world, PART, CUP, related=(ROOT, AGAIN))
    puts(world, AGAIN, CUP, parent=PART, related=(ROOT, PART))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("split", "wanted"),
    [
        (one_cup, (10_000, 3000, 3000)),
        (one_cup_and_the_root_lists_it, (10_000, 3000, 3000)),
        (one_cup_of_a_whole, (0, 13_000, 3000)),
        (all_of_the_part, (10_000, 0, 6000)),
        (twice_before_anybody_looks, (10_000, 3000, 3000)),
    ],
)
def test_what_was_paid_goes_where_the_goods_are(
    split: Callable[[World], None], wanted: tuple[int, ...], order: tuple[str, ...]
) -> None:
    world = shop()
    split(world)
    for number in order:
        world.clock.advance(timedelta(minutes=1))
        world.read(number)
        assert sum(left(world)) <= 16_000
    assert left(world) == wanted
    assert all(world.ledger(number).refunded == 0 for number in order), "nothing was paid back: it moved"
    for number in order:
        world.clock.advance(timedelta(minutes=1))
        world.read(number)
    assert left(world) == wanted, "read again, it moves nothing"


@pytest.mark.parametrize("order", list(permutations((ROOT, PART))))
def test_a_part_that_names_no_parent_has_no_money_of_its_own(order: tuple[str, ...]) -> None:
    world = shop()
    world.market.change(ROOT, lines=(TEA, CUP), related_numbers=(PART,))
    puts(world, PART, CUP, parent="", related=(ROOT,))
    for number in order:
        world.read(number)
    assert left(world) == (13_000, 3000)


def test_a_posting_first_read_as_it_was_before_its_split_leaves_the_part_its_money() -> None:
    world = World()
    world.market.put(a.detail(lines=(TEA, CUPS)))
    stale = world.market.posting(ROOT)
    world.clock.advance(timedelta(minutes=1))
    world.market.change(ROOT, lines=(TEA,), related_numbers=(PART, AGAIN))
    puts(world, PART, CUP, related=(ROOT, AGAIN))
    puts(world, AGAIN, CUP, related=(ROOT, PART))
    world.read(PART)
    world.read(AGAIN)
    apply_facts(a.SELLER, stale, store=world.store, clock=world.clock)
    assert left(world) == (10_000, 3000, 3000)
    world.clock.advance(timedelta(minutes=1))
    world.read(ROOT)
    assert left(world) == (10_000, 3000, 3000)


def test_pieces_that_seemed_cancelled_and_turn_up_in_a_part_were_never_paid_back() -> None:
    world = shop()
    world.market.change(ROOT, lines=(TEA, CUP))
    world.read(ROOT)
    assert world.ledger().refunded == 3000
    puts(world, PART, CUP)
    world.read(PART)
    assert sum(left(world)) <= 13_000, "nobody knows yet which of the two cups it is"
    world.clock.advance(timedelta(minutes=1))
    world.market.change(ROOT, substatus="posting_in_packaging")
    world.read(ROOT)
    assert left(world) == (13_000, 3000)
    assert world.ledger().refunded == 0


def test_pieces_that_were_cancelled_stay_paid_back_though_another_goes_into_a_part() -> None:
    world = shop()
    world.market.change(ROOT, lines=(TEA, CUP))
    world.read(ROOT)
    world.clock.advance(timedelta(minutes=1))
    world.market.change(ROOT, lines=(TEA,), related_numbers=(PART,))
    puts(world, PART, CUP, related=(ROOT,))
    for number in (PART, ROOT):
        world.read(number)
    assert left(world) == (10_000, 3000)
    assert world.ledger().refunded == 3000


@pytest.mark.parametrize("at", range(1, 13))
@pytest.mark.parametrize("access", ["money", "detail", "commit"])
@pytest.mark.parametrize("order", list(permutations((ROOT, PART, AGAIN))))
def test_whoever_reads_one_in_the_middle_of_anothers_read_loses_no_money(
    order: tuple[str, ...], access: str, at: int
) -> None:
    """A ledger that both change is written over the read it was worked out from, and over none that came later."""
    world = shop()
    twice_before_anybody_looks(world)
    first, second, third = order
    with meanwhile(world.store, access, lambda: world.read(second), at=at):
        world.read(first)
    assert sum(left(world)) <= 16_000
    with meanwhile(world.store, access, lambda: world.read(first), at=at):
        world.read(third)
    assert sum(left(world)) <= 16_000
    for number in order:
        world.clock.advance(timedelta(minutes=1))
        world.read(number)
    assert left(world) == (10_000, 3000, 3000)


def test_a_part_of_a_part_that_nobody_read_takes_its_money_from_the_orders_first_posting() -> None:
    order = "24219509-0020"
    root, part, again = (f"{order}-{last}" for last in (1, 2, 3))
    world = World()
    world.arrives(root, lines=(TEA, CUPS))
    world.clock.advance(timedelta(minutes=1))
    world.market.change(root, lines=(TEA,), related_numbers=(part,))
    puts(world, part, CUP, parent=root, related=(root, again))
    puts(world, again, CUP, parent=part, related=(part,))
    world.read(again)
    assert world.ledger(again).available == 3000
    assert world.ledger(root).available == 13_000
    for number in (part, root):
        world.read(number)
    assert [world.ledger(number).available for number in (root, part, again)] == [10_000, 3000, 3000]


def test_pieces_are_not_gone_while_a_part_of_a_part_is_unread() -> None:
    """The root's part was split again itself: where its goods are only its own parts say."""
    world = shop()
    world.market.change(ROOT, lines=(TEA,), related_numbers=(PART,))
    puts(world, PART, CUPS, related=(ROOT, AGAIN))
    world.market.change(PART, related_numbers=(ROOT, AGAIN), **ENDED)
    for number in (PART, ROOT):
        world.read(number)
        assert world.ledger(ROOT).refunded == 0
    puts(world, AGAIN, CUPS, parent=PART, related=(PART,))
    world.read(AGAIN)
    assert left(world) == (10_000, 0, 6000)


@pytest.mark.parametrize("parent", [ROOT, PART])
def test_pieces_of_a_part_that_was_split_again_before_its_first_read_are_not_cancelled(parent: str) -> None:
    world = shop()
    world.market.change(ROOT, lines=(TEA,), related_numbers=(PART,))
    world.read(ROOT)
    world.clock.advance(timedelta(minutes=1))
    puts(world, PART, CUP, related=(ROOT, AGAIN))
    puts(world, AGAIN, CUP, parent=parent, related=(ROOT, PART))
    world.read(PART)
    assert world.ledger().refunded == 0, "the other cup may be in the part that nobody has read"
    world.read(AGAIN)
    assert left(world) == (10_000, 3000, 3000)
    assert world.ledger().refunded == 0


def test_a_part_does_not_take_what_belongs_to_another_that_nobody_has_read() -> None:
    world = World()
    world.market.put(a.detail(lines=(TEA, CUPS), related_numbers=(PART,)))
    world.read(ROOT)
    world.clock.advance(timedelta(minutes=1))
    world.market.change(ROOT, lines=(TEA, CUP), related_numbers=(PART, AGAIN))
    puts(world, PART, CUP, related=(ROOT, AGAIN))
    puts(world, AGAIN, CUP, related=(ROOT, PART))
    for number in (ROOT, PART, AGAIN):
        world.read(number)
    assert left(world) == (13_000, 3000, 3000)
