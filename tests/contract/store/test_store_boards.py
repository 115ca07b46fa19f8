"""What boards count and pick out of ten thousand open postings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shipby.application.ports.clock import Clock
from shipby.application.ports.postings import Load, OpenRow
from shipby.application.ports.store import Store
from shipby.application.ports.writes import SaveDetail, SaveOutcome, SavePosting, SaveProductCard, Write
from shipby.domain.deadlines.outcome import Outcome
from shipby.domain.deadlines.priority import OpenPosting, StatedPrices
from shipby.domain.packing.cards import ProductCard
from shipby.domain.postings.posting import RungKind, Stage
from tests.contract.store.paging_support import hours
from tests.support import builders as a

MICROSECOND = timedelta(microseconds=1)


def has(store: Store, seller: str, number: str, cut_off: datetime | None, **changes: Any) -> None:
    base = a.posting(seller=seller, number=number, shipment_date=cut_off, warehouse_id="1", at_risk=a.rub("5"))
    store.commit([SavePosting(replace(base, **changes))])


def fill(store: Store, seller: str) -> None:
    has(store, seller, "p1", hours(5), at_risk=None)
    has(store, seller, "p2", hours(1), warehouse_id="2")
    has(store, seller, "p3", hours(1))
    has(store, seller, "p4", hours(1))
    has(store, seller, "p5", hours(-30))
    has(store, seller, "p6", None, warehouse_id="")
    has(store, seller, "other", hours(1), stage=Stage.PACKED)
    has(store, f"{seller}x", "foreign", hours(1))


def test_rows_of_a_span_come_earliest_first_and_those_without_a_cut_off_last(store: Store, seller: str) -> None:
    fill(store, seller)

    def numbers(most: int = 9, **span: Any) -> list[str]:
        rows, more = store.open_rows(seller, Stage.RECEIVED, most=most, **span)
        assert more is (len(rows) == most)
        return [row.number for row in rows]

    rows, more = store.open_rows(seller, Stage.RECEIVED, most=6)

    assert (rows[0], rows[-1]) == (
        OpenRow("p5", Stage.RECEIVED, hours(-30), "1", a.rub("5")),
        OpenRow("p6", Stage.RECEIVED, None, "", a.rub("5")),
    )
    assert rows[4].at_risk is None
    assert more is False
    assert numbers(until=hours(1)) == ["p5", "p2", "p3", "p4"]
    assert numbers(until=hours(1) - MICROSECOND) == ["p5"]
    assert numbers(after=hours(-30), until=hours(5)) == ["p2", "p3", "p4", "p1"]
    assert numbers(after=hours(-30) - MICROSECOND, until=hours(0)) == ["p5"]
    assert numbers(after=hours(1)) == ["p1", "p6"]
    assert numbers(2) == ["p5", "p2"]
    assert numbers(3, until=hours(1)) == ["p5", "p2", "p3"]
    assert numbers(until=hours(-40)) == []


def test_rows_of_one_warehouse_are_found_behind_those_of_others(store: Store, seller: str) -> None:
    fill(store, seller)

    rows, more = store.open_rows(seller, Stage.RECEIVED, warehouse="1", most=2)

    assert ([row.number for row in rows], more) == (["p5", "p3"], True)
    assert store.open_rows(seller, Stage.RECEIVED, warehouse="2", most=1, until=hours(9))[1] is False
    assert store.open_rows(seller, Stage.RECEIVED, warehouse="3", most=1) == ([], False)


def test_rows_with_a_price_that_ring_in_time_are_found(store: Store, seller: str) -> None:
    rings = {
        "soon": a.alarm(hours(2), RungKind.TARIFF_STEP),
        "just": a.alarm(hours(3), RungKind.TARIFF_STEP),
        "far": a.alarm(hours(3) + MICROSECOND, RungKind.TARIFF_STEP),
        "never": None,
    }
    for number, alarm in rings.items():
        has(store, seller, number, hours(30), next_alarm=alarm)
    has(store, seller, "free", hours(30), next_alarm=a.alarm(hours(2)), at_risk=None)
    has(store, seller, "due", hours(3), next_alarm=a.alarm(hours(2)))

    rows, more = store.open_rows(seller, Stage.RECEIVED, after=hours(3), until=hours(72), rings_by=hours(3), most=9)

    assert ([row.number for row in rows], more) == (["just", "soon"], False)
    assert store.open_rows(seller, Stage.RECEIVED, until=hours(72), rings_by=hours(3), warehouse="1", most=2)[1] is True
    assert store.open_rows(seller, Stage.RECEIVED, until=hours(72), rings_by=hours(3), warehouse="2", most=2)[0] == []


def test_the_load_is_counted_by_cut_off_warehouse_and_price(store: Store, seller: str) -> None:
    fill(store, seller)

    loads, more = store.loads(seller, Stage.RECEIVED, until=hours(5), most=9)

    assert list(loads) == [
        Load(hours(-30), "1", a.rub("5"), 1),
        Load(hours(1), "2", a.rub("5"), 1),
        Load(hours(1), "1", a.rub("5"), 2),
        Load(hours(5), "1", None, 1),
    ]
    assert more is False
    assert store.loads(seller, Stage.RECEIVED, until=hours(5) - MICROSECOND, most=4)[1] is False
    assert store.loads(seller, Stage.RECEIVED, until=hours(5), most=4)[1] is True
    assert list(store.loads(seller, Stage.RECEIVED, until=hours(5), warehouse="2", most=1)[0]) == [loads[1]]
    assert list(store.loads(seller, Stage.CONFIRMED, until=hours(5), most=1)[0]) == []


def test_of_an_open_posting_what_the_order_of_work_needs_is_read(store: Store, seller: str) -> None:
    numbers = [f"{n}-1-1" for n in range(120)]
    posting = a.full_posting(seller=seller, number=numbers[3], version=1, late_price=a.rub("7"), parent_number="p")
    store.commit([SavePosting(posting)])
    for number in numbers[4:-1]:
        has(store, seller, number, hours(1))
    has(store, f"{seller}x", numbers[-1], hours(1))

    found = store.open_postings(seller, [numbers[-2], *numbers, numbers[-2]])

    assert list(found) == [numbers[-2], *numbers[3:-2]]
    for number in (numbers[3], numbers[4]):
        whole = store.posting(seller, number)
        assert [getattr(found[number], field.name) for field in fields(OpenPosting)] == [
            getattr(whole, field.name) for field in fields(OpenPosting)
        ]
    assert store.open_postings(seller, []) == {}


def test_of_what_the_marketplace_says_the_prices_are_read(store: Store, seller: str) -> None:
    has(store, seller, "p1", hours(1))
    has(store, seller, "p2", hours(1))
    store.commit([SaveDetail(seller, a.detail(number="p2"))])
    store.commit([SaveDetail(f"{seller}x", a.detail(number="p1"))])

    found = store.stated_prices(seller, ["p1", "p2", "p3", "p2"])

    assert found == {"p2": StatedPrices(tariff_steps=a.detail().tariff_steps, lines=a.detail().lines)}
    assert found["p2"].paid == a.detail().paid
    assert store.stated_prices(seller, []) == {}


def test_cards_of_products_are_read_together_in_the_order_asked_for(store: Store, seller: str) -> None:
    cards: list[Write] = [
        SaveProductCard(ProductCard(seller=seller, sku=str(sku), version=1, bin=f"A-{sku}")) for sku in range(120)
    ]
    for card in (*cards, SaveProductCard(ProductCard(seller=f"{seller}x", sku="900", version=1))):
        store.commit([card])
    asked = ["900", *(str(sku) for sku in reversed(range(120))), "3"]

    found = store.product_cards_of(seller, asked)

    assert list(found) == asked[1:-1]
    assert all(card == store.product_card(seller, sku) for sku, card in list(found.items())[:3])
    assert store.product_cards_of(seller, []) == {}


def left(seller: str, number: str, at: datetime, **changes: Any) -> SaveOutcome:
    base = Outcome(seller=seller, posting_number=number, shipped_at=at, warehouse_id="1")
    return SaveOutcome(replace(base, **changes))


def test_what_was_packed_is_counted_by_warehouse_and_quarter_of_an_hour(store: Store, seller: str) -> None:
    day = datetime(2026, 3, 2, tzinfo=UTC)
    evening = day + timedelta(hours=18)
    quarter = day + timedelta(hours=9, minutes=15)
    for number, packed in {
        "a": quarter,
        "b": quarter + timedelta(minutes=15) - MICROSECOND,
        "c": quarter - MICROSECOND,
        "d": quarter - timedelta(days=1),
    }.items():
        store.commit([left(seller, number, evening, packed_at=packed)])
    store.commit([left(seller, "e", evening, packed_at=quarter, warehouse_id="2")])
    store.commit([left(seller, "unscanned", evening + timedelta(minutes=7), warehouse_id="")])
    store.commit([left(seller, "tomorrow", day + timedelta(days=1), packed_at=quarter)])
    store.commit([left(f"{seller}x", "foreign", evening, packed_at=quarter)])

    counted = store.packed_on(seller, day.date(), most=6)

    assert counted == {
        ("1", quarter): 2,
        ("1", quarter - timedelta(minutes=15)): 1,
        ("1", quarter - timedelta(days=1)): 1,
        ("2", quarter): 1,
        ("", evening): 1,
    }
    assert store.packed_on(seller, day.date(), most=5) is None
    assert store.packed_on(seller, day.date() - timedelta(days=1), most=0) == {}


def test_what_was_packed_on_a_day_that_is_over_is_read_again_after_five_minutes(
    make_store: Callable[[Clock], Store], seller: str
) -> None:
    clock = a.FixedClock()
    store = make_store(clock)
    yesterday, today = a.NOW - timedelta(days=1), a.NOW.date()
    store.commit([left(seller, "a", yesterday), left(seller, "b", yesterday)])
    assert store.packed_on(seller, yesterday.date(), most=2) == {("1", yesterday): 2}
    assert store.packed_on(seller, today, most=1) == {}
    store.commit([left(seller, "c", yesterday), left(seller, "d", a.NOW)])
    assert store.packed_on(seller, today, most=1) == {("1", a.NOW): 1}
    assert store.packed_on(seller, yesterday.date(), most=1) is None
    assert store.packed_on(f"{seller}x", yesterday.date(), most=9) == {}
    clock.advance(timedelta(minutes=5, microseconds=1))
    assert store.packed_on(seller, yesterday.date(), most=3) == {("1", yesterday): 3}
    store.commit([left(seller, "e", yesterday)])
    clock.advance(timedelta(minutes=-9))
    assert store.packed_on(seller, yesterday.date(), most=9) == {("1", yesterday): 4}


def test_losses_of_a_day_are_found_among_those_that_lost_nothing(store: Store, seller: str) -> None:
    evening = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
    for number, lost in {"a": None, "b": a.rub("3"), "c": None, "d": a.rub("4")}.items():
        store.commit([left(seller, number, evening, lost=lost, warehouse_id=number)])
    store.commit([left(seller, "tomorrow", evening + timedelta(days=1), lost=a.rub("9"))])

    assert store.losses_on(seller, evening.date(), most=2) == ([a.rub("3"), a.rub("4")], False)
    assert store.losses_on(seller, evening.date(), most=1) == ([a.rub("3")], True)
    assert store.losses_on(seller, evening.date(), warehouse="d", most=1) == ([a.rub("4")], False)
    assert store.losses_on(seller, evening.date(), warehouse="a", most=1) == ([], False)


@pytest.mark.parametrize("hour", [0, 23])
def test_a_cut_off_at_the_very_edge_of_a_span_is_in_it(store: Store, seller: str, hour: int) -> None:
    edge = datetime(2026, 3, 2, hour, tzinfo=UTC)
    has(store, seller, "edge", edge)
    assert [row.number for row in store.open_rows(seller, Stage.RECEIVED, until=edge, most=1)[0]] == ["edge"]
    assert store.open_rows(seller, Stage.RECEIVED, after=edge, most=1)[0] == []
