"""Which aggregate an intent belongs to: each owns how its intents are read, prepared and booked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from shipby.application.cancels import actions as cancel_actions
from shipby.application.intents import posting_actions
from shipby.application.intents.effect import Effect
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.store import Store
from shipby.application.ports.writes import Write
from shipby.application.returns import actions as return_actions
from shipby.domain.events import AggregateKind, Event
from shipby.domain.intents import Intent


class Aggregate(Protocol):
    """What settling asks of a posting, a return or a wish to cancel. A module of functions is one."""

    def read(self, intent: Intent, *, store: Store, marketplace: Marketplace, clock: Clock) -> Effect:
        """What the marketplace shows now, folded into the store and held against the intent."""

    def prepare(self, intent: Intent, marketplace: Marketplace) -> Callable[[], str]:
        """Do every read that the call needs, and give back the one call that acts; it returns its outcome in words."""

    def writes(self, moved: Intent, told: tuple[Event, ...], store: Store, now: datetime) -> list[Write]:
        """What an intent's step changes in its aggregate, in the same transaction."""

    def touch(self, intent: Intent, events: tuple[Event, ...], store: Store) -> list[Write]:
        """The aggregate one version on, with events about an intent that does not move."""


def aggregate_of(intent: Intent) -> Aggregate:
    """The aggregate that the intent's reference names; anything but a return or a wish to cancel is a posting."""
    if intent.ref.kind is AggregateKind.RETURN:
        return return_actions
    if intent.ref.kind is AggregateKind.CANCEL_REQUEST:
        return cancel_actions
    return posting_actions
