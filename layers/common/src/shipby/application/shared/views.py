"""How records look to API clients: JSON with RFC 3339 times in UTC and money as {amount, currency}."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote, urlencode

from shipby.domain.json_types import Json
from shipby.domain.money import Money


def time_text(when: datetime | None) -> str | None:
    """2026-11-22T17:40:00Z, with fractions only where there are some."""
    return when.isoformat().replace("+00:00", "Z") if when else None


def money_view(money: Money | None) -> dict[str, Json] | None:
    return {"amount": money.amount, "currency": money.currency} if money else None


def minor_view(minor: int, like: Money | None) -> dict[str, Json] | None:
    return money_view(Money(minor, like.currency)) if like else None


def link(*parts: str, **query: str) -> str | None:
    """An address of this API; None where a part or a value of it is not known."""
    if not all((*parts, *query.values())):
        return None
    path = "/v1/" + "/".join(quote(part, safe="") for part in parts)
    return f"{path}?{urlencode(query)}" if query else path
