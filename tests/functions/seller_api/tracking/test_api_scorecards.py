"""Scorecards of carriers over HTTP."""

from __future__ import annotations

import pytest

from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

PATH = "/v1/reports/carriers"
DAY = a.NOW.date().isoformat()


def test_figures_come_as_json_with_what_they_mean_and_as_a_table(api: Caller) -> None:
    api.has_posting(detail=a.detail(status="delivering", delivering_date=a.NOW))
    reply = api.get(PATH, **{"from": DAY, "to": DAY, "by": "carrier,lane"})
    assert reply.status == 200
    [line] = reply.body["items"]
    assert (line["parcels"], line["fates"]["open"], line["enough"]) == (1, 1, False)
    assert line["transit"]["p90"] == {"hours": None, "interval": {"low": None, "high": None}, "samples": 0}
    assert set(reply.body["definitions"]) >= {"parcels", "fates", "transit", "late", "interval", "enough"}
    table = api.get(PATH, **{"from": DAY, "to": DAY, "format": "csv", "separator": "comma"})
    assert table.body.lstrip("\ufeff").startswith("carrier,parcels,delivered,open,lost,")
    assert f"carriers-{DAY}-{DAY}.csv" in table.headers["Content-Disposition"]


@pytest.mark.parametrize("query", [{"by": "colour"}, {"from": "yesterday"}, {"format": "xml"}, {"days": "3"}])
def test_bad_questions_are_refused(api: Caller, query: dict[str, str]) -> None:
    assert api.get(PATH, **query).status == 400


def test_a_period_that_is_too_long_says_so_and_a_packer_sees_nothing(api: Caller) -> None:
    reply = api.get(PATH, **{"from": "2025-01-01", "to": "2026-01-01"})
    assert (reply.status, reply.fields) == (400, ["from"])
    assert api.as_role("packer").get(PATH).status == 403
