"""One page of anything that is listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing; `cursor` is opaque and None on the last page."""

    items: tuple[T, ...]
    cursor: str | None = None
