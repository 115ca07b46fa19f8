"""One order through the deployed handlers in this process: table, queues and bus are in memory behind botocore's
socket, the marketplace is a fake, files and drawing are left out."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from bench.parts.engine import Engine, RefusedError
from bench.parts.stand import quiet
from bench.parts.wire import Wire
from shipby.adapters.dynamodb import keys
from tests.support import builders as a
from tests.support.fake_marketplace import FakeMarketplace

QUEUES = ("sync", "label", "intent", "tracking", "notify", "copy", "webhook", "alarm")
_URL = "https://sqs.us-east-1.amazonaws.com/000000000000/"
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "TABLE_NAME": "bench",
    "DOCUMENT_BUCKET": "bench",
    "WEBHOOK_PARAMETERS": "/shipby/bench",
    "EVENT_BUS_NAME": "bench",
    "PARAMETER_PREFIX": "/bench",
    "OZON_BASE_URL": "https://nowhere.invalid",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "POWERTOOLS_METRICS_NAMESPACE": "Bench",
    "POWERTOOLS_LOG_LEVEL": "INFO",
} | {f"{name.upper()}_QUEUE_URL": _URL + name for name in QUEUES}

Asked = tuple[str, str, Mapping[str, Any], "dict[str, Any] | RefusedError"]
"""Service, operation, body and what came back."""


class Context:
    """A Lambda context with time enough."""

    def get_remaining_time_in_millis(self) -> int:
        """A minute."""
        return 60_000


@dataclass(slots=True)
class Ran:
    """What one function did: its CPU and invocations; its calls of AWS that were not replayed yet, the number of those
    that were, and their CPU alone."""

    seconds: float = 0.0
    invocations: int = 0
    asked: list[Asked] = field(default_factory=list)
    calls: int = 0
    bare: float = 0.0


class _Timed:
    """The fake marketplace, whose time is no cost of ours."""

    def __init__(self, market: FakeMarketplace) -> None:
        self._market = market
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._market, name)
        if not callable(found):
            return found

        def timed(*arguments: Any, **named: Any) -> Any:
            began = time.thread_time()
            try:
                return found(*arguments, **named)
            finally:
                self.seconds += time.thread_time() - began

        return timed


class Deployment:
    """Every function of a plain order. One a process: the product keeps its clients."""

    def __init__(self) -> None:
        os.environ |= _ENVIRONMENT
        self.clock = a.FixedClock()
        self.market = FakeMarketplace(self.clock)
        self._timed = _Timed(self.market)
        self._engine = Engine()
        self._engine.inserted = []
        self._waiting: list[tuple[datetime, str, str]] = []
        """Messages: when they may be delivered, their queue, their body."""
        self._answers: deque[dict[str, Any] | RefusedError] = deque()
        self.ran: dict[str, Ran] = {}
        self._now: Ran | None = None
        self._wires = {name: Wire(self._server(name)) for name in ("dynamodb", "sqs", "events")}
        with quiet():
            self._connect()

    def _connect(self) -> None:
        from functions.deadline_sweep import handler as sweep
        from functions.deadline_sweep import worker
        from functions.label_generation import handler as labels
        from functions.label_generation import wiring as label_wiring
        from functions.notifications import handler as notices
        from functions.notifications import wiring as notice_wiring
        from functions.order_webhook import handler as webhook
        from functions.posting_sync import handler as sync
        from functions.refunds import handler as intents
        from functions.seller_api import handler as api
        from functions.stream_router import handler as router
        from shipby.adapters.aws import clients
        from shipby.adapters.aws import documents as stored_documents
        from shipby.adapters.aws.clock import SystemClock
        from shipby.adapters.aws.marketplaces import SsmMarketplaces
        from shipby.adapters.dynamodb import DynamoDBStore
        from shipby.application.ports.writes import SaveSettings
        from shipby.application.sellers.register import create_push_token
        from tests.support.fake_press import TextPapers, TextPress
        from tests.support.fakes import MemoryDocuments, RecordingChannels

        vars(notice_wiring)["AppriseChannels"] = lambda _, **__: RecordingChannels()
        vars(webhook)["utc_now"] = self.clock.now
        made = {"dynamodb": clients.dynamodb(), "sqs": clients.sqs(), "events": clients.events()}
        self._clients: Mapping[str, Any] = made
        for name, wire in self._wires.items():
            wire.join(made[name])
        SystemClock.now = lambda _: self.clock.now()  # type: ignore[assignment,method-assign]  # time is stepped
        SsmMarketplaces.of = lambda *_: self._timed  # type: ignore[assignment,method-assign]  # no network
        documents = MemoryDocuments()
        vars(stored_documents)["S3DocumentStore"] = lambda _: documents
        vars(label_wiring)["PdfLabelPapers"] = lambda **_: TextPapers()
        vars(label_wiring)["ReportlabPress"] = lambda _: TextPress()
        self._handlers: Mapping[str, Callable[[Any, Any], Any]] = {
            "order_webhook": webhook.handler,
            "stream_router": router.handler,
            "sync": sync.handler,
            "label": labels.handler,
            "intent": intents.handler,
            "notify": notices.handler,
            "alarm": worker.handler,
            "deadline_sweep": sweep.handler,
            "seller_api": api.handler,
        }
        store = DynamoDBStore(table_name="bench")
        store.commit([SaveSettings(a.settings())])
        self.token = create_push_token(a.SELLER, store=store, clock=self.clock).text
        self._engine.inserted = []

    def _server(self, service: str) -> Callable[[str, Mapping[str, Any]], dict[str, Any]]:
        def serve(operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
            answer = self._answers.popleft() if self._answers else self._answer(service, operation, body)
            if self._now is not None:
                self._now.asked.append((service, operation, body, answer))
            if isinstance(answer, RefusedError):
                raise answer
            return answer

        return serve

    def _answer(self, service: str, operation: str, body: Mapping[str, Any]) -> dict[str, Any] | RefusedError:
        if service == "events":
            return {"FailedEntryCount": 0, "Entries": [{"EventId": "e"} for _ in body["Entries"]]}
        if service == "sqs":
            if operation == "SendMessageBatch":
                queue, now = body["QueueUrl"].rpartition("/")[2], self.clock.now()
                for each in body["Entries"]:
                    ready = now + timedelta(seconds=each.get("DelaySeconds", 0))
                    self._waiting.append((ready, queue, each["MessageBody"]))
                return {"Successful": [{"Id": each["Id"]} for each in body["Entries"]], "Failed": []}
            return {}
        try:
            return self._engine.call(operation, body)
        except RefusedError as refused:
            return refused

    # What happens to an order

    def invoke(self, name: str, event: Any) -> Any:
        """Run a function and count it; what it wrote stays for `drain`."""
        own = self.ran.setdefault(name, Ran())
        self._now = own
        behind, began = self._behind, time.process_time()
        with quiet():
            answer = self._handlers[name](event, Context())
        own.seconds += time.process_time() - began - (self._behind - behind)
        own.invocations += 1
        self._now = None
        return answer

    @property
    def _behind(self) -> float:
        return sum(wire.seconds for wire in self._wires.values()) + self._timed.seconds

    def drain(self) -> None:
        """Let the stream and the queues run empty; where only delayed messages are left, time passes."""
        while True:
            rows, self._engine.inserted = self._engine.inserted or [], []
            heard = [row for row in rows if row["SK"]["S"].startswith(("EVENT#", "PUSH#"))]
            if heard:
                self.invoke("stream_router", _stream(heard))
                continue
            if not self._waiting:
                return
            first = min(self._waiting, key=lambda each: each[0])
            self._waiting.remove(first)
            ready, queue, body = first
            self.clock.time = max(self.clock.now(), ready)
            if self.invoke(queue, _messages([body]))["batchItemFailures"]:
                raise AssertionError(f"{queue} failed on {body}")

    def push(self, number: str, state: str) -> None:
        """The marketplace tells of a new state."""
        from tests.functions.shop_support import http_push

        body = {
            "message_type": "TYPE_STATE_CHANGED",
            "posting_number": number,
            "new_state": state,
            "changed_state_date": self.clock.now().isoformat(),
            "warehouse_id": 1,
            "seller_id": a.SELLER,
        }
        answer = self.invoke("order_webhook", http_push(self.token, json.dumps(body)))
        assert answer["statusCode"] == 200, answer
        self.drain()

    def order(self, path: str, body: Any = None) -> Any:
        """The seller's own people do something."""
        from tests.functions.seller_api.api_support import http_event

        context = {"seller": a.SELLER, "role": "owner", "key_id": "k1"}
        event = http_event("POST", path, body=None if body is None else json.dumps(body), context=context)
        answer = self.invoke("seller_api", event)
        assert answer["statusCode"] < 300, answer
        self.drain()
        return json.loads(answer["body"])

    def ring(self, number: str) -> None:
        """The posting's next alarm is due."""
        due = keys.moment(int(self._engine.items[keys.posting_pk(a.SELLER, number), keys.POSTING]["alarm_at"]["N"]))
        self.clock.time = max(self.clock.now(), due)
        self.invoke("deadline_sweep", {})
        self.drain()

    def stage(self, number: str) -> str:
        """Where a posting stands."""
        return str(self._engine.items[keys.posting_pk(a.SELLER, number), keys.POSTING]["stage"]["S"])

    def replay(self) -> None:
        """The same calls of every function once more, with none of our code between them."""
        for own in self.ran.values():
            self._answers = deque(answer for *_, answer in own.asked)
            # Each transaction gets a token of its own from botocore, as the function's did.
            ready = [
                (
                    getattr(self._clients[service], xform_name(operation)),
                    {name: value for name, value in body.items() if name != "ClientRequestToken"},
                )
                for service, operation, body, _ in own.asked
            ]
            behind, began = self._behind, time.process_time()
            for call, arguments in ready:
                # A refusal costs what it cost the function.
                with contextlib.suppress(ClientError):
                    call(**arguments)
            own.bare += time.process_time() - began - (self._behind - behind)
            own.calls += len(own.asked)
            own.asked.clear()


def one_order(shop: Deployment, number: str) -> None:
    """A plain FBS order: four pushes, shipped, label, one reminder, picked, packed, printed, handed over, closed."""
    now = shop.clock.now()
    shift = now - a.NOW
    facts = a.detail(
        number=number,
        requirements={},
        in_process_at=a.detail().in_process_at + shift,  # type: ignore[operator]  # it has one
        shipment_date=a.CUT_OFF + shift,
        read_at=now,
        tariff_steps=(),
    )
    shop.market.put(facts)
    path = f"/v1/postings/{number}"
    shop.push(number, "posting_created")
    shop.order(f"{path}/confirm")
    shop.order(f"{path}/ship")
    shop.clock.advance(timedelta(minutes=2))
    shop.push(number, "posting_transferring_to_delivery")
    shop.ring(number)
    shop.order(f"{path}/pick")
    shop.order(f"{path}/pack", {"reason": "packed by hand"})
    shop.order("/v1/labels", {"posting_numbers": [number]})
    shop.order(f"{path}/hand-over", {"reason": "by our own courier"})
    for status, state in (("delivering", "posting_on_way_to_city"), ("delivered", "posting_received")):
        shop.clock.advance(timedelta(hours=5))
        shop.market.change(number, status=status, actions=())
        shop.push(number, state)
    shop.ring(number)
    stage = shop.stage(number)
    assert stage == "closed", stage


def _stream(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A batch of the table's stream."""
    records = [
        {
            "eventName": "INSERT",
            "dynamodb": {
                "Keys": {name: row[name] for name in ("PK", "SK")},
                "NewImage": row,
                "SequenceNumber": str(at),
            },
        }
        for at, row in enumerate(rows)
    ]
    return {"Records": records}


def _messages(bodies: Sequence[str]) -> dict[str, Any]:
    """A batch of a queue."""
    records = [
        {
            "messageId": f"m{at}",
            "receiptHandle": f"r{at}",
            "body": body,
            "attributes": {"ApproximateReceiveCount": "1"},
        }
        for at, body in enumerate(bodies)
    ]
    return {"Records": records}
