"""What is kept of pushes that this version does nothing about."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shipby.domain.postings.inbox import PushRow, PushState
from shipby.domain.postings.push import judge
from tests.support import builders as a

STOCKS: list[dict[str, Any]] = [
    {
        "product_id": 1,
        "sku": 11,
        "name": "Иван",
        "updated_at": "2026-10-01T14:15:22Z",
        "stocks": [{"warehouse_id": 7, "present": 5, "reserved": 2}, {"warehouse_id": 8, "present": 0, "reserved": 0}],
    },
    {"product_id": 2, "sku": "12", "stocks": [{"warehouse_id": 7, "present": 1, "reserved": 1, "who": "Иван"}]},
]


def judged(kind: str, **body: Any) -> PushRow:
    told = {"message_type": kind, "seller_id": a.SELLER, **body}
    return judge(json.dumps(told).encode(), told, "", seller=a.SELLER, at=a.NOW)


def test_a_change_of_stock_keeps_every_products_sku_and_amounts_and_nothing_else() -> None:
    row = judged("TYPE_STOCKS_CHANGED", items=STOCKS)
    assert row.state is PushState.NOTED
    assert row.payload["items"] == [
        {
            "sku": 11,
            "product_id": 1,
            "updated_at": "2026-10-01T14:15:22Z",
            "stocks": [
                {"warehouse_id": 7, "present": 5, "reserved": 2},
                {"warehouse_id": 8, "present": 0, "reserved": 0},
            ],
        },
        {"sku": "12", "product_id": 2, "stocks": [{"warehouse_id": 7, "present": 1, "reserved": 1}]},
    ]


@pytest.mark.parametrize("items", [None, {}, "x", 1, [None, 1, "x"], [{"sku": {"a": 1}, "stocks": "x"}]])
def test_a_change_of_stock_of_any_shape_is_noted(items: object) -> None:
    row = judged("TYPE_STOCKS_CHANGED", items=items)
    assert row.state is PushState.NOTED
    assert "a" not in str(row.payload["items"]).replace("stocks", "").replace("None", "")


@pytest.mark.parametrize(
    "kind",
    [
        "TYPE_FBO_POSTING_NEW",
        "TYPE_FBO_STOCKS_CHANGED",
        "TYPE_FBO_2_POSTING_NEW",
        "TYPE_ORDER_CANCELLED",
        "TYPE_ORDER_NEW_V2",
        "TYPE_ORDER_OF_TOMORROW",
    ],
)
def test_types_of_the_marketplaces_warehouses_and_of_orders_are_noted_whatever_they_are_called(kind: str) -> None:
    row = judged(kind, uuid="u-1", order_number="24219509-0020", customer="Иван", items=STOCKS[1:])
    assert (row.state, row.type, row.posting_number) == (PushState.NOTED, kind, "")
    assert row.payload["uuid"] == "u-1"
    assert "Иван" not in str(row.payload)


@pytest.mark.parametrize("kind", ["TYPE_NEW_POSTING_2", "TYPE_2027_RETURN", "TYPE_FBOX_NEW", "TYPE_ORDER"])
def test_another_unknown_type_is_quarantined_by_its_name(kind: str) -> None:
    row = judged(kind)
    assert (row.state, row.type) == (PushState.QUARANTINED, kind)


@pytest.mark.parametrize("kind", ["type_fbo_x", "TYPE_ПЕТРОВ", "TYPE_FBO_" + "X" * 60, "TYPE_FBO_\n"])
def test_what_is_no_name_of_a_type_is_not_kept(kind: str) -> None:
    row = judged(kind)
    assert (row.state, row.type) == (PushState.QUARANTINED, "?")
