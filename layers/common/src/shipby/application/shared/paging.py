"""Walking through every page of a listing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from shipby.application.ports.pages import Page

T = TypeVar("T")
_ROUNDS = 10
"""Pages that are read at most to fill one of what is chosen; its cursor then goes on from there."""


def every(listing: Callable[[str | None], Page[T]]) -> Iterator[T]:
    """All items of a listing that takes a cursor."""
    cursor: str | None = None
    while True:
        page = listing(cursor)
        yield from page.items
        cursor = page.cursor
        if cursor is None:
            return


def chosen(
    ids: Callable[[int, str | None], Page[str]],
    load: Callable[[str], T | None],
    keep: Callable[[T], bool],
    *,
    limit: int,
    cursor: str | None,
) -> Page[T]:
    """A page of the items behind ids that are kept; it may be shorter than `limit` although more follows."""
    found: list[T] = []
    for _ in range(_ROUNDS):
        page = ids(limit - len(found), cursor)
        items = (load(identifier) for identifier in page.items)
        found += [item for item in items if item is not None and keep(item)]
        cursor = page.cursor
        if cursor is None or len(found) == limit:
            break
    return Page(tuple(found), cursor)
