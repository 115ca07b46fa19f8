"""What the notice worker works with; the only place that reads its environment."""

from __future__ import annotations

from dataclasses import dataclass

from shipby.adapters.aws import clients
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws.marketplaces import SsmMarketplaces
from shipby.adapters.aws.queue import SqsWorkQueue
from shipby.adapters.aws_lambda.batch import SqsBatch
from shipby.adapters.aws_lambda.initial import OncePerProcess, before_the_first_event
from shipby.adapters.aws_lambda.visibility import QueueVisibility
from shipby.adapters.dynamodb.store import DynamoDBStore
from shipby.adapters.messengers import AppriseChannels
from shipby.application.notices.digest import Tools
from shipby.application.ports.marketplace import Marketplaces
from shipby.settings import NOTIFICATIONS_RATE, ON_THIS_MACHINE, READ_WITHIN, NotificationsSettings


@dataclass(frozen=True, slots=True)
class Parts:
    tools: Tools
    marketplaces: Marketplaces
    batch: SqsBatch


@OncePerProcess
def parts() -> Parts:
    settings = NotificationsSettings()
    return Parts(
        tools=Tools(
            store=DynamoDBStore(table_name=settings.table_name),
            channels=AppriseChannels(settings.parameter_prefix, on_this_machine=settings.stage == ON_THIS_MACHINE),
            alarms=SqsWorkQueue(settings.alarm_queue_url),
            clock=SystemClock(),
        ),
        marketplaces=SsmMarketplaces(
            settings.parameter_prefix,
            settings.ozon_base_url,
            requests_per_second=NOTIFICATIONS_RATE,
            read_within=READ_WITHIN,
        ),
        batch=SqsBatch(QueueVisibility(settings.notify_queue_url)),
    )


before_the_first_event(parts, clients.dynamodb)
