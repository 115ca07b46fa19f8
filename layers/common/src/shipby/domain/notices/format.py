"""How notices write times, money and phrases, and how long a message may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from shipby.domain.errors import InvalidInputError
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.notices.recipients import zone_of
from shipby.domain.notices.words import CUT, MOSCOW, Words

LONGEST = 3_500
"""Characters of a message: the shortest of the usual messengers (Telegram) takes 4,096 with title and markup."""
_MOSCOW = "Europe/Moscow"
_SIGNS = {"RUB": "₽", "CNY": "¥", "USD": "$", "EUR": "€", "KZT": "₸", "BYN": "Br", "GBP": "£", "TRY": "₺"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SPACE = "\u00a0"


def phrase(words: Words, language: str, *, when: str = "", **values: object) -> str:
    """The words in a language; a part in brackets goes where no `when` is known."""
    pattern = words[language]
    kept = re.sub(r"\[(.*?)\]", r"\1" if when else "", pattern)
    return kept.format(when=when, **values)


def times(when: datetime, now: datetime, zone: str, language: str) -> str:
    """`17:40 Asia/Shanghai · 12:40 МСК · 09:40 UTC`, each with its date where that is not today's there."""
    parts = [f"{_clock(when, now, where, language)} {label}" for label, where in _zones(zone, language)]
    return " · ".join(parts)


def short_time(when: datetime, now: datetime, zone: str, language: str) -> str:
    """The time in the seller's zone alone, for a title."""
    return _clock(when, now, zone_of(zone), language)


def _zones(zone: str, language: str) -> list[tuple[str, tzinfo]]:
    local = zone_of(zone)
    own = [] if local is UTC or zone in (_MOSCOW, "UTC", "Etc/UTC") else [(zone, local)]
    return [*own, (MOSCOW[language], ZoneInfo(_MOSCOW)), ("UTC", UTC)]


def _clock(when: datetime, now: datetime, zone: tzinfo, language: str) -> str:
    local, today = when.astimezone(zone), now.astimezone(zone).date()
    clock = f"{local:%H:%M}"
    if local.date() == today:
        return clock
    year = local.year != today.year
    if language == "ru":
        day = f"{local:%d.%m}" + f".{local.year}" * year
    elif language == "zh":
        day = f"{local.year}年" * year + f"{local.month}月{local.day}日"
    else:
        day = f"{local.day} {_MONTHS[local.month - 1]}" + f" {local.year}" * year
    return f"{day} {clock}"


def money_text(money: Money, language: str) -> str:
    """`1 240,50 ₽` in Russian, `₽1,240.50` elsewhere; whole amounts without a fraction, unknown signs as codes."""
    amount = Decimal(money.amount)
    whole = amount == amount.to_integral_value()
    digits = f"{amount:,.0f}" if whole else f"{amount:,}"
    sign = _SIGNS.get(money.currency, money.currency)
    if language == "ru":
        return f"{digits.replace(',', _SPACE).replace('.', ',')}{_SPACE}{sign}"
    if sign == money.currency:
        return f"{digits}{_SPACE}{sign}"
    return f"-{sign}{digits[1:]}" if amount < 0 else f"{sign}{digits}"


def sums_text(sums: Mapping[str, Money], language: str) -> str:
    """Amounts of several currencies, which are never added up."""
    return " + ".join(money_text(sums[currency], language) for currency in sorted(sums))


def money_of(value: Json) -> Money | None:
    """An amount as events carry it; None where it is none."""
    if not isinstance(value, Mapping):
        return None
    try:
        return Money.parse(str(value["amount"]), str(value["currency"]))
    except (KeyError, InvalidInputError):
        return None


def shortened(lines: list[str], language: str) -> str:
    """The lines as one text of at most `LONGEST` characters; what is cut is counted, never refused."""
    text = "\n".join(lines)
    if len(text) <= LONGEST:
        return text
    kept = text[: LONGEST - 60]
    # At the end of a line where there is one near; a single endless line is cut where it is.
    at = kept.rfind("\n")
    kept = kept[:at] if at > len(kept) // 2 else kept
    return f"{kept}\n{phrase(CUT, language, count=len(text) - len(kept))}"
