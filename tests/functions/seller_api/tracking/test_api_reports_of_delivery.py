"""Reports of the seller's own carrier through the API."""

from __future__ import annotations

from shipby.domain.postings.posting import Scheme, Stage
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

PATH = f"/v1/postings/{a.NUMBER}"
WAITS = ("cancel", "non_int_delivering", "set_track_number")
OWN = {"scheme": Scheme.RFBS, "integration": "non_integrated"}


def packed(api: Caller, tracking_number: str = "T-12345") -> None:
    posting = a.posting(
        stage=Stage.PACKED,
        assembled_at=a.NOW,
        status="awaiting_deliver",
        tracking_number=tracking_number,
        **OWN,
    )
    api.has_posting(posting, a.detail(status="awaiting_deliver", actions=WAITS, **OWN))


def test_a_hand_over_asks_for_the_report(api: Caller) -> None:
    packed(api)
    handed = api.post(f"{PATH}/hand-over")
    assert (handed.status, handed.body["stage"]) == (200, "handed_over")
    [intent] = handed.body["open_intents"]
    assert api.get(f"/v1/intents/{intent}").body["action"] == "report_delivering"


def test_a_hand_over_without_a_number_says_what_to_do(api: Caller) -> None:
    packed(api, tracking_number="")
    refused = api.post(f"{PATH}/hand-over")
    assert (refused.status, refused.fields) == (400, ["reason"])
    assert f"PUT {PATH}/tracking-number" in refused.body["detail"]
    assert api.post(f"{PATH}/hand-over", {"reason": "our own van"}).status == 200


def test_a_report_is_asked_for_and_the_list_answers_for_each(api: Caller) -> None:
    packed(api)
    asked = api.post(f"{PATH}/delivery-report", {"stage": "delivering"})
    assert (asked.status, asked.body["state"]) == (202, "PENDING")
    early = api.post(f"{PATH}/delivery-report", {"stage": "delivered"})
    assert (early.status, early.code) == (409, "action_not_offered")
    body = {"stage": "delivering", "posting_numbers": [a.NUMBER, "nobody"]}
    told = api.post("/v1/delivery-reports", body)
    assert (told.status, told.body["accepted"], told.body["left_out"]) == (202, 1, 1)
    assert told.body["items"][0]["intent"] == asked.body["id"]
    assert api.post(f"{PATH}/delivery-report", {"stage": "lost"}).status == 400
    many = {"stage": "delivering", "posting_numbers": ["n"] * 301}
    assert api.post("/v1/delivery-reports", many).status == 400
