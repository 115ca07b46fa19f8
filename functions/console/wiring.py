"""What the console works with; the only place that reads its environment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from shipby.adapters.aws import clients
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws.documents import S3DocumentStore
from shipby.adapters.aws_lambda.initial import before_the_first_event
from shipby.adapters.dynamodb import DynamoDBStore
from shipby.adapters.dynamodb.access.api_keys import ApiKeyReads
from shipby.adapters.dynamodb.access.console_sessions import ConsoleSessionRows
from shipby.application.ports import sellers as ports
from shipby.application.ports.clock import Clock
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.store import Store
from shipby.application.sellers.console_sessions import ConsoleSessions
from shipby.settings import Settings


class ConsoleSettings(Settings):
    table_name: str
    document_bucket: str


@dataclass(frozen=True, slots=True)
class Parts:
    store: Store
    keys: ports.ApiKeyReads
    sessions: ConsoleSessions
    clock: Clock
    documents: DocumentStore


@cache
def parts() -> Parts:
    settings = ConsoleSettings()
    return Parts(
        store=DynamoDBStore(table_name=settings.table_name),
        keys=ApiKeyReads(table_name=settings.table_name),
        sessions=ConsoleSessionRows(table_name=settings.table_name),
        clock=SystemClock(),
        documents=S3DocumentStore(settings.document_bucket),
    )


before_the_first_event(parts, clients.dynamodb)
