"""Queues, the bus, and the sellers' channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shipby.domain.events import StoredEvent
    from shipby.domain.json_types import Json


class WorkQueue(Protocol):
    """One of our own queues. Messages of one `group` (the seller) share fairly with other groups."""

    def send(self, messages: Iterable[QueueMessage]) -> None:
        """Send all, in batches. Raises StoreUnavailableError if any was refused; repeating is harmless by design."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMessage:
    """What goes into a queue; `group` is the seller, so that queues stay fair."""

    body: Mapping[str, Json]
    group: str
    delay_seconds: int = 0
    """0 to 900."""


class EventBus(Protocol):
    """Copies of events for integrators' own rules."""

    def publish(self, events: Sequence[StoredEvent]) -> Sequence[StoredEvent]:
        """Copy them, in order; returns those that were refused or may not have been taken."""


class SellerChannels(Protocol):
    """The seller's own messengers."""

    def send(self, seller: str, title: str, body: str, *, names: Sequence[str] = ()) -> bool:
        """Tell it on the named channels, or on all of them where no name is given.

        True if at least one channel took it; False if the seller has none such. Raises RetryableError.
        """
