"""The report of frequent replacements through the API."""

from __future__ import annotations

from datetime import timedelta

from shipby.application.ports.writes import SaveIntent
from shipby.domain.carriers.s10 import s10
from shipby.domain.intents import IntentAction, IntentState
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

PATH = "/v1/reports/number-replacements"


def test_replacements_are_told_as_figures_and_as_a_table(api: Caller) -> None:
    for sequence, kind in ((1, ""), (2, "relabelled")):
        request = {"tracking_number": s10("RB", sequence, "CN"), "kind": kind}
        intent = a.intent(
            action=IntentAction.SET_TRACKING,
            sequence=sequence,
            state=IntentState.CONFIRMED,
            request=request,
            created_at=a.NOW - timedelta(hours=5 - sequence),
        )
        api.has(SaveIntent(intent))
    told = api.get(PATH, by="carrier,cause").body
    assert (told["total"]["numbers"], told["total"]["replaced"]) == (2, 1)
    assert told["items"][0]["group"] == {"carrier": "china_post", "cause": "relabelled"}
    assert set(told["definitions"]) >= {"numbers", "replaced", "interval"}
    table = api.get(PATH, by="cause", format="csv", separator="comma").body
    assert table.splitlines()[1] == "relabelled,2,1,0.5000,0.0945,0.9055,0"
    assert api.get(PATH, by="weather").status == 400
    assert api.get(PATH, **{"from": "2025-01-01", "to": "2026-01-01"}).status == 400
    assert api.as_role("packer").get(PATH).status == 403
