"""The marketplace ozon, behind the `Marketplace` port: `OzonClient` is the only name others need."""

from __future__ import annotations

from shipby.adapters.ozon.client import OzonClient

__all__ = ["OzonClient"]
