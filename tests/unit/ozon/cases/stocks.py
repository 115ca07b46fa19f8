"""What each method about stock sends, and an answer to it shaped by the published description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shipby.adapters.ozon import OzonClient, methods
from shipby.domain.availability.places import Place

WAREHOUSE, OTHER = "22142605386000", "22142605386001"
PLACE = Place(WAREHOUSE, "PH11042")

TAKEN: dict[str, Any] = {
    "warehouse_id": int(WAREHOUSE),
    "product_id": 118597312,
    "offer_id": "PH11042",
    "updated": True,
    "errors": [],
}
"""The official example's."""
OFFERED: dict[str, Any] = {
    "sku": 147035011,
    "product_id": 28743,
    "offer_id": "PH11042",
    "warehouse_id": int(WAREHOUSE),
    "warehouse_name": "Склад",
    "present": 10,
    "reserved": 3,
    "free_stock": 7,
}
"""By the schema; no official example exists."""
OWN: dict[str, Any] = {"warehouse_id": 20605650762000, "name": "17023", "status": "created", "pause_at": None}

STOCK_CASES: list[tuple[methods.Method, object, Callable[[OzonClient], Any], dict[str, Any]]] = [
    (
        methods.STOCKS_SET,
        {"result": [TAKEN]},
        lambda c: c.stocks.tell({PLACE: 100}),
        {"stocks": [{"offer_id": "PH11042", "stock": 100, "warehouse_id": int(WAREHOUSE)}]},
    ),
    (
        methods.STOCKS_READ,
        {"products": [OFFERED], "has_next": False, "cursor": ""},
        lambda c: c.stocks.of_offers(["PH11042"], cursor="abc"),
        {"offer_id": ["PH11042"], "limit": 1000, "cursor": "abc"},
    ),
    (
        methods.WAREHOUSES,
        {"warehouses": [OWN], "has_next": False, "cursor": ""},
        lambda c: c.stocks.warehouses(),
        {"limit": 200},
    ),
]
