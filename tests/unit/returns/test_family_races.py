"""Refunds of one family at once, and beside the split: the loser decides anew, and no more is given than paid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from shipby.domain.errors import ShipbyError
from shipby.domain.postings.posting import Scheme
from tests.support import builders as a
from tests.support.fake_marketplace import ON_APPROVAL, offer
from tests.unit.world_support import World

PARENT, CHILD = a.NUMBER, "24219509-0020-3"
TEA = a.line(sku="1", quantity=2, price=a.rub("50.00"))
ONE = a.line(sku="1", quantity=1, price=a.rub("50.00"))
RFBS: dict[str, Any] = {"scheme": Scheme.RFBS, "integration": "non_integrated", "tariff_steps": ()}
GONE: dict[str, Any] = {"status": "delivered", "delivered_at": a.NOW, "actions": ()}


@pytest.fixture
def world() -> World:
    """Two pieces of one article; one moves into another posting, and nobody has read that yet."""
    world = World()
    world.arrives(lines=(TEA,), **RFBS, **GONE)
    world.return_opens("r1", PARENT, sku="1", quantity=2, price=a.rub("50"))
    world.return_opens("r2", PARENT, sku="1", quantity=1, price=a.rub("50"))
    world.clock.advance(timedelta(minutes=1))
    world.market.change(PARENT, lines=(ONE,), related_numbers=(CHILD,))
    world.market.put(a.detail(number=CHILD, lines=(ONE,), parent_number=PARENT, **RFBS, **GONE))
    return world


def in_the_middle(world: World, monkeypatch: pytest.MonkeyPatch, other: Callable[[], object]) -> None:
    """The next transaction meets what another worker commits right before it."""
    real = world.store.commit

    def commit(writes: Any, **more: Any) -> None:
        monkeypatch.setattr(world.store, "commit", real)
        other()
        real(writes, **more)

    monkeypatch.setattr(world.store, "commit", commit)


def held(world: World) -> int:
    ledgers = [world.store.money(a.SELLER, number) for number in (PARENT, CHILD)]
    total = 0
    for ledger in ledgers:
        if ledger is not None:
            assert ledger.available >= 0
            assert all(line.reserved + line.refunded <= line.paid for line in ledger.lines.values())
            total += ledger.paid
    return total


def quietly(act: Callable[[], object]) -> Callable[[], object]:
    def acts() -> None:
        try:
            act()
        except ShipbyError:
            return

    return acts


def test_a_refund_that_loses_to_the_split_is_decided_anew_by_what_is_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_middle(world, monkeypatch, lambda: world.read(CHILD))
    with pytest.raises(ShipbyError, match=r"50\.00 RUB|less than|left"):
        world.decide(return_id="r1")
    assert (held(world), world.ledger(PARENT).reserved, world.ledger(CHILD).available) == (10_000, 0, 5_000)


def test_a_split_that_loses_to_a_refund_leaves_it_what_it_set_aside(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_middle(world, monkeypatch, lambda: world.decide(return_id="r1"))
    world.read(CHILD)
    assert (held(world), world.ledger(PARENT).reserved, world.ledger(CHILD).available) == (10_000, 10_000, 0)


@pytest.mark.parametrize("order", list(permutations(("parent", "child", "r1", "r2", "r3"))))
def test_in_every_order_of_reads_and_refunds_the_family_gives_back_what_was_paid_at_most(
    world: World, order: tuple[str, ...]
) -> None:
    asked: list[str] = []

    def decide(return_id: str) -> None:
        asked.append(world.decide(return_id=return_id))

    def of_the_child() -> None:
        facts: dict[str, Any] = {"sku": "1", "quantity": 1, "price": a.rub("50"), "actions": offer(*ON_APPROVAL)}
        world.market.open_return(a.marketplace_return(id="r3", posting_number=CHILD, **facts))
        world.read_return("r3")
        decide("r3")

    acts: dict[str, Callable[[], object]] = {
        "parent": lambda: world.read(PARENT),
        "child": lambda: world.read(CHILD),
        "r1": lambda: decide("r1"),
        "r2": lambda: decide("r2"),
        "r3": of_the_child,
    }
    for name in order:
        quietly(acts[name])()
        assert held(world) <= 10_000
    for identifier in asked:
        world.settle(identifier)
    for number in (PARENT, CHILD):
        world.read(number)
    assert held(world) == 10_000
    paid = sum(sum(amounts) for amounts in world.market.books.paid_back.values())
    ours = sum(world.ledger(number).refunded for number in (PARENT, CHILD))
    assert 0 < paid == ours <= 10_000
    assert world.market.books.paid_back


def test_two_refunds_of_two_parts_at_once_are_both_made(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.read(CHILD)
    world.read(PARENT)
    world.return_opens("r3", CHILD, sku="1", quantity=1, price=a.rub("50"))
    in_the_middle(world, monkeypatch, lambda: world.decide(return_id="r3"))
    world.decide(return_id="r2")
    assert (world.ledger(PARENT).reserved, world.ledger(CHILD).reserved, held(world)) == (5_000, 5_000, 10_000)
