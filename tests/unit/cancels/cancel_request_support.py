"""A world in which buyers want to cancel."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shipby.application.alarms.ringing import ring
from shipby.application.cancels.decide import CancelRequestDecision, decide_cancel_request
from shipby.application.cancels.sync import SyncedCancelRequests, sync_cancel_requests
from shipby.application.ports.writes import SavePosting
from shipby.application.shared.alarm_outcome import AlarmOutcome
from shipby.domain.alarm import AlarmRef
from shipby.domain.cancels.requests import CancelRequest
from shipby.domain.events import Event, EventType, cancel_request_ref
from shipby.domain.postings.posting import Scheme
from tests.support import builders as a
from tests.unit.world_support import World, forget

ID = "90000001"
REF = cancel_request_ref(ID)
UNTIL = a.NOW + timedelta(hours=48)
LATE = "the courier has it"
WORDS: Mapping[str, Any] = {"decision": "reject", "comment": LATE}


class Plea(World):
    """`World` with an rFBS posting whose buyer asks to cancel it."""

    def asks(self, *, until: datetime | None = UNTIL, **posting: Any) -> None:
        facts = {"scheme": Scheme.RFBS, "integration": "non_integrated", **posting}
        self.arrives(**facts)
        self.market.cancellations.opens(ID, a.NUMBER, until=until)

    def on_its_way(self) -> None:
        self.asks(status="delivering", substatus="posting_on_way_to_city", actions=())

    def poll(self) -> SyncedCancelRequests:
        return sync_cancel_requests(a.SELLER, store=self.store, marketplace=self.market, clock=self.clock)

    def answer(self, decision: str = "approve", **more: Any) -> str:
        wish = {"seller": a.SELLER, "request_id": ID, "decision": decision, "actor": "key:k1", **more}
        answer = decide_cancel_request(CancelRequestDecision(**wish), forget, store=self.store, clock=self.clock)
        assert (answer.status, answer.location) == (202, f"/v1/intents/{answer.body['id']}")
        return str(answer.body["id"])

    def plea(self) -> CancelRequest:
        found = self.store.cancel_request(a.SELLER, ID)
        assert found is not None
        return found

    def told(self) -> list[EventType]:
        return self.types(REF)

    def last(self, kind: EventType) -> Event:
        return [stored.event for stored in self.history(REF) if stored.event.type is kind][-1]

    def ring_plea(self) -> AlarmOutcome:
        alarm = self.plea().next_alarm
        assert alarm is not None
        self.clock.time = max(self.clock.time, alarm.due)
        return ring(AlarmRef(seller=a.SELLER, ref=REF, intent_id="", due=alarm.due), store=self.store, clock=self.clock)

    def parcel(self, **changes: Any) -> None:
        """Our own record of the posting as people left it."""
        posting = self.posting()
        self.store.commit([SavePosting(replace(posting, version=posting.version + 1, **changes))])
