"""What the console works with; the only place that reads its environment."""

from __future__ import annotations

from dataclasses import dataclass

from shipby.adapters.aws import clients
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws_lambda.initial import OncePerProcess, before_the_first_event
from shipby.adapters.dynamodb import DynamoDBStore
from shipby.adapters.dynamodb.access.refused_attempts import RefusedAttemptCounts
from shipby.application.people.attempts import WINDOW, RefusedAttempts
from shipby.application.ports.clock import Clock
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.store import Store
from shipby.settings import Settings


class ConsoleSettings(Settings):
    table_name: str
    document_bucket: str


@dataclass(frozen=True, slots=True)
class Parts:
    store: Store
    attempts: RefusedAttempts
    clock: Clock
    documents: DocumentStore


@OncePerProcess
def parts() -> Parts:
    from shipby.adapters.aws.documents import S3DocumentStore  # with botocore: not where there is no AWS

    settings = ConsoleSettings()
    return Parts(
        store=DynamoDBStore(table_name=settings.table_name),
        attempts=RefusedAttemptCounts(table_name=settings.table_name, window_seconds=int(WINDOW.total_seconds())),
        clock=SystemClock(),
        documents=S3DocumentStore(settings.document_bucket),
    )


before_the_first_event(parts, clients.dynamodb)
