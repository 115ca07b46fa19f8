"""From the marketplace's answers to our own types: official samples, tolerances, and what must never come through."""

from __future__ import annotations

import copy
import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shipby.adapters.ozon.reading.answers import Node, parse_json
from shipby.adapters.ozon.reading.postings import posting_of
from shipby.adapters.ozon.reading.returns import return_of
from shipby.application.cases.odd_entries import noting
from shipby.domain.errors import MarketplaceUnavailableError, UnreadableAnswerError
from shipby.domain.money import Money
from shipby.domain.postings.posting import Cancellation, Line, MarketplacePosting, Scheme, TariffStep
from shipby.domain.returns.return_case import MarketplaceReturn, OfferedAction, RejectionReason
from tests.unit.ozon.stub_marketplace import EVENTS, sample

READ_AT = datetime(2026, 10, 1, tzinfo=UTC)
FOREVER = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


def utc(month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=UTC)


def rub(amount: str) -> Money:
    return Money.parse(amount, "RUB")


def read_posting(fields: object) -> MarketplacePosting:
    return posting_of(Node.of(fields, "posting"), READ_AT)


def read_return(fields: object) -> MarketplaceReturn:
    return return_of("8000123456", Node.of(fields, "return"), READ_AT)


@pytest.fixture
def posting() -> dict[str, Any]:
    """The official example of v3/get."""
    fields: dict[str, Any] = copy.deepcopy(sample("posting_fbs_get.response")["result"])
    return fields


@pytest.fixture
def listed() -> dict[str, Any]:
    """The official example of a v4 list."""
    answer = sample("posting_fbs_unfulfilled_list_v4.response")
    fields: dict[str, Any] = copy.deepcopy(answer["postings"][0])
    return fields


@pytest.fixture
def case() -> dict[str, Any]:
    fields: dict[str, Any] = copy.deepcopy(sample("returns_rfbs_get.response")["returns"])
    return fields


# -- official samples


def test_the_official_example_of_get(posting: dict[str, Any]) -> None:
    found = read_posting(posting)
    assert found.number == "0132112277-0101-1"
    assert found.order_number == "0132112277-0101"
    assert (found.status, found.substatus) == ("awaiting_packaging", "posting_created")
    assert (found.scheme, found.integration) == (Scheme.FBS, "ozon")
    assert found.read_at == READ_AT
    assert (found.warehouse_id, found.carrier) == ("1020005003107121", "Доставка Ozon")
    assert found.in_process_at == utc(3, 30, 11, 26)
    assert found.shipment_date == utc(3, 31, 9)
    assert found.without_delay == utc(4, 4, 16, 59)
    assert (found.delivering_date, found.delivered_at, found.delivery_by) == (None, None, None)
    assert found.actions == ("cancel", "has_barcode_for_printing", "product_cancel", "ship", "ship_async")
    assert found.lines == (
        Line(
            sku="827098843",
            offer_id="SK-58 (малиновый)",
            name="Профессиональная плойка Cronier cr-2013 для афро кудрей 9 мм",
            quantity=1,
            price=rub("1530"),
        ),
    )
    assert found.paid == rub("1530")
    assert (found.requirements, found.cancellation, found.barcodes) == ({}, None, ())
    assert (found.parent_number, found.related_numbers, found.tracking_number) == ("", (), "")
    assert len(found.tariff_steps) == 6
    assert found.tariff_steps[0] == TariffStep(until=utc(3, 31, 9), rate=Decimal(0), minimum=rub("0"), charge=rub("0"))
    assert found.tariff_steps[-1] == TariffStep(until=FOREVER, rate=Decimal(3), minimum=rub("150"), charge=rub("150"))


def test_the_official_example_of_a_list(listed: dict[str, Any]) -> None:
    found = read_posting(listed)
    assert (found.number, found.status, found.substatus) == (
        "41517061-0214-1",
        "awaiting_deliver",
        "posting_in_carriage",
    )
    assert found.delivery_by == utc(5, 6, 6, 38, 10)
    assert found.barcodes == ()  # the example's "0" is no barcode
    assert found.lines[0].price == rub("300")
    assert found.requirements == {"gtd": ("4116250392",)}
    assert [(step.rate, step.charge) for step in found.tariff_steps] == [
        (Decimal(-3), Money(-900, "RUB")),
        (Decimal(-2), Money(-600, "RUB")),
        (Decimal(1), rub("50")),
        (Decimal(2), rub("100")),
        (Decimal(3), rub("100")),
    ], "a discount is a charge below zero"
    assert found.tariff_steps[1].minimum == rub("0")


def test_the_constructed_example_of_a_return(case: dict[str, Any]) -> None:
    assert read_return(case) == MarketplaceReturn(
        id="8000123456",
        number="RET-2026-00123",
        posting_number="789456123-0002-3",
        state="ON_APPROVAL",
        state_name="На проверке",
        read_at=READ_AT,
        opened_at=utc(2, 15, 10, 30),
        sku="1000123456",
        offer_id="test-offer-123456",
        price=rub("1990"),
        reason_id=1,
        reason="Не подошёл",
        is_defect=False,
        actions=(OfferedAction(id=-1, name="Отклонить"), OfferedAction(id=1020, name="Предложить компенсацию")),
        rejection_reasons=(RejectionReason(id=1, name="Товар использовали", needs_comment=True),),
    )


def test_the_official_example_of_a_return_nests_its_actions_and_names_no_currency() -> None:
    found = read_return(sample("returns_rfbs_get_placeholder.response")["returns"])
    assert found.actions == (OfferedAction(id=0, name="string"),)
    assert found.price is None


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


def test_unknown_statuses_actions_and_requirements_are_kept(posting: dict[str, Any]) -> None:
    posting |= {"status": "teleporting", "substatus": "posting_beamed", "available_actions": ["beam", "ship", "beam"]}
    posting["requirements"] = {"products_requiring_dna": [1, "2"], "something_else": [3]}
    found = read_posting(posting)
    assert (found.status, found.substatus, found.actions) == ("teleporting", "posting_beamed", ("beam", "ship"))
    assert found.requirements == {"dna": ("1", "2")}


@pytest.mark.parametrize(
    ("integration", "scheme"),
    [
        ("ozon", Scheme.FBS),
        ("", Scheme.FBS),
        ("non_integrated", Scheme.RFBS),
        ("3pl_tracking", Scheme.RFBS),
        ("aggregator", Scheme.RFBS),
        ("hybryd", Scheme.RFBS),
        ("hybrid", Scheme.RFBS),
    ],
)
def test_the_integration_type_says_who_delivers(posting: dict[str, Any], integration: str, scheme: Scheme) -> None:
    posting["tpl_integration_type"] = integration
    assert read_posting(posting).scheme is scheme


def test_a_cancellation_is_kept(posting: dict[str, Any]) -> None:
    posting["cancellation"] = {
        "cancel_reason_id": "504",
        "cancel_reason": "Покупатель отменил заказ",
        "cancellation_type": "Сlient",
        "cancelled_after_ship": True,
        "affect_cancellation_rating": False,
        "cancellation_initiator": "Покупатель",
    }
    assert read_posting(posting).cancellation == Cancellation(
        reason_id=504, reason="Покупатель отменил заказ", type="client", after_ship=True, affects_rating=False
    )


def test_splits_barcodes_and_tracking_are_kept(posting: dict[str, Any]) -> None:
    posting |= {
        "parent_posting_number": "0132112277-0101-0",
        "related_postings": {"related_posting_numbers": ["0132112277-0101-2", ""]},
        "barcodes": {"upper_barcode": "%101%806044518", "lower_barcode": "23025736044518"},
        "tracking_number": "RA644000001RU",
        "fact_delivery_date": "2026-04-09T10:00:00Z",
    }
    found = read_posting(posting)
    assert found.parent_number == "0132112277-0101-0"
    assert found.related_numbers == ("0132112277-0101-2",)
    assert found.barcodes == ("%101%806044518", "23025736044518")
    assert (found.tracking_number, found.delivered_at) == ("RA644000001RU", utc(4, 9, 10))


@pytest.mark.parametrize("actions", [[], None, {}])
def test_a_return_without_actions(case: dict[str, Any], actions: object) -> None:
    case["available_actions"] = actions
    assert read_return(case).actions == ()


def test_a_return_of_which_little_is_known() -> None:
    found = read_return({"posting_number": "1-1-1", "product": None, "state": None, "created_at": ""})
    assert (found.price, found.opened_at, found.state) == (None, None, "")


def test_text_that_is_no_json_is_not_shown() -> None:
    with pytest.raises(ValueError, match=r"^not JSON$"):
        parse_json("{Иванов".encode())


def test_the_samples_are_all_used() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in EVENTS.parents[1].glob("unit/ozon/test_*.py"))
    assert [path.stem for path in EVENTS.glob("*.json") if f'"{path.stem}"' not in tests] == []
