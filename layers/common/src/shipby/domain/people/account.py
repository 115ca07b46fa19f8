"""Which shops a person belongs to: known to themselves alone, never shown by one shop to another."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The shops that a person belongs to, or has belonged to: each shop says itself whether they still do."""

    id: str
    version: int
    sellers: tuple[str, ...] = ()
