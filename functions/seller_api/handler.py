"""The sellers' HTTP API behind /v1. It never calls the marketplace: what needs that answers 202 with an intent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.seller_api.api import SellerApi
from functions.seller_api.wiring import parts

api = SellerApi(parts)


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer one HTTP API event (payload 2.0)."""
    return api(event)
