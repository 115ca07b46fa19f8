"""Splits, partial assembly and boxes: shown first, then accepted with an intent or refused with what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

PATH = f"/v1/postings/{a.NUMBER}"
SKU = "149123456"
HALVES = [{SKU: 1}, {SKU: 1}]


@pytest.fixture
def posting(api: Caller) -> None:
    api.has_posting(detail=a.detail(actions=("ship",), requirements={}))


def card(api: Caller, **fields: Any) -> None:
    reply = api.put(f"/v1/products/{SKU}", {**fields}, if_match='"0"')
    assert reply.status == 200


@pytest.mark.usefixtures("posting")
def test_a_proposal_is_shown_and_done_as_it_was_shown(api: Caller) -> None:
    card(api, weight_g=700, sides_mm=[100, 300, 200])
    assert api.get(f"/v1/products/{SKU}").body["sides_mm"] == [300, 200, 100]

    shown = api.post(f"{PATH}/split/proposal", {"max_weight_g": 1000})

    assert shown.status == 200
    assert shown.body["splits"] is True
    assert [parcel["products"] for parcel in shown.body["parcels"]] == HALVES
    assert [parcel["weight_g"] for parcel in shown.body["parcels"]] == [700, 700]
    assert api.store.posting(a.SELLER, a.NUMBER) == a.posting()
    asked = api.post(
        f"{PATH}/split",
        {"parcels": [parcel["products"] for parcel in shown.body["parcels"]], "reason": "too heavy"},
        if_match=shown.headers["ETag"],
    )
    assert (asked.status, asked.body["action"], asked.body["reason"]) == (202, "split", "too heavy")
    assert asked.body["request"] == {"parcels": HALVES, "before": {SKU: 2}}
    stale = api.post(f"{PATH}/ship-part", {"products": {SKU: 1}}, if_match=shown.headers["ETag"])
    assert stale.status == 412


@pytest.mark.usefixtures("posting")
def test_what_is_not_measured_is_said(api: Caller) -> None:
    shown = api.post(f"{PATH}/split/proposal", {"max_weight_g": 1000})
    assert shown.body["parcels"] == []
    assert [each["sku"] for each in shown.body["problems"]] == [SKU]


@pytest.mark.usefixtures("posting")
def test_what_is_not_there_waits(api: Caller) -> None:
    shown = api.post(f"{PATH}/split/proposal", {"in_stock": {SKU: 1}})
    assert [(each["products"], each["waits"]) for each in shown.body["parcels"]] == [
        ({SKU: 1}, False),
        ({SKU: 1}, True),
    ]


@pytest.mark.usefixtures("posting")
@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("split", {"parcels": [{SKU: 2}]}, "parcels"),
        ("split", {"parcels": [{SKU: 1}, {SKU: 2}]}, f"parcels/{SKU}"),
        ("split", {"parcels": [{SKU: 1}, {SKU: -1}]}, f"parcels/1/{SKU}"),
        ("split", {"parcels": [{SKU: 1.5}, {SKU: 1}]}, f"parcels/0/{SKU}"),
        ("split", {"parcels": [{SKU: 2}, {}]}, "parcels/1"),
        ("ship-part", {"products": {SKU: 3}}, f"products/{SKU}"),
        ("ship-part", {"products": {"7": 1}}, "products/7"),
        ("ship-part", {"products": {}}, "products"),
        ("ship-part", {"products": {SKU: 10**12}}, f"products/{SKU}"),
        ("split/proposal", {"max_sides_mm": [1, 2]}, "max_sides_mm"),
        ("split/proposal", {"max_weight_g": 0}, "max_weight_g"),
        ("split/proposal", {"in_stock": {SKU: -1}}, f"in_stock/{SKU}"),
    ],
)
def test_bad_input_is_named_and_nothing_is_asked(api: Caller, path: str, body: dict[str, Any], field: str) -> None:
    reply = api.post(f"{PATH}/{path}", body)
    assert (reply.status, reply.fields) == (400, [field])
    assert api.store.posting(a.SELLER, a.NUMBER) == a.posting()


@pytest.mark.usefixtures("posting")
def test_a_part_and_a_repeated_call_are_one_intent(api: Caller) -> None:
    first = api.post(f"{PATH}/ship-part", {"products": {SKU: 1}}, key="same")
    again = api.post(f"{PATH}/ship-part", {"products": {SKU: 1}}, key="same")
    assert first.status == again.status == 202
    assert first.body == again.body
    assert first.body["action"] == "ship_part"


def test_boxes_are_wanted_first_where_goods_come_in_several(api: Caller) -> None:
    api.has_posting(detail=a.detail(actions=("ship",), requirements={}, multibox=True))
    refused = api.post(f"{PATH}/ship")
    assert (refused.status, refused.code) == (409, "boxes_needed")
    assert f"PUT {PATH}/boxes" in refused.body["detail"]
    for wrong in (0, -1, 101, 1.5, "2", True):
        assert api.put(f"{PATH}/boxes", {"boxes": wrong}).status == 400
    asked = api.put(f"{PATH}/boxes", {"boxes": 3})
    assert (asked.status, asked.body["action"], asked.body["request"]) == (202, "set_boxes", {"boxes": 3})


def test_unknown_postings_are_not_found(api: Caller) -> None:
    for path, body in (("split/proposal", {}), ("split", {"parcels": HALVES}), ("ship-part", {"products": {SKU: 1}})):
        assert api.post(f"/v1/postings/1-1-1/{path}", body).status == 404
