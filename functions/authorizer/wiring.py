"""What the authorizer works with; the only place that reads its environment."""

from __future__ import annotations

from dataclasses import dataclass

from shipby.adapters.aws import clients
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws_lambda.initial import OncePerProcess, before_the_first_event
from shipby.adapters.dynamodb.access.api_keys import ApiKeyReads
from shipby.application.ports import sellers as ports
from shipby.application.ports.clock import Clock
from shipby.settings import Settings


class AuthorizerSettings(Settings):
    table_name: str


@dataclass(frozen=True, slots=True)
class Parts:
    store: ports.ApiKeyReads
    clock: Clock


@OncePerProcess
def parts() -> Parts:
    return Parts(store=ApiKeyReads(table_name=AuthorizerSettings().table_name), clock=SystemClock())


before_the_first_event(parts, clients.dynamodb)
