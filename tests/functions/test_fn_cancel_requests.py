"""Buyers who want to cancel, through the real handlers: polled, answered, carried out, and never in their own words."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.deadline_sweep.handler import handler as sweep
from functions.deadline_sweep.worker import handler as worker
from functions.marketplace_poll.handler import handler as poll
from functions.posting_sync.handler import handler as sync
from functions.refunds.handler import handler as settle
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.dynamodb.client import dynamodb_client
from shipby.application.cancels.decide import CancelRequestDecision, decide_cancel_request
from shipby.application.ports.writes import SaveCancelRequest, SaveSettings
from shipby.domain.cancels.requests import CancelRequest
from shipby.domain.events import EventType, cancel_request_ref
from shipby.domain.intents import IntentState
from shipby.domain.postings.posting import Alarm, RungKind, Stage
from shipby.domain.sellers.settings import Automation
from shipby_local.simulator import Simulator
from tests.functions.shop_support import SELLER, LambdaContext, Shop, event, failed_ids, sqs_event

CONTEXT = LambdaContext()
POLL = {"task": "poll", "seller": SELLER}
WORDS = "Канарейкина Ульяна, звоните +79995550199"


def policy(shop: Shop, **changes: Any) -> None:
    settings = shop.store.settings(SELLER)
    assert settings is not None
    shop.store.commit([SaveSettings(replace(settings, version=settings.version + 1, **changes))])


def asked(shop: Shop, market: Simulator) -> str:
    """An order whose buyer asks to cancel it, read and polled."""
    number = market.add_posting(SELLER, scheme="rFBS")
    market.control("POST", f"/_sim/postings/{number}", {"act": "buyer_cancel", "message": WORDS, "as_request": True})
    poll(POLL, CONTEXT)
    shop.pump()
    shop.deliver("sync", sync)
    return number


def open_requests(shop: Shop) -> list[CancelRequest]:
    found = [shop.store.cancel_request(SELLER, one) for one in shop.store.cancel_requests_in(SELLER).items]
    return [request for request in found if request is not None]


def answer(request: CancelRequest, shop: Shop, decision: str) -> str:
    wish = CancelRequestDecision(
        seller=SELLER, request_id=request.id, decision=decision, actor="key:k1", comment="уже в пути"
    )
    return str(decide_cancel_request(wish, lambda _: [], store=shop.store, clock=SystemClock()).body["id"])


def test_a_round_counts_what_waits_and_the_posting_is_linked_by_its_read(shop: Shop, market: Simulator) -> None:
    policy(shop, auto_cancel_request=Automation.OFF)
    number = asked(shop, market)
    [request] = open_requests(shop)
    assert (request.posting_number, request.linked, request.suggestion) == (number, True, "approve")
    summary: Any = poll(POLL, CONTEXT)
    assert summary["sellers"][SELLER]["cancel_requests"] == 1


def test_an_answer_travels_to_the_marketplace_and_its_posting_is_read_again(shop: Shop, market: Simulator) -> None:
    policy(shop, auto_cancel_request=Automation.OFF)
    number = asked(shop, market)
    [request] = open_requests(shop)
    intent = answer(request, shop, "approve")
    shop.pump()
    assert shop.bodies("intent") == [{"seller": SELLER, "intent": intent}]
    assert shop.deliver("intent", settle) == []
    found = shop.store.intent(SELLER, intent)
    assert found is not None
    assert found.state is IntentState.CONFIRMED
    assert market.books()["cancellation_requests"][request.id]["state"] == "APPROVED"
    shop.pump()
    assert shop.deliver("sync", sync) == []
    posting, ledger = shop.store.posting(SELLER, number), shop.store.money(SELLER, number)
    assert posting is not None
    assert ledger is not None
    assert posting.stage is Stage.CANCELLED
    assert ledger.refunded == ledger.paid
    assert open_requests(shop) == []


def test_switched_on_it_answers_by_itself_once(shop: Shop, market: Simulator) -> None:
    policy(shop, auto_cancel_request=Automation.ON)
    asked(shop, market)
    [request] = open_requests(shop)
    shop.pump()
    shop.deliver("intent", settle)
    poll(POLL, CONTEXT)
    ended = shop.store.cancel_request(SELLER, request.id)
    assert ended is not None
    assert (ended.intent_count, ended.decided_by) == (1, "seller")
    assert market.books()["cancellation_requests"][request.id]["state"] == "APPROVED"


def test_the_sweep_and_the_alarm_worker_tell_that_its_time_is_over(shop: Shop, market: Simulator) -> None:
    policy(shop, auto_cancel_request=Automation.OFF)
    asked(shop, market)
    [request] = open_requests(shop)
    over = datetime.now(UTC) - timedelta(seconds=1)
    late = replace(
        request,
        version=request.version + 1,
        auto_approve_at=over,
        next_alarm=Alarm(due=over, kind=RungKind.CANCEL_REQUEST_BY),
    )
    shop.store.commit([SaveCancelRequest(late)])
    sweep(event("schedule"), CONTEXT)
    mine = [body for body in shop.bodies("alarm") if body["id"] == request.id]
    assert failed_ids(worker(sqs_event(*mine), CONTEXT)) == []
    told = shop.store.events(SELLER, cancel_request_ref(request.id))
    assert told[-1].event.type is EventType.CANCEL_REQUEST_OVERDUE
    shop.empty("sync")
    shop.pump()
    [again] = [body for body in shop.bodies("sync") if body.get("cancel_request") == request.id]
    assert again["why"] == "cancel_request.overdue"


def test_the_buyers_words_are_in_no_item_message_or_log(
    shop: Shop, market: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    policy(shop, auto_cancel_request=Automation.SHADOW)
    number = asked(shop, market)
    [request] = open_requests(shop)
    shop.pump()
    intent = answer(request, shop, "approve")
    shop.deliver("intent", settle) or settle({"Records": []}, CONTEXT)
    shop.pump()
    shop.deliver("sync", sync)
    items = dynamodb_client().scan(TableName=shop.table)["Items"]
    messages = [body for queue in shop.urls for body in shop.bodies(queue)]
    everything = json.dumps([items, messages, shop.logged()], ensure_ascii=False, default=str) + capsys.readouterr().out
    assert number in everything
    assert intent in everything
    for word in ("Канарейкина", "9995550199"):
        assert word not in everything


def test_a_key_that_may_not_read_them_is_a_state_and_no_failure(shop: Shop, market: Simulator) -> None:
    fault = {"kind": "http_error", "method": "/v2/conditional-cancellation/list", "status": 403, "times": 1}
    market.control("POST", "/_sim/faults", fault)
    summary: Any = poll(POLL, CONTEXT)
    assert summary["sellers"][SELLER]["cancel_requests"] == "not permitted"
    assert summary["rejected"] == []
