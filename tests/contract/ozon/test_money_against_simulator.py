"""Refunds, cancelled items and accruals: our ledger against the simulated marketplace's books, to the kopeck."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shipby.adapters.ozon import OzonClient
from shipby.application.intake.sync_posting import sync_posting
from shipby.application.intents.request_intent import Wish, request_intent
from shipby.application.ports.writes import SaveSettings
from shipby.application.refunds.compare_accruals import compare_accruals
from shipby.application.returns.decisions import decide_return
from shipby.application.returns.refund_money import ReturnDecision
from shipby.application.returns.sync import apply_return_facts
from shipby.application.settling.settle import settle_intent
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.money import Money
from shipby.domain.postings.delivery import DeliveryStage
from shipby.domain.refunds.ledger import AccrualState, EntryKind, EntryState, MoneyLedger, postage_key
from shipby.domain.sellers.settings import SellerSettings
from shipby_local.simulator import LineSpec, Simulator, SimulatorSettings
from tests.support import builders as a
from tests.support.memory_store import MemoryStore
from tests.support.waiting import eventually

SKU, OTHER = 827098843, 4116250392
ODD = LineSpec(sku=SKU, quantity=3, price=Decimal("66.67"))
FULL_REFUND, COMPENSATE = "Вернуть деньги", "Предложить компенсацию"


@dataclass(slots=True)
class Desk:
    """One seller's desk: our use cases on one side, the simulated marketplace on the other."""

    simulator: Simulator
    seller: str
    client: OzonClient
    store: MemoryStore
    clock: a.FixedClock

    def control(self, path: str, **body: Any) -> Any:
        return self.simulator.control("POST", f"/_sim/{path}", json.dumps(body).encode())

    def read(self, number: str) -> None:
        sync_posting(self.seller, number, hinted_at=None, store=self.store, marketplace=self.client, clock=self.clock)

    def ledger(self, number: str) -> MoneyLedger:
        ledger = self.store.money(self.seller, number)
        assert ledger is not None
        return ledger

    def settle(self, intent: str) -> IntentState:
        return settle_intent(
            self.seller, intent, store=self.store, marketplace=self.client, clock=self.clock
        ).intent.state

    def delivered(self, *lines: LineSpec) -> str:
        number = self.simulator.add_posting(self.seller, scheme="rFBS", lines=lines)
        self.client.ship(number, [{str(line.sku): line.quantity for line in lines}])
        eventually(lambda: self.client.posting(number).status == "awaiting_deliver", "the assembly")
        for stage in (DeliveryStage.DELIVERING, DeliveryStage.DELIVERED):
            assert self.client.report_delivery(stage, [number])[0].ok
        self.read(number)
        return number

    def returned(self, number: str) -> str:
        return_id = str(self.control("returns", posting_number=number)["return_id"])
        apply_return_facts(self.seller, self.client.return_details(return_id), store=self.store, clock=self.clock)
        return return_id

    def decide(self, return_id: str, action: str, **more: Any) -> str:
        case = self.store.return_case(self.seller, return_id)
        assert case is not None
        [action_id] = [offered.id for offered in case.actions if offered.name == action]
        decision = ReturnDecision(
            seller=self.seller, return_id=return_id, action_id=action_id, actor="key:k1", refund=True, **more
        )
        answer = decide_return(decision, lambda _: [], store=self.store, clock=self.clock)
        return str(answer.body["id"])

    def paid_out(self, number: str) -> int:
        """Minor units of the price that the buyer has back, by the marketplace's books."""
        moves = [move for move in self.simulator.books()["money"] if move["posting_number"] == number]
        back = [move for move in moves if move["paid_to"] == "buyer" and move["kind"] != "ReturnPostage"]
        return sum(Money.parse(move["amount"], "RUB").minor for move in back)


@pytest.fixture
def desk() -> Iterator[Desk]:
    settings = SimulatorSettings(
        rate_limit_per_second=10_000, ship_delay=0.05, registration_delay=0.05, engine_interval=0.02
    )
    with Simulator(settings) as simulator:
        account = simulator.add_seller()
        client = OzonClient(simulator.base_url, account.client_id, account.api_key, requests_per_second=10_000.0)
        clock = a.FixedClock(datetime.now(UTC))
        store = MemoryStore(clock=clock)
        store.commit([SaveSettings(SellerSettings(seller=account.client_id, version=1))])
        yield Desk(simulator, account.client_id, client, store, clock)


def test_a_full_refund_is_booked_to_the_kopeck_although_the_return_names_whole_roubles(desk: Desk) -> None:
    number = desk.delivered(ODD)
    intent = desk.decide(desk.returned(number), FULL_REFUND, postage=Money(30_050, "RUB"))
    assert desk.settle(intent) is IntentState.CONFIRMED
    ledger = desk.ledger(number)
    assert ledger.refunded == desk.paid_out(number) == 20_001
    done = compare_accruals(desk.seller, store=desk.store, marketplace=desk.client, clock=desk.clock)
    assert (done.compared, done.differing, done.waiting) == (2, 0, 0)
    entries = desk.ledger(number).entries
    assert entries[intent].accrual is entries[postage_key(intent)].accrual is AccrualState.MATCHES
    assert entries[postage_key(intent)].accrued == 30_050


def test_pieces_of_a_return_are_compensated(desk: Desk) -> None:
    number = desk.delivered(ODD)
    intent = desk.decide(desk.returned(number), COMPENSATE, pieces={str(SKU): 2})
    assert desk.settle(intent) is IntentState.CONFIRMED
    assert desk.ledger(number).refunded == desk.paid_out(number) == 13_334


def test_some_items_are_cancelled_once_and_the_rest_later(desk: Desk) -> None:
    number = desk.simulator.add_posting(desk.seller, lines=(ODD, LineSpec(sku=OTHER)))
    desk.read(number)
    wish = Wish(
        seller=desk.seller,
        number=number,
        action=IntentAction.CANCEL_ITEMS,
        request={"reason_id": 352, "message": "нет в наличии", "items": {str(SKU): 1, str(OTHER): 1}},
        actor="key:k1",
    )
    desk.control("faults", kind="timeout_after_success", method="/v2/posting/fbs/product/cancel", times=1)
    answer = request_intent(wish, lambda _: [], store=desk.store, clock=desk.clock)
    intent = str(answer.body["id"])
    assert desk.settle(intent) is IntentState.UNKNOWN
    assert desk.settle(intent) is IntentState.CONFIRMED
    ledger = desk.ledger(number)
    assert ledger.refunded == desk.paid_out(number) == 106_667
    assert ledger.lines[str(OTHER)].refunded == 100_000
    calls = desk.simulator.books()["postings"][number]["calls"]
    assert [call["method"] for call in calls] == ["/v2/posting/fbs/product/cancel"]
    desk.control(f"postings/{number}", act="marketplace_cancel")
    desk.read(number)
    assert desk.ledger(number).refunded == desk.paid_out(number) == desk.ledger(number).paid
    done = compare_accruals(desk.seller, store=desk.store, marketplace=desk.client, clock=desk.clock)
    assert (done.compared, done.differing) == (2, 0)


def test_a_lost_answer_is_proven_by_the_accrual(desk: Desk) -> None:
    number = desk.delivered(ODD)
    intent = desk.decide(desk.returned(number), COMPENSATE, amount=Money(1_234, "RUB"))
    desk.control("faults", kind="timeout_after_success", method="/v1/returns/rfbs/action/set", times=1)
    assert desk.settle(intent) is IntentState.UNKNOWN
    desk.clock.advance(timedelta(minutes=1))
    done = compare_accruals(desk.seller, store=desk.store, marketplace=desk.client, clock=desk.clock)
    assert done.settled == 1
    entry = desk.ledger(number).entries[intent]
    assert (entry.kind, entry.state, entry.accrued) == (EntryKind.COMPENSATION, EntryState.REFUNDED, 1_234)


def test_for_a_posting_that_was_cancelled_meanwhile_no_money_call_is_made(desk: Desk) -> None:
    number = desk.simulator.add_posting(desk.seller, lines=(ODD,))
    desk.read(number)
    desk.control(f"postings/{number}", act="marketplace_cancel")
    desk.read(number)
    assert desk.ledger(number).refunded == desk.paid_out(number) == 20_001
    methods = desk.simulator.books()["sellers"][desk.seller]["calls"]
    assert "/v1/returns/rfbs/action/set" not in json.dumps(methods)
