"""What the authorizer works with; the only place that reads its environment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.dynamodb import DynamoDBStore
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.settings import Settings


class AuthorizerSettings(Settings):
    table_name: str


@dataclass(frozen=True, slots=True)
class Parts:
    store: Store
    clock: Clock


@cache
def parts() -> Parts:
    return Parts(store=DynamoDBStore(table_name=AuthorizerSettings().table_name), clock=SystemClock())
