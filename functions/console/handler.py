"""The console behind /console. It never calls the marketplace, and asks the same use cases as the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.console.app import Console
from functions.console.wiring import parts

console = Console(parts)


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer one HTTP API event (payload 2.0)."""
    return console(event)
