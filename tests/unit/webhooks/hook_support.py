"""An office with one endpoint: events happen, messages are worked off, alarms ring."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shipby.application.alarms.ringing import ring
from shipby.application.alarms.route_events import route_webhooks
from shipby.application.ports.messages import QueueMessage
from shipby.application.ports.writes import AppendEvents
from shipby.application.shared.idempotency import Answer
from shipby.application.webhooks import endpoints
from shipby.application.webhooks.endpoints import Desk, Wanted
from shipby.application.webhooks.tasks import work
from shipby.application.webhooks.tools import Tools, find_endpoint
from shipby.domain.alarm import AlarmRef
from shipby.domain.events import Event, EventType, Ref, posting_ref, watch_ref
from shipby.domain.webhooks.endpoint import Endpoint
from tests.support import builders as a
from tests.support.memory.webhooks import FakeReceiver, MemorySecrets, MemoryWebhooks
from tests.unit.world_support import World, forget

URL = "https://erp.example.com/hooks"


class Office:
    """Everything a test moves."""

    def __init__(self, *types: str) -> None:
        self.world = World()
        self.rows = MemoryWebhooks()
        self.secrets = MemorySecrets()
        self.receiver = FakeReceiver()
        self.tools = Tools(
            store=self.world.store,
            rows=self.rows,
            sender=self.receiver,
            secrets=self.secrets,
            clock=self.world.clock,
            parallel=1,
        )
        self.desk = Desk(
            seller=a.SELLER,
            actor="person:anna",
            store=self.world.store,
            rows=self.rows,
            secrets=self.secrets,
            clock=self.world.clock,
            refused=self.receiver.refused,
        )
        self.versions: dict[Ref, int] = {}
        self.answer = endpoints.make(self.desk, Wanted(url=URL, types=types), forget)
        self.id = str(self.answer.body["id"])
        self.secret = str(self.answer.body["secret"])

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    def passes(self, **time: float) -> None:
        self.world.clock.time += timedelta(**time)

    def endpoint(self) -> Endpoint:
        found = find_endpoint(a.SELLER, self.id, self.world.store)
        assert found is not None
        return found

    def happens(self, number: str = a.NUMBER, *kinds: EventType) -> Ref:
        """Events of the next version of a posting, without their messages."""
        ref = posting_ref(number)
        version = self.versions[ref] = self.versions.get(ref, 0) + 1
        happened = kinds or (EventType.POSTING_CHANGED,)
        events = tuple(Event(type=kind, at=self.now, actor="x", data={"n": version}) for kind in happened)
        self.world.store.commit([AppendEvents(a.SELLER, ref, version, events)])
        return ref

    def message(self, ref: Ref) -> str:
        return self.does({"seller": a.SELLER, "kind": ref.kind, "id": ref.id})

    def does(self, body: Mapping[str, Any], *, within: timedelta = timedelta(minutes=4)) -> str:
        rest: list[QueueMessage] = []
        said = work(body, self.tools, rest.append, until=self.now + within)
        for one in rest:
            said = self.does(one.body, within=within)
        return said

    def rings(self) -> str:
        """The endpoint's alarm, at its time, with what follows from it."""
        endpoint = self.endpoint()
        assert endpoint.next_alarm is not None
        due = endpoint.next_alarm.due
        self.world.clock.time = max(self.now, due)
        ref = watch_ref(endpoint.watch_id)
        ring(AlarmRef(seller=a.SELLER, ref=ref, intent_id="", due=due), store=self.world.store, clock=self.world.clock)
        return self.follows()

    def follows(self) -> str:
        """What the newest event of the endpoint leads to."""
        stored = self.world.store.events(a.SELLER, watch_ref(f"webhook.{self.id}"))[-1]
        (routed,) = route_webhooks(stored, listens=False)
        return self.does(routed.message.body)

    def heard(self) -> list[tuple[str, int]]:
        """Number and version of what was taken, in order."""
        bodies = [json.loads(body) for _, body, _ in self.receiver.heard]
        return [(body["aggregate_id"], body["version"]) for body in bodies]

    def asks(self, said: Answer) -> str:
        assert said.status < 300
        return self.follows()
