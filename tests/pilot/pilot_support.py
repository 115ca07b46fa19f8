"""A simulated shop with a bit of everything, answers that are changed on their way, and rounds of the pilot."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import urllib3

from shipby.adapters.ozon import OzonClient
from shipby_local.pilot.asking import Asking, Sizes
from shipby_local.pilot.comparing import Comparison
from shipby_local.pilot.description import Description
from shipby_local.pilot.door import Door
from shipby_local.pilot.evidence import Evidence
from shipby_local.pilot.masking import Mask
from shipby_local.pilot.report import report
from shipby_local.simulator import SellerAccount, Simulator, SimulatorSettings
from shipby_local.simulator.faults import FaultBook

Json = dict[str, Any]
Change = Callable[[str, Json], None]
"""Changes an answer in place; the first argument is the method's path."""
BEFORE = timedelta(days=6)


def settings() -> SimulatorSettings:
    """A marketplace whose clock begins six days ago, so that what the shop did lies behind the command's clock."""
    return SimulatorSettings(
        now=lambda: datetime.now(UTC) - BEFORE,
        ship_delay=0.0,
        registration_delay=0.0,
        label_delay=0.0,
        carriage_document_delay=0.0,
        delivery_seconds=7200.0,
        rate_limit_per_second=50_000,
        engine_interval=60.0,
    )


@dataclass
class Shop:
    """A seller with postings in many states, returns, a carriage, a cargo place, wishes to cancel and chats."""

    simulator: Simulator
    changes: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.seller: SellerAccount = self.simulator.add_seller()
        self.client = OzonClient(
            self.simulator.base_url, self.seller.client_id, self.seller.api_key, requests_per_second=1e6
        )
        self.fbs = [self.simulator.add_posting(self.seller.client_id) for _ in range(6)]
        self.rfbs = [self.simulator.add_posting(self.seller.client_id, scheme="rFBS") for _ in range(4)]
        for number in (*self.fbs[:4], *self.rfbs[:3]):
            self.client.ship(number, [{line.sku: line.quantity for line in self.client.posting(number).lines}])
        self.later(5)
        self.act(self.fbs[0], "hand_over")
        self._told("delivering", self.rfbs[:3])
        self.later(3600)
        self._hand_in_a_carriage()
        self.later(86_400)
        self._told("last-mile", self.rfbs[1:2])
        self.later(60)
        self._told("delivered", self.rfbs[1:2])
        self.later(60)
        self.control("returns", {"posting_number": self.rfbs[1], "comment": "не подошло"})
        self.control("returns", {"posting_number": self.fbs[0], "type": "ClientReturn"})
        self.act(self.rfbs[2], "buyer_cancel", as_request=True, message="передумал")
        self.client.cancel(self.fbs[5], 352, "нет")
        self.control("support-chats", {"client_id": self.seller.client_id, "text": "Здравствуйте, пришлите видео"})
        self.control("chats", {"posting_number": self.fbs[1], "text": "Где мой заказ?"})

    def _told(self, step: str, numbers: list[str]) -> None:
        """The seller's own carrier has brought parcels so far: the seller tells the marketplace so."""
        headers = {"Client-Id": self.seller.client_id, "Api-Key": self.seller.api_key}
        url = f"{self.simulator.base_url}/v2/fbs/posting/{step}"
        answer = urllib3.request("POST", url, json={"posting_number": numbers}, headers=headers)
        assert all(one["result"] for one in answer.json()["result"]), answer.data

    def _hand_in_a_carriage(self) -> None:
        posting = self.client.posting(self.fbs[1])
        day = (datetime.now(UTC) - BEFORE).date()
        self.carriage = self.client.carriages.create(posting.delivery_method_id, day)

    def later(self, seconds: float) -> None:
        self.simulator.control("POST", "/_sim/clock", {"advance_seconds": seconds})

    def control(self, path: str, body: Json) -> Json:
        return self.simulator.control("POST", f"/_sim/{path}", body)

    def act(self, number: str, act: str, **more: Any) -> None:
        assert self.control(f"postings/{number}", {"act": act, **more})["done"], (number, act)

    def asking(self, **options: Any) -> Asking:
        """A round that is about to begin, with the read-only key."""
        words = options.pop("words", ())
        ticks = count(step=0.001)
        # A clock of its own: a measured time that happens to read like planted digits would be no leak.
        door = Door(
            self.simulator.base_url,
            per_second=1e6,
            most_calls=options.pop("most_calls", 1000),
            monotonic=lambda: next(ticks),
        )
        return Asking(
            door,
            self.simulator.base_url,
            self.seller.client_id,
            options.pop("key", self.seller.read_only_key),
            mask=Mask(Description.load().words, words),
            now=datetime.now(UTC) - BEFORE + timedelta(days=2),
            sizes=Sizes(days=30, postings=50),
            **options,
        )

    def evidence(self) -> Evidence:
        return self.asking().round(lambda _: None)

    def report(self, **options: Any) -> Json:
        """The report of a round."""
        asking = self.asking(**options)
        evidence = asking.round(lambda _: None)
        comparison = Comparison(Description.load(), evidence.mask)
        comparison.all(evidence.exchanges)
        comparison.unreadable(asking.notes)
        return report(evidence, comparison, host="127.0.0.1", published=Description.load().published)


def changing(shop: Shop) -> Callable[..., Json]:
    """What stands in for `FaultBook.spoil`: every change of the shop, done to a copy of the answer."""

    def spoil(_: FaultBook, answer: Json, *, method: str, client_id: str) -> Json:
        changed: Json = json.loads(json.dumps(answer, default=str))
        for change in shop.changes:
            change(method, changed)
        return changed

    return spoil


def postings_of(method: str, answer: Json) -> list[Json]:
    """The postings that an answer shows."""
    if method == "/v3/posting/fbs/get":
        return [answer["result"]]
    return list(answer["postings"]) if method.startswith("/v4/posting/fbs/") and "postings" in answer else []


def deviations(found: Json, kind: str) -> set[tuple[str, str]]:
    """(method, path) of the deviations of a kind."""
    return {(one["method"], one["path"]) for one in found["deviations"] if one["kind"] == kind}


def assumption(found: Json, of: str) -> Json:
    """What the report says of one assumption."""
    [one] = [one for one in found["assumptions"] if one["of"] == of]
    return dict(one)
