"""A marketplace whose answers a test spoils, its store, and the poll."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

from shipby.adapters.ozon import OzonClient, methods
from shipby.application.cases.odd_entries import open_odd_cases
from shipby.application.intake.sync_posting import Synced, sync_posting
from shipby.application.polling.reconcile import Reconciled, reconcile
from shipby.application.ports.writes import SaveSettings
from shipby.application.proof.prove import prove
from shipby.application.proof.report import Proof
from shipby.domain.cases.case import Case
from tests.support import builders as a
from tests.support.fakes import RecordingQueue
from tests.support.memory_store import MemoryStore
from tests.unit.ozon.cases.odd_lists import scripted
from tests.unit.ozon.stub_marketplace import sample

GOOD, BAD, THIRD = "20000001-0001-1", "20000002-0001-1", "20000003-0001-1"
MINUTES = timedelta(minutes=5)


class Market:
    """A marketplace whose answers a test spoils, its store, and the poll."""

    def __init__(self) -> None:
        self.clock = a.FixedClock()
        self.store = MemoryStore(clock=self.clock)
        self.store.commit([SaveSettings(a.settings(owners={"*": "boss"}))])
        self.answers: dict[str, Any] = {
            methods.POSTING_UNFULFILLED.path: {"postings": [], "has_next": False},
            methods.POSTING_LIST.path: {"postings": [], "has_next": False},
        }
        self.queue = RecordingQueue()

    @property
    def client(self) -> OzonClient:
        return scripted(self.answers, self.clock.now)

    def lists(self, *numbers: str, **changes: Any) -> None:
        """Both lists hold these postings; `changes` are those of BAD."""
        sent = sample("posting_fbs_unfulfilled_list_v4.response")["postings"][0]
        postings = [{**deepcopy(sent), "posting_number": n, **(changes if n == BAD else {})} for n in numbers]
        for method in (methods.POSTING_UNFULFILLED, methods.POSTING_LIST):
            self.answers[method.path] = {"postings": postings, "has_next": False}

    def says(self, number: str, **changes: Any) -> None:
        """What the posting's own read says."""
        result = deepcopy(sample("posting_fbs_get.response")["result"]) | {"posting_number": number, **changes}
        self.answers[methods.POSTING_GET.path] = {"result": result}

    def poll(self) -> list[str]:
        """One round five minutes later; the postings it asks for."""
        self.clock.advance(MINUTES)
        self.queue.messages.clear()
        self.reconcile()
        return [str(message.body["posting"]) for message in self.queue.messages]

    def reconcile(self) -> Reconciled:
        return reconcile(a.SELLER, store=self.store, marketplace=self.client, queue=self.queue, clock=self.clock)

    def sync(self, number: str = BAD) -> Synced:
        self.clock.advance(timedelta(seconds=1))
        return sync_posting(
            a.SELLER, number, hinted_at=None, store=self.store, marketplace=self.client, clock=self.clock
        )

    def prove(self) -> Proof:
        return prove(a.SELLER, store=self.store, marketplace=self.client, clock=self.clock)

    def cases(self) -> list[Case]:
        return open_odd_cases(a.SELLER, store=self.store)

    def subjects(self) -> list[str]:
        return [case.subject for case in self.cases()]
