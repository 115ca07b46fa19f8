"""What delivering works with, and endpoints as they are stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import Watches
from shipby.application.ports.store import Store
from shipby.application.ports.webhooks.out import WebhookRows, WebhookSecrets, WebhookSender
from shipby.application.ports.writes import SaveWatch
from shipby.domain.webhooks.endpoint import WATCH_PREFIX, Endpoint, endpoint_of, watch_of


@dataclass(frozen=True, slots=True)
class Tools:
    """`parallel`: things whose events are on their way at once, when what waited for an endpoint goes."""

    store: Store
    rows: WebhookRows
    sender: WebhookSender
    secrets: WebhookSecrets
    clock: Clock
    parallel: int = 8


def find_endpoint(seller: str, identifier: str, store: Watches) -> Endpoint | None:
    """None for one that was never made, or is deleted."""
    watch = store.watch(seller, f"{WATCH_PREFIX}{identifier}")
    endpoint = endpoint_of(watch) if watch else None
    return None if endpoint is None or endpoint.deleted_at else endpoint


def save_quietly(endpoint: Endpoint, store: Watches, now: datetime) -> None:
    """A new version of which nobody hears. Raises VersionConflictError."""
    store.commit([SaveWatch(watch_of(endpoint, now))])
