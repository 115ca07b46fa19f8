"""A label desk whose marketplace makes files of any content, and which works its own messages off like the function."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from shipby.application.labels.asks import LabelRun, Tools
from shipby.application.labels.collect import collect_labels
from shipby.application.labels.fetch import start_labels
from shipby.application.labels.ids import LABEL_IDS
from shipby.application.ports.marketplace import LabelTask
from shipby.application.ports.messages import QueueMessage
from shipby.application.ports.press import LabelPage
from shipby.domain.cases.case import Case
from shipby.domain.errors import InvalidInputError, NotReadyYetError
from shipby.domain.events import EventType, posting_ref
from shipby.domain.labels.documents import Document, DocumentState
from shipby.domain.labels.options import LabelForm
from shipby.domain.labels.pages import RefusedPage
from tests.support import builders as a
from tests.support.fake_marketplace import ASSEMBLED_ACTIONS, FakeMarketplace
from tests.support.fakes import MemoryDocuments
from tests.unit.world_support import World


def number_of(index: int) -> str:
    return f"{20000000 + index}-0001-1"


def page(codes: Sequence[str] = (), texts: Sequence[str] = (), mark: str = "") -> str:
    """One page of a file, as SheetPapers reads it."""
    return f"{','.join(codes)}|{','.join(texts)}|{mark}"


def own_page(number: str, *, box: int = 1) -> str:
    return page([f"up-{number}" if box == 1 else f"up-{number}-{box}", f"low-{number}"], [number])


class SheetPapers:
    """Reads files of one line a page: barcodes, posting numbers and anything else between bars. Counts its reads."""

    def __init__(self) -> None:
        self.read = 0

    def pages(self, pdf: bytes) -> tuple[LabelPage, ...]:
        self.read += 1
        if pdf.startswith(b"%PDF broken"):
            raise InvalidInputError("the label file is a broken PDF (PdfError)")
        found = []
        for line in pdf.decode().splitlines()[1:]:
            codes, texts, _ = line.split("|")
            split = [tuple(part for part in each.split(",") if part) for each in (codes, texts)]
            found.append(LabelPage(pdf=b"%PDF\n" + line.encode(), barcodes=split[0], texts=split[1], looks=codes))
        return tuple(found)

    def merge(self, files: Sequence[bytes]) -> bytes:
        return b"%PDF\n" + b"\n".join(file.partition(b"\n")[2] for file in files)

    def compose(self, *_: object, **__: object) -> bytes:
        raise AssertionError("nothing is printed here")

    picture = as_zpl = compose


class LabelMarket(FakeMarketplace):
    """Makes each label in both forms, one task a form. `sheets` replaces the pages of a posting."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.sheets: dict[str, list[str]] = {}
        self.extra: list[str] = []
        """Pages in every file."""
        self.breaks: set[str] = set()
        """A file with one of these postings cannot be opened."""
        self.expired = 0
        """How many downloads find their link expired."""
        self.forms: tuple[str, ...] = ("big_label", "small_label")
        self.asked: list[tuple[str, ...]] = []

    def create_label_tasks(self, numbers: Sequence[str]) -> tuple[LabelTask, ...]:
        self.asked.append(tuple(numbers))
        (made,) = super().create_label_tasks(numbers)
        tasks = [LabelTask(id=f"{made.id}-{kind}", type=kind) for kind in self.forms]
        for task in tasks:
            self._tasks[task.id] = tuple(numbers)
        return tuple(tasks)

    def download(self, url: str) -> bytes:
        self._begin("download")
        if self.expired:
            self.expired -= 1
            raise NotReadyYetError("label file: HTTP 404, the link has expired; a new label task is asked for")
        task = url.rpartition("/")[2]
        numbers = [number for number in self._tasks[task] if number not in self.label_problems]
        if self.breaks & set(numbers):
            return b"%PDF broken"
        lines = [line for number in numbers for line in self.sheets.get(number, [own_page(number)])]
        small = ["" if "big" in task else "small"]
        # Shuffled, always the same way: a page belongs to the posting that it names, never to its place.
        lines = sorted([*self.extra, *lines], key=lambda line: hashlib.sha256(line.encode()).hexdigest())
        return b"%PDF\n" + "\n".join(line + small[0] for line in lines).encode()


@dataclass
class LabelDesk:
    """`run()` works until no message is left."""

    world: World = field(default_factory=World)
    documents: MemoryDocuments = field(default_factory=MemoryDocuments)
    papers: SheetPapers = field(default_factory=SheetPapers)
    delays: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.market = LabelMarket(self.world.clock)
        self.world.market = self.market
        self.tools = Tools(
            store=self.world.store,
            marketplace=self.market,
            documents=self.documents,
            papers=self.papers,
            clock=self.world.clock,
        )

    def arrive(self, count: int, **changes: Any) -> list[str]:
        numbers = [number_of(index) for index in range(count)]
        for number in numbers:
            self.arrive_one(number, **changes)
        return numbers

    def arrive_one(self, number: str, **changes: Any) -> None:
        barcodes = (f"up-{number}", f"low-{number}")
        facts = {"status": "awaiting_deliver", "actions": ASSEMBLED_ACTIONS, "barcodes": barcodes, **changes}
        self.world.arrives(number, **facts)

    def start(self, *numbers: str, **more: Any) -> list[QueueMessage]:
        return list(start_labels(a.SELLER, numbers, self.tools, **more).again)

    def handle(self, message: QueueMessage) -> LabelRun:
        body: Any = message.body
        form = LabelForm(body["form"]) if "form" in body else None
        if body["task"] == "collect":
            return collect_labels(
                a.SELLER, body["ids"], body["postings"], self.tools, form=form or LabelForm.BIG, asked=body["asked"]
            )
        numbers = body["postings"] if "postings" in body else [body["posting"]]
        return start_labels(a.SELLER, numbers, self.tools, form=form, asked=body.get("asked", ""))

    def work(self, messages: list[QueueMessage], *, most: int = 5000) -> None:
        for _ in range(most):
            if not messages:
                return
            message = messages.pop(0)
            self.delays.append(message.delay_seconds)
            messages += self.handle(message).again
            self.world.clock.advance(timedelta(milliseconds=20))
        raise AssertionError("the messages never end")

    def run(self, *numbers: str, **more: Any) -> None:
        self.work(self.start(*numbers, **more))

    def label(self, number: str, form: LabelForm = LabelForm.BIG) -> Document:
        found = self.world.store.document(a.SELLER, number, LABEL_IDS[form])
        assert found is not None
        return found

    def state(self, number: str) -> DocumentState:
        return self.label(number).state

    def content(self, number: str) -> list[str]:
        return self.documents.files[self.label(number).key].decode().splitlines()[1:]

    def types(self, number: str) -> list[EventType]:
        return self.world.types(posting_ref(number))

    def refused(self) -> list[RefusedPage]:
        return list(self.world.store.refused_pages_on(a.SELLER, self.world.clock.now().date(), limit=200).items)

    def cases(self) -> list[Case]:
        found = [self.world.store.case(a.SELLER, each) for each in self.world.store.cases_in(a.SELLER).items]
        return [case for case in found if case is not None]
