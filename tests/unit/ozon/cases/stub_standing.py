"""Answers about a seller's standing. Only /v1/roles has an official example; the others are built to fit the schema."""

from __future__ import annotations

from typing import Any

ROLES_ANSWER: dict[str, Any] = {
    "expires_at": "2026-02-18T09:54:23.296Z",
    "roles": [
        {"name": "Admin", "methods": ["/v1/actions", "/v1/posting"]},
        {"name": "Posting FBS", "methods": ["/v1/posting"]},
    ],
}
INDEX_ANSWER: dict[str, Any] = {
    "currency_code": "RUB",
    "defects": [
        {
            "date": "2026-10-02",
            "index_by_date": 0.000033333333333333335,
            "processing_costs_sum_by_date": 330.1,
        },
        {"date": "2026-10-01", "index_by_date": 0, "processing_costs_sum_by_date": 0},
    ],
    "index": 3.3333333333333335,
    "period_from": "2026-10-01",
    "period_to": "2026-10-14",
    "processing_costs_sum": 330.1,
}
INDEX_POSTINGS_ANSWER: dict[str, Any] = {
    "cursor": "next",
    "errors": [
        {
            "charge_percent": 3,
            "charge_price": 70.1,
            "charge_price_currency_code": "RUB",
            "delivery_schema": "FBS",
            "error_at": "2026-10-02T10:00:00Z",
            "has_grace_status": False,
            "index": 3.3333333333333335,
            "posting_error_type": "SELLER_CANCELLATION",
            "posting_number": "24219509-0020-1",
            "product_price": 2336.67,
            "product_price_currency_code": "RUB",
        },
        {
            "charge_percent": 0,
            "charge_price": 0,
            "charge_price_currency_code": "CNY",
            "delivery_schema": "rFBS",
            "error_at": "2026-10-02T11:00:00Z",
            "has_grace_status": True,
            "index": 0,
            "posting_error_type": "SELLER_DELAY",
            "posting_number": "24219509-0021-1",
            "product_price": 199.99,
            "product_price_currency_code": "CNY",
        },
    ],
    "has_next": True,
}
HISTORY_ANSWER: dict[str, Any] = {
    "premium_scores": [],
    "ratings": [
        {
            "danger_threshold": 90,
            "premium_threshold": 0,
            "rating": "rating_on_time",
            "values": [],
            "warning_threshold": 95,
        },
        {
            "danger_threshold": 40.5,
            "premium_threshold": 0,
            "rating": "rating_general_indicator_fbs_rfbs",
            "values": [
                {
                    "date_from": "2026-10-01T00:00:00Z",
                    "date_to": "2026-10-14T00:00:00Z",
                    "status": {"danger": False, "premium": False, "warning": False},
                    "value": 3.3,
                }
            ],
            "warning_threshold": 4,
        },
    ],
}
