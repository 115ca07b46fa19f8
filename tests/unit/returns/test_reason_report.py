"""The reason analysis from postings, returns and ledgers to the day's aggregate and the merged answer."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.ports.writes import SaveDetail, SaveMoney, SavePosting, SaveProductCard, SaveReturn
from shipby.application.returns.reason_report import (
    LOOK_BACK,
    PART,
    REPORT,
    Wanted,
    reason_csv,
    reason_report,
    refresh_reasons,
)
from shipby.domain.errors import InvalidInputError
from shipby.domain.packing.cards import ProductCard
from shipby.domain.postings.posting import Cancellation, Line, Stage
from shipby.domain.refunds.ledger import CostBorneBy, Entry, EntryKind, EntryState, ExecutedBy, MoneyLedger
from shipby.domain.returns.reason_figures import Dimension
from shipby.domain.returns.return_case import ReturnSource
from tests.support import builders as a
from tests.support.memory_store import MemoryStore

DAY = a.NOW.date()
EVERYTHING = (Dimension.REASON, Dimension.SKU, Dimension.CARRIER, Dimension.SUPPLIER)
GONE = Cancellation(reason_id=352, reason="Товар закончился", type="seller", after_ship=False, affects_rating=True)


class Shop:
    def __init__(self) -> None:
        self.clock = a.FixedClock()
        self.store = MemoryStore(clock=self.clock)

    def posting(
        self,
        number: str,
        *,
        sku: str = "11",
        quantity: int = 2,
        cancelled: Cancellation | None = None,
        shipped: bool = True,
        by: str = "",
        carrier: str = "CDEK",
    ) -> None:
        line = Line(sku=sku, offer_id="o", name="n", quantity=quantity, price=a.rub("100.50"))
        by = by or (cancelled.type if cancelled else "")
        posting = a.posting(
            number=number,
            received_at=self.clock.now(),
            stage=Stage.CANCELLED if by else Stage.DELIVERED,
            cancelled_by=by,
            handed_over_at=self.clock.now() if shipped else None,
        )
        detail = a.detail(
            number=number, lines=(line,), cancellation=cancelled, carrier=carrier, integration="3pl_tracking"
        )
        self.store.commit([SavePosting(posting), SaveDetail(a.SELLER, detail)])

    def comes_back(self, return_id: str, number: str, **changes: Any) -> None:
        values: dict[str, Any] = {"sku": "11", "quantity": 1, "price": a.rub("100.50"), "reason": "Не подошёл"}
        case = a.return_case(id=return_id, posting_number=number, opened_at=self.clock.now(), **values | changes)
        self.store.commit([SaveReturn(case)])

    def gave_back(self, number: str, **entries: Entry) -> None:
        keyed = {key.replace("__", "."): entry for key, entry in entries.items()}
        ledger = MoneyLedger(seller=a.SELLER, number=number, version=1, currency="RUB", paid=20_100, entries=keyed)
        self.store.commit([SaveMoney(ledger)])

    def makes(self, **options: Any) -> tuple[object, ...]:
        return refresh_reasons(a.SELLER, store=self.store, clock=self.clock, **options)

    def report(self, by: tuple[Dimension, ...] = EVERYTHING, *, days: int = 1, limit: int = 100) -> dict[str, Any]:
        last = self.clock.now().date()
        wanted = Wanted(first=last - timedelta(days=days - 1), last=last, by=by, limit=limit)
        return reason_report(a.SELLER, wanted, store=self.store)


@pytest.fixture
def shop() -> Shop:
    made = Shop()
    made.store.commit([SaveProductCard(ProductCard(seller=a.SELLER, sku="11", version=1, supplier="ООО Мебель"))])
    return made


def entry(minor: int, kind: EntryKind = EntryKind.REFUND, state: EntryState = EntryState.REFUNDED) -> Entry:
    return Entry(minor=minor, state=state, executed_by=ExecutedBy.SELLER, cost_borne_by=CostBorneBy.SELLER, kind=kind)


def test_cancels_and_returns_have_reason_goods_money_and_denominators(shop: Shop) -> None:
    shop.posting("p1")
    shop.posting("p2", quantity=3, cancelled=GONE, shipped=False)
    shop.posting("p3", sku="12", carrier="")
    shop.comes_back("501", "p1")
    shop.gave_back(
        "p1",
        r__501__return_action__1=entry(10_050),
        r__501__return_action__2=entry(30_000, EntryKind.POSTAGE),
        r__502__return_action__1=entry(999),
        r__501__return_action__3=entry(5, state=EntryState.RELEASED),
    )

    shop.makes()
    found = shop.report()

    assert (found["received"], found["shipped"], found["missing_days"]) == (7, 4, [])
    cancel, back = found["rows"]
    assert cancel == {
        "kind": "cancel",
        "group": {"reason": "Товар закончился", "sku": "11", "carrier": "CDEK", "supplier": "ООО Мебель"},
        "cases": 1,
        "pieces": 3,
        "value": [{"amount": "301.50", "currency": "RUB"}],
        "refunded": [],
        "postage": [],
        "out_of": 5,
        "rate": "0.6000",
    }
    assert (back["kind"], back["group"]["reason"], back["pieces"]) == ("return", "Не подошёл", 1)
    assert (back["out_of"], back["rate"]) == (2, "0.5000")
    assert (back["value"], back["refunded"], back["postage"]) == (
        [{"amount": "100.50", "currency": "RUB"}],
        [{"amount": "100.50", "currency": "RUB"}],
        [{"amount": "300.00", "currency": "RUB"}],
    )


def test_every_figure_of_an_answer_is_defined(shop: Shop) -> None:
    shop.posting("p1", cancelled=GONE)
    shop.makes()
    found = shop.report((Dimension.REASON, Dimension.INITIATOR, Dimension.SKU))

    named = {"received", "shipped", *found["totals"], *found["rows"][0]["group"], *found["rows"][0]}
    assert named - {"kind", "group", "out_of", "pieces", "reason", "sku"} <= set(found["definitions"])


def test_a_posting_that_was_split_counts_by_its_parts_alone(shop: Shop) -> None:
    shop.posting("p1", by="split")
    shop.posting("p1-1", quantity=1)
    shop.posting("p1-2", quantity=1)
    shop.makes()

    found = shop.report()

    assert (found["received"], found["rows"]) == (2, [])


def test_goods_of_a_cancelled_posting_on_their_way_back_are_no_return(shop: Shop) -> None:
    shop.posting("p1", cancelled=replace(GONE, type="client", reason="Передумал"))
    shop.comes_back("fbs-1", "p1", source=ReturnSource.FBS, kind="Cancellation")
    shop.comes_back("fbs-2", "p1", source=ReturnSource.FBS, kind="ClientReturn")
    shop.makes()

    rows = shop.report((Dimension.INITIATOR,))["rows"]

    assert [(row["kind"], row["group"]["initiator"], row["cases"]) for row in rows] == [
        ("cancel", "client", 1),
        ("return", "ClientReturn", 1),
    ]


def test_a_return_of_an_unknown_posting_counts_with_unknown_goods(shop: Shop) -> None:
    shop.comes_back("9", "nowhere", sku="", price=None)
    shop.makes()

    (row,) = shop.report()["rows"]

    assert row["group"] == {"reason": "Не подошёл", "sku": None, "carrier": None, "supplier": None}
    assert (row["cases"], row["value"], row["out_of"], row["rate"]) == (1, [], 0, None)


def test_days_are_put_together_and_a_missing_one_is_named(shop: Shop) -> None:
    shop.posting("p1", cancelled=GONE)
    shop.makes()
    shop.clock.advance(timedelta(days=1))
    shop.posting("p2", cancelled=GONE)
    shop.makes()
    shop.clock.advance(timedelta(days=1))

    found = shop.report((Dimension.SKU,), days=3)

    assert found["missing_days"] == ["2026-03-04"]
    assert [(row["group"], row["pieces"], row["out_of"]) for row in found["rows"]] == [({"sku": "11"}, 4, 4)]


def test_rows_that_are_not_shown_are_added_up(shop: Shop) -> None:
    for number in range(5):
        shop.posting(f"p{number}", sku=str(number), quantity=number + 1, cancelled=GONE)
    shop.makes()

    found = shop.report((Dimension.SKU,), limit=2)

    assert [row["pieces"] for row in found["rows"]] == [5, 4]
    assert (found["more_rows"], found["rest"][0]["pieces"], found["totals"]["cancel"]["pieces"]) == (3, 6, 15)


def test_a_day_is_made_anew_while_it_is_young_because_money_comes_later(shop: Shop) -> None:
    shop.posting("p1")
    shop.comes_back("501", "p1")
    assert DAY in shop.makes()
    assert DAY not in shop.makes()
    shop.gave_back("p1", r__501__return_action__1=entry(10_050))

    shop.clock.advance(timedelta(hours=3))
    assert DAY in shop.makes()
    assert shop.report()["rows"][0]["refunded"] == [{"amount": "100.50", "currency": "RUB"}]

    shop.clock.advance(timedelta(days=3))
    while shop.makes():
        pass
    shop.clock.advance(timedelta(hours=11))
    shop.makes()
    assert DAY not in shop.makes()
    shop.clock.advance(timedelta(hours=1))
    assert DAY in {day for _ in range(4) for day in shop.makes()}


def test_all_days_are_made_once_in_a_few_rounds_and_then_none(shop: Shop) -> None:
    made = [day for _ in range(40) for day in shop.makes()]

    assert len(made) == len(set(made)) == LOOK_BACK + 1
    assert shop.makes() == ()
    assert shop.makes(at_once=True) == (DAY,)


def test_a_large_day_is_made_in_several_calls_and_counts_everything_once(shop: Shop) -> None:
    for number in range(250):
        shop.posting(f"p{number:03}", quantity=1, cancelled=GONE if number % 5 == 0 else None)
    for number in range(120):
        shop.comes_back(f"{number + 1}", "p001")

    turns = 0
    while DAY not in shop.makes(budget=timedelta(seconds=-1)):
        turns += 1
        assert shop.store.report(a.SELLER, REPORT, DAY) is None
        assert shop.store.report(a.SELLER, PART, DAY)

    assert turns == 3
    found = shop.report((Dimension.SKU,))
    assert (found["received"], found["totals"]["cancel"]["cases"], found["totals"]["return"]["cases"]) == (250, 50, 120)
    # The next time it begins at the beginning.
    shop.clock.advance(timedelta(hours=4))
    assert DAY in shop.makes()
    assert shop.report((Dimension.SKU,))["received"] == 250


@pytest.mark.parametrize("days", [0, -3, 93])
def test_a_period_that_is_none_or_too_long_is_refused(shop: Shop, days: int) -> None:
    with pytest.raises(InvalidInputError) as refused:
        shop.report(days=days)

    assert refused.value.errors[0][0] == "to"


def test_a_table_has_a_line_per_row_and_runs_nothing(shop: Shop) -> None:
    shop.store.commit([SaveProductCard(ProductCard(seller=a.SELLER, sku="12", version=1, supplier="=HYPERLINK(1)"))])
    shop.posting("p1", sku="12", cancelled=replace(GONE, reason='@SUM(A1), "x"'))
    shop.makes()
    wanted = Wanted(first=DAY, last=DAY, by=EVERYTHING, limit=1)

    text = reason_csv(a.SELLER, wanted, store=shop.store)

    assert text.startswith("\ufeffkind;reason;")
    (row,) = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";")
    assert (row["reason"], row["supplier"]) == ('\'@SUM(A1), "x"', "'=HYPERLINK(1)")
    assert (row["pieces"], row["out_of"], row["rate"]) == ("2", "2", "1,0000")
    assert (row["currency"], row["value"], row["refunded"]) == ("RUB", "201,00", "")
