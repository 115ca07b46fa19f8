"""One probe per assumption about the marketplace, or the reason why no reading call can tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shipby_local.pilot.probes import limits, money, postings
from shipby_local.pilot.probes.base import Probe

PROBES: Final[tuple[Probe, ...]] = (*postings.PROBES, *money.PROBES, *limits.PROBES)

UNASKABLE: Final[Mapping[str, str]] = {
    "READ_ATTEMPTS": "ours: how often we ask again says nothing about the marketplace",
    "READ_BUDGET_SECONDS": "ours: for how long we ask again says nothing about the marketplace",
    "BACK_OFF_SECONDS": "ours: how long we wait before asking again says nothing about the marketplace",
    "STOCKS_LIMIT": "whether a page of numbers holds so many only a shop with as many articles would show",
    "WAREHOUSES_LIMIT": "whether a page of warehouses holds so many only a shop with as many would show",
    "NO_RESTRICTION": "a limit of nothing and no limit look the same until an order breaks it",
    "TRACKING_CHUNK": "only setting tracking numbers would tell, which writes",
    "DELIVERY_CHUNK": "only telling the marketplace of a delivery would tell, which writes",
    "LABEL_CHUNK": "only asking for labels would tell, which has the marketplace make files",
    "CHAT_TEXT_LIMIT": "only sending a message would tell, which writes",
    "FILE_HOST_SUFFIXES": "only a file that the marketplace made for us has an address, and asking for one makes it",
}
"""Assumption -> why no reading call can tell whether it holds."""
