"""Can it ship, who lets it go on, and what was changed: through the API, with roles, versions and repeats."""

from dataclasses import replace

import pytest

from shipby.application.intake.sync_posting import apply_facts
from shipby.application.ports.writes import SaveSettings
from shipby.domain.postings.posting import Stage
from shipby.domain.sellers.check_rules import Check, CheckRule, Severity
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

PATH = f"/v1/postings/{a.NUMBER}"
FEW = CheckRule(name="few", check=Check.QUANTITY, most=1, severity=Severity.BLOCKING)


def read(api: Caller, **facts: object) -> None:
    """A read of the marketplace, a minute after the last."""
    api.clock.time = api.clock.time + (a.CUT_OFF - a.NOW) / 1500
    detail = a.detail(**{"requirements": {}, **facts, "read_at": api.clock.now()})
    apply_facts(a.SELLER, detail, store=api.store, clock=api.clock)


def stopped(api: Caller) -> None:
    settings = api.store.settings(a.SELLER)
    version = settings.version if settings else 0
    api.store.commit([SaveSettings(replace(settings or a.settings(), version=version + 1, check_rules=(FEW,)))])
    read(api)


def test_an_order_that_does_not_fit_says_because_of_what_fixed_by_what_and_before_when(api: Caller) -> None:
    stopped(api)
    shown = api.get(f"{PATH}/check").body
    assert (shown["can_ship"], shown["state"], shown["because"]) == (False, "stopped", ["odd_quantity"])
    assert shown["before"] == "2026-03-03T10:00:00Z"
    [mismatch] = shown["mismatches"]
    assert (mismatch["source"], mismatch["severity"], mismatch["sku"]) == ("rule few", "blocking", "149123456")
    posting = api.get(PATH).body
    assert (posting["ready_to_work"], posting["holds"]) == (False, ["odd_quantity"])

    refused = api.post(f"{PATH}/confirm")
    assert (refused.status, refused.code) == (409, "cannot_ship")
    assert refused.body["offered"] == [f"{PATH}/check", f"{PATH}/check/allow"]
    [case] = api.get("/v1/cases").body["items"]
    assert (case["kind"], case["subject"]) == ("cannot_ship", a.NUMBER)


def test_a_manager_alone_lets_it_go_on_with_a_reason_and_a_repeat_answers_the_same(api: Caller) -> None:
    stopped(api)
    body = {"reason": "the buyer is a shop"}
    seen = api.get(f"{PATH}/check").headers["ETag"]
    assert api.as_role("packer").post(f"{PATH}/check/allow", body, if_match=seen).status == 403
    assert api.post(f"{PATH}/check/allow", {"reason": ""}, if_match=seen).status == 400
    assert api.post(f"{PATH}/check/allow", body, if_match='"99"').status == 412
    assert api.post(f"{PATH}/check/allow", body).status == 428
    allowed = api.post(f"{PATH}/check/allow", body, key="once", if_match=seen)
    again = api.post(f"{PATH}/check/allow", body, key="once", if_match=seen)
    assert (allowed.status, allowed.body["state"], again.body) == (200, "allowed", allowed.body)
    assert api.post(f"{PATH}/check/allow", body, if_match=allowed.headers["ETag"]).code == "stage_mismatch"
    assert api.post(f"{PATH}/confirm").status == 200
    assert api.get("/v1/cases").body["items"] == []


def test_a_change_is_served_stops_the_next_step_and_is_seen_by_a_packer(api: Caller) -> None:
    read(api)
    for step in ("confirm", "pick"):
        assert api.post(f"{PATH}/{step}").status == 200
    read(api, lines=(a.line(quantity=3),))

    shown = api.get(f"{PATH}/amendments").body
    assert shown["waits"] == 4
    assert shown["items"][0]["changes"] == [{"what": "quantity", "sku": "149123456", "old": 2, "new": 3}]
    assert api.get(PATH).body["stage"] == Stage.CONFIRMED
    refused = api.post(f"{PATH}/pick")
    assert (refused.status, refused.code) == (409, "amended")
    scan = api.post(f"{PATH}/scans", {"code": "149123456"})
    assert (scan.status, scan.code) == (409, "amended")
    assert api.as_role("support").post(f"{PATH}/amendments/seen").status == 403
    assert api.as_role("packer").post(f"{PATH}/amendments/seen", {"reason": "one more put in"}).status == 200
    assert api.post(f"{PATH}/pick").status == 200
    assert api.post(f"{PATH}/amendments/seen").code == "stage_mismatch"


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"name": "x", "check": "weight"}, "check_rules/0"),
        ({"name": "x", "check": "card", "most": 1}, "check_rules/0"),
        ({"name": "x", "check": "price", "most": 1}, "check_rules/0"),
        ({"name": "x", "check": "weight", "most": 1, "currency": "RUB"}, "check_rules/0"),
        ({"name": "x", "check": "weight", "most": 1, "least": 2}, "check_rules/0"),
        ({"name": "x", "check": "weight", "most": -1}, "check_rules/0/most"),
        ({"name": "x", "check": "weight", "most": 1.5}, "check_rules/0/most"),
        ({"name": "x y", "check": "card"}, "check_rules/0/name"),
        ({"name": "x", "check": "colour"}, "check_rules/0/check"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_by_its_field(api: Caller, rule: object, field: str) -> None:
    settings = api.get("/v1/settings")
    reply = api.put("/v1/settings", {**settings.body, "check_rules": [rule]}, if_match=settings.headers["ETag"])
    assert (reply.status, reply.fields) == (400, [field])


def test_rules_are_read_back_as_they_were_written_and_named_once(api: Caller) -> None:
    settings = api.get("/v1/settings")
    rule = {
        "name": "heavy",
        "check": "weight",
        "severity": "blocking",
        "least": None,
        "most": 30_000,
        "currency": "",
        "warehouses": ["1"],
        "skus": [],
        "ask_buyer": False,
    }
    wanted = {**settings.body, "check_rules": [rule], "auto_confirm": "shadow", "escalate_confirm_after": "PT30M"}
    saved = api.put("/v1/settings", wanted, if_match=settings.headers["ETag"])
    assert saved.status == 200
    assert {**saved.body, "version": 0} == {**wanted, "version": 0}
    twice = api.put("/v1/settings", {**wanted, "check_rules": [rule, rule]}, if_match=saved.headers["ETag"])
    assert (twice.status, twice.fields) == (400, ["check_rules"])
    nobody = api.put("/v1/settings", {**wanted, "escalate_confirm_to": "ghost"}, if_match=saved.headers["ETag"])
    assert nobody.status == 400


def test_a_posting_of_another_seller_is_not_found(api: Caller) -> None:
    stopped(api)
    other = api.as_seller("seller-2")
    for path in ("check", "amendments"):
        assert other.get(f"{PATH}/{path}").status == 404
    assert other.post(f"{PATH}/check/allow", {"reason": "x"}, if_match='"1"').status == 404
    assert other.post(f"{PATH}/amendments/seen").status == 404
