"""Which policy holds for a posting: the seller's, and what stands instead of it for its scheme and its warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any, Protocol

from shipby.domain.sellers.settings import PolicyOverride, SellerSettings

_WHERE = frozenset({"scheme", "warehouse"})
OVERRIDABLE = tuple(field.name for field in fields(PolicyOverride) if field.name not in _WHERE)
"""Names of the settings that may differ by scheme and warehouse."""


class Placed(Protocol):
    """What has a scheme and a warehouse: a posting, or what the marketplace says of one."""

    @property
    def scheme(self) -> str:
        """FBS or rFBS."""

    @property
    def warehouse_id(self) -> str:
        """Empty where it is not known."""


def policy_for(placed: Placed, settings: SellerSettings) -> SellerSettings:
    """The settings as they hold for a posting: never to be stored. Of what is already such an answer, the same.

    The narrower word wins: the policy, then its scheme's, then its warehouse's, then that of its scheme in its
    warehouse.
    """
    if not settings.overrides:
        return settings
    instead: dict[str, Any] = {}
    for override in sorted(_fitting(placed, settings), key=_narrowness):
        instead |= said(override)
    return replace(settings, overrides=(), **instead)


def said(override: PolicyOverride) -> dict[str, Any]:
    """What an override says: name of the setting -> its value."""
    return {name: value for name in OVERRIDABLE if (value := getattr(override, name)) is not None}


def _fitting(placed: Placed, settings: SellerSettings) -> Iterator[PolicyOverride]:
    for override in settings.overrides:
        if override.scheme in ("", placed.scheme) and override.warehouse in ("", placed.warehouse_id):
            yield override


def _narrowness(override: PolicyOverride) -> tuple[bool, bool]:
    return bool(override.warehouse), bool(override.scheme)
