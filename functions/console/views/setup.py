"""Set-up: five questions, whose answers change a few lines of the policy and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from functions.console.texts import LANGUAGES, mark
from shipby.domain.errors import InvalidInputError
from shipby.domain.market import Market
from shipby.domain.sellers.settings import Automation, LatePolicy, SellerSettings


@dataclass(frozen=True, slots=True)
class Preset:
    """A way of selling: which order of moves and which dated periods hold."""

    title: str
    hint: str
    market: Market
    policy: LatePolicy
    zone: str


PRESETS: Final[Mapping[str, Preset]] = {
    "ru-fbs": Preset(
        mark("Russia, FBS"),
        mark("Our warehouse is in Russia, Ozon delivers."),
        Market.RU,
        LatePolicy.FBS_WAREHOUSE,
        "Europe/Moscow",
    ),
    "cn-rfbs": Preset(
        mark("China, realFBS"),
        mark("We send from abroad with carriers of our own."),
        Market.GLOBAL,
        LatePolicy.CROSS_BORDER_RFBS,
        "Asia/Shanghai",
    ),
    "cn-partner": Preset(
        mark("China, partner delivery"),
        mark("We send from abroad with a carrier tied to Ozon."),
        Market.GLOBAL,
        LatePolicy.PARTNER_DELIVERY,
        "Asia/Shanghai",
    ),
}
ZONES: Final = (
    "Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk", "Asia/Novosibirsk",
    "Asia/Krasnoyarsk", "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Almaty", "Asia/Shanghai",
    "Asia/Hong_Kong", "Asia/Istanbul", "UTC",
)  # fmt: skip
HOURS: Final = (1, 2, 4, 8, 12, 24)
MINUTES: Final = (0, 15, 30, 45, 60, 90, 120)


def questions(settings: SellerSettings) -> dict[str, Any]:
    """The questions with today's answers."""
    chosen = next(
        (name for name, each in PRESETS.items() if (each.market, each.policy) == (settings.market, settings.policy)), ""
    )
    hours, minutes = settings.confirm_within // timedelta(hours=1), settings.hand_over_before // timedelta(minutes=1)
    return {
        "presets": {name: {"title": each.title, "hint": each.hint} for name, each in PRESETS.items()},
        "preset": chosen,
        "language": settings.language,
        "zones": sorted({*ZONES, settings.time_zone}),
        "time_zone": settings.time_zone,
        "hours": sorted({*HOURS, hours}),
        "confirm_hours": hours,
        "minutes": sorted({*MINUTES, minutes}),
        "hand_over_minutes": minutes,
        "version": settings.version,
        "shadow": _in_shadow(settings),
    }


def _in_shadow(settings: SellerSettings) -> bool:
    """Whether nothing acts by itself."""
    automatic = (settings.auto_cancel, settings.auto_assemble, settings.auto_move_date, settings.auto_ask_buyer)
    return all(each is not Automation.ON for each in automatic)


def answered(settings: SellerSettings, form: Mapping[str, str]) -> SellerSettings:
    """The policy with the answers in it. Raises InvalidInputError that names the question."""
    preset = PRESETS.get(form.get("preset", ""))
    if preset is None:
        raise InvalidInputError("choose how you sell", errors=[("preset", "choose one")])
    language, zone = form.get("language", ""), form.get("time_zone", "")
    if language not in LANGUAGES:
        raise InvalidInputError("choose a language", errors=[("language", "ru, zh or en")])
    if zone not in available_timezones():
        raise InvalidInputError("choose a time zone", errors=[("time_zone", "such as Europe/Moscow")])
    return replace(
        settings,
        market=preset.market,
        policy=preset.policy,
        # A table by name belongs to one market: with another market its own holds.
        index_table=settings.index_table if settings.market is preset.market else "",
        language=language,
        time_zone=ZoneInfo(zone).key,
        confirm_within=timedelta(hours=_number(form, "confirm_hours", 1, 72)),
        hand_over_before=timedelta(minutes=_number(form, "hand_over_minutes", 0, 720)),
    )


def _number(form: Mapping[str, str], name: str, least: int, most: int) -> int:
    text = form.get(name, "")
    if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
        raise InvalidInputError(f"{name} is no number", errors=[(name, f"{least} to {most}")])
    return int(text)
