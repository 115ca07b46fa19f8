"""Takes the place of `shipby/adapters/ozon/pacing.py` where time is stepped: a second takes no time, so nobody waits.

As with `worker_clock`, only the embedded stack packs it. The simulated marketplace counts no calls per second there
either; what the rate limits do is tested by the clock of the machine.
"""

from __future__ import annotations

from typing import Any

PATIENCE = 20
"""A busy machine is no marketplace that hangs."""


class Pacer:
    """Paces nothing."""

    def __init__(self, requests_per_second: float, **_: Any) -> None:
        """Takes what the shipped one takes."""

    def wait(self) -> None:
        """Return at once."""
