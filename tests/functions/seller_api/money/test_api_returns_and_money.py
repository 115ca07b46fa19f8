"""Returns, refunds, intents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shipby.application.ports.pages import Page
from shipby.application.ports.writes import AppendEvents, SaveIntent, SaveMoney, SaveReturn
from shipby.domain.events import return_ref
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.refunds.ledger import CostBorneBy
from shipby.domain.returns.return_case import OfferedAction, ReturnStage
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

PATH = f"/v1/returns/{a.RETURN_ID}"
COMPENSATE = {"action_id": 1020, "refund": True, "amount": {"amount": "50.00", "currency": "RUB"}}


def has_return(api: Caller, **changes: Any) -> None:
    case = a.return_case(**changes)
    api.has(SaveReturn(case), AppendEvents(case.seller, return_ref(case.id), 1, (a.event(),)))


def has_paid(api: Caller) -> None:
    api.has_posting()
    api.has(SaveMoney(a.ledger()))


def test_open_returns_come_with_the_earliest_decision_first(api: Caller) -> None:
    for index in (2, 0, 1):
        has_return(api, id=f"r{index}", decide_by=a.NOW + timedelta(hours=index))
    has_return(api, id="closed", stage=ReturnStage.CLOSED)

    first = api.get("/v1/returns", limit="2")
    rest = api.get("/v1/returns", limit="2", cursor=first.body["next_cursor"])

    assert [case["id"] for case in first.body["items"] + rest.body["items"]] == ["r0", "r1", "r2"]
    assert [case["id"] for case in api.get("/v1/returns", open="false").body["items"]] == ["closed"]


def test_a_return_is_received_inspected_and_decided(api: Caller) -> None:
    has_paid(api)
    has_return(api)

    received = api.post(f"{PATH}/receive")
    inspected = api.post(f"{PATH}/inspect", {"condition": "new"}, if_match='"2"')
    decided = api.post(f"{PATH}/decide", COMPENSATE)

    assert (received.body["stage"], inspected.body["stage"]) == ("received", "inspected")
    assert inspected.body["condition"] == "new"
    assert decided.headers["Location"] == f"/v1/intents/r.{a.RETURN_ID}.return_action.1"
    assert decided.body["amount"] == {"amount": "50.00", "currency": "RUB"}
    assert api.get(PATH).body["open_intent"] == decided.body["id"]


def test_a_step_from_the_wrong_stage_is_refused(api: Caller) -> None:
    has_return(api)

    reply = api.post(f"{PATH}/inspect", {"condition": "new"})

    assert (reply.status, reply.code) == (409, "stage_mismatch")


def test_a_stale_return_is_refused(api: Caller) -> None:
    has_return(api)
    api.post(f"{PATH}/receive")

    assert api.post(f"{PATH}/decide", COMPENSATE, if_match='"1"').status == 412


def test_an_action_that_is_not_offered_is_refused_with_those_that_are(api: Caller) -> None:
    has_paid(api)
    has_return(api)

    reply = api.post(f"{PATH}/decide", {"action_id": 5, "refund": True})

    assert (reply.status, reply.body["offered"]) == (409, ["-1: Отклонить", "1020: Компенсировать часть"])


def test_more_than_was_paid_is_never_given_back(api: Caller) -> None:
    has_paid(api)
    has_return(api)

    reply = api.post(f"{PATH}/decide", {**COMPENSATE, "amount": {"amount": "250.01", "currency": "RUB"}})

    assert (reply.status, reply.code) == (409, "over_refund")
    assert api.store.money(a.SELLER, a.NUMBER) == a.ledger()


def test_a_full_refund_takes_its_amount_from_the_goods(api: Caller) -> None:
    has_paid(api)
    has_return(api, actions=(OfferedAction(id=7, name="Вернуть деньги"),))

    assert api.post(f"{PATH}/decide", {"action_id": 7, "refund": True}).body["amount"]["amount"] == "125.00"


def test_a_refund_before_the_price_is_known_is_refused(api: Caller) -> None:
    has_return(api)

    reply = api.post(f"{PATH}/decide", COMPENSATE)

    assert (reply.status, reply.code) == (400, "invalid_input")
    assert "not known yet" in reply.body["detail"]


def test_a_rejection_needs_its_reason_and_a_comment(api: Caller) -> None:
    has_paid(api)
    has_return(api)

    bare = api.post(f"{PATH}/decide", {"action_id": -1, "refund": False})
    whole = api.post(
        f"{PATH}/decide", {"action_id": -1, "refund": False, "rejection_reason_id": 7, "comment": "no defect"}
    )

    assert (bare.status, bare.fields) == (400, ["rejection_reason_id", "comment"])
    assert (whole.status, whole.body["amount"]) == (202, None)


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"refund": False}, ["body"]),
        ({"refund": False, "amount": None}, ["body"]),
        ({"amount": {"amount": "1.005", "currency": "RUB"}}, ["amount/amount"]),
        ({"amount": {"amount": 50, "currency": "RUB"}}, ["amount/amount"]),
        ({"amount": {"amount": 49.99, "currency": "RUB"}}, ["amount/amount"]),
        ({"amount": {"amount": "-5", "currency": "RUB"}}, ["amount/amount"]),
        ({"amount": {"amount": "NaN", "currency": "RUB"}}, ["amount/amount"]),
        ({"amount": {"amount": "5", "currency": "rub"}}, ["amount/currency"]),
        ({"amount": {"amount": "5"}}, ["amount/currency"]),
        ({"refund": "yes"}, ["refund"]),
        ({"action_id": "1020"}, ["action_id"]),
        ({"seller": "seller-2"}, ["seller"]),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused_by_field(
    api: Caller, change: dict[str, object], fields: list[str]
) -> None:
    has_paid(api)
    has_return(api)

    reply = api.post(f"{PATH}/decide", {**COMPENSATE, **change})

    assert (reply.status, reply.fields) == (400, fields)
    assert api.store.money(a.SELLER, a.NUMBER) == a.ledger()


@pytest.mark.parametrize("amount", ["0", "0.00"])
def test_nothing_is_no_refund(api: Caller, amount: str) -> None:
    has_paid(api)
    has_return(api)

    assert api.post(f"{PATH}/decide", {**COMPENSATE, "amount": {"amount": amount, "currency": "RUB"}}).status == 400


def test_another_currency_is_refused(api: Caller) -> None:
    has_paid(api)
    has_return(api)

    assert api.post(f"{PATH}/decide", {**COMPENSATE, "amount": {"amount": "5", "currency": "CNY"}}).status == 400


def test_a_decision_repeated_with_its_key_reserves_once(api: Caller) -> None:
    has_paid(api)
    has_return(api)

    first, again = (api.post(f"{PATH}/decide", COMPENSATE, key="d-1") for _ in range(2))

    assert again == first
    assert api.get(f"/v1/refunds/{a.NUMBER}").body["reserved"] == {"amount": "50.00", "currency": "RUB"}


def test_refunds_are_the_decisions_with_an_amount(api: Caller) -> None:
    has_paid(api)
    has_return(api)
    has_return(api, id="r2")
    decided = api.post(f"{PATH}/decide", COMPENSATE)
    api.post("/v1/returns/r2/decide", {"action_id": -1, "refund": False, "rejection_reason_id": 7, "comment": "none"})
    api.has(SaveIntent(a.intent()))

    assert api.get("/v1/refunds").body["items"] == [decided.body]
    assert api.get("/v1/refunds", state="PENDING").body["items"] == [decided.body]
    assert api.get("/v1/refunds", state="CONFIRMED").body == {"items": [], "next_cursor": None}


def test_the_ledger_tells_the_marketplaces_own_refunds_from_the_sellers(api: Caller) -> None:
    api.has_posting()
    ledger = a.ledger()
    api.has(SaveMoney(ledger))
    api.has(SaveMoney(ledger.observe("observed:cancellation", 25_000, borne_by=CostBorneBy.UNCERTAIN)))

    body = api.get(f"/v1/refunds/{a.NUMBER}").body

    assert body["refunded"] == {"amount": "250.00", "currency": "RUB"}
    assert body["entries"][0]["executed_by"] == "marketplace"


def test_a_ledger_that_is_not_there_yet_says_so(api: Caller) -> None:
    api.has_posting()

    assert "not known yet" in api.get(f"/v1/refunds/{a.NUMBER}").body["detail"]
    assert api.get("/v1/refunds/nobody").status == 404


def test_intents_are_listed_by_state_and_all_together_the_open_ones_first(api: Caller) -> None:
    states = (IntentState.CONFIRMED, IntentState.PENDING, IntentState.UNKNOWN, IntentState.SENT)
    for sequence, state in enumerate(states, start=1):
        api.has(SaveIntent(a.intent(state=state, sequence=sequence, action=IntentAction.SHIP)))

    first = api.get("/v1/intents", limit="3").body
    rest = api.get("/v1/intents", limit="3", cursor=first["next_cursor"]).body

    assert [intent["state"] for intent in first["items"]] == ["UNKNOWN", "SENT", "PENDING"]
    assert [intent["state"] for intent in rest["items"]] == ["CONFIRMED"]
    assert rest["next_cursor"] is None
    assert len(api.get("/v1/intents", state="UNKNOWN").body["items"]) == 1


@pytest.mark.parametrize("path", [PATH, "/v1/intents/p.24219509-0020-2.cancel.1", f"/v1/refunds/{a.NUMBER}"])
def test_nothing_of_another_seller_is_there(api: Caller, path: str) -> None:
    has_paid(api)
    has_return(api)
    api.has(SaveIntent(a.intent()))

    assert api.get(path).status == 200
    assert api.as_seller("seller-2").get(path).status == 404


def test_a_text_that_is_no_intent_id_is_told_what_they_look_like(api: Caller) -> None:
    reply = api.get("/v1/intents/17")

    assert reply.status == 400
    assert "p.24219509-0020-2.cancel.1" in reply.body["detail"]


def test_a_list_that_lags_behind_never_shows_an_item_under_a_state_it_has_left(
    api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_return(api, stage=ReturnStage.CLOSED)
    api.has(SaveIntent(a.intent(state=IntentState.CONFIRMED)))
    gone = "p.24219509-0020-2.cancel.9"
    monkeypatch.setattr(api.store, "returns_in", lambda *_, **__: Page((a.RETURN_ID, "gone")))
    monkeypatch.setattr(api.store, "intents_in", lambda *_, **__: Page((a.intent().id, gone)))

    assert api.get("/v1/returns").body["items"] == []
    assert api.get("/v1/intents", state="PENDING").body["items"] == []
    assert len(api.get("/v1/intents", state="CONFIRMED").body["items"]) == 1
