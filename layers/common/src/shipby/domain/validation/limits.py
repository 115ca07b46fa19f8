"""What a drop-off takes. Grams, centimetres and roubles, as the marketplace says them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shipby.domain.json_types import Json

CURRENCY = "RUB"
"""In which the marketplace names the price limits of a drop-off. Source: /v1/posting/fbs/restrictions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropOffLimits:
    """Limits for one posting; 0 is no limit."""

    least_grams: int = 0
    most_grams: int = 0
    sides_cm: tuple[int, ...] = ()
    """Length, width, height at most; a parcel may be turned."""
    least_roubles: int = 0
    most_roubles: int = 0


def limits_json(limits: DropOffLimits) -> dict[str, Json]:
    """As they are remembered for a day."""
    return {
        "grams": [limits.least_grams, limits.most_grams],
        "cm": list(limits.sides_cm),
        "roubles": [limits.least_roubles, limits.most_roubles],
    }


def limits_of(kept: Mapping[str, Json]) -> DropOffLimits | None:
    """The same, read back; None where it is not that."""
    try:
        (least, most), (low, high) = (_whole(kept[name]) for name in ("grams", "roubles"))
        sides = tuple(_whole(kept["cm"]))
    except (KeyError, TypeError, ValueError):
        return None
    return DropOffLimits(least_grams=least, most_grams=most, sides_cm=sides, least_roubles=low, most_roubles=high)


def _whole(value: Json) -> list[int]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return [int(str(one)) for one in value]
