"""What is for sale, comparisons, and counts from a file, over the API."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

from shipby.application.availability import compare
from shipby.application.availability.compare import Look
from shipby.application.ports.writes import SaveOffer, SavePool, SaveSettings, SaveStock
from shipby.domain.availability.drift import Cause, Drift, DriftKind
from shipby.domain.availability.offers import Offer, OfferState
from shipby.domain.availability.places import Place
from shipby.domain.sellers.settings import Automation
from shipby.domain.stock.item import StockItem
from shipby.domain.stock.pool import Pool
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a
from tests.support.workbook import sheet, text, workbook

PLACE = Place("11", "MUG-1")


def offers(api: Caller, **changes: object) -> Offer:
    base = Offer(
        seller=a.SELLER,
        warehouse="11",
        offer="MUG-1",
        version=1,
        owner="other",
        pool="main",
        wanted=5,
        wanted_at=a.NOW,
        state=OfferState.TOLD,
        told=5,
        told_at=a.NOW,
    )
    offer = replace(base, **changes)  # type: ignore[arg-type]  # fields by name
    api.store.commit([SaveOffer(offer)])
    return offer


def tells(api: Caller) -> None:
    known = api.store.settings(a.SELLER)
    settings = replace(known or a.settings(version=0), tell_stock=Automation.ON)
    api.store.commit([SaveSettings(replace(settings, version=settings.version + 1))])


def test_what_is_for_sale_is_listed_with_what_was_told(api: Caller) -> None:
    offers(api)
    offers(api, offer="CUP-2", state=OfferState.REFUSED, code="C", problem="C; do this", told=None, told_at=None)
    items = api.get("/v1/stock-offers").body["items"]
    assert [(one["offer_id"], one["pool"], one["state"], one["wanted"], one["told"]) for one in items] == [
        ("CUP-2", "other:main", "refused", 5, None),
        ("MUG-1", "other:main", "told", 5, 5),
    ]
    assert [one["offer_id"] for one in api.get("/v1/stock-offers", state="told").body["items"]] == ["MUG-1"]
    assert api.get("/v1/stock-offers", state="lost").status == 400


def test_a_number_is_told_again_once_per_key_with_a_reason(api: Caller) -> None:
    offers(api)
    body = {"warehouse": "11", "offer_id": "MUG-1", "reason": "counted"}
    assert api.post("/v1/stock-offers/tell", body).code == "action_not_offered"
    tells(api)
    first = api.post("/v1/stock-offers/tell", body, key="again-1")
    assert (first.status, first.body["state"], first.body["told"]) == (202, "waits", None)
    assert api.post("/v1/stock-offers/tell", body, key="again-1").body == first.body
    assert api.store.untold_offers(a.SELLER, limit=5) == [PLACE]
    assert api.post("/v1/stock-offers/tell", body | {"offer_id": "X"}).status == 404
    assert api.post("/v1/stock-offers/tell", body | {"reason": ""}).fields == ["reason"]
    assert api.post("/v1/stock-offers/tell", body | {"warehouse": "eleven"}).fields == ["warehouse"]


def test_a_comparison_is_asked_for_and_its_report_read(api: Caller) -> None:
    missing = api.get("/v1/stock/reconcile")
    assert (missing.status, "POST /v1/stock/reconcile" in missing.body["detail"]) == (404, True)
    assert api.post("/v1/stock/reconcile", {}).body["state"] == "asked"
    drift = Drift(PLACE, DriftKind.MORE_THERE, 5, 9, Cause.CHANGED_THERE)
    report = compare.report_of(Look(compared=3, drifts=(drift,)), a.NOW)
    api.store.save_report(a.SELLER, compare.REPORT, a.NOW.date(), report)
    shown = api.get("/v1/stock/reconcile", date="2026-03-02").body
    assert (shown["green"], shown["differences"], shown["under_way"]) == (False, 1, True)
    assert shown["counts"]["more_there"] == 1
    assert shown["items"][0]["cause"] == "changed_there"


def test_counts_come_as_a_table_or_a_workbook(api: Caller) -> None:
    item = StockItem(seller=a.SELLER, pool="main", sku="MUG-1", version=1, on_hand=10)
    api.store.commit([SavePool(Pool(seller=a.SELLER, id="main", version=1)), SaveStock(item)])
    dry = api.post("/v1/stock-counts", {"csv": "sku,quantity\nMUG-1,7"}).body
    assert (dry["dry_run"], dry["counts"]["good"]) == (True, 1)
    content = workbook(sheet({1: [text("sku"), text("quantity")], 2: [text("MUG-1"), text("7")]}))
    body = {"xlsx": b64encode(content).decode(), "dry_run": False}
    done = api.post("/v1/stock-counts", body, key="count-1").body
    assert done["items"][0]["verdict"] == "booked"
    assert api.post("/v1/stock-counts", body, key="count-1").body == done
    assert api.store.stock_items(a.SELLER, "main", ["MUG-1"])["MUG-1"].on_hand == 7
    assert api.post("/v1/stock-counts", {"xlsx": "no base64!"}).fields == ["xlsx"]
    assert api.post("/v1/stock-counts", {"csv": "a", "xlsx": "b"}).status == 400


def test_packers_and_support_do_none_of_it(api: Caller) -> None:
    packer = api.as_role("packer")
    assert packer.get("/v1/stock-offers").status == 403
    assert packer.post("/v1/stock/reconcile", {}).status == 403
    assert packer.post("/v1/stock-counts", {"csv": "sku,quantity\nA,1"}).status == 403
    body = {"warehouse": "11", "offer_id": "MUG-1", "reason": "x"}
    assert api.as_role("integration").post("/v1/stock-offers/tell", body).status == 403


def test_terms_lead_to_a_proposal(api: Caller) -> None:
    item = StockItem(seller=a.SELLER, pool="main", sku="MUG-1", version=1, on_hand=2)
    api.store.commit([SavePool(Pool(seller=a.SELLER, id="main", version=1)), SaveStock(item)])
    body = {"supplier": "Завод", "lead_days": 5, "moq": 10, "reorder_point": 3}
    path = "/v1/supply/terms/MUG-1"
    assert api.put(path, body).status == 428
    made = api.put(path, body, if_match='"0"')
    assert (made.status, made.headers["ETag"]) == (200, '"1"')
    assert api.put(path, body, if_match='"0"').status == 412
    assert api.get(path).body["moq"] == 10
    (found,) = api.get("/v1/supply").body["items"]
    assert (found["sku"], found["quantity"], found["late"]) == ("MUG-1", 10, False)
    assert "reorder point 3 (set by hand)" in found["reason"]
    assert api.put(path, body | {"moq": 0}, if_match='"1"').fields == ["moq"]
