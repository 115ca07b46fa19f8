"""Fields that the marketplace added in autumn 2026, and the money clock where it tells no steps of its tariff."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from shipby.domain.money import Money
from shipby.domain.postings.posting import TariffStep
from tests.unit.ozon.reading.parsing_support import FOREVER, read_posting, rub, utc
from tests.unit.ozon.stub_marketplace import sample


@pytest.fixture
def posting() -> dict[str, Any]:
    """The official example of v3/get."""
    fields: dict[str, Any] = copy.deepcopy(sample("posting_fbs_get.response")["result"])
    return fields


@pytest.fixture
def listed() -> dict[str, Any]:
    """The official example of a v4 list."""
    fields: dict[str, Any] = copy.deepcopy(sample("posting_fbs_unfulfilled_list_v4.response")["postings"][0])
    return fields


def test_without_steps_the_money_clock_comes_from_the_present_and_the_next_tariff(posting: dict[str, Any]) -> None:
    nothing: list[object] = [[], None, {}]
    for steps in nothing:
        found = read_posting(posting | {"tariffication_steps": steps})
        assert found.tariff_steps == (
            TariffStep(until=utc(3, 31, 9), rate=Decimal(1), minimum=rub("0"), charge=rub("0")),
            TariffStep(until=FOREVER, rate=Decimal(1), minimum=rub("0"), charge=rub("50")),
        )
        assert found.odd == ()


def test_the_tariff_of_a_list_is_read_as_well_and_a_rate_alone_is_taken_of_what_was_paid(
    listed: dict[str, Any],
) -> None:
    listed |= {
        "tariffication_steps": [],
        "products": [{"sku": 1, "quantity": 2, "price": {"amount": "100", "currency": "CNY"}}],
        "tariffication": {
            "current_tariff_rate": 5,
            "current_tariff_type": "discount",
            "current_tariff_charge": None,
            "next_tariff_rate": 3,
            "next_tariff_type": "commission",
            "next_tariff_charge": {"amount": "", "currency": ""},
            "next_tariff_min_charge": {"amount": "7.5", "currency": "CNY"},
            "next_tariff_starts_at": "2026-04-09T10:00:00Z",
        },
    }
    found = read_posting(listed)
    assert found.tariff_steps == (
        TariffStep(until=utc(4, 9, 10), rate=Decimal(-5), minimum=Money(0, "CNY"), charge=Money(-1000, "CNY")),
        TariffStep(until=FOREVER, rate=Decimal(3), minimum=Money(750, "CNY"), charge=Money(600, "CNY")),
    )
    listed["products"][0]["price"] = None
    assert read_posting(listed).tariff_steps == ()
    assert "tariff_steps" in read_posting(listed).odd
    listed["tariffication"]["next_tariff_starts_at"] = None
    assert "tariff_steps" not in read_posting(listed).odd


def test_what_later_parts_need_is_kept(posting: dict[str, Any], listed: dict[str, Any]) -> None:
    posting |= {
        "integration_type_flow": "hybrid_aggregator",
        "analytics_data": {"is_legal": True, "city": "Москва"},
        "optional": {"products_with_possible_mandatory_mark": [12, "11", 12]},
        "require_blr_traceable_attrs": True,
        "pickup_code_verified_at": "2026-04-01T10:00:00Z",
    }
    found = read_posting(posting)
    assert (found.flow, found.legal, found.optional_marks) == ("hybrid_aggregator", True, ("11", "12"))
    assert (found.traceable, found.code_verified_at) == (True, utc(4, 1, 10))
    assert (found.delivery_schema, read_posting(listed).delivery_schema) == ("", "fbs")


@pytest.mark.parametrize(
    ("told", "kept"), [("SCN000806044518", "SCN000806044518"), (" 23025 ", "23025"), ("", ""), (None, ""), ("0", "")]
)
def test_the_scanit_code_is_a_third_code_where_there_is_one(posting: dict[str, Any], told: object, kept: str) -> None:
    posting |= {"scanit": told, "barcodes": {"upper_barcode": "%101%1", "lower_barcode": "23025"}}
    found = read_posting(posting)
    assert found.scanit == kept
    assert found.codes == ("%101%1", "23025") + ((kept,) if kept not in ("", "23025") else ())


def test_a_scanit_code_that_cannot_be_one_costs_nothing_else(posting: dict[str, Any]) -> None:
    for told in ("x" * 101, ["1"]):
        found = read_posting(posting | {"scanit": told})
        assert (found.scanit, found.odd) == ("", ("scanit",))
