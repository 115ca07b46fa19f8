"""The marketplace's two markets: which dated periods and which bands of the error index hold for a seller."""

from __future__ import annotations

from enum import StrEnum


class Market(StrEnum):
    """Where a seller is from, as the marketplace's pages tell sellers apart."""

    RU = "ru"
    """Sellers of Russia."""
    GLOBAL = "global"
    """Cross-border sellers: Ozon Global."""
