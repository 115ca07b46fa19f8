"""The directory of carriers through the API."""

from __future__ import annotations

from typing import Any

from tests.functions.seller_api.api_support import Caller

VAN: dict[str, Any] = {
    "names": {"ru": "Наш фургон", "en": "Our van"},
    "patterns": ["V-####"],
    "tracking_url": "https://van.example/{number}",
    "prices": [
        {
            "valid_from": "2026-03-01",
            "announced_on": "2026-03-05",
            "source": "contract 7",
            "bands": [{"up_to_grams": 500, "price": {"amount": "120.00", "currency": "RUB"}}],
        }
    ],
}


def test_a_seller_adds_an_own_carrier_beside_the_presets(api: Caller) -> None:
    presets = {item["code"] for item in api.get("/v1/carriers").body["items"]}
    assert {"russian_post", "cdek", "cainiao", "yanwen", "yunexpress", "4px", "sf", "boxberry", "dpd"} <= presets
    made = api.put("/v1/carriers/van", VAN, if_match='"0"')
    assert (made.status, made.body["version"], made.body["own"]) == (200, 1, True)
    assert made.body["prices"][0]["retroactive"] is True
    assert api.get("/v1/carriers/van").body == made.body
    assert api.put("/v1/carriers/van", VAN, if_match='"0"').status == 412
    judged = api.post("/v1/carriers/check-numbers", {"numbers": ["V-1234", "RB123456784CN", "'123456"]}).body["items"]
    assert [one["verdict"] for one in judged] == ["good", "refused", "refused"]
    assert (judged[0]["carrier"], judged[0]["tracking_page"]) == ("van", "https://van.example/V-1234")
    assert [one["problems"][0]["kind"] for one in judged[1:]] == ["check_digit", "spreadsheet"]


def test_what_is_no_carrier_is_refused_with_the_field(api: Caller) -> None:
    for body in (
        {**VAN, "names": {}},
        {**VAN, "names": {"fr": "x"}},
        {**VAN, "patterns": ["(a+)+$"]},
        {**VAN, "tracking_url": "http://x/{number}"},
        {**VAN, "retired_on": "tomorrow"},
    ):
        assert api.put("/v1/carriers/van", body, if_match='"0"').status == 400
    assert api.put("/v1/carriers/V A N", VAN, if_match='"0"').status in (400, 404)
    assert api.get("/v1/carriers/nobody").status == 404
