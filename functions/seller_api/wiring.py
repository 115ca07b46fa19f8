"""What the seller API works with; the only place that reads its environment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws.documents import S3DocumentStore
from shipby.adapters.dynamodb import DynamoDBStore
from shipby.application.ports.clock import Clock
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.store import Store
from shipby.settings import Settings


class SellerApiSettings(Settings):
    table_name: str
    document_bucket: str


@dataclass(frozen=True, slots=True)
class Parts:
    store: Store
    clock: Clock
    documents: DocumentStore


@cache
def parts() -> Parts:
    settings = SellerApiSettings()
    return Parts(
        store=DynamoDBStore(table_name=settings.table_name),
        clock=SystemClock(),
        documents=S3DocumentStore(settings.document_bucket),
    )
