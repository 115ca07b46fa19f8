"""Walking through every page of a listing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from shipby.application.ports.pages import Page

T = TypeVar("T")


def every(listing: Callable[[str | None], Page[T]]) -> Iterator[T]:
    """All items of a listing that takes a cursor."""
    cursor: str | None = None
    while True:
        page = listing(cursor)
        yield from page.items
        cursor = page.cursor
        if cursor is None:
            return
