"""How a posting left: in time or late, and what that cost or saved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shipby.domain.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a posting left the house: what its deadlines really cost and what was saved. One row per posting."""

    seller: str
    posting_number: str
    shipped_at: datetime
    """Handed over, by our scan or by the marketplace's word."""
    warehouse_id: str = ""
    packed_at: datetime | None = None
    cut_off: datetime | None = None
    late: bool = False
    overdue: bool = False
    reminded_at: datetime | None = None
    """The last reminder that was fired for it before it left."""
    lost: Money | None = None
    """What the tariff's steps from the cut-off on had added when it left."""
    saved: Money | None = None
    """What the next step would have added, if a reminder of it had been fired and it left before the step."""
    cost_at: datetime | None = None
    """When the step of `saved` would have begun."""
