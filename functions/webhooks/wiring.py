"""What the webhook worker works with; the only place that reads its environment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from shipby.adapters.aws import clients
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws.queue import SqsWorkQueue
from shipby.adapters.aws_lambda.batch import SqsBatch
from shipby.adapters.aws_lambda.initial import before_the_first_event
from shipby.adapters.aws_lambda.visibility import QueueVisibility
from shipby.adapters.dynamodb.store import DynamoDBStore
from shipby.adapters.dynamodb.webhooks.rows import WebhookTable
from shipby.adapters.webhooks.secrets import SsmWebhookSecrets
from shipby.adapters.webhooks.sender import GuardedSender
from shipby.application.ports.messages import WorkQueue
from shipby.application.webhooks.tools import Tools
from shipby.settings import ON_THIS_MACHINE, WebhooksSettings


@dataclass(frozen=True, slots=True)
class Parts:
    tools: Tools
    queue: WorkQueue
    batch: SqsBatch


@cache
def parts() -> Parts:
    settings = WebhooksSettings()
    return Parts(
        tools=Tools(
            store=DynamoDBStore(table_name=settings.table_name),
            rows=WebhookTable(table_name=settings.table_name),
            sender=GuardedSender(on_this_machine=settings.stage == ON_THIS_MACHINE),
            secrets=SsmWebhookSecrets(settings.webhook_parameters),
            clock=SystemClock(),
        ),
        queue=SqsWorkQueue(settings.webhook_queue_url),
        batch=SqsBatch(QueueVisibility(settings.webhook_queue_url)),
    )


before_the_first_event(parts, clients.dynamodb)
