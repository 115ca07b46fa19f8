"""Deadlines on the whole product: reminders in one message, the order of work, the guard, the key and push health."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.whole.whole_support import Shop, Whole, paused
from tests.support.waiting import eventually

pytestmark = pytest.mark.stack


def told(whole: Whole, shop: Shop) -> list[str]:
    """Titles and texts that reached the seller's messenger."""
    return [f"{one.title}\n{one.body}" for one in whole.messenger.notices if one.seller == shop.client_id]


def cancel(whole: Whole, shop: Shop, number: str, **body: Any) -> Any:
    return whole.api(shop, "POST", f"/v1/postings/{number}/cancel", {"reason_id": 352, **body})


def test_a_burst_is_reminded_of_in_one_message_and_what_left_saved_its_step(whole: Whole) -> None:
    # The reminder is due at once. Notices wait until all five are there, however long the machine takes for them.
    shop = whole.open_shop(policy={"remind_before": (timedelta(hours=2),), "digest_window": timedelta(seconds=2)})
    with paused(whole, "Notify"):
        numbers = [whole.posting(shop, ship_in=3600.0, without_delay_in=7200.0) for _ in range(5)]
        for number in numbers:
            whole.wait(
                shop,
                f"/v1/postings/{number}/events",
                lambda page: any(event["type"] == "posting.prioritised" for event in page["items"]),
                f"the reminder of {number}",
            )
    eventually(lambda: all(any(number in text for text in told(whole, shop)) for number in numbers), "the message")
    assert len(told(whole, shop)) < len(numbers)

    work = shop.api.get("/v1/deadlines?within=PT4H")
    assert {item["posting_number"] for item in work["items"]} == set(numbers)
    rates = [float(item["saved_per_minute"]["amount"]) for item in work["items"]]
    assert rates == sorted(rates, reverse=True)
    assert {item["due"]["zone"] for item in work["items"]} == {"Europe/Moscow"}
    assert [one["lamp"] for one in shop.api.get("/v1/risk")["warehouses"]] != []

    first = work["items"][0]
    path = f"/v1/postings/{first['posting_number']}"
    shop.api.post(f"{path}/confirm")
    whole.settled(shop, shop.api.post(f"{path}/ship")["id"])
    whole.labelled(shop, first["posting_number"])
    shop.api.post(f"{path}/pick")
    shop.api.post(f"{path}/pack", {"reason": "nobody scans in this test"})
    shop.api.post(f"{path}/hand-over")
    [total] = [one for one in shop.api.get("/v1/reports/impact")["total"]["money"] if one["currency"] == "RUB"]
    assert total["saved"] == first["at_risk"]


def test_a_cancel_into_a_worse_band_needs_an_explicit_word(whole: Whole) -> None:
    shop = whole.open_shop()
    first, second = whole.arrived(shop), whole.arrived(shop)
    whole.poll(shop, task="poll")
    # One of two postings is 50 %: far beyond the first band.
    refused = cancel(whole, shop, first)
    assert (refused.status, refused.body["type"]) == (409, "urn:shipby:problem:cancel_guard")
    assert refused.body["errors"][0]["field"] == "accept_forecast"
    assert whole.until(shop, first, lambda _: True, "to stand")["stage"] == "received"
    assert shop.api.get(f"/v1/postings/{first}/cancel-forecast")["worse"] is True
    accepted = cancel(whole, shop, first, accept_forecast=True)
    assert accepted.status == 202
    assert whole.settled(shop, accepted.body["id"])["state"] == "CONFIRMED"
    whole.poll(shop, task="poll")
    assert shop.api.get("/v1/guard")["errors"] == 1
    assert whole.until(shop, second, lambda _: True, "to stand")["stage"] == "received"


def test_a_rejected_key_is_one_case_until_a_key_works_again(whole: Whole) -> None:
    shop = whole.open_shop()
    whole.poll(shop, task="poll")
    whole.simulator.control("POST", "/_sim/keys", {"client_id": shop.client_id, "active": False})
    for _ in range(2):
        whole.poll(shop, task="poll")
    [case] = shop.api.get("/v1/cases")["items"]
    assert case["kind"] == "marketplace_key"
    whole.simulator.control("POST", "/_sim/keys", {"client_id": shop.client_id, "active": True})
    whole.poll(shop, task="poll")
    eventually(lambda: shop.api.get("/v1/cases")["items"] == [], "the case to be closed")
    assert shop.api.get(f"/v1/cases/{case['id']}")["closed_at"] is not None


def test_unhealthy_pushes_are_told(whole: Whole) -> None:
    shop = whole.open_shop()
    whole.poll(shop, task="poll")
    red = {"client_id": shop.client_id, "availability_status": "RED", "problematic_type": "TYPE_NEW_POSTING"}
    whole.simulator.control("POST", "/_sim/push-health", red)
    whole.poll(shop, task="poll")
    eventually(lambda: any("RED" in text for text in told(whole, shop)), "the notice of the push address")


def test_the_audit_finds_an_open_posting_whose_alarm_is_gone(whole: Whole) -> None:
    shop = whole.open_shop()
    number = whole.arrived(shop)
    assert whole.poll(shop, task="audit")["audits"][shop.client_id]["violations"] == []
    key = {"PK": {"S": f"SELLER#{shop.client_id}#POSTING#{number}"}, "SK": {"S": "POSTING"}}
    whole.deployment.client("dynamodb").update_item(
        TableName=whole.stack.resources["Table"],
        Key=key,
        UpdateExpression="REMOVE AK, #as, alarm_at, alarm_kind",
        ExpressionAttributeNames={"#as": "AS"},
    )
    whole.poll(shop, task="audit")
    [case] = shop.api.get("/v1/cases")["items"]
    assert (case["kind"], case["subject"]) == ("open_order", number)
