"""What the label worker works with; the only place that reads its environment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws.documents import S3DocumentStore
from shipby.adapters.aws.marketplaces import SsmMarketplaces
from shipby.adapters.aws.queue import SqsWorkQueue
from shipby.adapters.aws_lambda.batch import SqsBatch
from shipby.adapters.aws_lambda.visibility import QueueVisibility
from shipby.adapters.dynamodb.store import DynamoDBStore
from shipby.adapters.pdf import PdfLabelPapers
from shipby.application.fetch_labels import Tools
from shipby.application.ports import Clock, DocumentStore, LabelPapers, Marketplaces, Store, WorkQueue
from shipby.settings import LABEL_GENERATION_RATE, LabelGenerationSettings

LONGEST_WAIT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Parts:
    store: Store
    marketplaces: Marketplaces
    documents: DocumentStore
    papers: LabelPapers
    queue: WorkQueue
    clock: Clock
    wait_seconds: int
    batch: SqsBatch

    def tools(self, seller: str) -> Tools:
        """What fetching a seller's labels needs. Raises CredentialsRejectedError where the seller has no usable key."""
        return Tools(
            store=self.store,
            marketplace=self.marketplaces.of(seller),
            documents=self.documents,
            papers=self.papers,
            clock=self.clock,
            wait_seconds=self.wait_seconds,
        )


@cache
def parts() -> Parts:
    settings = LabelGenerationSettings()
    return Parts(
        store=DynamoDBStore(table_name=settings.table_name),
        marketplaces=SsmMarketplaces(
            settings.parameter_prefix, settings.ozon_base_url, requests_per_second=LABEL_GENERATION_RATE
        ),
        documents=S3DocumentStore(settings.document_bucket),
        papers=PdfLabelPapers(),
        queue=SqsWorkQueue(settings.label_queue_url),
        clock=SystemClock(),
        # Where labels come quickly (a simulator with shortened times), looking again comes quickly too.
        wait_seconds=max(1, min(LONGEST_WAIT_SECONDS, settings.label_delay_seconds // 3)),
        batch=SqsBatch(QueueVisibility(settings.label_queue_url)),
    )
