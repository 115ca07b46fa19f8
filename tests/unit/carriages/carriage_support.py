"""Three packed postings at the ramp, and the worker that closes their day."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from shipby.application.alarms.ringing import ring
from shipby.application.carriages.closing_the_day import (
    Approval,
    approve_carriage,
    request_carriage,
)
from shipby.application.carriages.scans import scan_parcel
from shipby.application.carriages.work import work_carriage
from shipby.application.cases.opening import find_open_case
from shipby.application.ports.writes import SavePosting
from shipby.domain.alarm import AlarmRef
from shipby.domain.carriages import (
    Carriage,
)
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.matter import Matter
from shipby.domain.events import EventType, carriage_ref
from shipby.domain.postings.posting import Stage
from tests.support import builders as a
from tests.support.fake_marketplace import ASSEMBLED_ACTIONS
from tests.support.fakes import MemoryDocuments
from tests.unit.world_support import World, forget

METHOD = "1020005003107121"
DAY_TEXT = a.NOW.date().isoformat()
NUMBERS = ("n-1", "n-2", "n-3")


class Ramp:
    """Three packed postings, and the worker that is run as its messages come."""

    def __init__(self) -> None:
        self.world = World()
        self.documents = MemoryDocuments()
        self.store, self.market, self.clock = self.world.store, self.world.market, self.world.clock
        for number in NUMBERS:
            self.packs(number)

    @property
    def books(self) -> Any:
        return self.market.carriages

    def packs(self, number: str, method: str = METHOD) -> None:
        self.world.arrives(number, status="awaiting_deliver", actions=ASSEMBLED_ACTIONS, delivery_method_id=method)
        posting = self.world.posting(number)
        packed = replace(posting, version=posting.version + 1, stage=Stage.PACKED, packed_at=self.clock.now())
        self.store.commit([SavePosting(packed)])

    def asks(self, *numbers: str, method: str = METHOD) -> str:
        answer = request_carriage(
            a.SELLER, method, a.NOW.date(), numbers, "key:k", forget, store=self.store, clock=self.clock
        )
        return str(answer.body["id"])

    def work(self, identifier: str) -> str:
        return work_carriage(
            a.SELLER,
            identifier,
            store=self.store,
            marketplace=self.market,
            documents=self.documents,
            clock=self.clock,
        )

    def row(self, identifier: str) -> Carriage:
        found = self.store.carriage(a.SELLER, identifier)
        assert found is not None
        return found

    def scans(self, identifier: str, *codes: str) -> None:
        for code in codes:
            scan_parcel(a.SELLER, identifier, code, "key:p", forget, store=self.store, clock=self.clock)

    def approve(self, identifier: str, **changes: Any) -> None:
        wish = Approval(seller=a.SELLER, id=identifier, actor="key:m", **changes)
        approve_carriage(wish, forget, store=self.store, clock=self.clock)

    def rings(self, identifier: str) -> str:
        """Time goes on to the carriage's alarm; what it brings is worked off."""
        alarm = self.row(identifier).next_alarm
        assert alarm is not None
        self.clock.advance(max(alarm.due - self.clock.now(), timedelta()))
        ref = AlarmRef(seller=a.SELLER, ref=carriage_ref(identifier), due=alarm.due, intent_id="")
        ring(ref, store=self.store, clock=self.clock)
        return self.work(identifier)

    def kinds(self, identifier: str) -> list[EventType]:
        return [stored.event.type for stored in self.store.events(a.SELLER, carriage_ref(identifier))]

    def moves(self, status: str, *numbers: str) -> None:
        for number in numbers:
            self.market.change(number, status=status)

    def closed(self, *numbers: str) -> str:
        """A carriage that was scanned, approved and has its papers."""
        identifier = self.asks(*numbers)
        self.work(identifier)
        self.scans(identifier, *self.row(identifier).numbers)
        self.approve(identifier)
        assert self.work(identifier) == "carriage_documented"
        return identifier

    def case(self, identifier: str) -> Any:
        return find_open_case(self.store, Matter(seller=a.SELLER, kind=CaseKind.CARRIAGE, subject=identifier))
