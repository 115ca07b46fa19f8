"""Push addresses and pushes: documents of `World`, as those of `model`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class Endpoint:
    """An address of a seller to which pushes go, with its health as the marketplace sees it."""

    id: int
    client_id: str
    url: str
    types: list[str]
    created_at: datetime
    enabled: bool = True
    availability: str = "GREEN"
    availability_at: datetime | None = None
    disable_reason: str = ""
    problematic_type: str = ""
    reason_details: str = ""
    red_days: int = 0
    paused_until: datetime | None = None

    @property
    def key(self) -> str:
        return str(self.id)


@dataclass(slots=True)
class Delivery:
    """One attempt to deliver a push: HTTP status (0 = no answer), milliseconds, what was wrong."""

    at: datetime
    status: int
    ms: int
    error: str = ""


@dataclass(slots=True)
class Push:
    """A push on its way. `state`: waiting, delivered, dropped, lost."""

    id: int
    client_id: str
    endpoint_id: int
    type: str
    subject: str
    body: dict[str, Any]
    created_at: datetime
    due: datetime
    copy: bool = False
    reordered: bool = False
    state: str = "waiting"
    deliveries: list[Delivery] = field(default_factory=list)

    @property
    def key(self) -> str:
        return str(self.id)
