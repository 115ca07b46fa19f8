"""What is remembered of the ways of tracking numbers."""

from __future__ import annotations

from typing import Protocol

from shipby.application.ports.pages import Page
from shipby.domain.tracking.scans import Scan


class ScanReads(Protocol):
    """Scans, by tracking number: a number that replaces another one has none of its scans."""

    def scans(self, seller: str, number: str, *, limit: int = 100, cursor: str | None = None) -> Page[Scan]:
        """What carriers said of a tracking number, in order of their time."""
