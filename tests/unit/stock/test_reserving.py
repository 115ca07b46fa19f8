"""What postings hold of goods follows them through their lives, in the transaction of each change."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from shipby.application.intake.sync_posting import sync_posting
from shipby.application.ports.writes import SavePool, SaveSettings, SaveStock
from shipby.application.stock.ledger import put_kit
from shipby.domain.cases.case import CaseKind
from shipby.domain.deadlines.workflow import Command
from shipby.domain.events import EventType, posting_ref, stock_ref
from shipby.domain.intents import IntentAction
from shipby.domain.postings.posting import Stage, StockMark
from shipby.domain.stock.item import MovementKind
from shipby.domain.stock.pool import Pool
from shipby.domain.stock.reservation import HeldLine, Reservation, ReservationState
from tests.support import builders as a
from tests.support.fake_marketplace import FakeMarketplace
from tests.support.memory_store import MemoryStore
from tests.unit.stock.stock_support import MUG, SPOON, check_books, keeping, move, numbers, receive
from tests.unit.world_support import World, forget

ONE, TWO = a.line(quantity=1), a.line(quantity=2)
OTHER = "24219510-0001-1"
FIRST, SECOND = "24219509-0020-3", "24219509-0020-4"


def reservation(world: World, number: str = a.NUMBER) -> Reservation:
    found = world.store.reservation(a.SELLER, number)
    assert found is not None
    return found


def books(world: World, *more: str) -> None:
    check_books(world.store, [(a.SELLER, number) for number in (a.NUMBER, OTHER, FIRST, SECOND, *more)])


def case_kinds(world: World, *, open_only: bool = True) -> list[CaseKind]:
    ids = world.store.cases_in(a.SELLER, open_only=open_only).items
    return [found.kind for each in ids if (found := world.store.case(a.SELLER, each)) is not None]


def later(world: World) -> None:
    world.clock.advance(timedelta(minutes=1))


def test_a_shop_without_pools_reserves_nothing_and_writes_nothing_for_it() -> None:
    world = World()
    posting = world.arrives(lines=(TWO,))
    assert posting.stock is None
    assert world.store.reservation(a.SELLER, a.NUMBER) is None


def test_goods_that_are_not_kept_cost_nothing() -> None:
    world = keeping(World(), SPOON_1=3)
    posting = world.arrives(lines=(TWO,))
    assert posting.stock is None
    assert world.store.reservation(a.SELLER, a.NUMBER) is None
    assert world.types() == [EventType.POSTING_RECEIVED]


def test_a_posting_reserves_with_its_first_read() -> None:
    world = keeping(World(), TEA_CUP_02=5)
    posting = world.arrives(lines=(TWO,))
    assert posting.stock is StockMark.RESERVED
    assert posting.version == 1
    assert numbers(world.store) == (5, 2, 3)
    moved = world.history(stock_ref("main", MUG))[-1].event
    assert (moved.type, moved.data["kind"], moved.data["posting"], moved.data["shop"]) == (
        EventType.STOCK_CHANGED,
        MovementKind.RESERVE,
        a.NUMBER,
        a.SELLER,
    )
    books(world)


def test_goods_may_be_kept_under_the_marketplaces_sku() -> None:
    world = keeping(World())
    receive(world, 5, "149123456")
    world.arrives(lines=(TWO,))
    assert numbers(world.store, "149123456") == (5, 2, 3)


def test_of_an_unpaid_legal_order_goods_are_reserved_too() -> None:
    world = keeping(World(), TEA_CUP_02=5)
    world.arrives(lines=(TWO,), legal=True, status="awaiting_verification", substatus="")
    assert numbers(world.store) == (5, 2, 3)


def test_what_is_not_there_is_short_with_a_case_and_comes_by_itself_when_goods_come() -> None:
    world = keeping(World(), TEA_CUP_02=1)
    posting = world.arrives(lines=(TWO,))
    assert posting.stock is StockMark.SHORT
    assert numbers(world.store) == (1, 1, 0)
    assert [one.posting_number for one in world.store.waiting(a.SELLER, "main", MUG)] == [a.NUMBER]
    assert case_kinds(world) == [CaseKind.STOCK_SHORT]
    later(world)
    world.read()
    assert case_kinds(world) == [CaseKind.STOCK_SHORT]
    receive(world, 3)
    later(world)
    assert world.read().stock is StockMark.RESERVED
    assert numbers(world.store) == (4, 2, 2)
    assert world.store.waiting(a.SELLER, "main", MUG) == []
    assert (case_kinds(world), case_kinds(world, open_only=False)) == ([], [CaseKind.STOCK_SHORT])
    books(world)


@pytest.mark.parametrize("steps", [(), (Command.CONFIRM,), (Command.CONFIRM, Command.PICK)])
def test_a_cancel_releases_what_was_held(steps: tuple[Command, ...]) -> None:
    world = keeping(World(), TEA_CUP_02=5)
    world.arrives(lines=(TWO,))
    for step in steps:
        world.do(step)
    later(world)
    world.market.cancel_by(a.NUMBER, "client")
    assert world.read().stock is StockMark.RELEASED
    assert numbers(world.store) == (5, 0, 5)
    assert reservation(world).state is ReservationState.RELEASED
    books(world)
    later(world)
    world.read()
    assert numbers(world.store) == (5, 0, 5)


def test_a_pick_takes_goods_off_their_shelf_and_the_hand_over_out_of_the_house() -> None:
    world = keeping(World(), TEA_CUP_02=5)
    world.arrives(lines=(TWO,))
    world.do(Command.CONFIRM)
    world.do(Command.PICK)
    held = world.store.stock_items(a.SELLER, "main", [MUG])[MUG]
    assert (held.on_hand, held.reserved, held.picked, held.on_shelf) == (5, 2, 2, 3)
    world.do(Command.PACK)
    world.settle(world.ask(IntentAction.SHIP))
    later(world)
    world.read()
    answer = world.do(Command.HAND_OVER)
    assert answer.status == 200
    assert world.posting().stock is StockMark.CONSUMED
    assert numbers(world.store) == (3, 0, 3)
    assert [line.gone for line in reservation(world).lines] == [2]
    books(world)
    later(world)
    world.market.cancel_by(a.NUMBER, "client")
    assert world.read().stage is Stage.CANCELLED
    assert numbers(world.store) == (3, 0, 3)
    books(world)


def test_what_left_unseen_is_consumed_once_by_the_read_that_shows_it() -> None:
    world = keeping(World(), TEA_CUP_02=1)
    world.arrives(lines=(TWO,))
    receive(world, 4)
    later(world)
    world.market.change(a.NUMBER, status="delivering", substatus="posting_on_way_to_city", actions=())
    assert world.read().stock is StockMark.CONSUMED
    assert numbers(world.store) == (3, 0, 3)
    later(world)
    world.market.change(a.NUMBER, status="delivered", substatus="posting_received")
    world.read()
    assert numbers(world.store) == (3, 0, 3)
    books(world)


def test_what_was_delivered_before_anybody_knew_it_moves_nothing() -> None:
    world = keeping(World(), TEA_CUP_02=5)
    assert world.arrives(lines=(TWO,), status="delivered", actions=()).stock is None
    assert numbers(world.store) == (5, 0, 5)


def test_lines_that_change_are_followed() -> None:
    world = keeping(World(), TEA_CUP_02=5, SPOON_1=2)
    world.arrives(lines=(TWO,))
    for lines, mugs, spoons in (
        ((ONE,), 1, 0),
        ((ONE, a.line(sku="7", offer_id=SPOON, quantity=1)), 1, 1),
        ((a.line(sku="7", offer_id=SPOON, quantity=2),), 0, 2),
    ):
        later(world)
        world.market.change(a.NUMBER, lines=lines)
        assert world.read().stock is StockMark.RESERVED
        assert (numbers(world.store)[1], numbers(world.store, SPOON)[1]) == (mugs, spoons)
        books(world)


def test_a_read_that_could_not_make_out_the_lines_lets_nothing_go() -> None:
    world = keeping(World(), TEA_CUP_02=5)
    world.arrives(lines=(TWO,))
    later(world)
    world.market.change(a.NUMBER, lines=(), substatus="posting_packing")
    world.read()
    assert numbers(world.store) == (5, 2, 3)


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("order", list(permutations((a.NUMBER, FIRST, SECOND))))
@pytest.mark.parametrize("steps", [(), (Command.CONFIRM, Command.PICK)])
def test_no_piece_of_a_posting_that_is_split_becomes_free_for_others(
    whole: bool, order: tuple[str, ...], steps: tuple[Command, ...]
) -> None:
    world = keeping(World(), TEA_CUP_02=3)
    world.arrives(lines=(a.line(quantity=3),))
    for step in steps:
        world.do(step)
    later(world)
    ended = {"status": "cancelled_from_split_pending", "substatus": "posting_split_pending", "actions": ()}
    parts = {FIRST: TWO, SECOND: ONE} if whole else {FIRST: ONE, SECOND: ONE}
    world.market.change(
        a.NUMBER, related_numbers=(FIRST, SECOND), **(ended if whole else {"lines": (a.line(quantity=1),)})
    )
    for number, line in parts.items():
        world.market.put(
            a.detail(number=number, lines=(line,), parent_number=a.NUMBER, requirements={}, actions=("ship",))
        )
    for number in order:
        later(world)
        world.read(number)
        assert numbers(world.store) == (3, 3, 0)
        books(world)
    for number in parts:
        assert world.posting(number).stock is StockMark.RESERVED, number
    rest = sum(line.held for line in reservation(world).lines)
    assert rest == (0 if whole else 1)
    assert world.store.stock_items(a.SELLER, "main", [MUG])[MUG].picked == (3 if steps else 0)


def test_what_a_split_dropped_is_free_once_every_part_was_read() -> None:
    world = keeping(World(), TEA_CUP_02=3)
    world.arrives(lines=(a.line(quantity=3),))
    later(world)
    ended = {"status": "cancelled_from_split_pending", "substatus": "posting_split_pending", "actions": ()}
    world.market.change(a.NUMBER, related_numbers=(FIRST, SECOND), **ended)
    for number in (FIRST, SECOND):
        world.market.put(a.detail(number=number, lines=(ONE,), parent_number=a.NUMBER, requirements={}))
    for number, held in ((a.NUMBER, 3), (FIRST, 3), (SECOND, 2)):
        later(world)
        world.read(number)
        assert numbers(world.store)[1] == held
        books(world)


def test_a_kit_reserves_what_it_is_made_of() -> None:
    world = keeping(World(), CUP=3, SPOON_1=5)
    put_kit((a.SELLER, "main", MUG), {"CUP": 1, SPOON: 2}, 0, "key:k1", forget, store=world.store, clock=world.clock)
    posting = world.arrives(lines=(a.line(quantity=3),))
    assert posting.stock is StockMark.SHORT
    assert (numbers(world.store, "CUP"), numbers(world.store, SPOON)) == ((3, 2, 1), (5, 4, 1))
    assert [one.sku for one in world.store.waiting(a.SELLER, "main", "CUP")] == ["CUP"]
    books(world)


def test_a_pool_that_is_not_open_to_a_shop_gives_it_nothing() -> None:
    world = World()
    world.write(SavePool(Pool(seller="other-shop", id="main", version=1)))
    receive(world, 5, shop="other-shop")
    world.policy(stock_pools={"*": "other-shop:main"})
    assert world.arrives(lines=(TWO,)).stock is None


def test_a_posting_of_more_skus_than_one_transaction_holds_is_stored_and_reserved_in_parts() -> None:
    world = keeping(World())
    lines = tuple(a.line(sku=str(number), offer_id=f"ART-{number}", quantity=1) for number in range(70))
    for line in lines:
        receive(world, 1, line.offer_id)
    assert world.arrives(lines=lines).stock is StockMark.PENDING
    assert world.types()[-1] is EventType.POSTING_STOCK_PENDING
    marks = []
    for _ in range(4):
        later(world)
        marks.append(world.read().stock)
        books(world)
    assert marks == [StockMark.PENDING, StockMark.RESERVED, StockMark.RESERVED, StockMark.RESERVED]
    later(world)
    world.market.cancel_by(a.NUMBER, "client")
    for _ in range(4):
        world.read()
        later(world)
        books(world)
    assert world.posting().stock is StockMark.RELEASED
    assert all(numbers(world.store, line.offer_id) == (1, 0, 1) for line in lines)


def test_a_thousand_orders_of_two_shops_for_one_piece_reserve_it_once() -> None:
    clock = a.FixedClock()
    world = keeping(World(clock), "second-shop", TEA_CUP_02=1)
    world.write(SaveSettings(a.settings(seller="second-shop", stock_pools={"*": f"{a.SELLER}:main"})))
    orders = [((a.SELLER, "second-shop")[number % 2], f"{number:04d}-1") for number in range(1000)]
    market = FakeMarketplace(clock)
    for _, number in orders:
        market.put(a.detail(number=number, lines=(ONE,), requirements={}))
    barrier = threading.Barrier(8)

    def read(part: int) -> None:
        barrier.wait()
        for shop, number in orders[part::8]:
            sync_posting(shop, number, hinted_at=None, store=world.store, marketplace=market, clock=clock)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(read, range(8)))
    marks = [posting.stock for shop, number in orders if (posting := world.store.posting(shop, number))]
    assert len(marks) == 1000
    assert (marks.count(StockMark.RESERVED), marks.count(StockMark.SHORT)) == (1, 999)
    assert numbers(world.store) == (1, 1, 0)
    check_books(world.store, orders)


class Raced(MemoryStore):
    """A store in which somebody else takes a piece in the middle of every commit."""

    def __init__(self, world: World) -> None:
        super().__init__(clock=world.clock)
        self.world, self.left, self.busy = world, 100, False

    def commit(self, writes, *, token: str = "") -> None:  # type: ignore[no-untyped-def]  # as its parent
        if not self.busy and self.left and any(type(one).__name__ == "SaveStock" for one in writes):
            self.busy, self.left = True, self.left - 1
            move(self.world, MovementKind.CORRECTION, -1)
            self.busy = False
        super().commit(writes, token=token)


def test_who_loses_every_race_for_goods_is_stored_all_the_same_and_reserved_at_once_after() -> None:
    world = World()
    world.store = Raced(world)
    world.store.busy = True
    world.write(SaveSettings(a.settings()))
    keeping(world, TEA_CUP_02=50)
    world.store.busy = False
    assert world.arrives(lines=(TWO,)).stock is StockMark.PENDING
    assert world.types() == [EventType.POSTING_RECEIVED, EventType.POSTING_STOCK_PENDING]
    assert numbers(world.store)[1] == 0
    world.store.left = 0
    later(world)
    assert world.read().stock is StockMark.RESERVED
    assert numbers(world.store)[1] == 2
    check_books(world.store, [(a.SELLER, a.NUMBER)])


def test_the_loser_of_one_race_decides_anew_and_is_told_short() -> None:
    world = World()
    world.store = Raced(world)
    world.store.busy = True
    world.write(SaveSettings(a.settings()))
    keeping(world, TEA_CUP_02=2)
    world.store.busy, world.store.left = False, 1
    assert world.arrives(lines=(TWO,)).stock is StockMark.SHORT
    assert reservation(world).lines == (HeldLine(sku=MUG, wanted=2, held=1, parts={MUG: 1}, listed="149123456"),)


def test_every_event_of_a_posting_stays_one_version() -> None:
    world = keeping(World(), TEA_CUP_02=5)
    world.arrives(lines=(TWO,))
    assert [stored.version for stored in world.history(posting_ref(a.NUMBER))] == [1, 1]
    assert world.types() == [EventType.POSTING_RECEIVED, EventType.POSTING_STOCK]


@pytest.mark.parametrize("come", [0, 3])
def test_a_short_posting_that_is_picked_and_leaves_is_settled_by_the_read_that_follows(come: int) -> None:
    world = keeping(World(), TEA_CUP_02=1)
    world.arrives(lines=(TWO,))
    world.do(Command.CONFIRM)
    world.do(Command.PICK)
    assert world.posting().stock is StockMark.PENDING
    assert world.types()[-1] is EventType.POSTING_STOCK_PENDING
    later(world)
    assert world.read().stock is StockMark.SHORT
    assert world.store.stock_items(a.SELLER, "main", [MUG])[MUG].picked == 1
    assert case_kinds(world) == [CaseKind.STOCK_SHORT]
    if come:
        receive(world, come)
    world.do(Command.PACK)
    world.settle(world.ask(IntentAction.SHIP))
    later(world)
    world.read()
    world.do(Command.HAND_OVER)
    later(world)
    assert world.read().stock is StockMark.CONSUMED
    assert numbers(world.store) == ((2, 0, 2) if come else (0, 0, 0))
    assert case_kinds(world) == []
    assert world.store.waiting(a.SELLER, "main", MUG) == []
    books(world)


def test_books_that_do_not_agree_hold_no_posting_up_and_are_a_persons_matter() -> None:
    world = keeping(World(), TEA_CUP_02=2)
    world.arrives(lines=(TWO,))
    spoilt = world.store.stock_items(a.SELLER, "main", [MUG])[MUG]
    world.write(SaveStock(replace(spoilt, version=spoilt.version + 1, reserved=0)))
    later(world)
    world.market.cancel_by(a.NUMBER, "client")
    assert world.read().stage is Stage.CANCELLED
    assert case_kinds(world) == [CaseKind.STOCK_SHORT]
