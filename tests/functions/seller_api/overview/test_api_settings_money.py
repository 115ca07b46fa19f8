"""Limits of money are decimals like all else; minor units, as earlier versions wrote them, are taken too."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functions.seller_api.api_support import Caller


def changed(api: Caller, **changes: Any) -> Any:
    return api.put("/v1/settings", api.get("/v1/settings").body | changes, if_match="0")


@pytest.mark.parametrize("limit", ["1000.00", "1000", 100_000])
def test_a_limit_is_taken_as_decimals_and_as_minor_units(api: Caller, limit: str | int) -> None:
    body = changed(api, approve_above={"RUB": limit}, refund_cap={"JPY": "500"}).body
    assert (body["approve_above"], body["refund_cap"]) == ({"RUB": 100_000}, {"JPY": 500})
    assert body["amounts"]["approve_above"] == [{"amount": "1000.00", "currency": "RUB"}]
    assert body["amounts"]["refund_cap"] == [{"amount": "500", "currency": "JPY"}]
    again = api.put("/v1/settings", api.get("/v1/settings").body, if_match="1")
    assert (again.status, again.body["amounts"]) == (200, body["amounts"])


@pytest.mark.parametrize("limit", ["12.345", "-1", "1,5", "1e3", "", " 1", 1.5, None, "9999999999999", True])
def test_what_is_no_amount_is_refused_by_name(api: Caller, limit: object) -> None:
    reply = changed(api, postage_limit={"RUB": limit})
    assert (reply.status, reply.fields[0].partition("/")[0]) == (400, "postage_limit")


def test_limits_that_are_no_mapping_are_refused_by_name(api: Caller) -> None:
    assert changed(api, refund_cap=["RUB"]).fields == ["refund_cap"]
