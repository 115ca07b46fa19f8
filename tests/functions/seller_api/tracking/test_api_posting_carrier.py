"""The carrier of a posting through the API."""

from __future__ import annotations

from shipby.application.ports.writes import AppendTracking
from shipby.domain.carriers.s10 import s10
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

PATH = f"/v1/postings/{a.NUMBER}/carrier"


def test_a_wrong_carrier_is_corrected_and_its_contacts_are_shown(api: Caller) -> None:
    number = s10("RB", 7, "CN")
    api.has_posting(a.posting(tracking_number=number, tracking_count=1), a.detail(tracking_number=number))
    api.has(AppendTracking(a.tracking_change(new=number, carrier="cdek", sequence=1)))
    shown = api.get(PATH)
    assert (shown.body["carrier"], shown.body["named"]) == ("cdek", "cdek")
    assert shown.body["problems"]
    body = {"carrier": "Почта Китая", "reason": "the waybill says so"}
    assert api.as_role("packer").post(PATH, body).status == 403
    assert api.post(PATH, {"carrier": "nobody", "reason": "x"}).fields == ["carrier"]
    done = api.post(PATH, body, if_match=shown.headers["ETag"])
    assert (done.status, done.body["carrier"], done.body["problems"]) == (200, "china_post", [])
    assert done.body["contacts"]["site"]
    assert api.post(PATH, body).status == 409
