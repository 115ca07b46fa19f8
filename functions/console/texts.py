"""Words, times and amounts in the reader's language. English is the source; tools/catalogues.py compiles the others."""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

LOCALE: Final = Path(__file__).resolve().parent / "locale"
LANGUAGES: Final[Mapping[str, str]] = {"ru": "Русский", "zh": "中文", "en": "English"}
FALLBACK: Final = "ru"
_DAY: Final[Mapping[str, str]] = {"ru": "%d.%m", "zh": "%m-%d", "en": "%d %b"}
_SIGNS: Final[Mapping[str, str]] = {"RUB": "₽", "CNY": "¥", "USD": "$", "EUR": "€", "KZT": "₸", "BYN": "Br"}
NO_BREAK: Final = "\u00a0"


def mark(text: str) -> str:
    """A text that is translated later, where it is shown."""
    return text


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    return gettext.translation("console", LOCALE, languages=[language])


class Texts:
    """Everything that depends on a language and a time zone."""

    def __init__(self, language: str, zone: str = "Europe/Moscow") -> None:
        self.language, self.zone_name = language, zone
        self._zone = ZoneInfo(zone)
        self._catalogue = _catalogue(language)

    def text(self, words: str, **values: object) -> str:
        """`words` in the language, with the values put in by name."""
        said = self._catalogue.gettext(words)
        return said.format(**values) if values else said

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """The form for a number, which is {n} in it."""
        return self._catalogue.ngettext(one, many, number).format(n=self.number(number), **values)

    def number(self, value: int) -> str:
        return f"{value:,}".replace(",", NO_BREAK if self.language == "ru" else ",")

    def money(self, view: Mapping[str, Any] | None) -> str:
        """{amount, currency} as people write it; a dash for what is not known."""
        if not view:
            return "—"
        currency = str(view["currency"])
        try:
            amount = Decimal(str(view["amount"]))
        except InvalidOperation:
            return f"{view['amount']} {currency}"
        text = f"{amount:,f}"
        if amount == amount.to_integral_value():
            text = f"{amount.to_integral_value():,f}"
        if self.language == "ru":
            text = text.replace(",", NO_BREAK).replace(".", ",")
        sign = _SIGNS.get(currency, currency)
        if self.language == "ru" or len(sign) > 1:
            return f"{text}{NO_BREAK}{sign}"
        return f"-{sign}{text[1:]}" if text.startswith("-") else f"{sign}{text}"

    def moment(self, when: datetime | str | None, *, now: datetime | None = None, zone: str = "") -> str:
        """Day and time in the seller's zone, or in another; of today only the time."""
        if not when:
            return "—"
        at = datetime.fromisoformat(when) if isinstance(when, str) else when
        here = at.astimezone(ZoneInfo(zone) if zone else self._zone)
        if now is not None and not zone and here.date() == now.astimezone(self._zone).date():
            return f"{here:%H:%M}"
        return f"{here:{_DAY[self.language]}} {here:%H:%M}".replace(" ", NO_BREAK)

    def left(self, when: datetime | str | None, now: datetime) -> str:
        """How long until then, or since then: the two largest units."""
        if not when:
            return ""
        at = datetime.fromisoformat(when) if isinstance(when, str) else when
        minutes = int(abs(at - now) / timedelta(minutes=1))
        days, rest = divmod(minutes, 24 * 60)
        hours, minutes = divmod(rest, 60)
        if days:
            length = self.text("{days} d {hours} h", days=days, hours=hours)
        elif hours and not minutes:
            length = self.text("{hours} h", hours=hours)
        elif hours:
            length = self.text("{hours} h {minutes} min", hours=hours, minutes=minutes)
        else:
            length = self.text("{minutes} min", minutes=minutes)
        return self.text("in {time}", time=length) if at >= now else self.text("{time} ago", time=length)


def chosen(cookie: str, accepted: str, settings_language: str = "") -> str:
    """The language of a page: as chosen, else as the browser says, else as the seller's settings say."""
    if cookie in LANGUAGES:
        return cookie
    for part in accepted.lower().split(","):
        code = part.split(";")[0].strip()[:2]
        if code in LANGUAGES:
            return code
    return settings_language if settings_language in LANGUAGES else FALLBACK
