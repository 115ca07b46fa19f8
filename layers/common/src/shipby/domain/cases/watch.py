"""Something looked at again and again: its clock and what was seen last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Alarm


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Something of the whole seller that is watched, with at most one alarm of its own.

    Ids: push-health, marketplace-key, error-index, open-orders, digest.<recipient>. `data` is plain JSON.
    """

    seller: str
    id: str
    version: int
    checked_at: datetime
    state: str = ""
    data: Mapping[str, Json] = field(default_factory=dict)
    next_alarm: Alarm | None = None
