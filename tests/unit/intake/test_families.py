"""Families that were split before, between and after our reads: what is offered of them is what the buyer paid."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import permutations
from random import Random

import pytest

from shipby.domain.refunds.ledger import MoneyLedger
from tests.support import builders as a
from tests.unit.world_support import World

ORDER = "24219509-0020"
ROOT, SECOND, THIRD = (f"{ORDER}-{count}" for count in (1, 2, 3))
Goods = Counter[tuple[str, int]]
"""(SKU, price of a piece in minor units) -> pieces."""
ENDED = {"status": "cancelled_from_split_pending", "substatus": "posting_split_pending", "actions": ()}
LATER = timedelta(minutes=11)


@dataclass
class Order:
    """An order at the marketplace, split at random; each posting names its parent, and relatives as `listing` says."""

    world: World
    rng: Random
    listing: str
    keeps_lines: bool
    held: dict[str, Goods] = field(default_factory=dict)
    parent: dict[str, str] = field(default_factory=dict)
    ended: dict[str, Goods] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    total: Goods = field(default_factory=Counter)

    def begins(self) -> None:
        for sku in range(1, self.rng.choice((2, 3, 3, 4))):
            for price in (1000, 1300) if sku == 1 and self.rng.random() < 0.25 else (1000,):
                self.total[str(sku), sku * price] = self.rng.randint(1, 3)
        self.held[ROOT], self.parent[ROOT] = Counter(self.total), ""
        self.tell()

    def tell(self) -> None:
        for number, goods in self.held.items():
            parts = [other for other, parent in self.parent.items() if parent == number]
            related = {
                "all": [other for other in self.held if other != number],
                "kin": [*filter(None, [self.parent[number]]), *parts],
                "parts": parts,
            }[self.listing]
            if number in self.ended:
                goods = self.ended[number] if self.keeps_lines else Counter()  # noqa: PLW2901  # what it lists instead
            lines = (
                a.line(sku=sku, quantity=count, price=a.rub(f"{price / 100:.2f}"))
                for (sku, price), count in sorted(goods.items())
            )
            facts = {"lines": tuple(lines), "parent_number": self.parent[number], "related_numbers": tuple(related)}
            self.world.market.put(a.detail(number=number, **facts, **(ENDED if number in self.ended else {})))
            if number in self.cancelled:
                self.world.market.cancel_by(number, "client")

    def split(self) -> None:
        number = self.rng.choice([each for each in self.held if each not in self.ended])
        pieces = list(self.held[number].elements())
        if len(pieces) < 2:
            return
        self.rng.shuffle(pieces)
        whole = self.rng.random() < 0.4
        cuts = sorted(self.rng.sample(range(1, len(pieces)), min(self.rng.choice((1, 1, 2)), len(pieces) - 1)))
        parts = [Counter(pieces[i:j]) for i, j in zip([0, *cuts], [*cuts, len(pieces)], strict=True)]
        if whole:
            self.ended[number], self.held[number] = Counter(pieces), Counter()
        else:
            self.held[number] = parts.pop(0)
        for part in parts:
            new = f"{ORDER}-{len(self.held) + 1}"
            self.held[new], self.parent[new] = part, number
        self.tell()

    def cancel(self) -> None:
        self.cancelled.add(self.rng.choice([each for each in self.held if each not in self.ended]))
        self.tell()

    def ledgers(self) -> dict[str, MoneyLedger]:
        found = {number: self.world.store.money(a.SELLER, number) for number in self.held}
        return {number: ledger for number, ledger in found.items() if ledger is not None}

    def read(self, *numbers: str) -> None:
        for number in numbers:
            self.world.clock.advance(timedelta(minutes=1))
            self.world.read(number)
            paid: Counter[str] = Counter()
            for ledger in self.ledgers().values():
                assert ledger.paid == sum(line.paid for line in ledger.lines.values())
                paid.update({sku: line.paid for sku, line in ledger.lines.items()})
            for sku, minor in paid.items():
                assert minor <= sum(price * count for (one, price), count in self.total.items() if one == sku), sku


@pytest.mark.parametrize("listing", ["all", "kin", "parts"])
@pytest.mark.parametrize("known_before", [False, True])
def test_a_family_never_has_more_than_was_paid_and_in_the_end_exactly_that(listing: str, known_before: bool) -> None:
    for seed in range(40):
        rng = Random(f"{seed} {listing}")
        order = Order(World(), rng, listing, keeps_lines=rng.random() < 0.6)
        order.begins()
        for _ in range(rng.randint(1, 3)):
            if known_before:
                order.read(*rng.sample(sorted(order.held), rng.randint(0, len(order.held))))
            order.split()
        if rng.random() < 0.4:
            order.cancel()
        for _ in range(3):
            order.read(*rng.sample(sorted(order.held), len(order.held)))
            order.world.clock.advance(LATER)
        ledgers = order.ledgers()
        for number, goods in order.held.items():
            cost = sum(price * count for (_, price), count in goods.items())
            wanted = (0, cost) if number in order.cancelled else (cost, 0)
            ledger = ledgers.get(number)
            assert ((ledger.available, ledger.refunded) if ledger else (0, 0)) == wanted, (seed, number)


@pytest.mark.parametrize("order", list(permutations((ROOT, SECOND, THIRD))))
@pytest.mark.parametrize("whole", [True, False])
def test_a_root_that_is_read_first_after_the_split_leaves_each_part_its_money(
    order: tuple[str, ...], whole: bool
) -> None:
    """The parent lists its parts and they name it, as published; one article is in all of them."""
    world = World()
    tea = a.line(sku="1", quantity=2, price=a.rub("10.00"))
    wanted = {ROOT: 0 if whole else 2000, SECOND: 2000, THIRD: 2000}
    kept = {"lines": (tea,), "related_numbers": (SECOND, THIRD)}
    world.market.put(a.detail(number=ROOT, **kept, **(ENDED if whole else {})))
    for number in (SECOND, THIRD):
        world.market.put(a.detail(number=number, lines=(tea,), parent_number=ROOT))
    for count, number in enumerate(order, start=1):
        world.read(number)
        found = {each: world.ledger(each).available for each in order[:count]}
        assert found == {each: wanted[each] for each in order[:count]}


@pytest.mark.parametrize("order", list(permutations((ROOT, SECOND, THIRD))))
@pytest.mark.parametrize("gone", [ROOT, SECOND, THIRD])
def test_whichever_of_a_family_was_cancelled_before_we_read_it_the_others_keep_theirs(
    order: tuple[str, ...], gone: str
) -> None:
    world = World()
    tea = a.line(sku="1", quantity=1, price=a.rub("10.00"))
    world.market.put(a.detail(number=ROOT, lines=(tea,), related_numbers=(SECOND, THIRD)))
    for number in (SECOND, THIRD):
        world.market.put(a.detail(number=number, lines=(tea,), parent_number=ROOT))
    world.market.cancel_by(gone, "client")
    for number in order:
        world.read(number)
    for number in order:
        ledger = world.ledger(number)
        assert (ledger.available, ledger.refunded) == ((0, 1000) if number == gone else (1000, 0))


def test_goods_that_a_part_took_too_much_from_are_made_up_by_a_read_that_changes_nothing() -> None:
    """The part's parent is not read, so that nobody knows which posting of the order had its goods before."""
    world = World()
    tea = a.line(sku="1", quantity=1, price=a.rub("10.00"))
    world.market.put(a.detail(number=ROOT, lines=(tea,), related_numbers=(SECOND, f"{ORDER}-4")))
    world.market.put(a.detail(number=SECOND, lines=(tea,), parent_number=ROOT))
    world.market.put(a.detail(number=THIRD, lines=(tea,), parent_number=f"{ORDER}-4"))
    world.market.put(a.detail(number=f"{ORDER}-4", parent_number=ROOT, related_numbers=(THIRD,), **ENDED))
    world.read(SECOND)
    world.read(THIRD)
    assert world.ledger(SECOND).available + world.ledger(THIRD).available == 1000, "never too much"
    world.clock.advance(LATER)
    for number in (ROOT, f"{ORDER}-4", SECOND, THIRD):
        world.read(number)
    version = world.posting(SECOND).version
    world.clock.advance(LATER)
    for number in (ROOT, THIRD, SECOND):
        world.read(number)
    assert world.posting(SECOND).version == version, "nothing about it has changed"
    assert [world.ledger(number).available for number in (ROOT, SECOND, THIRD)] == [1000, 1000, 1000]
