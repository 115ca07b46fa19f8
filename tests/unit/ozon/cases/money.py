"""What the methods around refunds send, and an answer to each shaped by the published description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shipby.adapters.ozon import OzonClient, methods
from shipby.domain.money import Money

Case = tuple[methods.Method, object, Callable[[OzonClient], Any], dict[str, Any]]
NUMBER = "24219509-0020-2"
ACCRUALS_ANSWER = {
    "posting_accruals": [
        {
            "posting_number": NUMBER,
            "accruals": [
                {
                    "accrual_date": "2026-11-20",
                    "accrued": {"amount": "-500.1", "currency": "RUB"},
                    "quantity": 1,
                    "seller_price": {"amount": "500.1", "currency": "RUB"},
                    "sku": 827098843,
                    "type_id": 3,
                },
                {"accrual_date": "", "accrued": {"amount": "12", "currency": ""}, "sku": None, "type_id": 9},
            ],
        }
    ]
}
TYPES_ANSWER = {
    "accrual_types": [
        {"id": 3, "name": "ReturnCompensation", "description": "Частичная компенсация покупателю"},
        {"id": 9, "name": "Sale", "description": "Выручка"},
    ]
}
MONEY_CASES: list[Case] = [
    (
        methods.POSTING_CANCEL_ITEMS,
        {"result": ""},
        lambda c: c.cancel_items(NUMBER, {"827098843": 2, "1": 1}, 352, "Product is out of stock"),
        {
            "posting_number": NUMBER,
            "cancel_reason_id": 352,
            "cancel_reason_message": "Product is out of stock",
            "items": [{"sku": 827098843, "quantity": 2}, {"sku": 1, "quantity": 1}],
        },
    ),
    (
        methods.RETURNS_ACT,
        b"",
        lambda c: c.act_on_return("8", 1020, compensation=Money(50010, "RUB"), back_way=Money(30_000, "RUB")),
        {"return_id": 8, "id": 1020, "compensation_amount": 500.1, "return_for_back_way": 300},
    ),
    (methods.ACCRUALS, ACCRUALS_ANSWER, lambda c: c.accruals.postings([NUMBER]), {"posting_numbers": [NUMBER]}),
    (methods.ACCRUAL_TYPES, TYPES_ANSWER, lambda c: c.accruals.types(), {}),
]
