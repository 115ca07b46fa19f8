"""The main road: a push becomes a posting, a posting goes to the courier, a return is paid back once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import urllib3

from tests.integration.whole.whole_support import Shop, Whole
from tests.support.waiting import eventually

pytestmark = pytest.mark.stack


def test_a_push_becomes_a_posting_that_the_api_shows_with_its_whole_history(whole: Whole, shop: Shop) -> None:
    number = whole.arrived(shop)
    view = shop.api.get(f"/v1/postings/{number}")
    assert (view["stage"], view["status"]) == ("received", "awaiting_packaging")
    events = shop.api.get(f"/v1/postings/{number}/events")["items"]
    assert events[0]["type"] == "posting.received"
    assert {event["version"] for event in events} >= set(range(1, view["version"] + 1))
    assert whole.has_whole_history(shop, number, view["version"])
    pushes = [push for push in whole.pushes(shop) if push.posting_number == number]
    # A marketplace that got no answer in time says it again.
    assert {(push.type, push.state) for push in pushes} == {("TYPE_NEW_POSTING", "received")}
    # The poller was never asked: only the push can have brought it.
    assert "/v4/posting/fbs/unfulfilled/list" not in whole.simulator.books()["sellers"][shop.client_id]["calls"]


def test_a_posting_goes_from_confirm_to_the_courier_and_is_assembled_exactly_once(
    whole: Whole, quiet_shop: Shop
) -> None:
    api, number = quiet_shop.api, whole.arrived(quiet_shop)
    path = f"/v1/postings/{number}"
    assert api.post(f"{path}/confirm")["stage"] == "confirmed"
    intent = whole.settled(quiet_shop, api.post(f"{path}/ship")["id"])
    assert intent["state"] == "CONFIRMED"
    whole.labelled(quiet_shop, number)
    assert api.post(f"{path}/pick")["stage"] == "picked"
    assert api.post(f"{path}/pack", {"reason": "no scanner here"})["stage"] == "packed"
    done = whole.printed(quiet_shop, number)
    assert (done["state"], done["problems"]) == ("ready", {})
    paper = urllib3.request("GET", done["link"], retries=False)
    assert paper.status == 200
    assert paper.data.startswith(b"%PDF-")
    unsigned = urllib3.request("GET", done["link"].partition("?")[0], retries=False)
    assert unsigned.status in (401, 403)
    assert api.post(f"{path}/hand-over")["stage"] == "handed_over"
    scanned = whole.simulator.control("POST", "/_sim/hand-over", {"posting_numbers": [number]})
    assert scanned["scanned"] == [number]
    view = whole.until(quiet_shop, number, lambda view: view["stage"] == "in_transit", "to be in transit")
    assert view["status"] == "delivering"
    assert view["printed_at"] is not None
    assert view["open_intents"] == []
    assert whole.has_whole_history(quiet_shop, number, view["version"])
    calls = Counter(made["method"] for made in whole.simulator.books()["postings"][number]["calls"])
    assert calls["/v4/posting/fbs/ship"] == 1


def test_64_pushes_for_one_posting_at_once_are_all_answered_200_and_make_one_posting_without_gaps(
    whole: Whole, shop: Shop
) -> None:
    number = whole.arrived(shop)
    before = {push.digest for push in whole.pushes(shop) if push.posting_number == number}
    start = datetime.now(UTC).replace(microsecond=0)

    def push(turn: int) -> tuple[int, object]:
        body = {
            "message_type": "TYPE_STATE_CHANGED",
            "posting_number": number,
            "new_state": "posting_created",
            "changed_state_date": (start - timedelta(seconds=turn)).isoformat().replace("+00:00", "Z"),
            "warehouse_id": 22_142_605_386_001,
            "seller_id": int(shop.client_id),
        }
        answer = whole.push(shop, body)
        return answer.status, answer.body

    with ThreadPoolExecutor(64) as threads:
        answers = list(threads.map(push, range(64)))
    assert answers == [(200, {"result": True})] * 64
    whole.drained()
    rows = [push for push in whole.pushes(shop) if push.posting_number == number]
    # By body: what a busy machine did not answer in time was sent again, and that may be a second row.
    assert len({row.digest for row in rows} - before) == 64
    assert {row.state for row in rows} == {"received"}
    view = shop.api.get(f"/v1/postings/{number}")
    assert whole.has_whole_history(shop, number, view["version"])
    today = datetime.now(UTC).date()
    kept = [
        one
        for day in (today - timedelta(days=1), today)
        for one in whole.store.received_on(shop.client_id, day).items
        if one == number
    ]
    assert kept == [number]
    assert view["synced_at"] >= max(row.received_at for row in rows).isoformat()[:19]


def test_a_return_whose_answer_was_lost_after_success_is_refunded_exactly_once(whole: Whole, shop: Shop) -> None:
    api = shop.api
    number, opened = whole.returned(shop)
    case = api.get(f"/v1/returns/{opened}")
    [refund] = [action for action in case["available_actions"] if "вернуть деньги" in action["name"].lower()]
    fault = whole.simulator.control(
        "POST",
        "/_sim/faults",
        {
            "kind": "timeout_after_success",
            "method": "/v1/returns/rfbs/action/set",
            "client_id": shop.client_id,
            "times": 1,
            "seconds": 0.1,
        },
    )
    decision = {"action_id": refund["id"], "refund": True, "reason": "the buyer is right"}
    intent = api.post(f"/v1/returns/{opened}/decide", decision)["id"]
    done = whole.settled(shop, intent)
    assert done["state"] == "CONFIRMED"
    assert done["read_back"], "it must have been settled by reading, as no answer came"
    books = whole.simulator.books()
    assert [armed["fired"] for armed in books["faults"] if armed["id"] == fault["id"]] == [1]
    [action] = books["returns"][opened]["actions"]
    assert action["method"] == "/v1/returns/rfbs/action/set"
    [paid] = [money for money in books["money"] if money["return_id"] == int(opened)]
    assert books["sellers"][shop.client_id]["double_refund_attempts"] == 0
    ledger = whole.store.money(shop.client_id, number)
    assert ledger is not None
    assert (ledger.reserved, ledger.refunded) == (0, round(abs(float(paid["amount"])) * 100))
    assert [(key, entry.state) for key, entry in ledger.entries.items()] == [(intent, "refunded")]
    eventually(lambda: bool(whole.proof(shop)["green"]), "the proof to be green", every=0.5)
