"""Time limits that only serve this machine, where time is stepped: how slow it is must change no outcome.

A limit of a function or a client says on AWS that something is broken. Beside a stepped clock it would say that the
machine is busy, and a killed worker or a call made again is another day than the one that was to be played.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

FACTOR = 20
LONGEST_SECONDS = 900
"""What Lambda takes for a function's limit."""
_REPLACED = {
    "aws/clock.py": "worker_clock.py",
    "aws/patience.py": "worker_patience.py",
    "ozon/pacing.py": "worker_pacing.py",
}


def patient(template: dict[str, Any]) -> dict[str, Any]:
    """A plain template whose functions are given `FACTOR` times their time."""
    resources = {}
    for name, resource in template["Resources"].items():
        if resource.get("Type") == "AWS::Lambda::Function":
            properties = resource["Properties"]
            limit = min(LONGEST_SECONDS, FACTOR * int(properties.get("Timeout", 3)))
            resource = {**resource, "Properties": {**properties, "Timeout": limit}}  # noqa: PLW2901 - a copy with one field more
        resources[name] = resource
    return {**template, "Resources": resources}


def stepped_workers() -> dict[str, bytes]:
    """The files of the layer that are others where time is stepped, by their path in the archive."""
    here = Path(__file__).parent / "emulation"
    return {f"python/shipby/adapters/{path}": (here / other).read_bytes() for path, other in _REPLACED.items()}
