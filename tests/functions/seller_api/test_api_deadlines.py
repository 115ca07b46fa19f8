"""Deadlines, risk, what-if and the impact report over HTTP: shapes, roles, refusals, tenants."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shipby.application.ports.writes import SaveOutcome, SaveSettings
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.deadlines.outcome import Outcome
from shipby.domain.money import Money
from shipby.domain.postings.posting import Rung, RungKind, Stage
from tests.functions.seller_api.api_support import OTHER, Caller
from tests.support import builders as a

HOUR = timedelta(hours=1)
READS = ("/v1/deadlines", "/v1/risk", "/v1/reports/impact")


def open_(api: Caller, number: str, *, hours: float = 2, minor: int = 5_000, **changes: Any) -> None:
    cut_off = a.NOW + timedelta(hours=hours)
    rung = Rung(kind=RungKind.SHIPMENT_DATE, due=cut_off, price=Money(minor, "RUB"))
    posting = a.posting(seller=api.seller, number=number, shipment_date=cut_off, rungs=(rung,), **changes)
    api.has_posting(rewind(posting))


def left(api: Caller, number: str, **changes: Any) -> None:
    api.has(SaveOutcome(Outcome(seller=api.seller, posting_number=number, shipped_at=a.NOW, **changes)))


def test_the_next_four_hours_are_listed_in_the_order_of_work(api: Caller) -> None:
    open_(api, "quick", stage=Stage.PACKED)
    open_(api, "slow")
    open_(api, "tomorrow", hours=24)

    body = api.get("/v1/deadlines").body

    assert [item["posting_number"] for item in body["items"]] == ["quick", "slow"]
    assert body["items"][0]["due"]["moscow"] == "2026-03-02T14:00:00+03:00"
    assert body["totals"][0]["at_risk"] == {"amount": "100.00", "currency": "RUB"}
    assert len(api.get("/v1/deadlines", within="P1D").body["items"]) == 3


def test_pages_of_deadlines_follow_each_other(api: Caller) -> None:
    for number in range(3):
        open_(api, f"n{number}", hours=1 + number / 10)

    first = api.get("/v1/deadlines", limit="2").body
    second = api.get("/v1/deadlines", limit="2", cursor=first["next_cursor"]).body

    assert [item["posting_number"] for item in (*first["items"], *second["items"])] == ["n0", "n1", "n2"]
    assert second["next_cursor"] is None


def test_the_cursor_of_another_listing_is_refused(api: Caller) -> None:
    for number in range(3):
        open_(api, f"n{number}")
    cursor = api.get("/v1/postings", limit="1").body["next_cursor"]

    reply = api.get("/v1/deadlines", cursor=cursor)

    assert (reply.status, reply.fields) == (400, ["cursor"])


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/v1/deadlines", {"within": "PT0S"}, "within"),
        ("/v1/deadlines", {"within": "P8D"}, "within"),
        ("/v1/deadlines", {"within": "soon"}, "within"),
        ("/v1/deadlines", {"limit": "201"}, "limit"),
        ("/v1/risk", {"within": "P30D"}, "within"),
        ("/v1/risk", {"seed": "-1"}, "seed"),
        ("/v1/reports/impact", {"from": "2026-03-02", "to": "2026-03-01"}, "query"),
        ("/v1/reports/impact", {"from": "2025-01-01", "to": "2026-03-01"}, "query"),
        ("/v1/reports/impact", {"from": "2025-01-01"}, "to"),
        ("/v1/reports/impact", {"from": "yesterday"}, "from"),
        ("/v1/reports/impact", {"first": "2026-03-01"}, "first"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(api: Caller, path: str, query: dict[str, str], field: str) -> None:
    reply = api.get(path, **query)

    assert (reply.status, reply.fields) == (400, [field])


def test_a_seller_sees_the_lamp_of_its_warehouse(api: Caller) -> None:
    open_(api, "n", warehouse_id="7")

    body = api.get("/v1/risk", seed="5").body

    assert body["seed"] == 5
    [house] = body["warehouses"]
    assert (house["warehouse_id"], house["lamp"], house["basis"]) == ("7", "green", "prior")
    assert house["cut_offs"][0]["detail"] is None


def test_a_what_if_shows_both_halves_and_changes_nothing(api: Caller) -> None:
    for number in range(12):
        open_(api, f"n{number:02d}")

    reply = api.post("/v1/risk/what-if", {"packers": 3, "courier_minutes": 30})

    assert reply.status == 200
    assert reply.body["change"] == {"packers_now": 1, "packers": 3, "courier_minutes": 30}
    assert (reply.body["before"][0]["lamp"], reply.body["after"][0]["lamp"]) == ("red", "green")
    assert reply.body["before"] == api.get("/v1/risk").body["warehouses"]


def test_a_what_if_without_a_body_changes_nothing(api: Caller) -> None:
    open_(api, "n")

    body = api.post("/v1/risk/what-if").body

    assert body["before"] == body["after"]


def test_a_what_if_under_a_key_is_answered_the_same_again(api: Caller) -> None:
    open_(api, "n")
    first = api.post("/v1/risk/what-if", {"packers": 1}, key="k-1")
    open_(api, "n2", hours=3)

    assert api.post("/v1/risk/what-if", {"packers": 1}, key="k-1").body == first.body
    assert api.post("/v1/risk/what-if", {"packers": 2}, key="k-1").status == 422


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"packers_now": 0}, "packers_now"),
        ({"courier_minutes": 2000}, "courier_minutes"),
        ({"within": "P9D"}, "within"),
    ],
)
def test_a_what_if_that_makes_no_sense_is_refused(api: Caller, body: dict[str, object], field: str) -> None:
    reply = api.post("/v1/risk/what-if", body)

    assert (reply.status, reply.fields) == (400, [field])


def test_the_impact_report_covers_the_days_asked_for_with_the_words_it_uses(api: Caller) -> None:
    left(api, "in-time", saved=a.rub("50"), reminded_at=a.NOW - HOUR)
    left(api, "late", late=True, lost=a.rub("50"))

    body = api.get("/v1/reports/impact", **{"from": "2026-03-01", "to": "2026-03-02"}).body

    assert (body["from"], body["to"], body["next_from"]) == ("2026-03-01", "2026-03-02", None)
    assert (body["total"]["shipped"], body["total"]["on_time"], body["total"]["late"]) == (2, 1, 1)
    assert body["total"]["money"][0]["saved"] == {"amount": "50.00", "currency": "RUB"}
    assert [day["date"] for day in body["days"]] == ["2026-03-01", "2026-03-02"]
    assert "shipment_date" in body["definition"]


def test_without_days_the_report_is_of_the_last_thirty(api: Caller) -> None:
    body = api.get("/v1/reports/impact").body

    assert (body["from"], body["to"], len(body["days"])) == ("2026-02-01", "2026-03-02", 30)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_are_only_empty_days(api: Caller, day: str) -> None:
    assert api.get("/v1/reports/impact", to=day).body["total"]["shipped"] == 0


@pytest.mark.parametrize("role", ["owner", "manager", "packer", "integration"])
def test_people_at_the_bench_may_read_the_order_of_work(api: Caller, role: str) -> None:
    caller = api.as_role(role)

    assert caller.get("/v1/deadlines").status == 200
    assert caller.get("/v1/risk").status == 200
    assert caller.post("/v1/risk/what-if").status == 200


def test_the_order_of_work_is_for_everyone_and_the_report_is_not_for_packers(api: Caller) -> None:
    assert api.as_role("packer").get("/v1/reports/impact").status == 403
    assert api.as_role("integration").get("/v1/reports/impact").status == 200
    assert [api.as_role("support").get(path).status for path in READS] == [200, 200, 200]
    assert [api.as_role("packer").get(path).status for path in READS] == [200, 200, 403]


def test_nothing_of_another_seller_is_seen(api: Caller) -> None:
    stranger = api.as_seller(OTHER)
    stranger.has(SaveSettings(a.settings(seller=OTHER)))
    open_(stranger, "theirs")
    left(stranger, "gone", lost=a.rub("5"))

    assert api.get("/v1/deadlines").body["totals"] == []
    assert api.get("/v1/risk").body["warehouses"] == []
    assert api.get("/v1/reports/impact").body["total"]["shipped"] == 0
    assert len(stranger.get("/v1/deadlines").body["items"]) == 1
