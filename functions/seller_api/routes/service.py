"""Whether the API works, and what it can do. Both without a key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from functions.seller_api.operations import Call, Operation, read
from shipby.application.shared.views import time_text

DOCUMENT = Path(__file__).resolve().parent.parent / "openapi.json"
"""Made by tools/openapi.py and shipped with the function: describing the API costs its callers no cold start."""


def health(call: Call) -> Mapping[str, object]:
    # One read that finds nothing proves that the table answers, one write that never happens that it takes any.
    call.store.api_key("health")
    call.store.try_write()
    return {"status": "ok", "time": time_text(call.clock.now())}


@cache
def _document() -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    return document


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/health",
        health,
        id="getHealth",
        summary="Whether the API answers and its database takes writes",
        answers="HealthView",
    ),
    read(
        "/v1/openapi.json",
        lambda _call: _document(),
        id="getOpenApi",
        summary="This document",
        answers="OpenApiView",
    ),
)
