"""What can go wrong, and how often: drawn once per seed, so that calm and stormy worlds both come up."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """Chances per opportunity, 0..1."""

    crash: float = 0.0
    """A worker dies at a pause point: before or after a store access or a call."""
    refused: float = 0.0
    """No connection to the marketplace: nothing was sent."""
    lost_before: float = 0.0
    """A request is lost, and its sender waits for the answer in vain."""
    lost_after: float = 0.0
    """The marketplace does it, and its answer is lost (read timeout, broken connection, half a body, an HTML page)."""
    limited: float = 0.0
    """429."""
    failed_before: float = 0.0
    """5xx, and nothing was done."""
    failed_after: float = 0.0
    """5xx, and it was done."""
    throttled: float = 0.0
    """The store refuses a read or a write."""
    unsure: float = 0.0
    """The store writes, and its answer is lost."""
    message_lost: float = 0.0
    message_doubled: float = 0.0
    message_late: float = 0.0
    stay: float = 0.5
    """How often a task runs on at a pause point although others could run."""


CALM = Weather(stay=1.0)

_FULL = Weather(
    crash=0.010,
    refused=0.06,
    lost_before=0.08,
    lost_after=0.16,
    limited=0.06,
    failed_before=0.06,
    failed_after=0.08,
    throttled=0.012,
    unsure=0.03,
    message_lost=0.15,
    message_doubled=0.4,
    message_late=0.3,
)


def draw_weather(rng: random.Random) -> Weather:
    """Some faults of a seed are frequent, some absent: a rare one must not be drowned by the others."""
    changes: dict[str, float] = {"stay": rng.choice((0.2, 0.5, 0.8))}
    for field in fields(Weather):
        if field.name != "stay":
            changes[field.name] = getattr(_FULL, field.name) * rng.choice((0.0, 0.5, 1.0, 1.0, 2.0))
    return replace(CALM, **changes)
