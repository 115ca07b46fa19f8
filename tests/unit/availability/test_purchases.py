"""What to buy: at the reorder point, in orders that the supplier takes, with the reason in words and figures."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipby.application.availability.purchasing import get_terms, list_proposals, put_terms
from shipby.application.ports.writes import NoteWaiting, SavePool, SaveReservation, SaveStock
from shipby.application.stock.booking import Why, movement_writes
from shipby.domain.availability.purchases import Sales, SupplyTerms, propose, sales_of
from shipby.domain.errors import InvalidInputError, NotFoundError, PreconditionFailedError
from shipby.domain.events import supply_ref
from shipby.domain.stock.item import Movement, MovementKind, StockItem
from shipby.domain.stock.pool import Pool
from shipby.domain.stock.reservation import HeldLine, Reservation
from shipby.domain.stock.waiting import Waiting
from tests.support import builders as a
from tests.unit.world_support import World, forget

SKU = "MUG-1"
TWO_A_DAY = Sales(pieces=56, days=Decimal(28))


def terms(**changes: Any) -> SupplyTerms:
    base = SupplyTerms(
        seller=a.SELLER, pool="main", sku=SKU, version=1, supplier="Завод", lead_days=5, safety_days=1, cover_days=10
    )
    return replace(base, **changes)


@pytest.mark.parametrize(
    ("free", "changes", "quantity"),
    [
        (13, {}, 0),
        (12, {}, 20),
        (3, {}, 29),
        (3, {"on_order": 10}, 0),
        (3, {"on_order": 9}, 20),
        (3, {"moq": 50}, 50),
        (3, {"pack": 12}, 36),
        (3, {"moq": 50, "pack": 12}, 60),
        (3, {"reorder_point": 2}, 0),
        (3, {"reorder_point": 3}, 20),
        (-4, {}, 36),
    ],
)
def test_it_is_bought_at_the_reorder_point_for_the_days_it_is_to_last(
    free: int, changes: dict[str, Any], quantity: int
) -> None:
    assert propose(terms(**changes), free=free, sales=TWO_A_DAY, at=a.NOW).quantity == quantity


def test_the_reason_has_the_figures_and_says_when_it_runs_out() -> None:
    found = propose(terms(), free=6, sales=TWO_A_DAY, at=a.NOW)
    assert found.reason == (
        "6 free and 0 on order are at or below the reorder point 12 (2.00 a day x (5 days of delivery + 1 of safety)); "
        "56 sold in 28.00 days"
    )
    assert (found.a_day, found.runs_out, found.late) == (Decimal("2.00"), date(2026, 3, 5), True)
    assert not propose(terms(), free=11, sales=TWO_A_DAY, at=a.NOW).late


def test_what_nobody_buys_is_not_bought_unless_a_person_set_its_point_or_somebody_waits() -> None:
    nothing = Sales(pieces=0, days=Decimal(28))
    quiet = propose(terms(), free=0, sales=nothing, at=a.NOW)
    assert (quiet.quantity, quiet.runs_out) == (0, None)
    assert "nothing was sold in 28.00 days" in quiet.reason
    assert propose(terms(reorder_point=4), free=4, sales=nothing, at=a.NOW).quantity == 1
    assert propose(terms(), free=-2, sales=nothing, at=a.NOW).quantity == 2


@given(
    free=st.integers(-1000, 10_000),
    moq=st.integers(1, 500),
    pack=st.integers(1, 60),
    sold=st.integers(0, 5000),
    lead=st.integers(0, 90),
)
def test_an_order_is_one_that_the_supplier_takes_and_lifts_above_the_point(
    free: int, moq: int, pack: int, sold: int, lead: int
) -> None:
    made = terms(moq=moq, pack=pack, lead_days=lead)
    found = propose(made, free=free, sales=Sales(pieces=sold, days=Decimal(28)), at=a.NOW)
    if found.quantity:
        assert found.quantity >= moq
        assert found.quantity % pack == 0
        assert free + found.quantity > found.reorder_point or found.reorder_point == 0
        assert free <= found.reorder_point


def test_sales_are_averaged_over_what_is_known_and_never_over_less_than_a_day() -> None:
    assert sales_of(10, a.NOW - timedelta(days=5), a.NOW).a_day == 2
    assert sales_of(10, a.NOW - timedelta(hours=1), a.NOW).a_day == 10
    assert sales_of(56, a.NOW - timedelta(days=400), a.NOW).a_day == 2


@pytest.fixture
def world() -> World:
    world = World()
    world.store.commit([SavePool(Pool(seller=a.SELLER, id="main", version=1))])
    kit = StockItem(seller=a.SELLER, pool="main", sku="SET", version=1, components={SKU: 2})
    world.store.commit([SaveStock(kit)])
    return world


def moves(world: World, kind: MovementKind, pieces: int, sku: str = SKU) -> None:
    base = StockItem(seller=a.SELLER, pool="main", sku=sku, version=0)
    item = world.store.stock_items(a.SELLER, "main", [sku]).get(sku, base)
    why = Why(at=world.clock.now(), actor="key:k1", reason="x")
    _, writes = movement_writes(item, Movement(kind=kind, on_hand=pieces), why)
    world.store.commit(writes)


def says(world: World, if_match: int = 0, **changes: Any) -> Any:
    return put_terms(terms(pool="", **changes), if_match, "key:k1", forget, store=world.store, clock=world.clock).body


def proposals(world: World, *, every: bool = False) -> list[dict[str, Any]]:
    body = list_proposals(a.SELLER, "", every=every, limit=50, cursor=None, store=world.store, clock=world.clock)
    return body["items"]  # type: ignore[return-value]  # JSON


def test_sales_are_what_left_the_house_in_the_last_four_weeks(world: World) -> None:
    moves(world, MovementKind.RECEIPT, 200)
    moves(world, MovementKind.CONSUME, -100)
    world.clock.advance(timedelta(days=29))
    says(world)
    for _ in range(14):
        moves(world, MovementKind.CONSUME, -2)
        world.clock.advance(timedelta(days=1))
    assert [one["quantity"] for one in proposals(world, every=True)] == [0]
    moves(world, MovementKind.WRITE_OFF, -66)
    (found,) = proposals(world)
    # 28 pieces in 28 days: neither what left before, nor what was written off.
    assert (found["sold_a_day"], found["free"], found["reorder_point"], found["quantity"]) == ("1.00", 6, 6, 10)


def test_what_postings_wait_for_in_vain_is_bought(world: World) -> None:
    moves(world, MovementKind.RECEIPT, 1)
    says(world)
    assert proposals(world) == []
    lines = (HeldLine(sku="SET", wanted=3, held=1, parts={SKU: 2}), HeldLine(sku="CUP", wanted=9, parts={"CUP": 1}))
    held = Reservation(seller=a.SELLER, posting_number=a.NUMBER, version=1, owner=a.SELLER, pool="main", lines=lines)
    waits = Waiting(seller=a.SELLER, pool="main", sku=SKU, shop=a.SELLER, posting_number=a.NUMBER)
    world.store.commit([SaveReservation(held), NoteWaiting(waits)])
    (found,) = proposals(world)
    assert (found["free"], found["quantity"]) == (-3, 3)


def test_terms_are_kept_under_their_version_with_who_changed_what(world: World) -> None:
    moves(world, MovementKind.RECEIPT, 1)
    assert says(world)["version"] == 1
    with pytest.raises(PreconditionFailedError):
        says(world)
    assert says(world, 1, moq=5)["moq"] == 5
    assert get_terms(a.SELLER, "", SKU, store=world.store)["moq"] == 5
    last = world.store.events(a.SELLER, supply_ref("main", SKU))[-1].event
    assert (last.actor, last.data["before"]["moq"], last.data["after"]["moq"]) == ("key:k1", 1, 5)  # type: ignore[index,call-overload]  # JSON


def test_what_is_not_kept_and_kits_have_no_terms(world: World) -> None:
    with pytest.raises(NotFoundError, match="first receipt"):
        says(world)
    with pytest.raises(InvalidInputError, match="kit"):
        says(world, sku="SET")
    with pytest.raises(NotFoundError, match="PUT /v1/supply/terms"):
        get_terms(a.SELLER, "", SKU, store=world.store)
