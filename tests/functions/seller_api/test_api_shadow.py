"""Replay and the shadow report over HTTP."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shipby.application.ports.writes import AppendEvents, NoteShadow, SavePosting, SaveReturn
from shipby.domain.events import posting_ref, return_ref
from shipby.domain.postings.posting import Stage
from shipby.domain.shadow import ShadowDecision
from tests.functions.seller_api.api_support import OTHER, Caller
from tests.support import builders as a

REPLAY = f"/v1/postings/{a.NUMBER}/replay"
REPORT = "/v1/reports/shadow"


def shadowed(identifier: str, **changes: object) -> NoteShadow:
    decision = ShadowDecision(
        seller=a.SELLER,
        id=identifier,
        at=a.NOW,
        ref=posting_ref(a.NUMBER),
        posting_number=a.NUMBER,
        action="cancel",
        would="cancel it",
        reason="the buyer does not want it any more",
        policy_version=3,
    )
    return NoteShadow(replace(decision, **changes))  # type: ignore[arg-type]  # replace() is typed per field


def test_a_posting_is_replayed_with_its_steps_and_the_verdict(api: Caller) -> None:
    posting = api.has_posting()
    later = replace(posting, version=2, stage=Stage.CONFIRMED)
    event = a.event(actor="system:alarm_worker", data={"policy": 4, "rung": "confirm_by"})
    api.has(SavePosting(later), AppendEvents(a.SELLER, posting_ref(a.NUMBER), 2, (event,)))

    reply = api.get(REPLAY)

    assert reply.status == 200
    assert reply.body["equal"]
    assert [step["version"] for step in reply.body["steps"]] == [1, 2]
    assert reply.body["steps"][1]["changed"]["stage"] == {"before": "received", "after": "confirmed"}
    assert reply.body["steps"][1]["events"][0]["policy_version"] == 4
    assert len(reply.body["sha256"]) == 64


def test_a_posting_whose_history_has_a_hole_is_not_equal(api: Caller) -> None:
    posting = api.has_posting()
    api.has(SavePosting(replace(posting, version=2, stage=Stage.CONFIRMED)))

    body = api.get(REPLAY).body

    assert not body["equal"]
    assert body["gaps"] == ["version 2 has no event"]
    assert body["differences"].keys() == {"stage", "version"}


def test_a_return_is_replayed_too_and_what_nobody_knows_is_not(api: Caller) -> None:
    case = a.return_case()
    api.has(SaveReturn(case), AppendEvents(a.SELLER, return_ref(case.id), 1, (a.event(),)))

    assert api.get(f"/v1/returns/{case.id}/replay").body["equal"]
    assert api.get("/v1/returns/404/replay").status == 404
    assert api.get("/v1/postings/404/replay").status == 404
    assert api.as_seller(OTHER).get(f"/v1/returns/{case.id}/replay").status == 404


def test_the_shadow_report_pages_through_its_decisions(api: Caller) -> None:
    api.has_posting()
    api.has(shadowed("POSTING/p/2/0"), shadowed("POSTING/p/3/0", at=a.NOW + timedelta(seconds=1)))

    first = api.get(REPORT, limit="1")
    second = api.get(REPORT, limit="1", cursor=first.body["next_cursor"])

    assert (first.body["total"], first.body["to"]) == (2, a.NOW.date().isoformat())
    assert [item["id"] for item in first.body["items"]] == ["POSTING/p/2/0"]
    assert [item["id"] for item in second.body["items"]] == ["POSTING/p/3/0"]
    assert first.body["items"][0]["then"]["outcome"] == "nothing_yet"


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-01-01", "to": "2026-02-15"},
        {"from": "2026-01-02", "to": "2026-01-01"},
        {"from": "2020-01-01"},
        {"cursor": "x"},
        {"limit": "0"},
    ],
)
def test_a_report_that_makes_no_sense_is_refused(api: Caller, query: dict[str, str]) -> None:
    assert api.get(REPORT, **query).status == 400
