"""Returns of both schemes against the simulated marketplace: our client, our use cases, its rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shipby.adapters.ozon import OzonClient
from shipby.application.intake.sync_posting import sync_posting
from shipby.application.ports.writes import SaveSettings
from shipby.application.returns.followups import Disposal, dispose_return
from shipby.application.returns.poll import poll_returns
from shipby.application.returns.work import ReturnStep, scan_return, work_return
from shipby.application.settling.settle import settle_intent
from shipby.domain.intents import IntentState
from shipby.domain.postings.posting import RungKind
from shipby.domain.returns.policy import ReturnPolicy
from shipby.domain.returns.return_case import ReturnCase, ReturnStage
from shipby.domain.sellers.settings import Automation
from shipby_local.simulator import LineSpec, Simulator, SimulatorSettings
from tests.support import builders as a
from tests.support.fakes import RecordingQueue
from tests.support.memory_store import MemoryStore
from tests.unit.world_support import forget

WORDS = "Канарейкина Ульяна, звоните +79995550199"
LINES = (LineSpec(sku=5, price=Decimal("1990.50"), quantity=3),)


class WallClock:
    """The time that the simulator has too."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Desk:
    """The seller's desk: a store in memory, the real client, and what the buyer does."""

    simulator: Simulator
    client: OzonClient
    account: str
    clock: WallClock = field(default_factory=WallClock)
    store: MemoryStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = MemoryStore(clock=self.clock)

    def policy(self, mode: Automation, **rules: Any) -> None:
        known = self.store.settings(a.SELLER)
        version = known.version + 1 if known else 1
        policies = (ReturnPolicy(product_type="*", **rules),)
        self.store.commit([SaveSettings(a.settings(version=version, auto_return=mode, return_policies=policies))])

    def comes_back(self, *, scheme: str = "FBS", **body: Any) -> str:
        number = self.simulator.add_posting(self.account, scheme=scheme, lines=LINES)
        self.sync(number)
        self.control("returns", {"posting_number": number, **body})
        return number

    def control(self, path: str, body: dict[str, Any]) -> Any:
        return self.simulator.control("POST", f"/_sim/{path}", body)

    def sync(self, number: str) -> None:
        sync_posting(a.SELLER, number, hinted_at=None, store=self.store, marketplace=self.client, clock=self.clock)

    def poll(self) -> None:
        done = poll_returns(
            a.SELLER, store=self.store, marketplace=self.client, queue=RecordingQueue(), clock=self.clock
        )
        assert done.goods is not None

    def returns(self) -> list[ReturnCase]:
        found = [
            self.store.return_case(a.SELLER, identifier)
            for is_open in (True, False)
            for identifier in self.store.returns_in(a.SELLER, open_only=is_open).items
        ]
        return [case for case in found if case is not None]

    def settle(self, intent: str) -> IntentState:
        return settle_intent(a.SELLER, intent, store=self.store, marketplace=self.client, clock=self.clock).intent.state

    def money(self) -> list[tuple[str, str]]:
        return [(entry["kind"], entry["amount"]) for entry in self.simulator.books()["money"]]


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Simulator(
        SimulatorSettings(rate_limit_per_second=10_000, engine_interval=0.02, return_auto_approve_seconds=3600)
    ) as running:
        seller = running.add_seller(currency="RUB")
        client = OzonClient(running.base_url, seller.client_id, seller.api_key, requests_per_second=1000)
        yield Desk(running, client, seller.client_id)


def test_goods_of_fbs_are_found_scanned_and_put_away(desk: Desk) -> None:
    number = desk.comes_back(
        type="ClientReturn", quantity=2, status="ArrivedAtReturnPlace", storage="75.5", scrap_in_days=10
    )
    desk.poll()
    (case,) = desk.returns()
    assert (case.posting_number, case.quantity, case.linked) == (number, 2, True)
    assert (case.price, case.storage) == (a.rub("1990.50"), a.rub("75.50"))
    assert case.next_alarm is not None
    assert case.next_alarm.kind is RungKind.FETCH_RETURN
    assert case.scrapped_at is not None
    scan_return(a.SELLER, case.barcode, "key:k1", forget, store=desk.store, clock=desk.clock)
    step = ReturnStep(seller=a.SELLER, return_id=case.id, command="inspect", actor="key:k1", condition="new")
    work_return(step, forget, store=desk.store, clock=desk.clock)
    wish = Disposal(seller=a.SELLER, return_id=case.id, disposition="restock", actor="key:k1")
    dispose_return(wish, forget, store=desk.store, clock=desk.clock)
    desk.control("goods-returns", {"id": case.number, "status": "ReceivedBySeller"})
    desk.poll()
    assert desk.returns()[0].stage is ReturnStage.CLOSED
    assert desk.money() == []


def test_a_request_of_fbs_waits_for_the_cabinet_until_it_is_decided_there(desk: Desk) -> None:
    desk.comes_back(type="ClientReturn", status="OnSellerApproval")
    desk.poll()
    (case,) = desk.returns()
    assert case.in_cabinet
    assert case.decide_by is not None
    assert timedelta(hours=23) < case.decide_by - desk.clock.now() <= timedelta(hours=24)
    desk.control("goods-returns", {"id": case.number, "status": "Rejected"})
    desk.poll()
    (case,) = desk.returns()
    assert (case.stage, case.next_alarm) == (ReturnStage.CLOSED, None)


def test_the_policy_asks_for_the_goods_and_refunds_after_the_inspection(desk: Desk) -> None:
    desk.policy(Automation.ON)
    number = desk.comes_back(scheme="rFBS", comment=WORDS)
    desk.poll()
    (case,) = desk.returns()
    assert case.suggestion == "take_back"
    assert desk.settle(case.open_intent) is IntentState.CONFIRMED
    scan_return(a.SELLER, number, "key:k1", forget, store=desk.store, clock=desk.clock)
    desk.poll()
    assert desk.settle(desk.returns()[0].open_intent) is IntentState.CONFIRMED
    step = ReturnStep(seller=a.SELLER, return_id=case.id, command="inspect", actor="key:k1", condition="new")
    work_return(step, forget, store=desk.store, clock=desk.clock)
    desk.poll()
    assert desk.settle(desk.returns()[0].open_intent) is IntentState.CONFIRMED
    desk.poll()
    assert desk.money() == [("ReturnRefund", "5971.5")]
    assert desk.returns()[0].stage in (ReturnStage.DECIDED, ReturnStage.CLOSED)
    assert "Канарейкина" not in repr(desk.returns())


def test_the_policy_lets_the_buyer_keep_cheap_goods(desk: Desk) -> None:
    desk.policy(Automation.ON, keep_goods_below=10_000_000, compensate_percent=50)
    desk.comes_back(scheme="rFBS")
    desk.poll()
    (case,) = desk.returns()
    assert desk.settle(case.open_intent) is IntentState.CONFIRMED
    assert desk.money() == [("ReturnCompensation", "2985.75")]
