"""Waiting for what another thread or process does: for the thing itself, never for a time that it should take.

A quiet machine sees the thing within milliseconds. `LONGEST` only says when to stop hoping, so it is far more than the
busiest machine needs: a test that ends there has found something that does not happen at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

LONGEST: Final = 300.0
"""Seconds."""


def eventually(condition: Callable[[], bool], what: str = "it", *, every: float = 0.02) -> None:
    """Look every `every` seconds until the condition holds; fail if it never does."""
    given_up = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < given_up, f"waited {LONGEST:.0f} s in vain for {what}"
        time.sleep(every)
