"""Buyers who want to cancel, against the simulated marketplace: our client, our use cases, its rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from shipby.adapters.ozon import OzonClient
from shipby.application.cancels.decide import CancelRequestDecision, decide_cancel_request
from shipby.application.cancels.sync import sync_cancel_requests
from shipby.application.intake.sync_posting import sync_posting
from shipby.application.ports.writes import SaveSettings
from shipby.application.settling.settle import settle_intent
from shipby.domain.cancels.requests import CancelRequest, CancelRequestState, DecidedBy
from shipby.domain.errors import MarketplaceRefusedError, NotFoundError
from shipby.domain.events import cancel_request_ref
from shipby.domain.intents import IntentState
from shipby.domain.postings.posting import Stage
from shipby.domain.sellers.settings import Automation
from shipby_local.simulator import SellerAccount, Simulator, SimulatorSettings
from tests.support import builders as a
from tests.support.memory_store import MemoryStore
from tests.unit.world_support import forget

WORDS = "Канарейкина Ульяна, звоните +79995550199"


@dataclass
class MarketClock:
    """The marketplace's time, which its control API can set forward."""

    simulator: Simulator

    def now(self) -> datetime:
        return self.simulator.rooms.world.now()


@pytest.fixture
def marketplace() -> Iterator[Simulator]:
    settings = SimulatorSettings(
        engine_interval=0.02, cancellation_auto_approve_seconds=3600, rate_limit_per_second=10_000
    )
    with Simulator(settings) as running:
        yield running


@pytest.fixture
def seller(marketplace: Simulator) -> SellerAccount:
    return marketplace.add_seller(currency="RUB")


@dataclass
class Desk:
    """The seller's desk: a store in memory, the real client, and an order whose buyer asks to cancel."""

    simulator: Simulator
    client: OzonClient
    account: str
    clock: MarketClock = field(init=False)
    store: MemoryStore = field(init=False)

    def __post_init__(self) -> None:
        self.clock = MarketClock(self.simulator)
        self.store = MemoryStore(clock=self.clock)
        self.store.commit([SaveSettings(a.settings(auto_cancel_request=Automation.OFF))])

    def asked(self) -> str:
        """The number of a new order whose buyer asks to cancel it."""
        number = self.simulator.add_posting(self.account, scheme="rFBS")
        body = {"act": "buyer_cancel", "message": WORDS, "as_request": True}
        assert self.simulator.control("POST", f"/_sim/postings/{number}", body)["done"]
        self.sync(number)
        return number

    def sync(self, number: str) -> None:
        sync_posting(a.SELLER, number, hinted_at=None, store=self.store, marketplace=self.client, clock=self.clock)

    def poll(self) -> int:
        done = sync_cancel_requests(a.SELLER, store=self.store, marketplace=self.client, clock=self.clock)
        return done.waiting

    def requests(self, *, open_only: bool = True) -> list[CancelRequest]:
        found = [
            self.store.cancel_request(a.SELLER, identifier)
            for identifier in self.store.cancel_requests_in(a.SELLER, open_only=open_only).items
        ]
        return [request for request in found if request is not None]

    def answer(self, request: CancelRequest, decision: str, comment: str = "") -> str:
        wish = CancelRequestDecision(
            seller=a.SELLER, request_id=request.id, decision=decision, actor="key:k1", comment=comment
        )
        return str(decide_cancel_request(wish, forget, store=self.store, clock=self.clock).body["id"])

    def settle(self, intent: str) -> IntentState:
        settled = settle_intent(a.SELLER, intent, store=self.store, marketplace=self.client, clock=self.clock)
        return settled.intent.state

    def book(self, request: CancelRequest) -> tuple[str, str]:
        """State and comment in the marketplace's own books."""
        entry = self.simulator.books()["cancellation_requests"][request.id]
        return entry["state"], entry["comment"]


@pytest.fixture
def desk(marketplace: Simulator, seller: SellerAccount) -> Desk:
    client = OzonClient(marketplace.base_url, seller.client_id, seller.api_key, requests_per_second=10_000.0)
    return Desk(marketplace, client, seller.client_id)


def test_requests_are_found_over_the_whole_list_without_the_buyers_words(desk: Desk) -> None:
    numbers = {desk.asked() for _ in range(3)}
    assert desk.poll() == 3
    found = desk.requests()
    assert {request.posting_number for request in found} == numbers
    assert all(request.linked and request.suggestion == "approve" for request in found)
    told = [desk.store.events(a.SELLER, cancel_request_ref(request.id)) for request in found]
    assert "Канарейкина" not in repr(found) + repr(told)


def test_an_approved_request_cancels_the_posting_and_the_marketplace_pays(desk: Desk) -> None:
    number = desk.asked()
    desk.poll()
    [request] = desk.requests()
    intent = desk.answer(request, "approve", "согласны")
    assert desk.settle(intent) is IntentState.CONFIRMED
    assert desk.book(request) == ("APPROVED", "согласны")
    desk.sync(number)
    posting, ledger = desk.store.posting(a.SELLER, number), desk.store.money(a.SELLER, number)
    assert posting is not None
    assert ledger is not None
    assert (posting.stage, posting.cancelled_by) == (Stage.CANCELLED, "client")
    assert ledger.refunded == ledger.paid
    paid_out = [move for move in desk.simulator.books()["money"] if move["posting_number"] == number]
    assert [move["executed_by"] for move in paid_out] == ["marketplace"]
    detail = desk.store.detail(a.SELLER, number)
    assert "Канарейкина" not in repr(detail)


def test_a_rejected_request_leaves_the_posting(desk: Desk) -> None:
    number = desk.asked()
    desk.poll()
    [request] = desk.requests()
    assert desk.settle(desk.answer(request, "reject", "уже в пути")) is IntentState.CONFIRMED
    assert desk.book(request) == ("REJECTED", "уже в пути")
    desk.sync(number)
    posting = desk.store.posting(a.SELLER, number)
    assert posting is not None
    assert posting.stage is not Stage.CANCELLED
    [closed] = desk.requests(open_only=False)
    assert closed.decided_by == DecidedBy.SELLER


def test_a_timeout_after_success_is_settled_by_the_list(desk: Desk) -> None:
    desk.asked()
    desk.poll()
    [request] = desk.requests()
    intent = desk.answer(request, "approve", "согласны")
    fault = {"kind": "timeout_after_success", "method": "/v2/conditional-cancellation/approve", "times": 1}
    desk.simulator.control("POST", "/_sim/faults", fault)
    assert desk.settle(intent) is IntentState.UNKNOWN
    assert desk.book(request)[0] == "APPROVED"
    assert desk.settle(intent) is IntentState.CONFIRMED


def test_a_second_answer_is_refused_by_the_marketplace_itself(desk: Desk) -> None:
    desk.asked()
    desk.poll()
    [request] = desk.requests()
    desk.client.cancellations.reject(request.id, "в кабинете")
    with pytest.raises(MarketplaceRefusedError):
        desk.client.cancellations.approve(request.id)
    with pytest.raises(NotFoundError):
        desk.client.cancellations.approve("1")
    assert desk.settle(desk.answer(request, "approve")) is IntentState.REJECTED
    assert desk.book(request) == ("REJECTED", "в кабинете")


def test_a_withdrawn_request_is_closed(desk: Desk) -> None:
    number = desk.asked()
    desk.poll()
    assert desk.simulator.control("POST", f"/_sim/postings/{number}", {"act": "buyer_withdraws"})["done"]
    assert desk.poll() == 0
    [closed] = desk.requests(open_only=False)
    assert closed.decided_by == DecidedBy.WITHDRAWN


def test_what_nobody_answers_is_approved_by_the_clock(desk: Desk) -> None:
    number = desk.asked()
    desk.poll()
    [request] = desk.requests()
    desk.simulator.control("POST", "/_sim/clock", {"advance_seconds": 3601})
    assert desk.book(request)[0] == "APPROVED"
    desk.poll()
    [closed] = desk.requests(open_only=False)
    assert (closed.state, closed.decided_by) == (CancelRequestState.APPROVED, DecidedBy.CLOCK)
    desk.sync(number)
    posting = desk.store.posting(a.SELLER, number)
    assert posting is not None
    assert posting.stage is Stage.CANCELLED
