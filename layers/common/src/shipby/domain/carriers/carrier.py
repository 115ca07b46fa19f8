"""A carrier as the directory knows it, with its dated prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from shipby.domain.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBand:
    """What a parcel up to a weight costs."""

    up_to_grams: int
    price: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """One dated version of a carrier's prices for one lane. The newest that is valid on a day counts on that day."""

    valid_from: date
    announced_on: date
    """When it was told; a version told after it became valid is a change for the past."""
    source: str
    lane: str = ""
    """Such as CN-RU; empty: every lane."""
    bands: tuple[PriceBand, ...] = ()

    @property
    def retroactive(self) -> bool:
        return self.announced_on > self.valid_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A carrier as the directory knows it. `seller` is empty for a preset."""

    code: str
    names: Mapping[str, str]
    """ru, zh, en"""
    seller: str = ""
    version: int = 1
    aliases: tuple[str, ...] = ()
    """Other spellings under which people name it."""
    services: tuple[str, ...] = ()
    contacts: Mapping[str, str] = field(default_factory=dict)
    """site, phone, claims …"""
    tracking_url: str = ""
    """With `{number}` where the number stands."""
    patterns: tuple[str, ...] = ()
    """What an own carrier's numbers look like: `#` is a digit, `@` a letter, `*` either, everything else itself."""
    pickup_times: tuple[str, ...] = ()
    """HH:MM-HH:MM in the seller's zone."""
    prices: tuple[PriceList, ...] = ()
    source: str = ""
    max_grams: int = 0
    """The heaviest parcel it takes; 0: nobody said."""
    max_sides_mm: tuple[int, ...] = ()
    """The longest sides it takes, in any order; (): nobody said."""
    retired_on: date | None = None
    """From that day on it takes no new numbers."""

    def name(self, language: str) -> str:
        return self.names.get(language) or self.names.get("en") or self.code

    def retired(self, on: date) -> bool:
        return self.retired_on is not None and self.retired_on <= on

    def link(self, number: str) -> str:
        """The tracking page of a number; "" where none is known."""
        return self.tracking_url.replace("{number}", number) if self.tracking_url else ""

    def price(self, grams: int, on: date, lane: str = "") -> Money | None:
        """What a parcel costs on a day, by the newest list that is valid then; None where nobody said."""
        lists = [one for one in self.prices if one.valid_from <= on and one.lane in ("", lane)]
        for one in sorted(lists, key=lambda each: (bool(each.lane), each.valid_from, each.announced_on), reverse=True):
            bands = sorted((band for band in one.bands if band.up_to_grams >= grams), key=lambda band: band.up_to_grams)
            if bands:
                return bands[0].price
        return None
