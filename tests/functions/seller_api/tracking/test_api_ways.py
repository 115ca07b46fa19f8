"""The way of a parcel through the API."""

from __future__ import annotations

from shipby.application.ports.writes import ClaimPointer
from shipby.domain.postings.posting import Stage
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a


def test_a_carriers_table_is_kept_and_shown(api: Caller) -> None:
    posting = a.posting(stage=Stage.IN_TRANSIT, tracking_number="T-12345", handed_over_at=a.NOW)
    api.has_posting(posting, a.detail(status="delivering", actions=()))
    api.has(ClaimPointer(a.SELLER, "tracking", "T-12345", a.NUMBER))
    csv = (
        f"tracking_number;time;words\nT-12345;{a.NOW.isoformat()};Принято в отделении связи\nX;{a.NOW.isoformat()};y\n"
    )
    kept = api.post("/v1/carrier-scans/import", {"csv": csv})
    assert (kept.status, kept.body["kept"], kept.body["refused"]) == (200, 1, 1)
    way = api.get(f"/v1/postings/{a.NUMBER}/way").body
    assert way["numbers"][0]["journeys"][0]["scans"][0]["words"] == "Принято в отделении связи"
    assert way["silence"]["says"] == "fine"
    assert api.get("/v1/silent-parcels").body == {"items": [], "next_cursor": None}
    assert api.post("/v1/carrier-scans/import", {"csv": "a\n"}).status == 400
    assert api.as_role("packer").post("/v1/carrier-scans/import", {"csv": csv}).status == 403
