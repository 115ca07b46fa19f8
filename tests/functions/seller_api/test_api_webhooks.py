"""Webhooks through the API: made, changed, rotated, paused, resumed, deleted; what may not be called is refused."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from shipby.domain.events import watch_ref
from tests.functions.seller_api.api_support import Caller, Reply
from tests.support import builders as a

BODY = {"url": "https://erp.example.com/hooks", "types": ["posting.*"]}
WHY = {"reason": "works on it"}


def made(api: Caller) -> Reply:
    return api.call("POST", "/v1/webhooks", BODY, key="w-1")


def test_a_secret_is_shown_once_and_never_again(api: Caller) -> None:
    first, again = made(api), made(api)
    assert first.body["secret"].startswith("whsec_")
    assert again.body == {**first.body, "secret": None}
    one = api.call("GET", f"/v1/webhooks/{first.body['id']}")
    listed = api.call("GET", "/v1/webhooks")
    assert first.body["secret"] not in str((one.body, listed.body))
    history = api.store.events(a.SELLER, watch_ref(f"webhook.{first.body['id']}"))
    assert first.body["secret"] not in str(history)
    assert [each.event.data["what"] for each in history] == ["made"]


def test_rotating_leaves_two_live_secrets_and_the_older_one_ends(api: Caller) -> None:
    identifier = made(api).body["id"]
    turned = api.call("POST", f"/v1/webhooks/{identifier}/rotate", {"overlap": "P1D"})
    numbers = [(each["number"], each["until"] is None) for each in turned.body["secrets"]]
    assert numbers == [(1, False), (2, True)]
    again = api.call("POST", f"/v1/webhooks/{identifier}/rotate", {"overlap": "PT0S"})
    assert [each["number"] for each in again.body["secrets"]] == [3]
    refused = api.call("POST", f"/v1/webhooks/{identifier}/rotate", {"overlap": "P30D"})
    assert (refused.status, refused.fields) == (400, ["overlap"])


def test_changes_need_the_version_that_was_seen(api: Caller) -> None:
    identifier = made(api).body["id"]
    path, body = f"/v1/webhooks/{identifier}", {**BODY, "comment": "the ERP"}
    assert api.call("PUT", path, body).status == 428
    changed = api.call("PUT", path, body, if_match='"1"')
    assert (changed.status, changed.body["comment"], changed.body["version"]) == (200, "the ERP", 2)
    assert api.call("PUT", path, body, if_match='"1"').status == 412


def test_paused_resumed_asked_for_and_deleted(api: Caller) -> None:
    path = f"/v1/webhooks/{made(api).body['id']}"
    assert api.call("POST", f"{path}/pause", WHY).body["state"] == "paused"
    assert api.call("POST", f"{path}/replay", {"since": a.NOW.isoformat(), **WHY}).status == 409
    assert api.call("POST", f"{path}/resume", WHY).body["paused_at"] is None
    assert api.call("POST", f"{path}/resume", WHY).status == 409
    assert api.call("POST", f"{path}/test").status == 200
    assert api.call("POST", f"{path}/replay", {"since": a.NOW.isoformat(), **WHY}).status == 200
    old = api.call("POST", f"{path}/replay", {"since": "2020-01-01T00:00:00Z", **WHY})
    assert (old.status, old.fields) == (400, ["since"])
    assert api.call("GET", f"{path}/deliveries").body["items"] == []
    assert api.call("GET", f"{path}/dead-letters").body["items"] == []
    assert api.call("POST", f"{path}/delete", WHY).status == 200
    assert api.call("GET", path).status == 404
    assert api.call("GET", "/v1/webhooks").body["items"] == []


@pytest.mark.parametrize(
    "url", ["http://erp.example.com", "https://169.254.169.254/", "https://localhost/", "https://a.example.com:22/"]
)
def test_an_address_of_ours_is_refused_by_name(api: Caller, url: str) -> None:
    refused = api.call("POST", "/v1/webhooks", {"url": url})
    assert (refused.status, refused.fields) == (400, ["url"])


def test_a_type_that_is_none_and_too_many_endpoints_are_refused(api: Caller) -> None:
    wrong = api.call("POST", "/v1/webhooks", {**BODY, "types": ["posting.packt"]})
    assert (wrong.status, wrong.fields) == (400, ["types"])
    for number in range(10):
        assert api.call("POST", "/v1/webhooks", {"url": f"https://erp.example.com/{number}"}).status == 201
    assert api.call("POST", "/v1/webhooks", BODY).status == 400


def test_every_type_of_the_catalogue_has_a_version_and_a_schema(api: Caller) -> None:
    items = api.call("GET", "/v1/event-types").body["items"]
    assert {"posting.received", "posting.packed", "label.ready", "tracking.changed"} <= {each["type"] for each in items}
    for each in items:
        Draft202012Validator.check_schema(each["json_schema"])
        assert each["version"] >= 1
