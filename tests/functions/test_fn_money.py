"""Money through the workers on a real table: approved by a second person, paid once, borne out by the accruals."""

from __future__ import annotations

import json
from typing import Any

from functions.marketplace_poll.handler import handler as poll
from functions.posting_sync.handler import handler as sync
from functions.refunds.handler import handler as settle
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.ozon import OzonClient
from shipby.application.intents.request_intent import Wish, request_intent
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.writes import SaveSettings
from shipby.application.refunds.approvals import approve_refund
from shipby.application.returns.decisions import decide_return
from shipby.application.returns.refund_money import ReturnDecision
from shipby.application.returns.sync import apply_return_facts
from shipby.application.settling.second_word import SecondWord
from shipby.application.shared.messages import sync_message
from shipby.domain.intents import Intent, IntentAction, IntentState
from shipby.domain.money import Money
from shipby.domain.postings.delivery import DeliveryStage
from shipby.domain.refunds.ledger import AccrualState, MoneyLedger, postage_key
from shipby.domain.sellers.settings import SellerSettings
from shipby_local.simulator import LineSpec, Simulator
from tests.functions.shop_support import SELLER, LambdaContext, Shop, failed_ids, sqs_event
from tests.support.waiting import eventually

CONTEXT = LambdaContext()
CLOCK = SystemClock()
COMPENSATE = 1020


def read(shop: Shop, number: str) -> None:
    sync(sqs_event(dict(sync_message(SELLER, number, hinted_at=None, why="test").body)), CONTEXT)
    assert shop.store.posting(SELLER, number) is not None


def ledger(shop: Shop, number: str) -> MoneyLedger:
    found = shop.store.money(SELLER, number)
    assert found is not None
    return found


def intent(shop: Shop, identifier: str) -> Intent:
    found = shop.store.intent(SELLER, identifier)
    assert found is not None
    return found


def carry_out(identifier: str) -> None:
    assert failed_ids(settle(sqs_event({"seller": SELLER, "intent": identifier}), CONTEXT)) == []


def returned(shop: Shop, market: Simulator, client: Marketplace) -> tuple[str, str]:
    number = market.add_posting(SELLER, scheme="rFBS", lines=(LineSpec(sku=11),))
    client.ship(number, [{"11": 1}])
    eventually(lambda: client.posting(number).status == "awaiting_deliver", "the assembly")
    for stage in (DeliveryStage.DELIVERING, DeliveryStage.DELIVERED):
        assert client.report_delivery(stage, [number])[0].ok
    read(shop, number)
    opened: Any = market.control("POST", "/_sim/returns", {"posting_number": number})
    return_id = str(opened["return_id"])
    apply_return_facts(SELLER, client.return_details(return_id), store=shop.store, clock=CLOCK)
    return number, return_id


def account(market: Simulator) -> OzonClient:
    [seller] = [each for each in market.rooms.world.sellers.all() if each.client_id == SELLER]
    return OzonClient(market.base_url, SELLER, seller.api_key, requests_per_second=10_000.0)


def test_a_refund_above_the_limit_is_approved_paid_once_and_borne_out(shop: Shop, market: Simulator) -> None:
    known = shop.store.settings(SELLER)
    version = known.version if known else 0
    shop.store.commit([SaveSettings(SellerSettings(seller=SELLER, version=version + 1, approve_above={"RUB": 1}))])
    number, return_id = returned(shop, market, account(market))
    decision = ReturnDecision(
        seller=SELLER,
        return_id=return_id,
        action_id=COMPENSATE,
        actor="key:k1",
        refund=True,
        amount=Money(4_999, "RUB"),
        postage=Money(10_050, "RUB"),
    )
    identifier = str(decide_return(decision, lambda _: [], store=shop.store, clock=CLOCK).body["id"])
    carry_out(identifier)
    assert intent(shop, identifier).state is IntentState.PROPOSED
    word = SecondWord(seller=SELLER, intent_id=identifier, actor="key:k2")
    approve_refund(word, lambda _: [], store=shop.store, clock=CLOCK)
    approved = intent(shop, identifier)
    assert (approved.tampered, approved.approved_by) == (False, "key:k2")
    carry_out(identifier)
    carry_out(identifier)
    assert intent(shop, identifier).state is IntentState.CONFIRMED
    [books] = [page for key, page in market.books()["returns"].items() if key == return_id]
    assert (books["refunded"], len(books["actions"])) == ("49.99", 1)
    done: Any = poll({"task": "poll"}, CONTEXT)
    assert done["sellers"][SELLER]["accruals"]["compared"] == 2
    entries = ledger(shop, number).entries
    assert entries[identifier].accrual is entries[postage_key(identifier)].accrual is AccrualState.MATCHES


def test_items_are_cancelled_once_although_the_answer_is_lost(shop: Shop, market: Simulator) -> None:
    number = market.add_posting(SELLER, lines=(LineSpec(sku=11, quantity=3),))
    read(shop, number)
    wish = Wish(
        seller=SELLER,
        number=number,
        action=IntentAction.CANCEL_ITEMS,
        request={"reason_id": 352, "message": "нет в наличии", "items": {"11": 2}},
        actor="key:k1",
    )
    identifier = str(request_intent(wish, lambda _: [], store=shop.store, clock=CLOCK).body["id"])
    fault = {"kind": "timeout_after_success", "method": "/v2/posting/fbs/product/cancel", "times": 1}
    market.control("POST", "/_sim/faults", json.dumps(fault).encode())
    carry_out(identifier)
    carry_out(identifier)
    assert intent(shop, identifier).state is IntentState.CONFIRMED
    assert ledger(shop, number).refunded == 200_000
    assert [call["method"] for call in market.books()["postings"][number]["calls"]] == [
        "/v2/posting/fbs/product/cancel"
    ]
