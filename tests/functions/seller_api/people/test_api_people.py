"""People of a shop over the API: taken in, changed, removed; what stops at once and what stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shipby.application.people.keeping import Keeper, Wanted, add_person
from shipby.application.people.keys import NewKey
from shipby.domain import actors
from shipby.domain.events import key_ref, person_ref
from shipby.domain.people import pins
from shipby.domain.sellers.keys import Role
from tests.functions.seller_api.api_support import http_event, read_reply
from tests.functions.seller_api.people.people_support import Shop
from tests.support import builders as a

OTHER = "seller-2"


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    for name, role in (("olga", Role.OWNER), ("max", Role.MANAGER), ("pia", Role.PACKER), ("sam", Role.SUPPORT)):
        shop.joins(name, role)
    shop.key_of("erp", NewKey(name="1C", role=Role.INTEGRATION))
    shop.key_of("bench", NewKey(name="bench 3", role=Role.STATION))
    return shop


def person(shop: Shop, name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = shop.get("olga", "/v1/people").body["items"]
    return next(each for each in found if each["name"] == name)


def test_everybody_learns_who_they_are(shop: Shop) -> None:
    pia = shop.get("pia", "/v1/me").body
    assert (pia["kind"], pia["name"], pia["role"]) == ("person", "pia", "packer")
    assert pia["actor"] == f"person:{pia['person']['id']}"
    assert pia["shops"] == [{"seller": a.SELLER, "role": "packer"}]
    erp = shop.get("erp", "/v1/me").body
    assert (erp["kind"], erp["name"], erp["person"], erp["shops"]) == ("integration", "1C", None, [])
    assert erp["actor"] == f"key:{erp['key']}"
    assert shop.get("bench", "/v1/me").body["kind"] == "bench"


def test_somebody_is_taken_in_once_and_histories_say_by_whom(shop: Shop) -> None:
    body = {"name": "Анна Белова", "role": "packer", "warehouses": ["78", "77", "78"]}
    first, again = (shop.post("max", "/v1/people", body, key="one") for _ in range(2))
    assert (first.status, first.body) == (201, again.body)
    assert (first.body["name"], first.body["warehouses"], first.body["has_pin"]) == ("Анна Белова", ["77", "78"], False)
    assert len([each for each in shop.get("olga", "/v1/people").body["items"] if each["name"] == "Анна Белова"]) == 1
    (told,) = shop.store.events(a.SELLER, person_ref(first.body["id"]))
    assert told.event.actor == f"person:{person(shop, 'max')['id']}"


@pytest.mark.parametrize(
    ("who", "role", "allowed"),
    [
        ("olga", "owner", True),
        ("olga", "manager", True),
        ("olga", "packer", True),
        ("max", "owner", False),
        ("max", "manager", False),
        ("max", "packer", True),
        ("max", "support", True),
        ("max", "integration", True),
    ],
)
def test_nobody_makes_anybody_more_than_themselves(shop: Shop, who: str, role: str, allowed: bool) -> None:
    taken = shop.post(who, "/v1/people", {"name": "new", "role": role})
    assert (taken.status, taken.status == 201 or taken.code == "not_allowed") == (201 if allowed else 403, True)
    pia = person(shop, "pia")
    raised = shop.put(who, f"/v1/people/{pia['id']}", {"name": "pia", "role": role}, pia["version"])
    assert raised.status == (200 if allowed else 403)
    if role != "integration":
        target = person(shop, {"owner": "olga", "manager": "max", "packer": "pia", "support": "sam"}[role])
        if target["name"] != who and raised.status != 200:
            removed = shop.post(who, f"/v1/people/{target['id']}/remove", {"reason": "left"})
            assert removed.status == 403


def test_a_manager_cannot_make_themselves_an_owner(shop: Shop) -> None:
    own = person(shop, "max")
    reply = shop.put("max", f"/v1/people/{own['id']}", {"name": "max", "role": "owner"}, own["version"])
    assert (reply.status, reply.code) == (403, "not_allowed")
    reply = shop.post("max", "/v1/keys", {"name": "mine", "role": "owner"})
    assert (reply.status, reply.code) == (403, "not_allowed")
    reply = shop.post("max", "/v1/keys", {"name": "hers", "person": person(shop, "olga")["id"]})
    assert (reply.status, reply.code) == (403, "not_allowed")


def test_two_who_change_one_person_do_not_overwrite_each_other(shop: Shop) -> None:
    pia = person(shop, "pia")
    path = f"/v1/people/{pia['id']}"
    assert shop.put("olga", path, {"name": "Pia B.", "role": "packer"}, pia["version"]).status == 200
    late = shop.put("max", path, {"name": "pia", "role": "support"}, pia["version"])
    assert (late.status, late.code) == (412, "precondition_failed")
    assert shop.get("olga", path).body["name"] == "Pia B."


def test_who_was_removed_is_refused_with_key_session_badge_and_pin_and_their_name_stays(shop: Shop) -> None:
    pia = person(shop, "pia")
    path = f"/v1/people/{pia['id']}"
    badge = shop.post("max", f"{path}/badge").body["code"]
    shop.post("max", f"{path}/pin", {"pin": "2580"})
    token = shop.post("bench", "/v1/sessions", {"badge": badge}).body["token"]
    own = shop.post("pia", "/v1/sessions").body["token"]
    assert [shop.get(who, "/v1/me").status for who in ("pia", token, own)] == [200, 200, 200]
    shop.clock.advance(timedelta(minutes=1))
    reply = shop.post("max", f"{path}/remove", {"reason": "left"})
    assert (reply.status, reply.body["has_badge"], reply.body["has_pin"]) == (200, False, False)
    assert [shop.get(who, "/v1/me").status for who in ("pia", token, own)] == [403, 403, 403]
    for shown in ({"badge": badge}, {"person": pia["id"], "pin": "2580"}):
        assert shop.post("bench", "/v1/sessions", shown).code == "sign_in_refused"
    assert shop.get("olga", path).body["removed_at"] is not None
    assert shop.post("max", f"{path}/remove", {"reason": "left"}).status == 404
    assert [each["state"] for each in shop.get("olga", "/v1/keys").body["items"] if each["person"] == pia["id"]] == [
        "person_removed"
    ]


def test_what_the_gateway_still_believes_makes_nothing_that_lasts(shop: Shop) -> None:
    """Its word may be a minute old: keys, people and sessions are made by who is there now."""
    max_ = person(shop, "max")
    key_id = shop.keys["max"].removeprefix("shp_").partition(".")[0]
    context = {"seller": a.SELLER, "role": "manager", "key_id": key_id, "person": max_["id"]}
    shop.clock.advance(timedelta(minutes=1))
    shop.post("olga", f"/v1/people/{max_['id']}/remove", {"reason": "left"})
    for path, body in (
        ("/v1/keys", '{"name": "back door", "role": "integration"}'),
        ("/v1/people", '{"name": "friend", "role": "packer"}'),
        ("/v1/sessions", "{}"),
    ):
        reply = read_reply(shop.api(http_event("POST", path, body=body, context=context)), "POST", path)
        assert (reply.status, reply.code) == (401, "sign_in_refused"), path


def test_the_last_owner_stays(shop: Shop) -> None:
    olga = person(shop, "olga")
    path = f"/v1/people/{olga['id']}"
    for reply in (
        shop.post("olga", f"{path}/remove", {"reason": "left"}),
        shop.put("olga", path, {"name": "olga", "role": "packer"}, olga["version"]),
    ):
        assert (reply.status, reply.code) == (409, "action_not_offered")
    assert shop.put("olga", path, {"name": "Olga", "role": "owner"}, olga["version"]).status == 200


def test_two_owners_who_remove_each_other_leave_one(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    other = shop.joins("oleg", Role.OWNER)
    olga, commit, inner = person(shop, "olga"), shop.store.commit, []

    def between(*told: Any, **more: Any) -> None:
        monkeypatch.setattr(shop.store, "commit", commit)
        inner.append(shop.post("oleg", f"/v1/people/{olga['id']}/remove", {"reason": "x"}).status)
        commit(*told, **more)

    monkeypatch.setattr(shop.store, "commit", between)
    outer = shop.post("olga", f"/v1/people/{other}/remove", {"reason": "x"})
    assert (inner, outer.status, outer.code) == ([200], 409, "action_not_offered")


def test_a_person_of_two_shops_sees_both_and_each_shop_itself_alone(shop: Shop) -> None:
    shop.joins("nina", Role.OWNER, seller=OTHER)
    olga = person(shop, "olga")
    refused = shop.post("nina", "/v1/people", {"name": "Olga", "role": "packer", "id": olga["id"]})
    assert (refused.status, refused.code) == (404, "not_found")
    # The operator takes the same person in at the other shop.
    operator = Keeper(seller=OTHER, actor=actors.OPERATOR, role=Role.OWNER)
    wanted = Wanted(name="Ольга", role=Role.OWNER)
    add_person(operator, wanted, lambda _: [], identifier=olga["id"], store=shop.store, clock=shop.clock)
    me = shop.get("olga", "/v1/me").body
    assert me["shops"] == [{"seller": a.SELLER, "role": "owner"}, {"seller": OTHER, "role": "owner"}]
    token = shop.post("olga", "/v1/sessions").body["token"]
    moved = shop.post(token, "/v1/sessions/shop", {"seller": OTHER})
    assert (moved.status, moved.body["seller"], moved.body["person"]["name"]) == (201, OTHER, "Ольга")
    assert shop.get(token, "/v1/me").status == 403
    there = shop.get(moved.body["token"], "/v1/people").body["items"]
    assert {each["name"] for each in there} == {"nina", "Ольга"}
    # An owner of both may take one of the one into the other; nobody there learns where else they work.
    pia = person(shop, "pia")
    joined = shop.post(moved.body["token"], "/v1/people", {"name": "Пия", "role": "support", "id": pia["id"]})
    assert joined.status == 201
    assert a.SELLER not in str(shop.get("nina", "/v1/people").body)
    assert person(shop, "pia")["role"] == "packer"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": "", "role": "packer"}, "name"),
    ({"name": " ", "role": "packer"}, "name"),
    ({"name": "a\nb", "role": "packer"}, "name"),
    ({"name": "a\u0000b", "role": "packer"}, "name"),
    ({"name": "a\u2028b", "role": "packer"}, "name"),
    ({"name": "a\u202eb", "role": "packer"}, "name"),
    ({"name": "a\u200bb", "role": "packer"}, "name"),
    ({"name": "x" * 101, "role": "packer"}, "name"),
    ({"name": "x", "role": "station"}, "role"),
    ({"name": "x", "role": "admin"}, "role"),
    ({"name": "x"}, "role"),
    ({"name": "x", "role": "packer", "warehouses": ["a b"]}, "warehouses"),
    ({"name": "x", "role": "packer", "warehouses": ["7,8"]}, "warehouses"),
    ({"name": "x", "role": "packer", "id": "X"}, "id"),
    ({"name": "x", "role": "packer", "seller": OTHER}, "seller"),
]


@pytest.mark.parametrize(("body", "field"), BAD)
def test_a_person_that_makes_no_sense_is_refused_by_field(shop: Shop, body: dict[str, Any], field: str) -> None:
    before = shop.get("olga", "/v1/people").body
    reply = shop.post("olga", "/v1/people", body)
    assert (reply.status, [each.partition("/")[0] for each in reply.fields]) == (400, [field])
    assert shop.get("olga", "/v1/people").body == before


def test_secrets_are_shown_once_and_kept_nowhere(shop: Shop) -> None:
    pia = person(shop, "pia")
    for path, body, field in (
        ("/v1/keys", {"name": "tablet", "person": pia["id"]}, "text"),
        (f"/v1/people/{pia['id']}/badge", {}, "code"),
    ):
        first, again = (shop.post("max", path, body, key=f"once-{field}") for _ in range(2))
        assert first.status == again.status
        assert first.body[field]
        assert again.body == {**first.body, field: None}
        assert first.body[field] not in repr(shop.store._rows)
        assert first.body[field].rpartition(".")[2] not in repr(shop.store._rows)
    shop.post("pia", "/v1/me/pin", {"pin": "2580"}, key="pin")
    assert "IDEM#pin" not in repr(shop.store._rows)
    token = shop.post("pia", "/v1/sessions", {}, key="in").body["token"]
    assert token not in repr(shop.store._rows)


def test_a_pin_is_chosen_by_oneself_or_given_by_a_manager(shop: Shop) -> None:
    pia = person(shop, "pia")
    assert shop.post("pia", "/v1/me/pin", {"pin": "1234"}).fields == ["pin"]
    assert shop.post("erp", "/v1/me/pin", {"pin": "2580"}).code == "not_allowed"
    assert shop.post("pia", "/v1/me/pin", {"pin": "2580"}).body["has_pin"] is True
    signed = shop.post("bench", "/v1/sessions", {"person": pia["id"], "pin": "2580"})
    assert (signed.status, signed.body["role"], bool(signed.body["bench"])) == (201, "packer", True)
    for _ in range(5):
        shop.post("bench", "/v1/sessions", {"person": pia["id"], "pin": "9999"})
    refused = shop.post("bench", "/v1/sessions", {"person": pia["id"], "pin": "2580"})
    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (429, "too_many_tries", "60")
    assert shop.post("max", f"/v1/people/{pia['id']}/pin", {"pin": "1470"}).status == 200
    shop.key_of("bench 4", NewKey(name="bench 4", role=Role.STATION))
    assert shop.post("bench 4", "/v1/sessions", {"person": pia["id"], "pin": "1470"}).status == 201


def test_a_benchs_key_opens_sessions_and_nothing_else(shop: Shop) -> None:
    assert shop.get("bench", "/v1/postings").code == "forbidden"
    assert shop.post("bench", "/v1/sessions", {"badge": "460"}).fields == ["badge"]
    assert shop.post("bench", "/v1/sessions", {"badge": pins.new_badge()}).code == "sign_in_refused"
    assert shop.post("pia", "/v1/sessions", {"pin": "2580"}).code == "invalid_input"
    assert shop.post("erp", "/v1/sessions").code == "sign_in_refused"
    token = shop.post("pia", "/v1/sessions").body["token"]
    assert shop.post(token, "/v1/sessions").code == "action_not_offered"
    assert shop.post(token, "/v1/sessions/close").body == {"closed": True}
    assert shop.get(token, "/v1/me").status == 403
    assert shop.post("pia", "/v1/sessions/close").body == {"closed": False}
    assert shop.post("pia", "/v1/sessions/shop", {"seller": OTHER}).code == "sign_in_refused"


def test_a_badge_that_was_lost_opens_nothing_any_more(shop: Shop) -> None:
    path = f"/v1/people/{person(shop, 'pia')['id']}/badge"
    first = shop.post("max", path).body["code"]
    second = shop.post("max", path).body["code"]
    assert shop.post("bench", "/v1/sessions", {"badge": first}).status == 401
    assert shop.post("bench", "/v1/sessions", {"badge": second}).status == 201
    assert shop.post("max", f"{path}/revoke", {"reason": "lost"}).body["has_badge"] is False
    assert shop.post("bench", "/v1/sessions", {"badge": second}).status == 401
    assert shop.post("max", f"{path}/revoke", {"reason": "lost"}).code == "action_not_offered"


# Keys


def test_keys_are_listed_with_whose_they_are_and_when_they_were_used(shop: Shop) -> None:
    shop.get("pia", "/v1/me")
    found = {each["name"]: each for each in shop.get("max", "/v1/keys").body["items"]}
    assert (found["1C"]["role"], found["1C"]["person"], found["1C"]["used_at"]) == ("integration", None, None)
    by_person = {each["person_name"]: each for each in shop.get("max", "/v1/keys").body["items"]}
    assert by_person["pia"]["used_at"] == "2026-03-02T09:00:00Z"
    assert by_person["sam"]["used_at"] is None
    assert not {"sha256", "secret"} & set(by_person["pia"])


def test_a_key_is_rotated_with_two_that_work_for_a_while(shop: Shop) -> None:
    old = next(each for each in shop.get("max", "/v1/keys").body["items"] if each["name"] == "1C")
    reply = shop.post("max", f"/v1/keys/{old['id']}/rotate", {"overlap": "PT2H"})
    assert (reply.status, reply.body["name"], reply.body["role"]) == (201, "1C", "integration")
    shop.keys["new"] = reply.body["text"]
    assert [shop.get(who, "/v1/me").status for who in ("erp", "new")] == [200, 200]
    assert shop.post("max", f"/v1/keys/{old['id']}/rotate", {}).code == "action_not_offered"
    shop.clock.advance(timedelta(hours=2))
    assert [shop.get(who, "/v1/me").status for who in ("erp", "new")] == [403, 200]
    states = {each["id"]: each for each in shop.get("max", "/v1/keys").body["items"]}
    assert (states[old["id"]]["state"], states[old["id"]]["rotated_to"]) == ("expired", reply.body["id"])
    assert shop.post("max", f"/v1/keys/{reply.body['id']}/rotate", {"overlap": "P31D"}).fields == ["overlap"]


def test_a_key_is_revoked_at_once_and_again_without_harm(shop: Shop) -> None:
    old = next(each for each in shop.get("max", "/v1/keys").body["items"] if each["name"] == "1C")
    for _ in range(2):
        reply = shop.post("max", f"/v1/keys/{old['id']}/revoke", {"reason": "leaked"})
        assert (reply.status, reply.body["state"], reply.body["revoked_at"]) == (200, "revoked", "2026-03-02T09:00:00Z")
        shop.clock.advance(timedelta(minutes=5))
    assert shop.get("erp", "/v1/me").status == 403
    told = [stored.event for stored in shop.store.events(a.SELLER, key_ref(old["id"]))]
    assert [(event.type, event.reason) for event in told] == [("key.made", ""), ("key.revoked", "leaked")]


def test_a_key_of_another_shop_is_as_unknown_as_none(shop: Shop) -> None:
    shop.joins("nina", Role.OWNER, seller=OTHER)
    theirs = shop.get("nina", "/v1/keys").body["items"][0]["id"]
    for identifier in (theirs, "0" * 16):
        for step, body in (("revoke", {"reason": "x"}), ("rotate", {})):
            assert shop.post("olga", f"/v1/keys/{identifier}/{step}", body).code == "not_found"
    assert shop.get("nina", "/v1/me").status == 200


@pytest.mark.parametrize("body", [{"name": "x"}, {"name": "x", "person": "0" * 16, "role": "packer"}])
def test_a_key_is_a_persons_or_has_a_role(shop: Shop, body: dict[str, str]) -> None:
    assert shop.post("olga", "/v1/keys", body).fields == ["person"]
    assert shop.post("olga", "/v1/keys", {"name": "x", "person": "0" * 16}).code == "not_found"
