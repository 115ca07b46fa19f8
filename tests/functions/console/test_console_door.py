"""Signing in and out, forms of other sites, roles, and what every answer has."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from functions.console.access import BENCH, DESK, EVERYONE, MANAGERS, OFFICE
from functions.console.pages.login import local_path
from functions.console.responses import CSP
from functions.console.routing import ROUTES
from functions.seller_api import permissions as of_the_api
from shipby.application.people.attempts import MOST_REFUSED, WINDOW
from shipby.application.people.console_door import LINK_LIVES, make_link
from shipby.application.ports.writes import SaveAccess
from shipby.domain.people.session import CONSOLE
from shipby.domain.sellers.keys import Role
from tests.functions.console.console_support import PEOPLE, SECRETS, Browser, person_id
from tests.support import builders as a

PAGES = ("", "/orders", "/bench", "/bench/sheet", "/cases", "/setup")
MAY_SEE = {
    "": EVERYONE, "/orders": EVERYONE, "/bench": BENCH, "/bench/sheet": BENCH, "/cases": DESK, "/setup": MANAGERS,
}  # fmt: skip


def test_the_table_of_roles_is_the_apis() -> None:
    mine = (MANAGERS, OFFICE, BENCH, DESK, EVERYONE)
    theirs = (of_the_api.MANAGERS, of_the_api.OFFICE, of_the_api.BENCH, of_the_api.DESK, of_the_api.EVERYONE)
    assert mine == tuple(roles - {Role.STATION} for roles in theirs)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("role", PEOPLE)
def test_each_page_is_for_its_roles_and_says_so_to_the_others(browser: Browser, role: Role, path: str) -> None:
    page = browser.signed_in(role).get(f"/console{path}")

    assert page.status == (200 if role in MAY_SEE[path] else 403)
    if page.status == 403:
        assert "This is not for your role" in page.text
        assert "Ask an owner or manager" in page.text


@pytest.mark.parametrize("path", [*PAGES, "/orders/1-1-1"])
def test_whoever_is_not_signed_in_is_led_to_the_form_and_back(browser: Browser, path: str) -> None:
    page = browser.get(f"/console{path}")

    assert page.status == 303
    assert page.headers["Location"].startswith("/console/login")
    form = browser.get(page.headers["Location"]).form("/console/login")
    answer = browser.post("/console/login", {**form, "key": SECRETS[Role.OWNER]})
    assert (answer.status, answer.headers["Location"]) == (303, f"/console{path}")


def test_every_address_but_those_of_signing_in_wants_somebody() -> None:
    assert {route.pattern for route in ROUTES if route.roles is None} == {"/login", "/logout", "/language"}


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(browser: Browser) -> None:
    answer = browser.post("/console/login", {"key": SECRETS[Role.OWNER]})
    (name,) = browser.cookies
    assert answer.status == 303
    assert name.startswith("__Host-")
    assert all(word in browser.set_cookies[-1] for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Domain" not in browser.set_cookies[-1]


@pytest.mark.parametrize("typed", ["", "shp_x", "shp_0000000000000000." + "x" * 43, "seller-1." + "x" * 43, "<b>"])
def test_a_wrong_key_is_told_and_is_nowhere_in_the_page(browser: Browser, typed: str) -> None:
    page = browser.post("/console/login", {"key": typed})

    assert page.status == 401
    assert "not valid any more" in page.text
    assert not typed or typed not in page.html
    assert browser.cookies == {}


def test_after_ten_wrong_keys_an_address_waits_and_another_does_not(browser: Browser) -> None:
    for _ in range(MOST_REFUSED):
        assert browser.post("/console/login", {"key": "wrong"}).status == 401

    throttled = browser.post("/console/login", {"key": SECRETS[Role.OWNER]})
    elsewhere = replace(browser, source="203.0.113.9", cookies={}).post("/console/login", {"key": SECRETS[Role.OWNER]})
    browser.clock.advance(WINDOW)

    assert (throttled.status, "Too many attempts" in throttled.text) == (429, True)
    assert elsewhere.status == 303
    assert browser.post("/console/login", {"key": SECRETS[Role.OWNER]}).status == 303


def test_a_link_signs_in_once_and_only_when_its_button_is_pressed(browser: Browser) -> None:
    link = make_link(a.SELLER, person_id(Role.OWNER), store=browser.store, clock=browser.clock)

    shown = browser.get(f"/console/login?once={link}")
    assert (shown.status, browser.cookies) == (200, {})
    form = shown.form("/console/login")
    assert browser.post("/console/login", form).status == 303
    assert "Анна Белова" in browser.get("/console").text

    assert replace(browser, cookies={}).post("/console/login", form).status == 401


def test_a_link_that_is_too_old_signs_nobody_in(browser: Browser) -> None:
    link = make_link(a.SELLER, person_id(Role.OWNER), store=browser.store, clock=browser.clock)
    browser.clock.advance(LINK_LIVES)

    assert browser.post("/console/login", {"once": link}).status == 401


def test_a_link_of_somebody_who_was_removed_signs_nobody_in(browser: Browser) -> None:
    link = make_link(a.SELLER, person_id(Role.MANAGER), store=browser.store, clock=browser.clock)
    person = browser.store.person(a.SELLER, person_id(Role.MANAGER))
    assert person is not None
    browser.has(SaveAccess(replace(person, version=2, removed_at=browser.clock.now())))

    assert browser.post("/console/login", {"once": link}).status == 401


def test_a_session_ends_by_signing_out_also_where_its_cookie_was_copied(browser: Browser) -> None:
    owner = browser.signed_in()
    thief = replace(owner, cookies=dict(owner.cookies))
    csrf = owner.get("/console").csrf

    assert owner.post("/console/logout", {"csrf": csrf}).headers["Location"] == "/console/login"

    assert owner.cookies == {}
    assert thief.get("/console").status == 303


def test_a_session_ends_when_nobody_uses_it(browser: Browser) -> None:
    owner = browser.signed_in()
    for _ in range(3):
        browser.clock.advance(CONSOLE.idle - timedelta(minutes=2))
        assert owner.get("/console").status == 200
    browser.clock.advance(CONSOLE.idle)
    assert owner.get("/console").status == 303


def test_with_another_role_the_browser_gets_another_token_and_the_old_one_opens_nothing(browser: Browser) -> None:
    packer = browser.signed_in(Role.PACKER)
    thief = replace(packer, cookies=dict(packer.cookies))
    before = dict(packer.cookies)
    person = browser.store.person(a.SELLER, person_id(Role.PACKER))
    assert person is not None
    browser.has(SaveAccess(replace(person, version=2, role=Role.MANAGER)))

    assert packer.get("/console/setup").status == 200
    assert packer.cookies != before
    assert packer.get("/console/setup").status == 200
    assert thief.get("/console").status == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"origin": "https://console.example"}, 303),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_a_form_of_another_site_does_nothing(browser: Browser, headers: dict[str, str], status: int) -> None:
    owner = browser.signed_in()
    form = {"csrf": owner.get("/console").csrf, "language": "zh"}

    answer = owner.send("POST", "/console/language", form, headers=headers, browser=False)

    assert answer.status == status
    assert ("__Host-lang" in owner.cookies) == (status == 303)


@pytest.mark.parametrize("word", ["", "0" * 64, "й"])
def test_a_form_without_the_sessions_word_does_nothing(browser: Browser, word: str) -> None:
    page = browser.signed_in().post("/console/logout", {"csrf": word})

    assert (page.status, "The form is too old" in page.text) == (403, True)


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example", "/console\\@evil", "/consolevil", "/console/\r\nX: y", "", "/v1/proof"],
)
def test_signing_in_leads_to_pages_of_ours_alone(wanted: str) -> None:
    assert local_path(wanted) == "/console"


@pytest.mark.parametrize("path", ["", "/login", "/orders/none", "/nothing", "/static/0000000000000000/console.css"])
def test_every_answer_has_the_same_strict_policy(browser: Browser, path: str) -> None:
    owner = browser.signed_in()
    answer = owner.get(f"/console{path}")
    assert answer.headers["Content-Security-Policy"] == CSP
    assert "unsafe" not in CSP
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_was_asked_for_in_vain_is_in_no_log(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    owner = browser.signed_in()
    owner.get("/console/orders/SECRET-NUMBER")
    browser.post("/console/login", {"key": "shp_SECRET"})
    assert "SECRET" not in caplog.text
