"""From the marketplace's answers to our own types: official samples, tolerances, and what must never come through."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from shipby.adapters.ozon.reading.answers import parse_json
from shipby.domain.money import Money
from shipby.domain.postings.posting import Cancellation, Line, Scheme, TariffStep
from shipby.domain.returns.return_case import MarketplaceReturn, OfferedAction, RejectionReason
from tests.unit.ozon.reading.parsing_support import FOREVER, READ_AT, read_posting, read_return, rub, utc
from tests.unit.ozon.stub_marketplace import EVENTS, sample


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
