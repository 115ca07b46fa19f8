"""The desk of returns: scan, options, policies, disposition, exchange."""

from __future__ import annotations

from typing import Any

import pytest

from shipby.application.ports.writes import AppendEvents, SaveMoney, SaveReturn
from shipby.application.returns.codes import code_writes
from shipby.domain.events import return_ref
from shipby.domain.returns.return_case import OfferedAction, ReturnStage
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

PATH = f"/v1/returns/{a.RETURN_ID}"


def has_return(api: Caller, **changes: Any) -> None:
    case = a.return_case(**{"open_intent": "", "stage": ReturnStage.OPENED} | changes)
    events = AppendEvents(case.seller, return_ref(case.id), 1, (a.event(),))
    api.has(SaveReturn(case), events, *code_writes(None, case, store=api.store))


def test_a_parcel_is_scanned_inspected_and_put_away_by_a_packer(api: Caller) -> None:
    has_return(api, barcode="ii99", actions=())
    packer = api.as_role("packer")

    scanned = packer.post("/v1/returns/scan", {"code": "ii99"})
    inspected = packer.post(f"{PATH}/inspect", {"condition": "used", "note": "worn"})
    disposed = packer.post(f"{PATH}/disposition", {"disposition": "quarantine"})

    assert (scanned.status, scanned.body["result"]) == (200, "received")
    assert scanned.body["return"]["stage"] == "received"
    assert inspected.body["note"] == "worn"
    assert (disposed.body["disposition"], disposed.body["stage"]) == ("quarantine", "closed")
    again = packer.post(f"{PATH}/disposition", {"disposition": "restock"})
    assert (again.status, again.code) == (409, "stage_mismatch")


def test_a_scan_of_an_unknown_code_says_what_to_do(api: Caller) -> None:
    reply = api.post("/v1/returns/scan", {"code": "4607012345678"})

    assert (reply.status, reply.code) == (404, "not_found")
    assert "posting number" in reply.body["detail"]


def test_a_scan_repeated_with_its_key_answers_the_same(api: Caller) -> None:
    has_return(api, barcode="ii99")

    first = api.post("/v1/returns/scan", {"code": "ii99"}, key="scan-1")
    again = api.post("/v1/returns/scan", {"code": "ii99"}, key="scan-1")

    assert first.body == again.body
    assert again.body["result"] == "received"
    assert api.post("/v1/returns/scan", {"code": "ii99"}, key="scan-2").body["result"] == "already_received"
    assert api.post("/v1/returns/scan", {"code": "ii99"}, key="scan-2").body["result"] == "already_received"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (f"{PATH}/disposition", {"disposition": "burn"}, "disposition"),
        (f"{PATH}/inspect", {"condition": "fine"}, "condition"),
        (f"{PATH}/inspect", {"condition": "new", "evidence": ["x"] * 51}, "evidence"),
        ("/v1/returns/scan", {"code": ""}, "code"),
        (f"{PATH}/exchange", {}, "posting_number"),
    ],
)
def test_bad_input_names_the_field_and_changes_nothing(api: Caller, path: str, body: Any, field: str) -> None:
    has_return(api)

    reply = api.post(path, body)

    assert (reply.status, reply.code) == (400, "invalid_input")
    assert reply.fields == [field]
    assert api.get(PATH).body["version"] == 1


def test_the_options_stand_side_by_side_with_their_cost(api: Caller) -> None:
    api.has_posting()
    api.has(SaveMoney(a.ledger()))
    has_return(
        api,
        actions=(
            OfferedAction(id=-1, name="Отклонить"),
            OfferedAction(id=1020, name="Предложить компенсацию"),
            OfferedAction(id=5, name="Вернуть деньги"),
            OfferedAction(id=6, name="Что-то новое"),
        ),
    )

    body = api.get(f"{PATH}/options").body
    shown = {option["option"]: option for option in body["options"]}

    assert shown["reject"]["needs"] == ["rejection_reason_id", "comment"]
    assert shown["reject"]["rejection_reasons"]
    assert shown["refund_without_return"]["action_id"] == 5
    assert shown["refund_without_return"]["cost"]["to_buyer"] == {"amount": "125.00", "currency": "RUB"}
    assert shown["compensate"]["suggested_amount"] == {"amount": "37.50", "currency": "RUB"}
    assert shown["other"]["action_name"] == "Что-то новое"
    assert shown["take_back"]["why_not"]
    assert api.get(PATH).body["options"] == body


def test_the_policies_are_readable_by_machine(api: Caller) -> None:
    body = api.get("/v1/return-policies").body

    assert [(policy["product_type"], policy["default"]) for policy in body["items"]] == [("*", True)]
    assert body["items"][0]["window_days"] == 14


def test_an_exchange_that_the_policy_forbids_is_refused(api: Caller) -> None:
    has_return(api)

    reply = api.post(f"{PATH}/exchange", {"posting_number": "55-0001-1"})

    assert (reply.status, reply.code) == (409, "action_not_offered")
    assert "/v1/return-policies" in reply.body["detail"]
