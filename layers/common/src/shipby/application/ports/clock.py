"""What time it is."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The only source of the present time."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""
