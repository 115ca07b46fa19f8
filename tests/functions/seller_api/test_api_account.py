"""The proof, the settings, the health check."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from shipby.application.ports.writes import SaveSettings
from shipby.application.proof.report import Proof
from shipby.domain.sellers.settings import SellerSettings
from tests.functions.seller_api.api_support import Caller, http_event
from tests.support import builders as a


def test_the_newest_proof_of_a_day_is_answered_and_today_without_a_date(api: Caller) -> None:
    proof = Proof(a.SELLER, since=a.NOW - timedelta(days=14), until=a.NOW, at=a.NOW)
    proof.counts["events"] = 3
    api.store.save_report(a.SELLER, "proof", a.NOW.date(), proof.view())

    assert api.get("/v1/proof").body == api.get("/v1/proof", date="2026-03-02").body
    assert api.get("/v1/proof").body["green"] is True
    assert api.as_seller("seller-2").get("/v1/proof").status == 404


def test_a_day_without_a_proof_says_when_one_is_made(api: Caller) -> None:
    reply = api.get("/v1/proof", date="2026-03-01")

    assert (reply.status, reply.code) == (404, "not_found")
    assert "2026-03-01" in reply.body["detail"]
    assert "every hour" in reply.body["detail"]


@pytest.mark.parametrize("text", ["today", "2026-02-30", "20260302x"])
def test_a_day_that_is_none_is_refused(api: Caller, text: str) -> None:
    assert api.get("/v1/proof", date=text).fields == ["date"]


def test_a_seller_without_settings_reads_the_defaults_and_can_write_them_back(api: Caller) -> None:
    before = api.get("/v1/settings")

    written = api.put("/v1/settings", before.body, if_match=before.headers["ETag"])

    assert before.headers["ETag"] == '"0"'
    assert (written.status, written.headers["ETag"]) == (200, '"1"')
    assert written.body == before.body | {"version": 1}
    assert api.store.settings(a.SELLER) == SellerSettings(seller=a.SELLER, version=1)
    assert api.store.sellers() == [a.SELLER]


def test_settings_are_replaced_as_a_whole(api: Caller) -> None:
    api.has(SaveSettings(a.settings()))
    wanted = api.get("/v1/settings").body | {
        "language": "zh",
        "time_zone": "Asia/Shanghai",
        "give_up_after": "P5DT30M",
        "auto_cancel": "on",
        "caps": {"cancel": 3, "ask_buyer": 2},
        "kill_switch": True,
    }

    reply = api.put("/v1/settings", wanted, if_match='"1"')

    assert reply.body == wanted | {"version": 2}
    stored = api.store.settings(a.SELLER)
    assert stored is not None
    assert (stored.give_up_after, stored.caps) == (timedelta(days=5, minutes=30), {"cancel": 3, "ask_buyer": 2})


def test_settings_need_an_if_match(api: Caller) -> None:
    reply = api.put("/v1/settings", api.get("/v1/settings").body)

    assert (reply.status, reply.code) == (428, "precondition_required")


def test_settings_that_others_changed_are_not_overwritten(api: Caller) -> None:
    body = api.get("/v1/settings").body
    api.put("/v1/settings", body, if_match='"0"')

    reply = api.put("/v1/settings", body | {"language": "en"}, if_match='"0"')

    assert (reply.status, reply.code) == (412, "precondition_failed")
    assert api.get("/v1/settings").body["language"] == "ru"


def test_settings_written_twice_with_one_key_are_written_once(api: Caller) -> None:
    body = api.get("/v1/settings").body

    first, again = (api.put("/v1/settings", body, if_match='"0"', key="s-1") for _ in range(2))

    assert again == first
    assert api.get("/v1/settings").headers["ETag"] == '"1"'


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"language": "de"}, "language"),
        ({"time_zone": "Moscow"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"confirm_within": "PT0S"}, "confirm_within"),
        ({"confirm_within": "-PT2H"}, "confirm_within"),
        ({"confirm_within": "P400D"}, "confirm_within"),
        ({"confirm_within": 7200}, "confirm_within"),
        ({"confirm_within": "soon"}, "confirm_within"),
        ({"auto_cancel": "yes"}, "auto_cancel"),
        ({"caps": {"refund": 5}}, "caps/refund/[key]"),
        ({"caps": {"cancel": -1}}, "caps/cancel"),
        ({"kill_switch": 1}, "kill_switch"),
        ({"kill_swich": True}, "kill_swich"),
        ({"overrides": [{"scheme": "fbs", "auto_cancel": "on"}]}, "overrides/0/scheme"),
        ({"overrides": [{"warehouse": "Moscow", "auto_cancel": "on"}]}, "overrides/0/warehouse"),
        ({"overrides": [{"auto_cancel": "on"}]}, "overrides/0"),
        ({"overrides": [{"scheme": "FBS"}]}, "overrides/0"),
        ({"overrides": [{"scheme": "FBS", "confirm_within": "PT0S"}]}, "overrides/0/confirm_within"),
        ({"overrides": [{"scheme": "FBS", "remind_before": ["PT1H", "PT60M"]}]}, "overrides/0/remind_before"),
        ({"overrides": [{"scheme": "FBS", "kill_switch": True}]}, "overrides/0/kill_switch"),
        ({"overrides": [{"scheme": "FBS", "policy": "x"}]}, "overrides/0/policy"),
        ({"overrides": [{"scheme": "FBS", "auto_cancel": each} for each in ("on", "off")]}, "overrides"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(api: Caller, change: dict[str, object], field: str) -> None:
    reply = api.put("/v1/settings", api.get("/v1/settings").body | change, if_match='"0"')

    assert (reply.status, reply.fields) == (400, [field])


def test_a_setting_left_out_is_not_silently_reset(api: Caller) -> None:
    body = api.get("/v1/settings").body
    del body["kill_switch"]

    assert api.put("/v1/settings", body, if_match='"0"').fields == ["kill_switch"]


def test_health_and_the_document_need_no_key(api: Caller) -> None:
    health = api.raw(http_event("GET", "/v1/health"))
    document = api.raw(http_event("GET", "/v1/openapi.json"))

    assert health.body == {"status": "ok", "time": "2026-03-02T09:00:00Z"}
    assert document.body["openapi"] == "3.1.0"
    assert json.dumps(document.body)


def test_every_change_of_the_policy_says_by_whom_and_what(api: Caller) -> None:
    body = api.get("/v1/settings").body
    assert api.get("/v1/settings/history").body["items"] == []
    api.put("/v1/settings", body | {"language": "en", "caps": {"cancel": 3}}, if_match='"0"')
    api.put("/v1/settings", body | {"language": "en", "caps": {"cancel": 3}}, if_match='"1"')
    named = {"name": "Мария", "channels": ["main"], "language": "ru", "events": []}
    api.put("/v1/settings", body | {"recipients": [named], "caps": {"cancel": 3}}, if_match='"2"')

    first = api.get("/v1/settings/history", limit="2").body
    rest = api.get("/v1/settings/history", limit="2", cursor=first["next_cursor"]).body

    newest, second, oldest = list(first["items"]) + list(rest["items"])
    assert rest["next_cursor"] is None
    assert [each["version"] for each in (newest, second, oldest)] == [3, 2, 1]
    assert {each["actor"] for each in (newest, second, oldest)} == {"key:k1"}
    assert second["changes"] == []
    assert {each["field"]: (each["before"], each["after"]) for each in oldest["changes"]} == {
        "language": ("ru", "en"),
        "caps": ({"cancel": 10, "return_action": 50}, {"cancel": 3}),
    }
    assert {each["field"]: (each["shown"], each["after"]) for each in newest["changes"]} == {
        "language": (True, "ru"),
        "recipients": (False, None),
    }
    assert "Мария" not in str(first)


def test_a_policy_that_was_not_taken_has_no_history(api: Caller) -> None:
    body = api.get("/v1/settings").body
    api.put("/v1/settings", body, if_match='"0"')
    api.put("/v1/settings", body | {"language": "en"}, if_match='"0"')
    assert [each["version"] for each in api.get("/v1/settings/history").body["items"]] == [1]
    for cursor in ("x", "", "-1", "１"):
        assert api.get("/v1/settings/history", cursor=cursor).fields == ["cursor"]


def test_one_key_of_idempotency_writes_one_change(api: Caller) -> None:
    body = api.get("/v1/settings").body | {"language": "en"}
    for _ in range(2):
        assert api.put("/v1/settings", body, if_match='"0"', key="once").status == 200
    assert len(api.get("/v1/settings/history").body["items"]) == 1


def test_what_differs_by_scheme_and_warehouse_is_written_read_and_remembered_with_its_author(api: Caller) -> None:
    told = [
        {"scheme": "rFBS", "policy": "cross_border_rfbs", "remind_before": ["PT1H", "PT6H"]},
        {"warehouse": "1020000123456000", "auto_cancel": "off"},
    ]
    written = api.put("/v1/settings", api.get("/v1/settings").body | {"overrides": told}, if_match='"0"')
    read = api.get("/v1/settings")
    assert written.body == read.body
    first, second = read.body["overrides"]
    assert (first["scheme"], first["policy"], first["remind_before"]) == (
        "rFBS",
        "cross_border_rfbs",
        ["PT6H", "PT1H"],
    )
    assert (second["warehouse"], second["auto_cancel"], second["policy"]) == ("1020000123456000", "off", None)
    # What was read may be sent back as it is: null says nothing.
    assert api.put("/v1/settings", read.body, if_match='"1"').body == read.body | {"version": 2}
    oldest = api.get("/v1/settings/history").body["items"][-1]
    assert oldest["actor"] == "key:k1"
    assert [(each["field"], each["before"]) for each in oldest["changes"]] == [("overrides", [])]
    assert oldest["changes"][0]["after"] == read.body["overrides"]
