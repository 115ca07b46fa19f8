"""What the tests of the whole product share: one running product, its sellers, and looks into it."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import urllib3

from shipby.application.ports.store import Store
from shipby.domain.events import posting_ref
from shipby.domain.sellers.settings import SellerSettings
from shipby_local.demo.api import SellerApi
from shipby_local.deployment import Deployment
from shipby_local.messenger import Messenger
from shipby_local.onboarding import take_in
from shipby_local.simulator import Simulator, SimulatorSettings
from shipby_local.stack import UNLIMITED, Stack, StackSettings
from tests.support.waiting import LONGEST, eventually

BUSY = (502, 503, 504)
"""What the front door answers where the emulator is too busy to answer in time."""
TEMPLATE = Path(__file__).resolve().parents[3] / "infra" / "template.yaml"
LABEL_DELAY = 2.0
_HTTP = urllib3.PoolManager(maxsize=16, timeout=urllib3.Timeout(LONGEST), retries=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """Any answer of the product's front door."""

    status: int
    content_type: str
    body: Any
    """JSON if it is JSON, else text."""


def call(
    url: str, method: str = "GET", *, body: bytes | Mapping[str, Any] | None = None, **headers: str | None
) -> Answer:
    """One HTTP call; an underscore in a header's name stands for a hyphen, None leaves the header out.

    It is repeated while the front door itself says that the machine is too busy, as the marketplace and an ERP would;
    what the product answers is taken.
    """
    content = json.dumps(body).encode() if isinstance(body, Mapping) else body
    sent = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
    if content is not None:
        sent = {"Content-Type": "application/json", **sent}
    given: list[urllib3.BaseHTTPResponse] = []

    def answered() -> bool:
        given[:] = [_HTTP.request(method, url, body=content, headers=sent)]
        return given[0].status not in BUSY or not given[0].data.startswith(b'{"message"')

    eventually(answered, "the front door to have time", every=0.2)
    [answer] = given
    try:
        said = json.loads(answer.data)
    except ValueError:
        said = answer.data.decode(errors="replace")
    return Answer(answer.status, answer.headers.get("Content-Type", ""), said)


@dataclass(frozen=True, slots=True)
class Shop:
    """A seller who was taken in: credentials, and the API as his ERP calls it."""

    client_id: str
    push_path: str
    key: str
    api: SellerApi


@dataclass
class Whole:
    """The product, the marketplace and the messenger, all on this machine."""

    stack: Stack
    simulator: Simulator
    deployment: Deployment
    messenger: Messenger
    shops: list[Shop] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return self.deployment.store()

    def open_shop(self, *, chat: bool = True, policy: Mapping[str, Any] | None = None) -> Shop:
        """Take a new seller in and connect the marketplace's pushes."""
        account = self.simulator.add_seller(chat_subscription=chat)
        settings = SellerSettings(
            seller=account.client_id,
            version=1,
            language="ru" if chat else "zh",
            buyer_chat=chat,
            settle_after=timedelta(seconds=1),
            **{"digest_window": timedelta(seconds=1), **(policy or {})},
        )
        channels = [self.messenger.channel(account.client_id)]
        taken = take_in(self.deployment, settings, ozon_api_key=account.api_key, channels=channels)
        self.simulator.set_push_url(account.client_id, self.stack.api_url + taken.push_path)
        shop = Shop(account.client_id, taken.push_path, taken.api_key, SellerApi(self.stack.api_url, taken.api_key))
        self.shops.append(shop)
        return shop

    def posting(self, shop: Shop, **spec: Any) -> str:
        """A new posting at the marketplace; its push is on the way."""
        return self.simulator.add_posting(shop.client_id, **{"ship_in": 3600.0, **spec})

    def arrived(self, shop: Shop, **spec: Any) -> str:
        """A new posting that has come to us by push and queue."""
        number = self.posting(shop, **spec)
        self.until(shop, number, lambda _: True, "to arrive")
        return number

    def wait(self, shop: Shop, path: str, ready: Callable[[Any], bool], what: str) -> Any:
        """What the API shows at a path, once it is there and `ready`."""
        last: list[Answer] = []

        def look() -> bool:
            last[:] = [answer := self.api(shop, "GET", path)]
            assert answer.status in (200, 404), f"GET {path}: {answer}"
            return answer.status == 200 and ready(answer.body)

        eventually(look, what, every=0.2)
        return last[0].body

    def drained(self) -> None:
        """Wait until everything that is under way is done."""
        self.stack.drain(LONGEST)

    def until(self, shop: Shop, number: str, ready: Callable[[Any], bool], what: str) -> Any:
        """The posting as the API shows it, once it is `ready`."""
        return self.wait(shop, f"/v1/postings/{number}", ready, f"{number} {what}")

    def settled(self, shop: Shop, intent: str) -> Any:
        """The intent once it is confirmed or rejected."""
        return self.wait(
            shop,
            f"/v1/intents/{intent}",
            lambda view: view["state"] in ("CONFIRMED", "REJECTED"),
            f"intent {intent} to be settled",
        )

    def labelled(self, shop: Shop, number: str) -> None:
        """Wait for the posting's label."""
        self.wait(
            shop,
            f"/v1/postings/{number}/labels",
            lambda page: any(item["state"] == "ready" for item in page["items"]),
            f"the label of {number}",
        )

    def printed(self, shop: Shop, *numbers: str) -> Any:
        """A finished print job for these postings."""
        job = shop.api.post("/v1/labels", {"posting_numbers": list(numbers)})
        return self.wait(shop, f"/v1/labels/{job['id']}", lambda view: view["state"] != "waiting", "the labels' PDF")

    def delivered(self, shop: Shop, **spec: Any) -> str:
        """A posting that went the whole way to its buyer."""
        number = self.arrived(shop, scheme="rFBS", integration="non_integrated", **spec)
        path = f"/v1/postings/{number}"
        shop.api.post(f"{path}/confirm")
        assert self.settled(shop, shop.api.post(f"{path}/ship")["id"])["state"] == "CONFIRMED"
        self.until(shop, number, lambda view: view["status"] == "awaiting_deliver", "to await its courier")
        shop.api.post(f"{path}/pick")
        shop.api.post(f"{path}/pack", {"reason": "nobody scans in this test"})
        shop.api.post(f"{path}/hand-over", {"reason": "by our own courier, who has no numbers"})
        self.until(shop, number, lambda view: view["stage"] == "in_transit", "to be reported on its way")
        shop.api.post(f"{path}/delivery-report", {"stage": "delivered"})
        self.until(shop, number, lambda view: view["stage"] == "delivered", "to be delivered")
        return number

    def returned(self, shop: Shop, **spec: Any) -> tuple[str, str]:
        """A delivered posting and the id of its buyer's return, which the poller has found."""
        number = self.delivered(shop, **spec)
        opened = str(self.simulator.control("POST", "/_sim/returns", {"posting_number": number})["return_id"])

        def found() -> bool:
            self.poll(shop)
            return self.store.return_case(shop.client_id, opened) is not None

        eventually(found, "the return to be found by polling", every=0.1)
        return number, opened

    def push(self, shop: Shop, body: bytes | Mapping[str, Any], **headers: str | None) -> Answer:
        """A push that we make by hand, to the seller's own address."""
        return call(self.stack.api_url + shop.push_path, "POST", body=body, **headers)

    def api(self, shop: Shop, method: str, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> Answer:
        """A call with the seller's key whose answer is wanted whatever it is."""
        if method != "GET":
            headers = {"Idempotency_Key": uuid.uuid4().hex, **headers}
        return call(self.stack.api_url + path, method, body=body, **{"Authorization": f"Bearer {shop.key}", **headers})

    def poll(self, shop: Shop, **task: Any) -> Any:
        """Let the poller visit one seller now, whenever it was there before: a named task has no pace."""
        return self.deployment.invoke("MarketplacePoll", {"seller": shop.client_id, "task": "poll", **task})

    def proof(self, shop: Shop) -> Any:
        """The nothing-lost proof of one seller, with nothing excused as too new."""
        return self.poll(shop, task="proof", grace_seconds=0)["proofs"][shop.client_id]

    def pushes(self, shop: Shop) -> list[Any]:
        """Every push row of the seller."""
        today = datetime.now(UTC).date()
        days = (today - timedelta(days=1), today)
        return [push for day in days for push in self.store.pushes_on(shop.client_id, day, limit=500).items]

    def versions(self, shop: Shop, number: str) -> list[int]:
        """The versions that the history tells of, each once, in order."""
        events = self.store.events(shop.client_id, posting_ref(number))
        return list(dict.fromkeys(stored.version for stored in events))

    def has_whole_history(self, shop: Shop, number: str, seen: int) -> bool:
        """Whether the history has no gap and reaches the version that was seen; the posting may have moved on since."""
        versions = self.versions(shop, number)
        return versions == list(range(1, len(versions) + 1)) and len(versions) >= seen

    def queue_urls(self) -> dict[str, str]:
        """Every queue of the template, dead letters too, by logical id."""
        return {name: url for name, url in self.stack.resources.items() if url.startswith("http") and "/" in url}


def simulator_settings(**changes: Any) -> SimulatorSettings:
    """A marketplace that takes seconds where the real one takes minutes; its rate limit is the real one."""
    return SimulatorSettings(
        **{
            "engine_interval": 0.1,
            "ship_delay": 0.2,
            "registration_delay": 0.2,
            "label_delay": LABEL_DELAY,
            "delivery_seconds": 600.0,
            "push_time_scale": 0.05,
            **changes,
        }
    )


def stack_settings(simulator: Simulator, folder: Path) -> StackSettings:
    """The product on this machine. The poller runs when a test says so."""
    return StackSettings(
        template=TEMPLATE,
        data_dir=folder,
        api_port=0,
        parameters={
            "Stage": "local",
            "OzonBaseUrl": simulator.base_url,
            "LabelDelaySeconds": str(int(LABEL_DELAY)),
            "SweepLookAheadSeconds": "5",
            **UNLIMITED,
        },
        sweep_interval=1.0,
        poll_interval=0.0,
    )


@contextmanager
def paused(whole: Whole, queue: str = "") -> Iterator[None]:
    """No queue is worked off (or only the named one is not), so that what comes is found there together."""
    functions = whole.stack.client("lambda")
    pages = functions.get_paginator("list_event_source_mappings").paginate()
    mappings = [
        one["UUID"]
        for page in pages
        for one in page["EventSourceMappings"]
        if ":sqs:" in one["EventSourceArn"] and queue in one["EventSourceArn"]
    ]
    assert len(mappings) == (1 if queue else 8)
    try:
        for mapping in mappings:
            functions.update_event_source_mapping(UUID=mapping, Enabled=False)
        yield
    finally:
        for mapping in mappings:
            functions.update_event_source_mapping(UUID=mapping, Enabled=True)
