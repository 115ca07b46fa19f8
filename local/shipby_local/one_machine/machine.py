"""Everything that the functions work with, over one folder; and the functions wired with it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final, NoReturn

from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws.marketplaces import SsmMarketplaces
from shipby.adapters.aws_lambda.batch import SqsBatch
from shipby.adapters.aws_lambda.worker import Parts as WorkerParts
from shipby.adapters.sqlite.counts import Counts
from shipby.adapters.sqlite.database import Database
from shipby.adapters.sqlite.documents import FolderDocuments
from shipby.adapters.sqlite.outbox import Outbox
from shipby.adapters.sqlite.queues import SQLiteQueue
from shipby.adapters.sqlite.secrets import SecretParameters, machine_secret
from shipby.adapters.sqlite.store import SQLiteStore
from shipby.application.alarms.route_events import Destination, Routed
from shipby.application.ports.clock import Clock
from shipby.application.ports.messages import EventBus
from shipby.domain.errors import ActionNotOfferedError
from shipby.domain.events import StoredEvent
from shipby_local.one_machine.folder import ShopFolder

OZON = "https://api-seller.ozon.ru"
LABEL_DELAY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class QueueTerms:
    """As infra/template.yaml has them; a test compares."""

    batch: int
    workers: int
    lease_seconds: int
    tries: int
    run_seconds: int


QUEUES: Final[Mapping[str, QueueTerms]] = MappingProxyType(
    {
        "sync": QueueTerms(batch=1, workers=3, lease_seconds=40, tries=5, run_seconds=20),
        "alarms": QueueTerms(batch=10, workers=1, lease_seconds=60, tries=5, run_seconds=30),
        "labels": QueueTerms(batch=10, workers=1, lease_seconds=720, tries=5, run_seconds=120),
        "intents": QueueTerms(batch=1, workers=1, lease_seconds=720, tries=3, run_seconds=120),
        "tracking": QueueTerms(batch=10, workers=1, lease_seconds=720, tries=5, run_seconds=120),
        "notices": QueueTerms(batch=5, workers=1, lease_seconds=180, tries=5, run_seconds=30),
        "copies": QueueTerms(batch=10, workers=0, lease_seconds=180, tries=5, run_seconds=30),
    }
)
_ROUTED: Mapping[Destination, str] = {
    Destination.SYNC: "sync",
    Destination.LABELS: "labels",
    Destination.INTENTS: "intents",
    Destination.TRACKING: "tracking",
    Destination.NOTIFY: "notices",
}


class NoBus(EventBus):
    """Nobody else listens on one computer: an integrator reads the histories by the API."""

    def publish(self, events: Sequence[StoredEvent]) -> Sequence[StoredEvent]:  # noqa: ARG002 - all are taken
        return ()


class NobodyListens:
    """There are no webhooks on one computer."""

    def refresh(self) -> None:
        """Nothing to ask."""

    def __contains__(self, seller: object) -> bool:
        return False


def _no_webhooks() -> NoReturn:
    raise ActionNotOfferedError(
        "webhooks need a deployment on AWS: on one computer read GET /v1/postings/{number}/events, or move"
    )


class Machine:
    """One shop's folder, opened. The same operations for an operator as a deployment on AWS has."""

    endpoint: str | None = "one-machine"
    """A messenger may listen on this computer, as beside the embedded stack."""

    def __init__(
        self,
        folder: ShopFolder,
        *,
        base_url: str,
        marketplace: str = OZON,
        passphrase: str = "",
        clock: Clock | None = None,
        flush: bool = True,
        label_delay_seconds: int = LABEL_DELAY_SECONDS,
    ) -> None:
        self.folder = folder
        self.clock = clock or SystemClock()
        self.api_url = base_url
        self.marketplace = marketplace
        self.label_delay_seconds = label_delay_seconds
        secret = machine_secret(folder.root, passphrase)
        self.database = Database(folder.database, flush=flush)
        try:
            self.parameters = SecretParameters(self.database, secret)
            self.documents = FolderDocuments(
                folder.documents, self.database, self.clock, secret=secret, base_url=base_url
            )
        except BaseException:
            self.database.close()
            raise
        self._store = SQLiteStore(self.database, clock=self.clock)
        self.outbox = Outbox(self.database)
        self.queues = {
            name: SQLiteQueue(name, self.database, self.clock, lease_seconds=terms.lease_seconds, tries=terms.tries)
            for name, terms in QUEUES.items()
        }

    def store(self) -> SQLiteStore:
        return self._store

    def secret_name(self, seller: str, name: str) -> str:
        """What an operator is told of a secret."""
        return f"{name} of {seller}, kept in {self.folder.database}"

    def put_secret(self, seller: str, name: str, value: object) -> None:
        """Write one of a seller's parameters, encrypted."""
        self.parameters.put(seller, name, value)

    def publish(self, routed: Sequence[Routed]) -> None:
        """Send messages to the work queues, as the router does."""
        for destination, name in _ROUTED.items():
            self.queues[name].send(one.message for one in routed if one.destination is destination)

    def forget_what_is_over(self) -> int:
        """Delete rows whose time is over; how many there were."""
        now = int(self.clock.now().timestamp())
        rows = self.database.write(
            lambda connection: connection.execute("DELETE FROM items WHERE gone_at < ?", (now,)).rowcount
        )
        self.database.write(lambda connection: connection.execute("DELETE FROM counters WHERE gone_at < ?", (now,)))
        return rows

    def close(self) -> None:
        self.database.close()

    def marketplaces(self, rate: float, read_within: float = float("inf")) -> SsmMarketplaces:
        """Sellers' clients with the keys of this machine; `rate` is a process's share of 50 requests a second."""
        return SsmMarketplaces(
            "",
            self.marketplace,
            requests_per_second=rate,
            read_within=read_within,
            parameters=self.parameters,  # type: ignore[arg-type]  # the same reads, of another place
        )

    def _batch(self, queue: str) -> SqsBatch:
        return SqsBatch(self.queues[queue])

    def _worker(self, queue: str, rate: float, read_within: float = float("inf")) -> WorkerParts:
        return WorkerParts(self._store, self.marketplaces(rate, read_within), self.clock, self._batch(queue))

    def wire(self) -> None:
        """Have every function of this process work with this machine's parts."""
        os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "shipby")
        self._wire_doors()
        self._wire_workers()
        self._wire_timers()

    def _wire_doors(self) -> None:
        from functions.authorizer import wiring as authorizer
        from functions.console import wiring as console
        from functions.order_webhook import wiring as webhook
        from functions.seller_api import wiring as api
        from shipby.application.intake.receive_push import TokenCache
        from shipby.application.people.attempts import WINDOW

        store, clock = self._store, self.clock
        attempts = Counts(self.database, window_seconds=int(WINDOW.total_seconds()))
        webhook.parts.use(
            webhook.Parts(inbox=store, tokens=TokenCache({}), may_send=lambda _: True, service="order-webhook")
        )
        authorizer.parts.use(authorizer.Parts(store=store, clock=clock))
        api.parts.use(api.Parts(store=store, clock=clock, documents=self.documents, webhooks=_no_webhooks))
        console.parts.use(console.Parts(store=store, attempts=attempts, clock=clock, documents=self.documents))

    def _wire_workers(self) -> None:
        from functions.label_generation import wiring as labels
        from functions.notifications import wiring as notices
        from functions.posting_sync import wiring as sync
        from functions.refunds import wiring as intents
        from functions.tracking import wiring as tracking
        from shipby import settings as rates
        from shipby.adapters.evidence.archive import ZipArchives
        from shipby.adapters.evidence.press import EvidencePress
        from shipby.adapters.labels.press import ReportlabPress
        from shipby.adapters.messengers import AppriseChannels
        from shipby.adapters.pdf import PdfLabelPapers
        from shipby.adapters.seventeentrack.accounts import SeventeenTrackAccounts
        from shipby.application.notices.digest import Tools as NoticeTools

        # One process is each function once or a few times: the shares of a seller's 50 requests a second are the same.
        sync.parts.use(self._worker("sync", 3 * rates.POSTING_SYNC_RATE, rates.READ_WITHIN))
        intents.parts.use(self._worker("intents", rates.REFUNDS_RATE))
        tracking.parts.use(self._worker("tracking", rates.TRACKING_RATE))
        tracking.services.use(SeventeenTrackAccounts(self.parameters))  # type: ignore[arg-type]  # the same reads, of another place
        labels.parts.use(
            labels.Parts(
                store=self._store,
                marketplaces=self.marketplaces(rates.LABEL_GENERATION_RATE),
                documents=self.documents,
                papers=PdfLabelPapers(fonts=labels.FONTS),
                press=ReportlabPress(labels.FONTS),
                pack_press=EvidencePress(labels.FONTS),
                archives=ZipArchives(),
                queue=self.queues["labels"],
                clock=self.clock,
                wait_seconds=max(1, min(labels.LONGEST_WAIT_SECONDS, self.label_delay_seconds // 3)),
                compare_after=timedelta(hours=1),
                batch=self._batch("labels"),
            )
        )
        channels = AppriseChannels("", parameters=self.parameters, on_this_machine=True)  # type: ignore[arg-type]  # as above
        notices.parts.use(
            notices.Parts(
                tools=NoticeTools(store=self._store, channels=channels, alarms=self.queues["alarms"], clock=self.clock),
                marketplaces=self.marketplaces(rates.NOTIFICATIONS_RATE, rates.READ_WITHIN),
                batch=self._batch("notices"),
            )
        )

    def _wire_timers(self) -> None:
        from functions.deadline_sweep import wiring as sweep
        from functions.deadline_sweep import worker_wiring as alarms
        from functions.marketplace_poll import wiring as poll
        from functions.stream_router import wiring as router
        from shipby import settings as rates
        from shipby.application.polling.rounds import Tools as PollTools
        from shipby.observability import logger

        queues = self.queues
        router.parts.use(
            router.Parts(
                queues={destination: queues[name] for destination, name in _ROUTED.items()},
                bus=NoBus(),
                copies=queues["copies"],
                listening=NobodyListens(),
                copy_queue_url="",
                label_delay_seconds=self.label_delay_seconds,
                clock=self.clock,
            )
        )
        sweep.parts.use(
            sweep.Parts(store=self._store, queue=queues["alarms"], clock=self.clock, look_ahead=timedelta(seconds=60))
        )
        alarms.parts.use(
            alarms.Parts(store=self._store, queue=queues["alarms"], clock=self.clock, batch=self._batch("alarms"))
        )
        poll.parts.use(
            PollTools(
                store=self._store,
                marketplaces=self.marketplaces(rates.MARKETPLACE_POLL_RATE),
                queue=queues["sync"],
                clock=self.clock,
                look_back=timedelta(days=14),
                log=logger(),
            )
        )
