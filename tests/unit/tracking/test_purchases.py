"""Goods that are bought after the sale: each step is a clock of its orders, and a late one says whom it makes late."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.postings.queries import get_posting
from shipby.application.shared.tables import csv_lines
from shipby.application.tracking.purchase_table import MAX_ROWS, PurchaseTable, import_purchases
from shipby.application.tracking.purchases import PurchaseWish, get_purchase, list_purchases, put_purchase
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import InvalidInputError, NotFoundError, PreconditionFailedError
from shipby.domain.events import EventType
from shipby.domain.intents import IntentAction
from shipby.domain.postings.posting import RungKind
from shipby.domain.tracking.purchases import Hop, HopKind, Purchase, goods_at, is_late
from tests.support import builders as a
from tests.unit.world_support import World, forget

OTHER = "24219509-0021-1"
HOUR = timedelta(hours=1)
ID = "1688-1"


@pytest.fixture
def world() -> World:
    world = World()
    for number in (a.NUMBER, OTHER):
        world.arrives(number)
    return world


def hop(kind: HopKind, hours: float | None, *, number: str = "", done: bool = False) -> Hop:
    expected = None if hours is None else a.NOW + hours * HOUR
    return Hop(kind=kind, number=number, expected_by=expected, done_at=a.NOW if done else None)


WAY = (
    hop(HopKind.BOUGHT, -1, done=True),
    hop(HopKind.DOMESTIC, 4, number="SF1"),
    hop(HopKind.FORWARDER, 6),
)


def put(world: World, *hops: Hop, to: tuple[str, ...] = (a.NUMBER,), identifier: str = ID, **more: Any) -> Any:
    wish = PurchaseWish(
        seller=a.SELLER, id=identifier, actor="key:k1", supplier="Yiwu 7", postings=to, hops=hops, **more
    )
    return put_purchase(wish, None, forget, store=world.store, clock=world.clock).body


def dues(world: World, number: str = a.NUMBER) -> list[Any]:
    return [rung.due for rung in world.posting(number).rungs if rung.kind is RungKind.GOODS_BY]


def test_each_step_to_come_is_a_clock_of_every_order_it_is_for(world: World) -> None:
    put(world, *WAY, to=(a.NUMBER, OTHER))
    for number in (a.NUMBER, OTHER):
        assert dues(world, number) == [a.NOW + 4 * HOUR, a.NOW + 6 * HOUR]
        assert world.posting(number).purchases == (ID,)
    shown: Any = get_posting(a.SELLER, a.NUMBER, store=world.store)
    assert shown["purchases"] == [ID]
    assert [rung["kind"] for rung in shown["ladder"]].count("goods_by") == 2
    assert world.types()[-1] is EventType.POSTING_PURCHASED
    world.clock.advance(timedelta(minutes=1))
    world.market.change(a.NUMBER, substatus="posting_registered")
    world.read()
    assert dues(world) == [a.NOW + 4 * HOUR, a.NOW + 6 * HOUR], "a read of the marketplace keeps them"


def test_a_step_that_is_late_rings_and_one_that_is_done_does_not(world: World) -> None:
    world.do(Command.CONFIRM)
    put(world, *WAY)
    told = []
    while world.clock.now() < a.NOW + 7 * HOUR:
        outcome = world.ring_next()
        if outcome.outcome != "fired":
            break
        told += [e.event.data.get("rung") for e in world.history()[-1:]]
        if told[-1] == RungKind.GOODS_BY:
            break
    assert told[-1] == RungKind.GOODS_BY
    assert world.clock.now() == a.NOW + 4 * HOUR
    arrived = (WAY[0], Hop(kind=HopKind.DOMESTIC, number="SF1", expected_by=a.NOW + 4 * HOUR, done_at=a.NOW), WAY[2])
    put(world, *arrived)
    assert dues(world) == [a.NOW + 6 * HOUR]
    put(world, *arrived[:2])
    assert (dues(world), world.posting().goods_by) == ([], ())


def test_goods_that_are_picked_are_here(world: World) -> None:
    put(world, *WAY)
    for command in (Command.CONFIRM, Command.PICK):
        world.do(command)
    assert world.posting().next_alarm is not None
    assert RungKind.GOODS_BY not in {rung.kind for rung in world.posting().rungs}


def test_many_purchases_of_one_order_and_many_orders_of_one_purchase(world: World) -> None:
    put(world, hop(HopKind.DOMESTIC, 4), to=(a.NUMBER, OTHER))
    put(world, hop(HopKind.DOMESTIC, 2), identifier="1688-2")
    assert dues(world) == [a.NOW + 2 * HOUR, a.NOW + 4 * HOUR]
    assert world.posting().purchases == (ID, "1688-2")
    put(world, hop(HopKind.DOMESTIC, 5), to=(OTHER,))
    assert (dues(world), world.posting().purchases) == ([a.NOW + 2 * HOUR], ("1688-2",))
    assert dues(world, OTHER) == [a.NOW + 5 * HOUR]


def test_a_purchase_that_is_late_says_which_orders_it_makes_late(world: World) -> None:
    late = a.CUT_OFF - a.NOW - HOUR
    body = put(world, hop(HopKind.DOMESTIC, 2), Hop(kind=HopKind.FORWARDER, expected_by=a.NOW + late))
    assert (body["late"], body["makes_late"]) == (False, [])
    world.clock.advance(timedelta(hours=5))
    shown: Any = get_purchase(a.SELLER, ID, store=world.store, clock=world.clock)
    assert shown["late"] is True
    assert [step["late"] for step in shown["hops"]] == [True, False]
    [order] = shown["makes_late"]
    assert (order["posting_number"], order["minutes_late"]) == (a.NUMBER, 120)
    at_risk = world.posting().at_risk
    assert at_risk is not None
    assert order["at_risk"] == {"amount": at_risk.amount, "currency": at_risk.currency}
    put(world, hop(HopKind.DOMESTIC, 9), identifier="1688-2", to=(OTHER,))
    listed: Any = list_purchases(a.SELLER, late=True, limit=50, cursor=None, store=world.store, clock=world.clock)
    assert [item["id"] for item in listed["items"]] == [ID]


def test_an_order_that_left_or_was_cancelled_is_made_late_by_nothing(world: World) -> None:
    put(world, Hop(kind=HopKind.DOMESTIC, expected_by=a.CUT_OFF + HOUR))
    shown: Any = get_purchase(a.SELLER, ID, store=world.store, clock=world.clock)
    assert len(shown["makes_late"]) == 1
    world.market.cancel_by(a.NUMBER, "client")
    world.clock.advance(timedelta(minutes=1))
    world.read()
    shown = get_purchase(a.SELLER, ID, store=world.store, clock=world.clock)
    assert shown["makes_late"] == []
    put(world, hop(HopKind.DOMESTIC, 3))
    assert world.posting().goods_by == (a.CUT_OFF + HOUR,), "what is over is not written any more"


@pytest.mark.parametrize("first", [True, False])
def test_parts_of_a_split_have_the_clocks_and_hear_of_changes(world: World, first: bool) -> None:
    if first:
        put(world, hop(HopKind.DOMESTIC, 4))
    intent = world.ask(IntentAction.SPLIT, request={"parcels": [{"149123456": 1}, {"149123456": 1}]})
    world.settle(intent)
    put(world, hop(HopKind.DOMESTIC, 7))
    for number in ("24219509-0020-3", "24219509-0020-4"):
        assert dues(world, number) == [a.NOW + 7 * HOUR]


def test_what_cannot_be_is_said_and_nothing_is_stored(world: World) -> None:
    with pytest.raises(InvalidInputError, match="nobody knows"):
        put(world, to=(a.NUMBER, "1-1-1"))
    with pytest.raises(InvalidInputError) as caught:
        put(world, Hop(kind=HopKind.BOUGHT, done_at=a.NOW + HOUR))
    assert [name for name, _ in caught.value.errors] == ["hops/0/done_at"]
    with pytest.raises(InvalidInputError, match="cannot be stored"):
        put(world, *[hop(HopKind.DOMESTIC, 1, number=str(n)) for n in range(13)])
    with pytest.raises(NotFoundError):
        get_purchase(a.SELLER, ID, store=world.store, clock=world.clock)
    assert world.posting().purchases == ()
    wish = PurchaseWish(seller=a.SELLER, id=ID, actor="key:k1")
    with pytest.raises(PreconditionFailedError):
        put_purchase(wish, 3, forget, store=world.store, clock=world.clock)


def test_goods_are_as_late_as_the_latest_step() -> None:
    purchase = Purchase(
        seller=a.SELLER,
        id=ID,
        version=1,
        changed_at=a.NOW,
        changed_by="key:k1",
        hops=(hop(HopKind.DOMESTIC, 1), hop(HopKind.FORWARDER, 10), hop(HopKind.INTERNATIONAL, None)),
    )
    assert (goods_at(purchase, a.NOW), is_late(purchase, a.NOW)) == (a.NOW + 10 * HOUR, False)
    assert goods_at(purchase, a.NOW + 3 * HOUR) == a.NOW + 12 * HOUR
    assert is_late(purchase, a.NOW + 3 * HOUR)


# Tables --------------------------------------------------------------------------------------------------------------

HEADING = "purchase,posting_number,supplier,hop,number,expected_by,done_at"


def table(world: World, text: str, *, dry_run: bool = False) -> Mapping[str, Any]:
    lines = csv_lines(text)
    asked = PurchaseTable(seller=a.SELLER, lines=lines, actor="key:k1", dry_run=dry_run)
    body: Mapping[str, Any] = import_purchases(asked, forget, store=world.store, clock=world.clock).body
    return body


ROWS = f"""{HEADING}
P1,{a.NUMBER},Yiwu 7,bought,,2026-03-01,2026-03-01 10:00
P1,{OTHER},,domestic,SF1,2026-03-05 18:00,
P2,{OTHER},,international,LP1,05.03.2026,
"""


def test_rows_of_one_purchase_add_up_and_the_same_table_again_changes_nothing(world: World) -> None:
    dry = table(world, ROWS, dry_run=True)
    assert [item["result"] for item in dry["items"]] == ["good"] * 3
    assert world.store.purchase(a.SELLER, "P1") is None
    assert [item["result"] for item in table(world, ROWS)["items"]] == ["saved"] * 3
    purchase = world.store.purchase(a.SELLER, "P1")
    assert purchase is not None
    assert (purchase.postings, purchase.supplier) == ((a.NUMBER, OTHER), "Yiwu 7")
    assert [step.kind for step in purchase.hops] == [HopKind.BOUGHT, HopKind.DOMESTIC]
    assert world.posting(OTHER).purchases == ("P1", "P2")
    again = table(world, ROWS)
    assert [item["result"] for item in again["items"]] == ["unchanged"] * 3
    assert world.store.purchase(a.SELLER, "P1") == purchase


def test_what_a_spreadsheet_pastes_is_a_table_too_and_a_step_is_known_by_its_number(world: World) -> None:
    table(world, ROWS)
    pasted = "采购单号\t环节\t单号\t完成时间\nP1\t国内\tSF1\t2026-03-02 08:30\nP1\t国内\tSF2\t\n"
    assert table(world, pasted)["saved"] == 2
    purchase = world.store.purchase(a.SELLER, "P1")
    assert purchase is not None
    assert [(step.number, step.done_at is not None) for step in purchase.hops[1:]] == [("SF1", True), ("SF2", False)]
    assert purchase.hops[1].expected_by is not None


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (f"P 1,{a.NUMBER},,,,,", "purchase:"),
        ("P1,1-1-1,,,,,", "not known here"),
        (f"P1,{a.NUMBER},,somewhere,,,", "no step"),
        (f"P1,{a.NUMBER},,,SF1,,", "hop is empty"),
        (f"P1,{a.NUMBER},,domestic,SF1,tomorrow,", "expected_by: write"),
        (f"P1,{a.NUMBER},,domestic,SF1,31.02.2026,", "no such time"),
        (f"P1,{a.NUMBER},,domestic,SF1,2026-03-05 25:00,", "no such time"),
        (f"P1,{a.NUMBER},,domestic,SF1,,2027-12-01", "future"),
        (f"P1,{a.NUMBER},,domestic,ЅF1,,", "type it anew"),
        (f"P1,{a.NUMBER},,domestic,=A1,,", "formula"),
        (f"P1,{a.NUMBER},,domestic,SF1,,,more", "more cells"),
        (f"P1,{a.NUMBER},{'x' * 101},,,,", "more than 100"),
    ],
)
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_wrong_row_keeps_its_purchase_out_and_no_other(world: World, row: str, told: str, dry_run: bool) -> None:
    good = f"P1,{OTHER},,domestic,SF9,2026-03-05,"
    found = table(world, f"{HEADING}\n{row}\n{good}\nP2,{OTHER},,bought,,,\n", dry_run=dry_run)
    bad, beside, other = found["items"]
    assert bad["result"] == "problem"
    assert told in bad["problem"]
    assert other["result"] == ("good" if dry_run else "saved")
    if bad["purchase"] == beside["purchase"]:
        assert beside["result"] == "problem"
        assert world.store.purchase(a.SELLER, "P1") is None


@pytest.mark.parametrize(
    "text",
    ["posting_number\n1\n", "purchase,colour\nP1,red\n", "purchase,purchase\nP1,P2\n", "purchase\n", "", '"'],
)
def test_what_is_no_table_is_refused_whole(world: World, text: str) -> None:
    with pytest.raises(InvalidInputError):
        table(world, text)
    rows = "".join(f"P{n % 50},,,,,,\n" for n in range(MAX_ROWS + 1))
    with pytest.raises(InvalidInputError, match="at most"):
        table(world, f"{HEADING}\n{rows}")
