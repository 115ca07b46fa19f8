"""The proof compares what the marketplace lists with what we keep: each thing that differs turns it red, and back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.adapters.dynamodb import keys
from shipby.application.cases.opening import close_open_case, open_case
from shipby.application.ports.writes import SaveSettings
from shipby.application.proof.prove import prove
from shipby.application.proof.report import SHOWN, Proof
from shipby.application.proof.walk import GRACE
from shipby.application.refunds.match_accruals import MISSING_AFTER
from shipby.domain.cases.case import CaseKind
from shipby.domain.intents import IntentAction
from shipby.domain.money import Money
from shipby.domain.refunds.ledger import AccrualState, LineBalance
from shipby.domain.returns.return_case import COMPENSATE_ACTION
from tests.support import builders as a
from tests.support.fake_marketplace import FakeMarketplace
from tests.support.memory_store import MemoryStore
from tests.support.memory_writes import Planned
from tests.unit.world_support import World, money

FIRST, SECOND, THIRD = "n-1", "n-2", "n-3"
HOURS = timedelta(hours=3)


def tamper(store: MemoryStore, key: keys.Key, **changes: Any) -> Callable[[], None]:
    """Alter a row by hand; returns what puts it back."""
    row = store._rows[key]
    store._put(Planned(key, replace(row, **changes), store._columns[key]))
    return lambda: store._put(Planned(key, row, store._columns[key]))


@pytest.fixture
def world() -> World:
    """Three postings, so that the marketplace's list has two pages; read hours ago."""
    world = World()
    for number in (FIRST, SECOND, THIRD):
        world.arrives(number)
    world.clock.advance(HOURS)
    return world


def test_three_postings_of_two_pages_agree(world: World) -> None:
    proof = world.proof()
    assert proof.view()["findings"] == []
    assert (proof.counts["marketplace_postings"], proof.counts["our_postings"]) == (3, 3)


@pytest.mark.parametrize("number", [FIRST, SECOND, THIRD])
def test_a_status_that_differs_for_hours_is_red_until_it_is_read(world: World, number: str) -> None:
    world.market.cancel_by(number, "client")
    assert world.red() == set(), "it has only just changed"
    world.clock.advance(HOURS)
    (finding,) = world.proof().findings
    assert (finding.check, finding.id) == ("status_differs", number)
    assert "cancelled at the marketplace, awaiting_packaging here" in finding.problem
    world.read(number)
    world.clock.advance(HOURS)
    assert world.red() == set()


def test_the_grace_ends_when_the_marketplace_has_had_the_status_for_that_long(world: World) -> None:
    world.market.change(SECOND, status="delivering")
    world.clock.advance(GRACE)
    assert world.red() == set()
    assert world.proof().counts["not_yet"] == 1
    world.clock.advance(timedelta(seconds=1))
    assert world.red() == {"status_differs"}


def test_what_was_read_within_the_grace_is_not_yet_a_finding(world: World) -> None:
    world.read(SECOND)
    world.market.change(SECOND, shipment_date=a.CUT_OFF + timedelta(hours=5))
    world.clock.advance(GRACE - timedelta(seconds=1))
    assert world.red() == set()
    world.clock.advance(timedelta(seconds=1))
    assert world.red() == {"cut_off_differs"}


def test_without_grace_what_differs_at_this_moment_is_red(world: World) -> None:
    world.clock.advance(timedelta(seconds=1))
    world.market.change(SECOND, status="delivering")
    world.clock.advance(timedelta(seconds=1))
    proof = prove(a.SELLER, store=world.store, marketplace=world.market, clock=world.clock, grace=timedelta(0))
    assert {finding.check for finding in proof.findings} == {"status_differs"}


LINE = a.detail().lines[0]


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"shipment_date": a.CUT_OFF + timedelta(hours=1)}, "cut_off_differs"),
        ({"without_delay": a.CUT_OFF + timedelta(days=9)}, "cut_off_differs"),
        ({"lines": (replace(LINE, quantity=LINE.quantity + 1),)}, "lines_differ"),
        ({"lines": (replace(LINE, sku="7"),)}, "lines_differ"),
        ({"lines": (LINE, replace(LINE, sku="7"))}, "lines_differ"),
        ({"lines": (replace(LINE, price=Money(1, "RUB")),)}, "lines_differ"),
        ({"lines": (replace(LINE, price=Money(LINE.price.minor if LINE.price else 0, "CNY")),)}, "lines_differ"),
        ({"tracking_number": "CARRIER-9"}, "tracking_differs"),
        ({"in_process_at": a.NOW - timedelta(hours=7)}, "began_differs"),
    ],
)
def test_what_the_marketplace_changes_is_red_until_it_is_read(world: World, change: dict[str, Any], check: str) -> None:
    world.market.change(SECOND, **change)
    assert {(one.check, one.id) for one in world.proof().findings} == {(check, SECOND)}
    world.read(SECOND)
    world.clock.advance(HOURS)
    assert not {"lines_differ", check} & world.red()


@pytest.mark.parametrize("number", [FIRST, THIRD])
@pytest.mark.parametrize(
    ("row", "change", "checks"),
    [
        (keys.posting, {"status": "delivering"}, {"status_differs"}),
        (keys.posting, {"shipment_date": None}, {"cut_off_differs"}),
        (keys.posting, {"version": 0}, {"row_behind"}),
        (keys.detail, {"lines": ()}, {"lines_differ"}),
        (keys.detail, {"lines": (replace(LINE, quantity=1),)}, {"lines_differ", "money"}),
        (keys.detail, {"lines": (replace(LINE, price=Money(5, "RUB")),)}, {"lines_differ", "money"}),
        (keys.detail, {"in_process_at": a.NOW - timedelta(hours=9)}, {"began_differs"}),
        (keys.money, {"paid": 30_000, "lines": {LINE.sku: LineBalance(paid=30_000)}}, {"money"}),
        (keys.money, {"paid": 20_000, "lines": {LINE.sku: LineBalance(paid=20_000)}}, {"money"}),
        (keys.money, {"currency": "CNY"}, {"money"}),
    ],
)
def test_what_is_altered_in_the_store_is_red_until_it_is_put_back(
    world: World, number: str, row: Callable[[str, str], keys.Key], change: dict[str, Any], checks: set[str]
) -> None:
    put_back = tamper(world.store, row(a.SELLER, number), **change)
    found = world.proof().findings
    assert {finding.check for finding in found} == checks
    assert {finding.id for finding in found} == {number}
    put_back()
    assert world.red() == set()


def test_a_list_that_leaves_a_field_out_says_nothing_of_it(world: World) -> None:
    world.market.change(SECOND, shipment_date=None, without_delay=None, lines=(), tracking_number="")
    assert world.red() == set()


def test_a_price_that_cannot_be_read_on_one_side_is_no_difference(world: World) -> None:
    world.market.change(SECOND, lines=(replace(LINE, price=None),))
    assert world.red() == set()


def test_a_posting_that_moves_on_between_the_list_and_its_row_is_not_red(world: World) -> None:
    def meanwhile(call: str) -> None:
        if call == "postings":
            world.market.on_call = None
            world.clock.advance(timedelta(seconds=1))

    world.market.change(SECOND, status="delivering")
    world.clock.advance(HOURS)
    world.market.on_call = meanwhile
    listed = world.market.postings

    def then_read(**call: Any) -> Any:
        page = listed(**call)
        world.clock.advance(timedelta(seconds=1))
        world.market.change(SECOND, status="delivered")
        world.read(SECOND)
        return page

    world.market.postings = then_read  # type: ignore[method-assign]  # a double of the test
    assert "status_differs" not in world.red()


# Both counts over one window


def test_what_began_before_the_window_or_within_the_grace_is_in_neither_count(world: World) -> None:
    world.arrives("n-before", in_process_at=world.clock.now() - timedelta(days=20))
    world.arrives("n-just-now", in_process_at=world.clock.now() - timedelta(minutes=2))
    world.arrives("n-ahead", in_process_at=None)
    proof = world.proof()
    assert proof.green
    assert (proof.counts["marketplace_postings"], proof.counts["our_postings"]) == (3, 3)
    assert proof.counts["outside_window"] == 3


def test_counts_that_differ_are_never_green(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever explains it: here our row says that it began before the window, and so does the marketplace's entry."""
    listed = world.market.postings

    def another(**call: Any) -> Any:
        page = listed(**call)
        return replace(page, items=tuple(replace(one, in_process_at=None) for one in page.items if one.number != THIRD))

    monkeypatch.setattr(world.market, "postings", another)
    tamper(world.store, keys.detail(a.SELLER, THIRD), in_process_at=None)
    assert world.red() == set()
    tamper(world.store, keys.detail(a.SELLER, THIRD), in_process_at=world.clock.now() - timedelta(days=3))
    assert world.red() == {"posting_unlisted"}


# Sellers


def test_each_seller_is_held_against_its_own_marketplace(world: World) -> None:
    other = "700002"
    world.store.commit([SaveSettings(replace(a.settings(), seller=other))])
    their_market = FakeMarketplace(world.clock, postings=[a.detail(number=FIRST, status="cancelled")])

    def theirs() -> Proof:
        return prove(other, store=world.store, marketplace=their_market, clock=world.clock)

    assert {(one.check, one.id) for one in theirs().findings} == {("posting_missing", FIRST)}
    assert world.red() == set()


# Money that was given back


@pytest.fixture
def refunded() -> World:
    """Two compensations of two returns, confirmed."""
    world = World()
    for number, return_id in ((FIRST, "501"), (SECOND, "502")):
        world.arrives(number, status="delivered", actions=())
        world.return_opens(return_id, number=number, quantity=2)
        world.settle(world.decide(COMPENSATE_ACTION, return_id, amount=money(5_000)))
    world.clock.advance(HOURS)
    return world


def accrue(world: World, number: str, state: AccrualState, accrued: int) -> Callable[[], None]:
    ledger = world.ledger(number)
    ((key, entry),) = ledger.entries.items()
    return tamper(
        world.store,
        keys.money(a.SELLER, number),
        entries={key: replace(entry, accrual=state, accrued=accrued)},
    )


def test_a_refund_waits_for_its_accrual_and_is_red_once_it_is_overdue(refunded: World) -> None:
    refunded.clock.advance(MISSING_AFTER)
    assert refunded.red() == set()
    refunded.clock.advance(timedelta(days=2))
    found = {(one.check, one.id) for one in refunded.proof().findings}
    assert found == {("accrual", FIRST), ("accrual", SECOND)}
    put_back = [accrue(refunded, number, AccrualState.MATCHES, 5_000) for number in (FIRST, SECOND)]
    assert refunded.red() == set()
    assert refunded.proof().counts["refunds_accrued"] == 2
    put_back[1]()
    assert {(one.check, one.id) for one in refunded.proof().findings} == {("accrual", SECOND)}


def test_a_refund_of_a_posting_from_before_the_window_is_held_against_its_accruals_too(refunded: World) -> None:
    refunded.clock.advance(timedelta(days=20))
    found = {(one.check, one.id) for one in refunded.proof().findings}
    assert found == {("accrual", FIRST), ("accrual", SECOND)}


def test_what_was_charged_in_another_currency_is_counted_and_neither_right_nor_wrong(refunded: World) -> None:
    accrue(refunded, FIRST, AccrualState.MATCHES, 5_000)
    accrue(refunded, SECOND, AccrualState.NOT_COMPARABLE, 0)
    proof = refunded.proof()
    assert (proof.findings, proof.counts["refunds_not_comparable"], proof.counts["refunds_accrued"]) == ([], 1, 1)


@pytest.mark.parametrize(
    ("state", "accrued"), [(AccrualState.DIFFERS, 4_000), (AccrualState.MISSING, 0), (AccrualState.AMBIGUOUS, 0)]
)
def test_an_accrual_that_differs_is_red_until_a_person_has_closed_its_case(
    refunded: World, state: AccrualState, accrued: int
) -> None:
    accrue(refunded, FIRST, AccrualState.MATCHES, 5_000)
    accrue(refunded, SECOND, state, accrued)
    told = {
        "seller": a.SELLER,
        "kind": CaseKind.MONEY,
        "subject": SECOND,
        "now": refunded.clock.now(),
        "actor": "key:k1",
    }
    open_case(refunded.store, **told, reason="differs", owner="")  # type: ignore[arg-type]  # of mixed kinds
    assert {(one.check, one.id) for one in refunded.proof().findings} == {("accrual", SECOND)}
    assert close_open_case(refunded.store, **told, resolution="looked at")  # type: ignore[arg-type]  # of mixed kinds
    assert refunded.red() == set()


def test_sums_of_refunds_never_cross_currencies(refunded: World) -> None:
    price = Money(12_500, "CNY")
    refunded.arrives("n-cny", status="delivered", actions=(), lines=(replace(LINE, price=price),))
    refunded.return_opens("503", number="n-cny", quantity=2, price=price)
    refunded.settle(refunded.decide(COMPENSATE_ACTION, "503", amount=Money(5_000, "CNY")))
    refunded.clock.advance(HOURS)
    assert refunded.proof().view()["refunded"] == [
        {"amount": "50.00", "currency": "CNY"},
        {"amount": "100.00", "currency": "RUB"},
    ]


# Money of families and of cancelled pieces is no difference


def test_pieces_that_were_cancelled_leave_the_money_as_it_was_paid(world: World) -> None:
    world.market.change(SECOND, lines=(replace(LINE, quantity=1),))
    world.read(SECOND)
    world.clock.advance(HOURS)
    assert world.ledger(SECOND).refunded > 0
    assert world.red() == set()


def test_a_family_that_was_split_is_accounted_for_as_one(world: World) -> None:
    world.market.change(FIRST, lines=(replace(LINE, quantity=1),), related_numbers=("n-1-child",))
    world.market.put(
        a.detail(number="n-1-child", parent_number=FIRST, lines=(replace(LINE, quantity=1),), related_numbers=(FIRST,))
    )
    world.read(FIRST)
    world.read("n-1-child")
    world.clock.advance(HOURS)
    assert world.proof().view()["findings"] == []
    put_back = tamper(world.store, keys.money(a.SELLER, "n-1-child"), paid=1, lines={LINE.sku: LineBalance(paid=1)})
    assert world.red() == {"money"}
    put_back()
    assert world.red() == set()


# A report fits into a row


def test_a_report_lists_some_findings_and_counts_the_others(world: World) -> None:
    for index in range(SHOWN + 7):
        world.market.put(a.detail(number=f"lost-{index:04d}", in_process_at=a.NOW - timedelta(hours=1)))
    proof = world.proof()
    view = proof.view()
    assert not proof.green
    assert len(proof.findings) == SHOWN
    assert view["findings_left_out"] == 7


def test_a_posting_whose_call_is_open_is_still_compared(world: World) -> None:
    world.ask(IntentAction.SHIP, SECOND)
    world.market.cancel_by(SECOND, "client")
    world.clock.advance(HOURS)
    assert "status_differs" in world.red()
