"""What the seller API works with; the only place that reads its environment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from shipby.adapters.aws import clients
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws_lambda.initial import OncePerProcess, before_the_first_event
from shipby.adapters.dynamodb import DynamoDBStore
from shipby.adapters.dynamodb.access.call_counts import CallCounts
from shipby.application.ports.clock import Clock
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.store import Store
from shipby.application.sellers.call_limits import WINDOW_SECONDS, CallLimiter, CallLimits
from shipby.settings import ON_THIS_MACHINE, Settings

if TYPE_CHECKING:
    from functions.seller_api.webhook_door import WebhookDoor


class SellerApiSettings(Settings):
    table_name: str
    document_bucket: str
    webhook_parameters: str
    stage: str = ""
    api_calls_per_key: int = 0
    api_calls_per_seller: int = 0
    """In each window; 0 is no limit. The template says how many."""


def _webhooks(settings: SellerApiSettings) -> WebhookDoor:
    """Made when somebody asks for webhooks: other calls load nothing of it."""
    from functions.seller_api.webhook_door import open_door

    local = settings.stage == ON_THIS_MACHINE
    return open_door(settings.table_name, settings.webhook_parameters, on_this_machine=local)


def _no_webhooks() -> WebhookDoor:
    raise TypeError("the wiring gives the API its door to webhooks")


@dataclass(frozen=True, slots=True)
class Parts:
    store: Store
    clock: Clock
    documents: DocumentStore
    webhooks: Callable[[], WebhookDoor] = _no_webhooks
    limiter: CallLimiter | None = None
    """None: calls are not limited."""


@OncePerProcess
def parts() -> Parts:
    from shipby.adapters.aws.documents import S3DocumentStore  # with botocore: not where there is no AWS

    settings = SellerApiSettings()
    clock = SystemClock()
    return Parts(
        store=DynamoDBStore(table_name=settings.table_name),
        clock=clock,
        documents=S3DocumentStore(settings.document_bucket),
        webhooks=partial(_webhooks, settings),
        limiter=CallLimiter(
            CallLimits(settings.api_calls_per_key, settings.api_calls_per_seller),
            CallCounts(table_name=settings.table_name, window_seconds=WINDOW_SECONDS),
            time=lambda: clock.now().timestamp(),
        ),
    )


before_the_first_event(parts, clients.dynamodb)
