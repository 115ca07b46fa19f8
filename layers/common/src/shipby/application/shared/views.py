"""How records look to API clients: JSON with RFC 3339 times in UTC and money as {amount, currency}."""

from __future__ import annotations

from datetime import datetime

from shipby.domain.json_types import Json
from shipby.domain.money import Money


def time_text(when: datetime | None) -> str | None:
    """2026-11-22T17:40:00Z, with fractions only where there are some."""
    return when.isoformat().replace("+00:00", "Z") if when else None


def money_view(money: Money | None) -> dict[str, Json] | None:
    return {"amount": money.amount, "currency": money.currency} if money else None


def minor_view(minor: int, like: Money | None) -> dict[str, Json] | None:
    return money_view(Money(minor, like.currency)) if like else None
