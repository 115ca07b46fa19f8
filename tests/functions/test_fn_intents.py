"""The intent and the tracking worker against the simulated marketplace: one call each, whatever happens."""

from __future__ import annotations

from collections import Counter

import pytest

from functions.posting_sync.handler import handler as sync
from functions.refunds.handler import handler as settle
from functions.tracking.handler import handler as track
from shipby.adapters.aws.clock import SystemClock
from shipby.application.intents.replace_tracking import NewTracking, replace_tracking
from shipby.application.intents.request_intent import Wish, request_intent
from shipby.application.shared.messages import sync_message
from shipby.application.shared.tables import csv_lines
from shipby.application.tracking.number_jobs import JobWord, NumberFile, rows_now, start_run, take_file
from shipby.domain.carriers.s10 import s10
from shipby.domain.intents import IntentAction, IntentState
from shipby_local.simulator import LineSpec, Simulator
from tests.functions.shop_support import SELLER, LambdaContext, Shop, failed_ids, sqs_event
from tests.support.waiting import eventually

CONTEXT = LambdaContext()
CANCEL = "/v2/posting/fbs/cancel"


def known(shop: Shop, market: Simulator, **spec: object) -> str:
    number = market.add_posting(SELLER, lines=(LineSpec(sku=11),), **spec)
    sync(sqs_event(dict(sync_message(SELLER, number, hinted_at=None, why="test").body)), CONTEXT)
    return number


def wish(shop: Shop, number: str, action: IntentAction, **request: object) -> str:
    asked = Wish(seller=SELLER, number=number, action=action, request=request, actor="key:k1")  # type: ignore[arg-type]  # plain JSON
    answer = request_intent(asked, lambda _: [], store=shop.store, clock=SystemClock())
    return answer.location.rpartition("/")[2]


def ship(shop: Shop, number: str) -> str:
    return wish(shop, number, IntentAction.SHIP, packages=[{"11": 1}])


def state(shop: Shop, intent: str) -> IntentState:
    found = shop.store.intent(SELLER, intent)
    assert found is not None
    return found.state


def outcomes(shop: Shop) -> list[str]:
    return [line["outcome"] for line in shop.logged() if "intent" in line and "outcome" in line]


def test_an_intent_travels_from_its_event_to_the_marketplace(shop: Shop, market: Simulator) -> None:
    number = known(shop, market)
    intent = ship(shop, number)
    shop.pump()
    assert shop.bodies("intent") == [{"seller": SELLER, "intent": intent}]
    assert shop.deliver("intent", settle) == []
    assert state(shop, intent) in (IntentState.CONFIRMED, IntentState.UNKNOWN)


def test_the_same_intent_twice_is_one_call(shop: Shop, market: Simulator) -> None:
    number = known(shop, market)
    intent = wish(shop, number, IntentAction.CANCEL, reason_id=352, message="")
    message = {"seller": SELLER, "intent": intent}
    assert failed_ids(settle(sqs_event(message, message), CONTEXT)) == []
    assert state(shop, intent) is IntentState.CONFIRMED
    assert outcomes(shop) == ["intent_confirmed", "intent_confirmed"]


def test_a_timeout_after_success_is_unknown_and_settled_by_reading_never_by_sending_again(
    shop: Shop, market: Simulator
) -> None:
    number = known(shop, market)
    intent = wish(shop, number, IntentAction.CANCEL, reason_id=352, message="")
    market.control("POST", "/_sim/faults", {"kind": "timeout_after_success", "method": CANCEL, "times": 1})
    message = {"seller": SELLER, "intent": intent}
    assert failed_ids(settle(sqs_event(message), CONTEXT)) == []
    assert outcomes(shop) == ["intent_unknown"]
    assert failed_ids(settle(sqs_event(message), CONTEXT)) == []
    assert state(shop, intent) is IntentState.CONFIRMED


def test_when_the_marketplace_is_away_before_the_call_the_message_comes_again(shop: Shop, market: Simulator) -> None:
    number = known(shop, market)
    intent = ship(shop, number)
    market.control("POST", "/_sim/faults", {"kind": "http_error", "status": 503, "times": 3})
    message = {"seller": SELLER, "intent": intent}
    assert failed_ids(settle(sqs_event(message), CONTEXT)) == ["m0"]
    assert state(shop, intent) is IntentState.PENDING


@pytest.mark.parametrize("worker", [settle, track])
def test_an_intent_that_does_not_exist_goes_on_failing(shop: Shop, market: Simulator, worker: object) -> None:
    handle = settle if worker is settle else track
    messages = [
        {"seller": SELLER, "intent": "p.1-0001-1.ship.1"},
        {"seller": SELLER, "intent": "no id"},
        {"seller": "1"},
    ]
    assert sorted(failed_ids(handle(sqs_event(*messages), CONTEXT))) == ["m0", "m1", "m2"]
    codes = {line["code"] for line in shop.logged() if line["message"] == "message failed"}
    assert codes == {"not_found", "invalid_input"}


def test_tracking_numbers_of_a_seller_are_set_together(shop: Shop, market: Simulator) -> None:
    numbers = [known(shop, market, scheme="rFBS", integration="non_integrated") for _ in range(2)]
    for number in numbers:
        settle(sqs_event({"seller": SELLER, "intent": ship(shop, number)}), CONTEXT)
        _wait_until_offered(shop, number, "set_track_number")
    for index, number in enumerate(numbers):
        new = NewTracking(
            seller=SELLER, number=number, tracking_number=s10("RB", index, "CN"), actor="key:k1", reason="first number"
        )
        replace_tracking(new, lambda _: [], store=shop.store, clock=SystemClock())
    shop.empty("tracking")
    shop.pump()
    messages = shop.bodies("tracking")
    assert len(messages) == 2
    rejected = {"seller": "700009", "intent": "p.1-0001-1.set_tracking.1"}
    assert failed_ids(track(sqs_event(*messages, rejected), CONTEXT)) == ["m2"]
    for index, number in enumerate(numbers):
        posting = shop.store.posting(SELLER, number)
        assert posting is not None
        assert posting.tracking_number == s10("RB", index, "CN")
        assert [change.new for change in shop.store.tracking_history(SELLER, number)] == [s10("RB", index, "CN")]


def test_a_job_of_numbers_goes_step_by_step_from_its_events_to_the_marketplace(shop: Shop, market: Simulator) -> None:
    numbers = [known(shop, market, scheme="rFBS", integration="non_integrated") for _ in range(2)]
    for number in numbers:
        settle(sqs_event({"seller": SELLER, "intent": ship(shop, number)}), CONTEXT)
        _wait_until_offered(shop, number, "set_track_number")
    lines = [f"{number},{s10('RB', index, 'CN')},first" for index, number in enumerate(numbers)]
    table = csv_lines("\n".join(["posting_number,tracking_number,reason", *lines, "nobody,RB000000005CN,first"]))
    file = NumberFile(seller=SELLER, lines=table, field="csv", actor="key:k1")
    job = str(take_file(file, lambda _: [], store=shop.store, clock=SystemClock()).body["id"])
    shop.empty("tracking")
    shop.pump()
    assert shop.bodies("tracking") == [{"seller": SELLER, "task": "numbers", "job": job}]
    unknown = {"seller": SELLER, "task": "numbers", "job": "nobody"}
    assert failed_ids(track(sqs_event(unknown, *shop.bodies("tracking")), CONTEXT)) == ["m0"]
    start_run(JobWord(seller=SELLER, job=job, actor="key:k1"), lambda _: [], store=shop.store, clock=SystemClock())
    shop.empty("tracking")
    shop.pump()
    # The step comes twice, and beside an intent of somebody else's.
    assert failed_ids(track(sqs_event(*shop.bodies("tracking") * 2), CONTEXT)) == []
    shop.empty("tracking")
    shop.pump()
    assert sorted(body.get("task", "intent") for body in shop.bodies("tracking")) == ["intent", "intent"]
    assert failed_ids(track(sqs_event(*shop.bodies("tracking")), CONTEXT)) == []
    found = shop.store.number_job(SELLER, job)
    assert found is not None
    assert Counter(row.state for row in rows_now(found, shop.store)) == {"changed": 2, "refused": 1}
    for index, number in enumerate(numbers):
        assert market.posting(number).tracking_number == s10("RB", index, "CN")


def _wait_until_offered(shop: Shop, number: str, action: str) -> None:
    def offered() -> bool:
        sync(sqs_event(dict(sync_message(SELLER, number, hinted_at=None, why="test").body)), CONTEXT)
        detail = shop.store.detail(SELLER, number)
        return detail is not None and action in detail.actions

    eventually(offered, f"{action} to be offered for {number}")
