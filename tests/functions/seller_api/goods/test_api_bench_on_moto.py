"""Cards, scans and the packed parcel through the real handler, on DynamoDB and S3 in process."""

from __future__ import annotations

from typing import Any

from shipby.adapters.dynamodb import DynamoDBStore
from shipby.application.ports.writes import AppendEvents, SaveDetail, SaveDocument, SavePosting
from shipby.domain.events import posting_ref
from shipby.domain.labels.documents import DocumentState
from shipby.domain.postings.posting import Stage
from tests.functions.seller_api.test_api_on_moto import call, store
from tests.support import builders as a

__all__ = ["store"]
"""The fixture."""

PATH = f"/v1/postings/{a.NUMBER}"


def test_a_parcel_is_scanned_packed_and_its_label_unlocked(store: DynamoDBStore) -> None:
    posting = a.posting(stage=Stage.CONFIRMED, assembled_at=a.NOW)
    label = a.document(id="label", state=DocumentState.READY, key="labels/1.pdf")
    events = AppendEvents(a.SELLER, posting_ref(a.NUMBER), 1, (a.event(),))
    store.commit([SavePosting(posting), SaveDetail(a.SELLER, a.detail()), SaveDocument(label), events])
    card: dict[str, Any] = {"sku": "149123456", "bin": "A-2", "barcodes": ["4601234567893"]}

    imported = call("POST", "/v1/products/import", {"cards": [card]})
    again = call("POST", "/v1/products/import", {"cards": [card]})
    picking = call("GET", "/v1/picking")
    wrong = call("POST", f"{PATH}/scans", {"code": "4600000000000"})
    first = call("POST", f"{PATH}/scans", {"code": "4601234567893"}, idempotency_key="beep")
    repeat = call("POST", f"{PATH}/scans", {"code": "4601234567893"}, idempotency_key="beep")
    last = call("POST", f"{PATH}/scans", {"code": "TEA-CUP-02"})

    assert (imported.body["saved"], again.body["unchanged"]) == (1, 1)
    assert [row["bin"] for row in picking.body["rows"]] == ["A-2"]
    assert wrong.status == 409
    assert repeat.body == first.body
    assert (last.body["complete"], last.body["stage"], last.body["scanned"]) == (True, "packed", 2)
    assert last.body["label"]["link"].startswith("https://")
    assert [stored.version for stored in store.events(a.SELLER, posting_ref(a.NUMBER))] == [1, 2, 3, 4, 4, 4, 4]
    assert call("GET", "/v1/products/149123456").headers["ETag"] == '"1"'
