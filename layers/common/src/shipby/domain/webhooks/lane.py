"""A lane: the events of one thing (a posting, a return …) on their way to one endpoint, one after the other.

What goes next is read from the history itself, behind the lane's mark, so nothing is lost and a later event of a
posting cannot overtake one that waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shipby.domain.events import Ref, StoredEvent
from shipby.domain.json_types import Json
from shipby.domain.webhooks.endpoint import KEPT_WAITING, Endpoint

LEASED_FOR = timedelta(seconds=90)
"""A worker that has not come back by then is dead."""
LANE_KEPT = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """How far an endpoint has heard of one thing."""

    seller: str
    endpoint: str
    ref: Ref
    number: int
    """Counts its writes: each is made only where it is the next one."""
    version: int = 0
    index: int = -1
    """The last event that was delivered, or passed over."""
    leased_until: datetime | None = None
    attempts: int = 0
    """Of the next event, in a row."""
    failing_since: datetime | None = None
    again_at: datetime | None = None
    gone_at: datetime

    def leased(self, now: datetime) -> bool:
        return self.leased_until is not None and self.leased_until > now

    def behind(self, stored: StoredEvent) -> bool:
        """Whether an event comes after what was delivered."""
        return (stored.version, stored.index) > (self.version, self.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of one delivery, for the log."""

    endpoint: str
    event_id: str
    type: str
    message_id: str
    at: datetime
    milliseconds: int
    status: int = 0
    """Of HTTP; 0: no answer."""
    problem: str = ""
    delivered: bool = False

    @property
    def view(self) -> dict[str, Json]:
        return {
            "event": self.event_id,
            "type": self.type,
            "webhook_id": self.message_id,
            "at": self.at.isoformat(),
            "milliseconds": self.milliseconds,
            "status": self.status or None,
            "problem": self.problem or None,
            "delivered": self.delivered,
        }


def first_lane(endpoint: Endpoint, ref: Ref, now: datetime) -> Lane:
    """Of a thing that the endpoint has not heard of."""
    return Lane(seller=endpoint.seller, endpoint=endpoint.id, ref=ref, number=0, gone_at=now + LANE_KEPT)


def waiting(lane: Lane, endpoint: Endpoint, history: Sequence[StoredEvent], now: datetime) -> list[StoredEvent]:
    """What goes next, in order. Of a thing it has never heard of: from the endpoint's making on."""
    since = max(endpoint.made_at, now - KEPT_WAITING) if lane.version == 0 else None
    return [
        stored
        for stored in history
        if lane.behind(stored) and endpoint.wants(stored.event.type) and (since is None or stored.event.at >= since)
    ]


def counts(attempts: Sequence[Attempt]) -> Mapping[str, int]:
    done = sum(each.delivered for each in attempts)
    return {"webhooks_delivered": done, "webhooks_failed": len(attempts) - done}
