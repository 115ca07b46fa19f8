"""Money follows the goods: whatever is given back through a family of postings is at most what the buyer paid."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from shipby.application.ports.writes import SaveMoney
from shipby.domain.money import Money
from shipby.domain.postings.posting import Line
from shipby.domain.refunds.families import Family, Relative, handed_over, joined
from shipby.domain.refunds.ledger import LineBalance, MoneyLedger
from shipby.domain.refunds.moves import released
from tests.support import builders as a
from tests.unit.world_support import World

PARENT, FIRST, SECOND = a.NUMBER, "24219509-0020-3", "24219509-0020-4"
TEA, CUP = (
    a.line(sku="1", quantity=2, price=a.rub("50.00")),
    a.line(sku="2", quantity=1, price=a.rub("60.00")),
)


def one(line: Line, quantity: int = 1) -> Line:
    return a.line(sku=line.sku, quantity=quantity, price=line.price)


PARTS: dict[str, Any] = {
    "partly": (
        {"lines": (one(TEA),), "related_numbers": (FIRST, SECOND)},
        {FIRST: (one(TEA),), SECOND: (CUP,)},
    ),
    "whole": (
        {"status": "cancelled_from_split_pending", "substatus": "posting_split_pending", "actions": ()},
        {FIRST: (one(TEA, 2),), SECOND: (CUP,)},
    ),
}
WANTED = {"partly": {PARENT: 5000, FIRST: 5000, SECOND: 6000}, "whole": {PARENT: 0, FIRST: 10_000, SECOND: 6000}}


def shop() -> World:
    world = World()
    world.arrives(lines=(TEA, CUP))
    world.clock.advance(timedelta(minutes=1))
    return world


def split(world: World, how: str) -> None:
    """The marketplace splits the posting; nobody has read it yet."""
    change, children = PARTS[how]
    world.market.change(PARENT, **{"related_numbers": (FIRST, SECOND), **change})
    for number, lines in children.items():
        family = tuple(other for other in (PARENT, FIRST, SECOND) if other != number)
        world.market.put(a.detail(number=number, lines=lines, parent_number=PARENT, related_numbers=family))


def left(world: World) -> dict[str, int]:
    ledgers = {number: world.store.money(a.SELLER, number) for number in (PARENT, FIRST, SECOND)}
    for ledger in ledgers.values():
        assert ledger is None or ledger.paid == sum(line.paid for line in ledger.lines.values())
    return {number: ledger.available for number, ledger in ledgers.items() if ledger is not None}


@pytest.mark.parametrize("how", PARTS)
@pytest.mark.parametrize("order", list(permutations((PARENT, FIRST, SECOND))))
def test_whoever_is_read_first_what_was_paid_is_there_once(how: str, order: tuple[str, ...]) -> None:
    world = shop()
    split(world, how)
    for number in order:
        world.read(number)
        assert sum(left(world).values()) <= 16_000
    assert left(world) == WANTED[how]
    for number in (*order, *order):
        world.clock.advance(timedelta(minutes=1))
        world.read(number)
    assert left(world) == WANTED[how], "read again, it moves nothing"


@pytest.mark.parametrize("how", PARTS)
@pytest.mark.parametrize("order", list(permutations((PARENT, FIRST, SECOND))))
def test_a_family_that_was_split_before_we_knew_it_has_its_money_once_too(how: str, order: tuple[str, ...]) -> None:
    world = World()
    world.market.put(a.detail(number=PARENT, lines=(TEA, CUP)))
    split(world, how)
    for number in order:
        world.read(number)
        assert sum(left(world).values()) <= 16_000
    assert left(world) == WANTED[how]


def test_the_rest_of_a_split_posting_is_what_a_cancel_gives_back() -> None:
    world = shop()
    split(world, "partly")
    for number in (PARENT, FIRST, SECOND):
        world.read(number)
    world.clock.advance(timedelta(minutes=1))
    world.market.cancel_by(PARENT, "client")
    world.read(PARENT)
    ledger = world.store.money(a.SELLER, PARENT)
    assert ledger is not None
    assert (ledger.refunded, ledger.available) == (5000, 0)
    assert left(world) == {PARENT: 0, FIRST: 5000, SECOND: 6000}


def test_pieces_that_the_buyer_takes_back_after_a_split_are_told_from_those_that_moved() -> None:
    world = shop()
    change, _ = PARTS["partly"]
    split(world, "partly")
    # The list of relatives comes first, the goods with the next read.
    world.market.change(PARENT, lines=(TEA, CUP))
    world.read(PARENT)
    world.clock.advance(timedelta(minutes=1))
    world.market.change(PARENT, lines=change["lines"])
    world.read(PARENT)
    ledger = world.store.money(a.SELLER, PARENT)
    assert ledger is not None
    assert ledger.refunded == 0, "the children are not read yet: nobody knows"
    for number in (FIRST, SECOND):
        world.read(number)
    assert left(world) == WANTED["partly"]


def family_of(parent: MoneyLedger, child: MoneyLedger) -> Family:
    """A parent that was read before the split, and its part."""
    facts = a.detail(number=PARENT, lines=(TEA, CUP), read_at=a.NOW)
    part = a.detail(number=child.number, lines=(CUP,), parent_number=PARENT, read_at=a.NOW + timedelta(minutes=1))
    return Family({PARENT: Relative(ledger=parent, facts=facts), child.number: Relative(ledger=child, facts=part)})


def test_what_is_given_back_already_stays_where_it_was() -> None:
    parent = MoneyLedger(
        seller=a.SELLER, number=PARENT, version=3, currency="RUB", paid=16_000, refunded=4000, opened_at=a.NOW,
        lines={"1": LineBalance(paid=10_000), "2": LineBalance(paid=6000, refunded=4000)},
    )  # fmt: skip
    child = MoneyLedger(
        seller=a.SELLER, number=FIRST, version=1, currency="RUB", paid=6000, lines={"2": LineBalance(paid=6000)}
    )
    family = joined(family_of(parent, child), FIRST)
    after, own = family.members[PARENT].ledger, family.members[FIRST].ledger
    assert (after.paid, after.available, own.paid, own.available) == (14_000, 10_000, 2000, 2000)
    assert after.available + after.refunded + own.available == 16_000
    assert handed_over(family, FIRST) == family, "once"


def test_in_another_currency_nothing_is_moved() -> None:
    world = shop()
    split(world, "partly")
    yuan = tuple(a.line(sku=line.sku, quantity=line.quantity, price=Money(700, "CNY")) for line in (one(TEA),))
    world.market.change(FIRST, lines=yuan)
    world.read(FIRST)
    assert (world.ledger(PARENT).paid, world.ledger(FIRST).paid) == (16_000, 700)
    assert (world.ledger(PARENT).currency, world.ledger(FIRST).currency) == ("RUB", "CNY")


def test_the_family_is_one_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    world = shop()
    split(world, "whole")
    commits: list[list[Any]] = []
    real = world.store.commit

    def commit(writes: Any, **more: Any) -> None:
        commits.append(list(writes))
        real(writes, **more)

    monkeypatch.setattr(world.store, "commit", commit)
    world.read(FIRST)
    saved = [{w.ledger.number for w in writes if isinstance(w, SaveMoney)} for writes in commits]
    assert {PARENT, FIRST} in saved
    assert Money(10_000, "RUB").minor == left(world)[FIRST]


@pytest.mark.parametrize("how_many", [0, 1, 2])
def test_a_cancel_of_the_rest_leaves_parts_that_nobody_read_their_money(how_many: int) -> None:
    """Known by name or read, some or all: what the marketplace gives back for the rest is what the rest cost."""
    world = shop()
    split(world, "partly")
    for number in (FIRST, SECOND)[:how_many]:
        world.read(number)
    world.market.cancel_by(PARENT, "client")
    world.read(PARENT)
    ledger = world.store.money(a.SELLER, PARENT)
    assert ledger is not None
    assert ledger.refunded == 5000
    for number in (FIRST, SECOND):
        world.read(number)
    assert left(world) == {PARENT: 0, FIRST: 5000, SECOND: 6000}


def test_what_an_intent_frees_after_a_cancel_leaves_unread_parts_theirs() -> None:
    parent = MoneyLedger(
        seller=a.SELLER, number=PARENT, version=1, currency="RUB", paid=16_000,
        lines={"1": LineBalance(paid=10_000), "2": LineBalance(paid=6000)},
    ).reserve("x", Money(5000, "RUB"), lines={"1": 5000})  # fmt: skip
    gone = a.posting(status="cancelled")
    facts = a.detail(lines=(one(TEA),), status="cancelled", related_numbers=(FIRST,))
    after = released(parent, "x", gone, facts, at=a.NOW, parts_unread=True)
    assert (after.refunded, after.available) == (5000, 11_000)
    assert released(parent, "x", gone, facts, at=a.NOW).refunded == 16_000


@pytest.mark.parametrize("how", PARTS)
@pytest.mark.parametrize("order", list(permutations((PARENT, FIRST, SECOND))))
def test_items_cancelled_beside_a_split_are_told_from_those_that_moved(how: str, order: tuple[str, ...]) -> None:
    """A third article was cancelled before anybody read the split: the marketplace gave back what it cost, once."""
    pot = a.line(sku="3", quantity=1, price=a.rub("70.00"))
    world = World()
    world.arrives(lines=(TEA, CUP, pot))
    world.clock.advance(timedelta(minutes=1))
    split(world, how)
    if how == "whole":
        # The posting that a split ended lists what went into its parts.
        world.market.change(PARENT, lines=(TEA, CUP))
    for number in (*order, PARENT, PARENT):
        world.read(number)
        world.clock.advance(timedelta(minutes=1))
        assert sum(left(world).values()) <= 23_000
    ledger = world.store.money(a.SELLER, PARENT)
    assert ledger is not None
    assert ledger.refunded == 7_000
    assert left(world) == WANTED[how]
