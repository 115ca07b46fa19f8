"""Refunds above the limit, their export, and cancelling items, through the API."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from shipby.application.ports.writes import AppendEvents, SaveMoney, SaveReturn, SaveSettings
from shipby.domain.events import return_ref
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

DECIDE = f"/v1/returns/{a.RETURN_ID}/decide"
INTENT = f"r.{a.RETURN_ID}.return_action.1"
APPROVE, REJECT = f"/v1/refunds/{INTENT}/approve", f"/v1/refunds/{INTENT}/reject"
COMPENSATE: dict[str, Any] = {"action_id": 1020, "refund": True, "amount": {"amount": "50.00", "currency": "RUB"}}
PERIOD = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-31T00:00:00Z"}
SKU = "149123456"


@pytest.fixture
def shop(api: Caller) -> Caller:
    case = a.return_case()
    api.has_posting(detail=a.detail())
    api.has(SaveMoney(a.ledger()), SaveSettings(a.settings(approve_above={"RUB": 4_999})))
    api.has(SaveReturn(case), AppendEvents(case.seller, return_ref(case.id), 1, (a.event(),)))
    return api


def second(api: Caller) -> Caller:
    return Caller(api.store, api.clock, key_id="k2", papers=api.papers)


def test_a_refund_above_the_limit_waits_for_another_key(shop: Caller) -> None:
    proposed = shop.post(DECIDE, COMPENSATE)
    assert (proposed.status, proposed.body["state"]) == (202, "PROPOSED")
    assert shop.get("/v1/refunds", state="PROPOSED").body["items"] == [proposed.body]
    own = shop.post(APPROVE)
    assert (own.status, own.code) == (409, "action_not_offered")
    approved = second(shop).post(APPROVE, {"reason": "photo seen"})
    assert (approved.status, approved.body["state"], approved.body["approved_by"]) == (202, "PENDING", "key:k2")
    assert approved.headers["Location"] == f"/v1/intents/{INTENT}"
    assert second(shop).post(APPROVE).status == 409


def test_the_same_approval_again_with_its_key_answers_the_same(shop: Caller) -> None:
    shop.post(DECIDE, COMPENSATE)
    first, again = (second(shop).post(APPROVE, key="k-1") for _ in range(2))
    assert first == again


def test_a_rejection_needs_a_reason_and_frees_the_money(shop: Caller) -> None:
    shop.post(DECIDE, COMPENSATE)
    assert second(shop).post(REJECT, {}).fields == ["reason"]
    rejected = second(shop).post(REJECT, {"reason": "no photo"})
    assert (rejected.status, rejected.body["state"]) == (200, "REJECTED")
    ledger = shop.get(f"/v1/refunds/{a.NUMBER}").body
    assert ledger["reserved"] == {"amount": "0.00", "currency": "RUB"}
    assert shop.post(REJECT, {"reason": "again"}).status == 409


@pytest.mark.parametrize("path", [APPROVE, f"/v1/refunds/{INTENT[:-1]}7/approve"])
def test_what_is_not_there_cannot_be_approved(api: Caller, path: str) -> None:
    assert api.post(path).status == 404
    assert api.post("/v1/refunds/nonsense/approve").status == 400


def test_pieces_and_postage_come_in_and_are_shown(shop: Caller) -> None:
    body = {"action_id": 1020, "refund": True, "pieces": {SKU: 1}, "postage": {"amount": "10", "currency": "RUB"}}
    decided = shop.post(DECIDE, body).body
    assert decided["amount"] == {"amount": "125.00", "currency": "RUB"}
    assert decided["postage"] == {"amount": "10.00", "currency": "RUB"}
    assert decided["lines"] == [{"sku": SKU, "amount": decided["amount"]}]
    ledger = shop.get(f"/v1/refunds/{a.NUMBER}").body
    assert ledger["postage_reserved"] == {"amount": "10.00", "currency": "RUB"}
    assert ledger["lines"][0]["reserved"] == {"amount": "125.00", "currency": "RUB"}
    assert [entry["kind"] for entry in ledger["entries"]] == ["compensation", "postage"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"postage": {"amount": "-1", "currency": "RUB"}}, "postage/amount"),
        ({"postage": {"amount": "1.001", "currency": "RUB"}}, "postage/amount"),
        ({"postage": {"amount": "1000.01", "currency": "RUB"}}, "postage"),
        ({"postage": {"amount": "1", "currency": "CNY"}}, "postage"),
        ({"pieces": {SKU: 0}}, f"pieces/{SKU}"),
        ({"pieces": {SKU: 10**30}}, f"pieces/{SKU}"),
        ({"amount": {"amount": "0", "currency": "RUB"}}, "amount"),
        ({"amount": {"amount": "9" * 12, "currency": "CNY"}}, "amount/currency"),
    ],
)
def test_wrong_money_is_a_problem_that_names_its_field(shop: Caller, change: dict[str, Any], field: str) -> None:
    reply = shop.post(DECIDE, {**COMPENSATE, **change})
    assert (reply.status, reply.fields) == (400, [field])
    assert shop.store.money(a.SELLER, a.NUMBER) == a.ledger()


def test_more_than_was_paid_is_a_conflict(shop: Caller) -> None:
    reply = shop.post(DECIDE, {**COMPENSATE, "amount": {"amount": "250.01", "currency": "RUB"}})
    assert (reply.status, reply.code) == (409, "over_refund")


def test_the_days_limit_is_a_problem_in_plain_words(shop: Caller) -> None:
    shop.has(SaveSettings(a.settings(version=2, refund_cap={"RUB": 4_000})))
    reply = shop.post(DECIDE, COMPENSATE)
    assert (reply.status, reply.code) == (409, "cap_reached")
    assert "40.00 RUB" in reply.body["detail"]


def test_the_refunds_of_a_period_are_a_table_or_json(shop: Caller) -> None:
    shop.post(DECIDE, {**COMPENSATE, "reason": "@SUM(A1)"})
    reply = shop.get("/v1/refunds/export", **PERIOD)
    assert reply.headers["Content-Disposition"] == 'attachment; filename="refunds-20260301-20260331.csv"'
    heading, row = csv.reader(io.StringIO(reply.body.removeprefix("\ufeff")), delimiter=";")
    assert row[heading.index("reason")] == "'@SUM(A1)"
    assert row[heading.index("amount")] == "50,00"
    shop.has(SaveSettings(a.settings(version=2, language="zh")))
    for asked, between in ((None, ","), ("tab", "\t"), ("semicolon", ";")):
        table = shop.get("/v1/refunds/export", **PERIOD, **({"separator": asked} if asked else {})).body
        heading, row = csv.reader(io.StringIO(table.removeprefix("\ufeff")), delimiter=between)
        assert row[heading.index("amount")] == ("50,00" if between == ";" else "50.00")
    [as_json] = shop.get("/v1/refunds/export", **PERIOD, format="json").body["items"]
    assert (as_json["intent"], as_json["state"]) == (INTENT, "PROPOSED")


@pytest.mark.parametrize(
    "change", [{"from": "yesterday"}, {"to": "2026-02-01T00:00:00Z"}, {"format": "xlsx"}, {"separator": "pipe"}]
)
def test_a_period_that_is_none_is_refused(shop: Caller, change: dict[str, str]) -> None:
    assert shop.get("/v1/refunds/export", **{**PERIOD, **change}).status == 400


def test_nobody_sees_or_decides_another_sellers_refunds(shop: Caller) -> None:
    shop.post(DECIDE, COMPENSATE)
    other = shop.as_seller("seller-2")
    assert other.post(APPROVE).status == 404
    assert other.get("/v1/refunds/export", **PERIOD, format="json").body["items"] == []


# Cancelling items ------------------------------------------------------------------------------------------------

ITEMS: dict[str, Any] = {"items": {SKU: 1}, "reason_id": 352, "message": "out of stock"}
CANCEL_ITEMS = f"/v1/postings/{a.NUMBER}/cancel-items"


def test_some_items_of_a_posting_are_cancelled(api: Caller) -> None:
    api.has_posting(detail=a.detail(actions=("cancel", "product_cancel")))
    reply = api.post(CANCEL_ITEMS, ITEMS)
    assert (reply.status, reply.body["action"]) == (202, "cancel_items")
    assert reply.body["request"]["items"] == {SKU: 1}
    assert api.post(CANCEL_ITEMS, ITEMS).status == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"items": {}}, "items"),
        ({"items": {SKU: -1}}, f"items/{SKU}"),
        ({"items": {SKU: 3}}, f"items/{SKU}"),
        ({"items": {"9": 1}}, "items/9"),
        ({"message": ""}, "message"),
    ],
)
def test_items_that_are_not_there_are_refused(api: Caller, change: dict[str, Any], field: str) -> None:
    api.has_posting(detail=a.detail(actions=("cancel", "product_cancel")))
    reply = api.post(CANCEL_ITEMS, {**ITEMS, **change})
    assert (reply.status, reply.fields) == (400, [field])


def test_only_owners_and_managers_accept_a_worse_forecast(api: Caller) -> None:
    api.has_posting(detail=a.detail(actions=("cancel", "product_cancel")))
    assert api.as_role("integration").post(CANCEL_ITEMS, {**ITEMS, "accept_forecast": True}).status == 403
