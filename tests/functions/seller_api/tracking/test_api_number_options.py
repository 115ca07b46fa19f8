"""The option card through the API, and a person's choice."""

from __future__ import annotations

from shipby.domain.postings.posting import Stage
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a
from tests.support.fake_marketplace import ASSEMBLED_ACTIONS

PATH = f"/v1/postings/{a.NUMBER}/number-options"


def test_the_card_is_shown_and_a_way_is_chosen(api: Caller) -> None:
    posting = a.posting(stage=Stage.PACKED, assembled_at=a.NOW, status="awaiting_deliver", integration="non_integrated")
    api.has_posting(posting, a.detail(status="awaiting_deliver", actions=(*ASSEMBLED_ACTIONS, "cancel")))
    card = api.get(PATH, grams="500")
    assert [option["way"] for option in card.body["options"]] == ["wait", "other_carrier", "cancel"]
    assert (card.body["grams"], card.body["case"]) == (500, None)
    waits = {"way": "wait", "reason": "the carrier promised one"}
    assert api.as_role("packer").post(PATH, waits).status == 403
    assert api.post(PATH, {"way": "wait", "reason": ""}).fields == ["reason"]
    assert api.post(PATH, {"way": "pray", "reason": "x"}).status == 400
    chosen = api.post(PATH, waits, if_match=card.headers["ETag"], key="once")
    assert (chosen.status, chosen.body["way"]) == (200, "wait")
    assert api.post(PATH, waits, if_match=card.headers["ETag"], key="once").body == chosen.body
    assert api.get(f"/v1/cases/{chosen.body['case']}").body["kind"] == "no_number"
    assert api.get(PATH).body["case"] == chosen.body["case"]
    risky = {"way": "cancel", "reason": "none", "reason_id": 352, "accept_forecast": True}
    assert api.as_role("integration").post(PATH, risky).status == 403
    assert api.post(PATH, {"way": "cancel", "reason": "none", "reason_id": 352}).body["intent"]
