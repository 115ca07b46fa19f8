"""How times, lengths of time and money look on a terminal, and how people type lengths of time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from shipby.domain.money import Money
from shipby_local.stack.errors import StackError

_MOSCOW = "Europe/Moscow"
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_LONGEST = timedelta(days=10_000)
"""Longer ones would lead beyond the calendar when they are added to a date."""
_LENGTH = re.compile(r"([+-]?)((?:\d+[dhms])+)")
_ISO = re.compile(r"([+-]?)p(?!$)((?:\d+d)?)(?:t(?!$)((?:\d+h)?(?:\d+m)?(?:\d+s)?))?")
"""P1DT12H, as the API writes lengths."""


def length_of(text: str, option: str) -> timedelta:
    """4h, 30m, 1d12h, +30m, -1h, or as the API has it: PT4H. Raises StackError naming the option."""
    plain = text.strip().lower()
    if iso := _ISO.fullmatch(plain):
        plain = iso[1] + iso[2] + (iso[3] or "")
    match = _LENGTH.fullmatch(plain)
    if match is None:
        raise StackError(f"{option} {text!r} is no length of time; write it like 30m, 4h, 1d12h or PT4H")
    try:
        length = sum(
            (timedelta(**{_UNITS[unit]: int(count)}) for count, unit in re.findall(r"(\d+)([dhms])", match[2])),
            timedelta(0),
        )
    except OverflowError:
        length = timedelta.max
    if length > _LONGEST:
        raise StackError(f"{option} {text!r} is longer than any order lives")
    return -length if match[1] == "-" else length


def length_text(length: timedelta) -> str:
    """The largest unit and the one below it, such as `3 d 4 h` or `15 min`."""
    whole = abs(int(length.total_seconds()))
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    units = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    first = next((place for place, (count, _) in enumerate(units) if count), 3)
    parts = [f"{count} {unit}" for count, unit in units[first : first + 2] if count]
    return ("-" if length < timedelta(0) else "") + (" ".join(parts) or "0 s")


def money_text(money: Money) -> str:
    """1,234.50 RUB"""
    whole, dot, cents = money.amount.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits):,}{dot}{cents} {money.currency}"


def money_of(view: object) -> str:
    """The same for money as the API writes it, and a dash for none."""
    if not isinstance(view, dict):
        return "-"
    return money_text(Money.parse(str(view["amount"]), str(view["currency"])))


def times_text(moment: datetime, zone: str) -> str:
    """One moment on up to three clocks, a line each: the seller's own zone, Moscow, UTC."""
    zones = dict.fromkeys((zone, _MOSCOW, "UTC"))
    return "\n".join(f"{moment.astimezone(ZoneInfo(name)):%d.%m. %H:%M} {name.rpartition('/')[2]}" for name in zones)
