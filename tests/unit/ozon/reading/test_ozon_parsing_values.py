"""What single fields of a posting may hold: nothing, dates, ids, charges, currencies, nonsense."""

from __future__ import annotations

import copy
import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shipby.adapters.ozon.reading.answers import parse_json
from shipby.application.cases.odd_entries import noting
from shipby.domain.errors import MarketplaceUnavailableError, UnreadableAnswerError
from shipby.domain.money import Money
from shipby.domain.postings.posting import TariffStep
from tests.unit.ozon.reading.parsing_support import FOREVER, read_posting, utc
from tests.unit.ozon.stub_marketplace import sample


@pytest.fixture
def posting() -> dict[str, Any]:
    """The official example of v3/get."""
    fields: dict[str, Any] = copy.deepcopy(sample("posting_fbs_get.response")["result"])
    return fields


# -- tolerances


NULLABLE = [
    "customer",
    "addressee",
    "barcodes",
    "analytics_data",
    "financial_data",
    "legal_info",
    "related_postings",
    "cancellation",
    "requirements",
    "tariffication",
    "tariffication_steps",
    "delivery_method",
    "available_actions",
    "products",
    "delivering_date",
    "courier",
]


@pytest.mark.parametrize("key", NULLABLE)
@pytest.mark.parametrize("missing", [True, False], ids=["missing", "null"])
def test_what_was_not_asked_for_may_be_null_or_missing(posting: dict[str, Any], key: str, missing: bool) -> None:
    posting[key] = None
    if missing:
        del posting[key]
    if key == "products":
        posting["tariffication_steps"][0]["min_charge"] = {"amount": "1", "currency": "RUB"}
    assert read_posting(posting).number == "0132112277-0101-1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-31T09:00:00Z", utc(3, 31, 9)),
        ("2026-03-31T12:00:00+03:00", utc(3, 31, 9)),
        ("2026-03-31T09:00:00", utc(3, 31, 9)),
        ("2026-03-31T09:00:00.123456789Z", datetime(2026, 3, 31, 9, 0, 0, 123456, tzinfo=UTC)),
        ("", None),
        (None, None),
        ("2026-03-31 09:00:00 +0000 UTC", utc(3, 31, 9)),
        ("2026-03-31 12:00:00.5 +0300 MSK m=+0.1", datetime(2026, 3, 31, 9, 0, 0, 500000, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+03:00", None),
        ("9999-12-31T23:59:59.999999900Z", FOREVER),
    ],
)
def test_dates(posting: dict[str, Any], text: str | None, expected: datetime | None) -> None:
    posting["shipment_date"] = text
    assert read_posting(posting).shipment_date == expected


@pytest.mark.parametrize("text", ["soon", "2026-13-01T00:00:00Z", 17, ["2026"], "9999-12-31T23:59:59-03:00"])
def test_a_date_that_is_none_names_its_field_and_hides_its_value(posting: dict[str, Any], text: object) -> None:
    posting["shipment_date"] = text
    with pytest.raises(MarketplaceUnavailableError, match=r"posting\.shipment_date is not a time") as caught:
        read_posting(posting)
    assert str(text) not in str(caught.value)


@pytest.mark.parametrize("sku", [827098843, "827098843"])
def test_ids_come_as_numbers_or_as_text(posting: dict[str, Any], sku: object) -> None:
    posting["products"][0]["sku"] = sku
    posting["products"][0]["quantity"] = "2"
    posting["delivery_method"]["warehouse_id"] = "1020005003107121"
    posting["requirements"]["products_requiring_weight"] = [sku]
    found = read_posting(posting)
    assert (found.lines[0].sku, found.lines[0].quantity, found.warehouse_id) == ("827098843", 2, "1020005003107121")
    assert found.requirements == {"weight": ("827098843",)}


def test_tariff_charges_come_as_text_or_as_amount_with_currency(posting: dict[str, Any]) -> None:
    posting["tariffication_steps"] = [
        {"tariff_charge": "15.305", "min_charge": "", "tariff_rate": "1", "tariff_deadline_at": "2026-04-01T00:00:00Z"},
        {
            "tariff_charge": {"amount": "7", "currency": "CNY"},
            "min_charge": None,
            "tariff_rate": 0.5,
            "tariff_deadline_at": "2026-03-31T00:00:00Z",
        },
    ]
    posting["tariffication"] |= dict.fromkeys(CODES, "CNY")
    posting = parsed(posting)
    assert read_posting(posting).tariff_steps == (
        TariffStep(until=utc(3, 31, 0), rate=Decimal("0.5"), minimum=Money(0, "CNY"), charge=Money(700, "CNY")),
        TariffStep(until=utc(4, 1, 0), rate=Decimal(1), minimum=Money(0, "CNY"), charge=Money(1530, "CNY")),
    ), "the tariff's own currency, not that of the prices"


CODES = ("current_tariff_charge_currency_code", "next_tariff_charge_currency_code")


def test_a_tariff_in_two_currencies_is_unknown(posting: dict[str, Any]) -> None:
    posting["tariffication_steps"][1]["tariff_charge"]["currency"] = "CNY"
    found = read_posting(posting)
    assert (found.tariff_steps, found.odd) == ((), ("tariff_steps",))


def parsed(fields: dict[str, Any]) -> dict[str, Any]:
    """As it would arrive: through JSON, with decimals."""
    value = parse_json(json.dumps(fields).encode())
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize(
    ("price", "currency", "expected"),
    [
        ("1530.0000", "RUB", Money(153000, "RUB")),
        ("0.10", "CNY", Money(10, "CNY")),
        (12.5, "BYN", Money(1250, "BYN")),
        (300, "KZT", Money(30000, "KZT")),
    ],
)
def test_the_currency_is_the_products(posting: dict[str, Any], price: object, currency: str, expected: Money) -> None:
    posting["products"][0] |= {"price": price, "currency_code": currency}
    assert read_posting(parsed(posting)).lines[0].price == expected


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"price": "much"}, r"products\[0\]\.price"),
        ({"price": "1.005"}, r"products\[0\]\.price"),
        ({"price": "1e9"}, r"products\[0\]\.price"),
        ({"price": "NaN"}, r"products\[0\]\.price"),
        ({"price": True}, r"products\[0\]\.price"),
        ({"currency_code": ""}, r"products\[0\]\.price"),
        ({"currency_code": "roubles"}, r"products\[0\]\.price"),
        ({"price": None}, r"products\[0\]\.price"),
        ({"price": ""}, r"products\[0\]\.price"),
        ({"price": "-1"}, r"products\[0\]\.price"),
        ({"quantity": None}, r"products\[0\]\.quantity"),
        ({"quantity": -1}, r"products\[0\]\.quantity"),
        ({"quantity": "many"}, r"products\[0\]\.quantity"),
        ({"sku": None}, r"products\[0\]\.sku"),
        ({"sku": {}}, r"products\[0\]\.sku"),
    ],
)
def test_a_product_that_makes_no_sense_keeps_no_posting_out_and_names_its_field(
    posting: dict[str, Any], change: Any, field: str
) -> None:
    posting["products"][0] |= change
    with noting() as odd:
        found = read_posting(posting)
    if "quantity" in change or "sku" in change:
        assert (found.lines, found.odd) == ((), ("lines",))
    else:
        assert ([line.price for line in found.lines], found.paid, found.odd) == ([None], None, ("prices",))
    assert (found.number, found.shipment_date) == ("0132112277-0101-1", utc(3, 31, 9))
    (entry,) = odd
    assert re.match(field, entry.problem)
    assert entry.kept


def test_a_line_of_no_pieces_was_cancelled(posting: dict[str, Any]) -> None:
    first = posting["products"][0]
    posting["products"] = [{**first, "sku": 1, "quantity": 0}, first]
    found = read_posting(posting)
    assert ([line.sku for line in found.lines], found.odd) == (["827098843"], ())


@pytest.mark.parametrize(
    "broken",
    [
        {"posting_number": ""},
        {"posting_number": None},
        {"posting_number": "x" * 101},
        {"posting_number": "1 2"},
        {"status": ""},
        {"status": {}},
        {"tpl_integration_type": []},
        {"shipment_date": "soon"},
        {"shipment_date_without_delay": 5},
    ],
)
def test_without_an_essential_field_there_is_no_posting(posting: dict[str, Any], broken: dict[str, Any]) -> None:
    with pytest.raises(UnreadableAnswerError, match=rf"posting\.{next(iter(broken))}"):
        read_posting(posting | broken)


@pytest.mark.parametrize(
    "broken",
    [
        {"products": "none"},
        {"products": ["x"]},
        {"delivery_method": []},
        {"available_actions": "ship"},
        {"available_actions": [["ship"]]},
        {"cancellation": "yes"},
        {"cancellation": {"cancel_reason_id": "x"}},
        {"cancellation": {"cancel_reason_id": 1, "affect_cancellation_rating": "maybe"}},
        {"requirements": {"products_requiring_gtd": 5}},
        {"tariffication_steps": [{"tariff_rate": 1}]},
        {"tariffication_steps": [{"tariff_deadline_at": "2026-04-01T00:00:00Z", "tariff_rate": {}}]},
        {"delivering_date": "soon"},
        {"tracking_number": "x" * 101},
        {"fact_delivery_date": 17},
        {"analytics_data": {"delivery_date_end": "soon"}},
        {"related_postings": []},
    ],
)
def test_no_other_shape_of_an_answer_keeps_a_posting_out(posting: dict[str, Any], broken: dict[str, Any]) -> None:
    with noting() as odd:
        found = read_posting(posting | broken)
    assert (found.number, found.shipment_date) == ("0132112277-0101-1", utc(3, 31, 9))
    assert found.odd
    assert {entry.problem.partition(".")[0].partition("[")[0].partition(" ")[0] for entry in odd} == set(broken)


def test_numbers_of_absurd_size_are_refused_at_once(posting: dict[str, Any]) -> None:
    posting["products"][0]["quantity"] = Decimal("1e999999999")
    assert read_posting(posting).odd == ("lines",)
    posting["products"][0] |= {"quantity": 1, "price": Decimal("1e999999999")}
    assert read_posting(posting).odd == ("prices",)
