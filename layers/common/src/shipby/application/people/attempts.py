"""Refused attempts to sign in from one address: how many, in which time, and who counts them."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

WINDOW = timedelta(minutes=5)
MOST_REFUSED = 10
"""Refused attempts from one address in a window, after which none is looked at any more."""


class RefusedAttempts(Protocol):
    """Attempts that all processes count together; they end with their window."""

    def refused(self, origin: str, window: int) -> int: ...
    def count(self, origin: str, window: int) -> None: ...
