"""What the label worker works with; the only place that reads its environment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from shipby.adapters.aws import clients
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws.marketplaces import SsmMarketplaces
from shipby.adapters.aws.queue import SqsWorkQueue
from shipby.adapters.aws_lambda.batch import SqsBatch
from shipby.adapters.aws_lambda.initial import OncePerProcess, before_the_first_event
from shipby.adapters.aws_lambda.visibility import QueueVisibility
from shipby.adapters.dynamodb.store import DynamoDBStore
from shipby.adapters.evidence.archive import ZipArchives
from shipby.adapters.evidence.press import EvidencePress
from shipby.adapters.labels.press import ReportlabPress
from shipby.adapters.pdf import PdfLabelPapers
from shipby.application.evidence.make_pack import PackTools
from shipby.application.labels.asks import Tools
from shipby.application.ports.clock import Clock
from shipby.application.ports.evidence import Archives, PackPress
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.marketplace import Marketplaces
from shipby.application.ports.messages import WorkQueue
from shipby.application.ports.press import LabelPapers, LabelPress
from shipby.application.ports.store import Store
from shipby.application.printing.parts import PrintTools
from shipby.settings import LABEL_GENERATION_RATE, LabelGenerationSettings

LONGEST_WAIT_SECONDS = 20
LABELS_AT_ONCE = 200
"""Pages of one file: each takes 65 ms on a developer's core to be read back from its picture, and a run has 120 s."""
FONTS = Path(__file__).parent / "fonts"
"""Fonts of our own labels; they ship with this function only."""


@dataclass(frozen=True, slots=True)
class Parts:
    store: Store
    marketplaces: Marketplaces
    documents: DocumentStore
    papers: LabelPapers
    press: LabelPress
    pack_press: PackPress
    archives: Archives
    queue: WorkQueue
    clock: Clock
    wait_seconds: int
    compare_after: timedelta
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
            at_once=LABELS_AT_ONCE,
        )

    @property
    def print_tools(self) -> PrintTools:
        """What printing needs; a seller's marketplace is looked up only where a recipient is asked for."""
        return PrintTools(
            store=self.store,
            documents=self.documents,
            papers=self.papers,
            press=self.press,
            marketplaces=self.marketplaces,
            queue=self.queue,
            clock=self.clock,
            wait_seconds=self.wait_seconds,
        )

    @property
    def pack_tools(self) -> PackTools:
        """What making evidence packs needs."""
        return PackTools(self.store, self.documents, self.pack_press, self.archives, self.clock)


@OncePerProcess
def parts() -> Parts:
    from shipby.adapters.aws.documents import S3DocumentStore  # with botocore: not where there is no AWS

    settings = LabelGenerationSettings()
    return Parts(
        store=DynamoDBStore(table_name=settings.table_name),
        marketplaces=SsmMarketplaces(
            settings.parameter_prefix, settings.ozon_base_url, requests_per_second=LABEL_GENERATION_RATE
        ),
        documents=S3DocumentStore(settings.document_bucket),
        papers=PdfLabelPapers(fonts=FONTS),
        press=ReportlabPress(FONTS),
        pack_press=EvidencePress(FONTS),
        archives=ZipArchives(),
        queue=SqsWorkQueue(settings.label_queue_url),
        clock=SystemClock(),
        # Where labels come quickly (a simulator with shortened times), looking again comes quickly too.
        wait_seconds=max(1, min(LONGEST_WAIT_SECONDS, settings.label_delay_seconds // 3)),
        compare_after=timedelta(seconds=settings.carriage_compare_seconds),
        batch=SqsBatch(QueueVisibility(settings.label_queue_url)),
    )


before_the_first_event(parts, clients.dynamodb)
