"""Late and lost parcels through the API."""

from __future__ import annotations

from datetime import timedelta

from shipby.domain.carriers.s10 import s10
from shipby.domain.postings.posting import Stage
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

PATH = f"/v1/postings/{a.NUMBER}/exception"


def test_a_lost_parcel_is_shown_decided_on_and_paid_for(api: Caller) -> None:
    posting = a.posting(
        stage=Stage.IN_TRANSIT,
        status="delivering",
        integration="non_integrated",
        tracking_number=s10("RB", 7, "CN"),
        handed_over_at=a.NOW,
    )
    api.has_posting(posting, a.detail(status="delivering", actions=()))
    assert api.get(PATH).status == 409
    api.clock.advance(timedelta(days=60))
    card = api.get(PATH, grams="500", language="zh")
    assert (card.body["says"], card.body["carrier"], card.body["decision"]) == ("lost", "china_post", None)
    assert api.post(f"{PATH}/received", {"received": {"amount": "5.00", "currency": "RUB"}}).status == 409
    decision = {"remedy": "compensation", "reason": "silent for sixty days"}
    assert api.as_role("support").post(PATH, decision).status == 403
    assert api.post(PATH, {"remedy": "both", "reason": "x"}).status == 400
    decided = api.post(PATH, decision, key="once")
    assert (decided.status, decided.body["decision"]["remedy"]) == (200, "compensation")
    other = api.post(PATH, {"remedy": "reship", "reason": "y"})
    assert (other.status, "instead" in other.body["detail"]) == (409, True)
    paid = api.post(f"{PATH}/received", {"received": {"amount": "5.00", "currency": "RUB"}})
    assert paid.body["received"] == {"amount": "5.00", "currency": "RUB"}
    assert api.get(f"/v1/cases/{paid.body['case']}").body["kind"] == "silent_parcel"
