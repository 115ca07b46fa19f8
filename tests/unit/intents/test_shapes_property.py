"""Splits, parts, cancels, faults and reads in any order: every unit is in one parcel, and the sums are kept."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from shipby.domain.errors import ShipbyError
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.postings.lines import quantities
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.unit.world_support import World

TEA, CUP = "1", "2"
PRICES = {TEA: 5000, CUP: 6000}
ORDERED = Counter({TEA: 4, CUP: 2})
PAID = sum(PRICES[sku] * count for sku, count in ORDERED.items())
SPLIT = "cancelled_from_split_pending"
PLACES = st.integers(0, 9)


class Parcels(RuleBasedStateMachine):
    """One order; whoever acts on it, its pieces and its money are there once."""

    @initialize(keeps=st.booleans())
    def begin(self, keeps: bool) -> None:
        self.world = World()
        lines = tuple(
            a.line(sku=sku, quantity=n, price=a.rub(f"{PRICES[sku] / 100:.2f}")) for sku, n in ORDERED.items()
        )
        self.world.arrives(lines=lines, actions=("cancel", "product_cancel", "ship"))
        self.world.market.shapes.keeps = keeps
        self.asked: list[str] = []
        self.by_hand = 0
        """Splits that somebody made in the cabinet."""

    # The order as the marketplace has it

    def numbers(self) -> list[str]:
        return sorted(self.world.market.book)

    def open(self, place: int) -> str | None:
        found = [number for number, facts in sorted(self.world.market.book.items()) if "ship" in facts.actions]
        return found[place % len(found)] if found else None

    def goods(self, number: str) -> dict[str, int]:
        return quantities(self.world.market.book[number])

    def ask(self, action: IntentAction, number: str, request: dict[str, object]) -> None:
        try:
            self.asked.append(self.world.ask(action, number, request=request))
        except ShipbyError:
            return

    # What people do

    @rule(place=PLACES, cuts=st.lists(st.integers(0, 2), min_size=6, max_size=6))
    def split(self, place: int, cuts: list[int]) -> None:
        number = self.open(place)
        if number is None:
            return
        pieces = sorted(Counter(self.goods(number)).elements())
        parcels: dict[int, Counter[str]] = {}
        for piece, cut in zip(pieces, cuts, strict=False):
            parcels.setdefault(cut, Counter())[piece] += 1
        self.ask(IntentAction.SPLIT, number, {"parcels": [dict(parcel) for _, parcel in sorted(parcels.items())]})

    @rule(place=PLACES, tea=st.integers(0, 3), cup=st.integers(0, 2))
    def part(self, place: int, tea: int, cup: int) -> None:
        number = self.open(place)
        if number is not None:
            products = {sku: n for sku, n in ((TEA, tea), (CUP, cup)) if n}
            self.ask(IntentAction.SHIP_PART, number, {"products": products})

    @rule(place=PLACES)
    def ship(self, place: int) -> None:
        number = self.open(place)
        if number is not None:
            self.ask(IntentAction.SHIP, number, {"packages": [self.goods(number)]})

    @rule(place=PLACES)
    def cancel(self, place: int) -> None:
        """The buyer takes a posting back."""
        live = [n for n in self.numbers() if self.world.market.book[n].status not in (SPLIT, "cancelled")]
        if live:
            number = live[place % len(live)]
            self.world.clock.advance(timedelta(seconds=1))
            self.world.market.cancel_by(number, "client")

    @rule(place=PLACES)
    def cabinet(self, place: int) -> None:
        """Somebody splits it in the cabinet."""
        number = self.open(place)
        if number is None or sum(self.goods(number).values()) < 2:
            return
        first = min(self.goods(number))
        rest = Counter(self.goods(number)) - Counter({first: 1})
        # A fault that was meant for a call of ours, and met none, is not the cabinet's.
        self.world.market.forgive("split")
        self.by_hand += 1
        self.world.market.shapes.split(number, [dict(rest), {first: 1}])

    @rule(place=PLACES, fault=st.sampled_from([None, None, Fault.TIMEOUT_AFTER, Fault.TIMEOUT_BEFORE]))
    def settle(self, place: int, fault: Fault | None) -> None:
        if not self.asked:
            return
        identifier = self.asked[place % len(self.asked)]
        intent = self.world.intent(identifier)
        if fault is not None and intent.state is IntentState.PENDING:
            self.world.market.fail(intent.action, fault)
        try:
            self.world.settle(identifier)
        except ShipbyError:
            return

    @rule(place=PLACES)
    def read(self, place: int) -> None:
        number = self.numbers()[place % len(self.numbers())]
        self.world.clock.advance(timedelta(seconds=2))
        self.world.read(number)

    # What always holds

    @invariant()
    def nothing_is_sent_twice(self) -> None:
        sent = [self.world.intent(identifier) for identifier in self.asked]
        for action in ("split", "ship_part"):
            calls = self.world.market.calls[action] - (self.by_hand if action == "split" else 0)
            assert calls <= sum(1 for intent in sent if intent.action == action and intent.sent_at is not None)

    @invariant()
    def no_money_is_there_twice(self) -> None:
        ledgers = [self.world.store.money(a.SELLER, number) for number in self.numbers()]
        assert sum(ledger.paid for ledger in ledgers if ledger is not None) <= PAID

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        for _ in range(3):
            for number in reversed(self.numbers()):
                self.world.clock.advance(timedelta(seconds=2))
                self.world.read(number)
        held: Counter[str] = Counter()
        paid = 0
        for number in self.numbers():
            facts = self.world.store.detail(a.SELLER, number)
            assert facts is not None
            if facts.status != SPLIT:
                held.update(quantities(facts))
            ledger = self.world.store.money(a.SELLER, number)
            paid += ledger.paid if ledger is not None else 0
        assert held == ORDERED
        assert paid == PAID


TestParcels = Parcels.TestCase
TestParcels.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def test_a_part_of_a_part_of_a_part_brings_its_money_although_those_between_were_never_read() -> None:
    state = Parcels()
    state.begin(keeps=False)
    for place in (0, 0, 1):
        state.cabinet(place)
    for place in (3, 5):
        state.read(place)
        state.no_money_is_there_twice()
    state.teardown()


def test_what_a_buyer_takes_back_below_two_unread_splits_is_counted_once() -> None:
    state = Parcels()
    state.begin(keeps=False)
    for place in (0, 0, 0, 4):
        state.cabinet(place)
    state.cancel(0)
    state.read(3)
    state.cancel(5)
    state.teardown()


def test_what_a_part_took_from_another_before_those_between_were_read_is_that_ones_again() -> None:
    state = Parcels()
    state.begin(keeps=False)
    for place in (0, 0):
        state.cabinet(place)
    state.cancel(0)
    state.read(8)
    for place in (0, 1):
        state.cabinet(place)
    state.read(0)
    state.no_money_is_there_twice()
    state.teardown()
