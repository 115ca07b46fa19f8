"""Walking through the pages of any listing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from shipby.application.ports.pages import Page
from tests.support import builders as a

Lister = Callable[..., Page[Any]]


def walk(lister: Lister, limit: int) -> list[Any]:
    """Every item of a listing, page by page; each page but the last is full and none is empty but a lone first."""
    found: list[Any] = []
    cursor = None
    while True:
        page = lister(limit=limit, cursor=cursor)
        found += page.items
        if page.cursor is None:
            assert page.items or not found
            assert len(page.items) <= limit
            return found
        assert len(page.items) == limit
        cursor = page.cursor


def hours(count: float) -> datetime:
    return a.NOW + timedelta(hours=count)
