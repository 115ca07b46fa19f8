"""What webhooks need from outside: their rows, their secrets, and the way out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shipby.application.ports.pages import Page
    from shipby.domain.events import Ref
    from shipby.domain.json_types import Json
    from shipby.domain.webhooks.lane import Lane


class Listeners(Protocol):
    """Which sellers have endpoints: a row an endpoint, so a seller without any costs nothing."""

    def listening(self) -> frozenset[str]:
        """Sellers with an endpoint, paused or not."""

    def endpoint_ids(self, seller: str) -> list[str]:
        """Ids of a seller's endpoints; strongly consistent."""

    def note_endpoint(self, seller: str, endpoint: str) -> None: ...
    def drop_endpoint(self, seller: str, endpoint: str) -> None: ...


class WebhookRows(Listeners, Protocol):
    """Lanes, what waits, and the log."""

    def lane(self, seller: str, endpoint: str, ref: Ref) -> Lane | None: ...

    def put_lane(self, lane: Lane) -> bool:
        """Write a lane if the stored number is `lane.number - 1`; False where somebody was faster."""

    def mark(self, seller: str, endpoint: str, ref: Ref, *, gone_at: datetime) -> None:
        """Note that something of a thing waits for an endpoint; again changes nothing."""

    def is_marked(self, seller: str, endpoint: str, ref: Ref) -> bool:
        """Strongly consistent."""

    def unmark(self, seller: str, endpoint: str, refs: Sequence[Ref]) -> None: ...
    def marked(self, seller: str, endpoint: str, *, limit: int, cursor: str | None = None) -> Page[Ref]:
        """What something waits of."""

    def add_log(
        self, seller: str, endpoint: str, at: datetime, entries: Sequence[Mapping[str, Json]], *, gone_at: datetime
    ) -> None:
        """Keep tries, all in one row."""

    def log(self, seller: str, endpoint: str, *, limit: int, cursor: str | None = None) -> Page[Mapping[str, Json]]:
        """Rows of the log, newest first: `at` and `entries`."""

    def add_dead(
        self, seller: str, endpoint: str, at: datetime, entry: Mapping[str, Json], *, gone_at: datetime
    ) -> None:
        """Keep a delivery that was given up."""

    def dead(self, seller: str, endpoint: str, *, limit: int, cursor: str | None = None) -> Page[Mapping[str, Json]]:
        """Deliveries that were given up, newest first."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of one try. `status` 0: no answer."""

    status: int
    problem: str = ""

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300


class WebhookSender(Protocol):
    """The way out."""

    def refused(self, url: str) -> str:
        """Why this address is never called, by its text alone; "" if it may be."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Heard:
        """One try, bounded in time and size; never raises for what the receiver does."""


class WebhookSecrets(Protocol):
    """Secrets by number; written by the API, read by the worker alone."""

    def secret(self, seller: str, endpoint: str, number: int) -> str:
        """Raises NotFoundError."""


class KeepsSecrets(Protocol):
    """The writing half."""

    def keep(self, seller: str, endpoint: str, number: int, text: str) -> None: ...
    def forget(self, seller: str, endpoint: str, numbers: Sequence[int]) -> None: ...
