"""A desk where print jobs are carried out, with labels put into the store as if they had been fetched."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from shipby.application.alarms.ringing import ring
from shipby.application.labels.ids import LABEL_IDS, OWN_ID
from shipby.application.ports.writes import SaveDocument
from shipby.application.printing.expire import expire_print
from shipby.application.printing.job import print_labels
from shipby.application.printing.parts import PrintTools
from shipby.application.printing.requests import PrintWish, request_print
from shipby.application.printing.scan_label import scan_label
from shipby.application.printing.views import get_print_job, list_prints
from shipby.domain.alarm import AlarmRef
from shipby.domain.events import print_job_ref
from shipby.domain.json_types import Json
from shipby.domain.labels.documents import Document, DocumentKind, DocumentState
from shipby.domain.labels.options import LabelForm
from shipby.domain.labels.own_labels import Party
from shipby.domain.labels.prints import PrintJob
from shipby.domain.postings.posting import Scheme
from tests.support import builders as a
from tests.support.fake_marketplace import ASSEMBLED_ACTIONS, FakeMarketplaces
from tests.support.fake_press import TextPapers, TextPress, file_of, lines_of
from tests.support.fakes import MemoryDocuments, RecordingQueue
from tests.unit.world_support import World, forget


@dataclass(slots=True)
class PrintDesk:
    """Asks for prints and carries them out."""

    world: World = field(default_factory=World)
    documents: MemoryDocuments = field(default_factory=MemoryDocuments)
    queue: RecordingQueue = field(default_factory=RecordingQueue)
    press: TextPress = field(default_factory=TextPress)
    papers: TextPapers = field(default_factory=TextPapers)

    @property
    def tools(self) -> PrintTools:
        return PrintTools(
            store=self.world.store,
            documents=self.documents,
            papers=self.papers,
            press=self.press,
            marketplaces=FakeMarketplaces({a.SELLER: self.world.market}),
            queue=self.queue,
            clock=self.world.clock,
            wait_seconds=20,
        )

    # Set-up

    def fbs(self, number: str, *, label: bool = True, **changes: Any) -> None:
        """An assembled posting that the marketplace delivers."""
        self.world.arrives(number, status="awaiting_deliver", actions=ASSEMBLED_ACTIONS, **changes)
        if label:
            self.labelled(number)

    def own(self, number: str, name: str = "Анна Петрова", **changes: Any) -> None:
        """An assembled posting that the seller's own carrier delivers."""
        facts: dict[str, Any] = {
            "status": "awaiting_deliver",
            "actions": ("cancel", "set_track_number"),
            "scheme": Scheme.RFBS,
            "integration": "non_integrated",
            **changes,
        }
        self.world.arrives(number, **facts)
        self.world.market.recipients[number] = Party(name=name, address="Тверская, 1", phone="+7 900 1")

    def labelled(self, number: str, *, form: LabelForm = LabelForm.BIG, text: str = "", **changes: Any) -> Document:
        """The marketplace's label as it is after fetching; a second time: another one."""
        identifier = LABEL_IDS[form]
        known = self.world.store.document(a.SELLER, number, identifier)
        content = file_of([text or f"label {number}"])
        digest = hashlib.sha256(content).hexdigest()
        key = f"labels/{a.SELLER}/{number}/{digest}.pdf"
        self.documents.files[key] = content
        base = known or a.document(posting_number=number, id=identifier, kind=DocumentKind.LABEL, version=0)
        found: dict[str, Any] = {
            "version": base.version + 1,
            "state": DocumentState.READY,
            "key": key,
            "sha256": digest,
            "pages": 1,
            "barcodes": (f"bar-{number}",),
            "form": form,
            "ready_at": self.world.clock.now(),
            "gone_at": None,
            **changes,
        }
        document = replace(base, **found)
        self.world.store.commit([SaveDocument(document)])
        return document

    # Printing

    def wish(self, *numbers: str, **more: Any) -> PrintWish:
        return PrintWish(**{"seller": a.SELLER, "numbers": numbers, "actor": "key:k1", **more})

    def ask(self, *numbers: str, **more: Any) -> str:
        """The id of a job."""
        answer = request_print(self.wish(*numbers, **more), forget, store=self.world.store, clock=self.world.clock)
        self.world.clock.advance(timedelta(seconds=1))
        return str(answer.body["id"])

    def work(self, job: str, *, tools: PrintTools | None = None, since: str = "") -> PrintJob:
        return print_labels(a.SELLER, job, tools or self.tools, since=since)

    def wait(self, job: str) -> PrintJob:
        """Work on a job as often as it asks to, 20 seconds apart."""
        found = self.work(job)
        for _ in range(30):
            again = [message for message in self.queue.messages if message.body["task"] == "print"]
            self.queue.messages.clear()
            if not again:
                break
            (message,) = again
            self.world.clock.advance(timedelta(seconds=message.delay_seconds))
            found = self.work(job, since=str(message.body["since"]))
        return found

    def prints(self, *numbers: str, **more: Any) -> PrintJob:
        """Ask and carry out."""
        return self.work(self.ask(*numbers, **more))

    def expire(self, job: str) -> tuple[str, ...]:
        """The job's time is over: its alarm rings, then the label worker deletes."""
        self.ring(job)
        return self.delete(job)

    def ring(self, job: str) -> None:
        alarm = self.job(job).next_alarm
        assert alarm is not None
        self.world.clock.time = max(self.world.clock.time, alarm.due)
        found = AlarmRef(seller=a.SELLER, ref=print_job_ref(job), intent_id="", due=alarm.due)
        ring(found, store=self.world.store, clock=self.world.clock)

    def delete(self, job: str) -> tuple[str, ...]:
        store, clock = self.world.store, self.world.clock
        return expire_print(a.SELLER, job, store=store, documents=self.documents, clock=clock)

    # Looking

    def job(self, identifier: str) -> PrintJob:
        found = self.world.store.print_job(a.SELLER, identifier)
        assert found is not None
        return found

    def lines(self, job: PrintJob) -> list[str]:
        """The pages of a job's file."""
        return lines_of(self.documents.files[job.key])

    def view(self, job: str) -> Mapping[str, Json]:
        return get_print_job(a.SELLER, job, store=self.world.store, documents=self.documents, clock=self.world.clock)

    def copies(self, number: str, identifier: str = OWN_ID) -> int:
        found = self.world.store.document(a.SELLER, number, identifier)
        return found.printed_count if found else 0

    def log(self, number: str) -> list[tuple[Json, Json, Json, Json]]:
        """Copy, kind, reason and whether it is current."""
        items: Any = list_prints(a.SELLER, number, store=self.world.store)["items"]
        return [(item["copy"], item["kind"], item["reason"], item["current"]) for item in items]

    def scan(self, code: str) -> dict[str, Json]:
        return scan_label(a.SELLER, code, store=self.world.store)
