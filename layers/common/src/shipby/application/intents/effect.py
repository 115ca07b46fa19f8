"""What a read of the marketplace says about an intent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shipby.domain.json_types import Json

ANSWERED = "answered"
"""In what an intent has read back: the marketplace accepted our call."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a read of the marketplace says about an intent: done, impossible now, or still open."""

    done: bool = False
    impossible: bool = False
    text: str = ""
    read_back: Mapping[str, Json] = field(default_factory=dict)
    offered: bool = False
    """Whether the marketplace still offers to do it."""
