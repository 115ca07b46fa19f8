"""Pages as people read them: with something, with nothing, and what their forms do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest

from functions.console.texts import LANGUAGES
from shipby.application.cases.opening import list_cases, open_case
from shipby.application.ports.writes import SaveAccess, SaveSettings
from shipby.domain.cases.case import CaseKind
from shipby.domain.errors import StoreUnavailableError
from shipby.domain.market import Market
from shipby.domain.postings.posting import Stage
from shipby.domain.sellers.keys import Role
from shipby.domain.sellers.settings import Automation, LatePolicy, SellerSettings
from tests.browser.browser_support import add_posting, busy, empty
from tests.functions.console.console_support import Browser, person_id
from tests.support import builders as a

PAGES = ("", "/login", "/bench", "/bench/sheet", "/orders", "/orders/24219509-0001-1", "/cases", "/setup", "/nothing")
MOST = 120_000
"""Bytes of a page with everything it loads, compressed."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_every_page_stands_in_every_language(browser: Browser, path: str, language: str) -> None:
    busy(browser)
    page = browser.signed_in(language=language).get(f"/console{path}")

    assert page.status in (200, 303, 404)
    if page.status != 303:
        assert f'<html lang="{language}">' in page.html
        # Nothing is left open, and no text is a code of ours.
        assert "{" not in page.text
        assert "None" not in page.text


@pytest.mark.parametrize("path", PAGES)
def test_no_page_weighs_much(browser: Browser, path: str) -> None:
    busy(browser)
    owner = browser.signed_in(language="ru")
    page = owner.get(f"/console{path}")
    loaded = {unescape(part.split('"')[0]) for part in page.html.split('="')[1:] if part.startswith("/console/static/")}

    assert page.size + sum(owner.get(address).size for address in loaded) <= MOST


# ---- today


def test_today_says_when_what_has_to_leave_and_what_it_costs_otherwise(browser: Browser) -> None:
    busy(browser)
    text = browser.signed_in().get("/console").text

    assert "₽2,250" in text
    assert "12:45 Will be late in 45 min 5 of 11 packed" in text
    assert "9 Pack in 45 min" in text
    assert "Pushes arrive 4 min ago" in text
    assert "Label · 24219509-0003-1" in text


@pytest.mark.parametrize("stages", ["received", "confirmed", "picked,inspected", "packed", "blocked"])
def test_a_figure_of_today_leads_to_exactly_the_rows_that_make_it(browser: Browser, stages: str) -> None:
    busy(browser)
    owner = browser.signed_in()
    board = owner.get("/console").html.split(f'stage={stages}"', 1)[1]
    count = int(board.split('class="count">', 1)[1].split("<", 1)[0])

    assert owner.get(f"/console/orders?stage={stages}").html.count("<tr>") - 1 == count


def test_today_of_a_shop_without_orders_says_so_everywhere(browser: Browser) -> None:
    empty(browser)
    text = browser.signed_in().get("/console").text

    for said in ("Nothing has to leave within two days", "No deadline within 24 hours", "Nothing waits", "No open ret"):
        assert said in text
    assert "Not looked at yet" in text


def test_a_packer_sees_no_cases_and_no_returns_on_today(browser: Browser) -> None:
    busy(browser)
    text = browser.signed_in(Role.PACKER).get("/console").text

    assert "Cases" not in text
    assert "24219377-0002-1" not in text
    assert "12:45" in text


def test_the_moving_part_of_today_comes_alone_for_the_script(browser: Browser) -> None:
    busy(browser)
    part = browser.signed_in().part("/console")

    assert (part.status, "<html" in part.html, "12:45" in part.text) == (200, False, True)


def test_a_store_that_does_not_answer_is_a_page_too(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = browser.signed_in()

    def away(*_: object, **__: object) -> None:
        raise StoreUnavailableError("away")

    monkeypatch.setattr(owner.store, "loads", away)
    page, part = owner.get("/console"), owner.part("/console")

    assert (page.status, part.status) == (503, 503)
    assert "It does not answer right now" in page.text
    assert "<html" not in part.html
    assert "away" not in page.text


def test_a_fault_of_ours_says_its_number_and_nothing_else(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = browser.signed_in()

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(owner.store, "loads", broken)
    page = owner.get("/console")

    assert page.status == 500
    assert "Number of this request: r" in page.text
    assert "secret detail" not in page.html


# ---- orders


def test_a_list_goes_on_where_a_page_ends_and_every_order_is_on_one(browser: Browser) -> None:
    for index in range(57):
        add_posting(browser, f"24219509-{index:04d}-1", Stage.PICKED if index % 2 else Stage.INSPECTED, 5)
    owner, seen, address = browser.signed_in(), [], "/console/orders?stage=picked,inspected"
    for _ in range(4):
        page = owner.get(address)
        seen += [row.split('"', 1)[0] for row in page.html.split('<td><a href="')[1:]]
        if "Next page" not in page.text:
            break
        address = unescape(page.html.split('<a class="button" href="', 1)[1].split('"', 1)[0])
    assert len(seen) == len(set(seen)) == 57


@pytest.mark.parametrize("typed", ["24219509-0001-1", "%20302195090001000%20"])
def test_an_order_is_found_by_its_number_and_by_the_code_of_its_label(browser: Browser, typed: str) -> None:
    busy(browser)
    from tests.browser.browser_support import label_code

    typed = typed if "-" in typed else label_code("24219509-0001-1")
    assert "24219509-0001-1" in browser.signed_in().get(f"/console/orders?q={typed}").text


def test_a_search_in_vain_says_what_to_do(browser: Browser) -> None:
    assert "Scan the largest barcode" in browser.signed_in().get("/console/orders?q=xyz").text


@pytest.mark.parametrize("cursor", ["0.xyz", "9.", "-1.", "0." + "A" * 3000, "."])
def test_a_cursor_that_is_none_of_ours_breaks_nothing(browser: Browser, cursor: str) -> None:
    assert browser.signed_in().get(f"/console/orders?cursor={cursor}").status in (200, 400)


def test_an_order_shows_its_clocks_in_three_zones_and_its_story_with_names(browser: Browser) -> None:
    empty(browser)
    add_posting(browser, "24219509-0001-1", Stage.RECEIVED, 4)
    owner = browser.signed_in()
    form = owner.get("/console/orders/24219509-0001-1").form("/console/orders/24219509-0001-1/do")
    owner.post("/console/orders/24219509-0001-1/do", form)
    text = owner.get("/console/orders/24219509-0001-1").text

    assert "Europe/Moscow Asia/Shanghai UTC" in text
    assert "Hand-over 02 Mar 16:00 02 Mar 21:00 02 Mar 13:00 in 4 h ₽150" in text
    assert "Confirmed 12:00 · Анна Белова" in text
    assert "It is picked" in text


def test_a_double_click_does_a_step_once(browser: Browser) -> None:
    add_posting(browser, "24219509-0001-1", Stage.RECEIVED, 4)
    owner = browser.signed_in()
    form = owner.get("/console/orders/24219509-0001-1").form("/console/orders/24219509-0001-1/do")

    answers = [owner.post("/console/orders/24219509-0001-1/do", form) for _ in range(3)]

    assert [answer.status for answer in answers] == [303, 303, 303]
    posting = browser.store.posting(a.SELLER, "24219509-0001-1")
    assert posting is not None
    assert (posting.stage, posting.version) == (Stage.CONFIRMED, 2)


def test_a_step_from_an_old_page_is_refused_in_words(browser: Browser) -> None:
    add_posting(browser, "24219509-0001-1", Stage.RECEIVED, 4)
    owner = browser.signed_in()
    form = owner.get("/console/orders/24219509-0001-1").form("/console/orders/24219509-0001-1/do")
    owner.post("/console/orders/24219509-0001-1/do", form)

    late = owner.post("/console/orders/24219509-0001-1/do", {**form, "once": "another"})

    assert (late.status, "Somebody else was faster" in late.text) == (409, True)


def test_going_on_with_a_blocked_order_needs_a_reason_that_the_story_keeps(browser: Browser) -> None:
    busy(browser)
    owner, path = browser.signed_in(), "/console/orders/24219512-0031-1"
    form = owner.get(path).form(f"{path}/do")

    assert owner.post(f"{path}/do", form).status == 400
    assert owner.post(f"{path}/do", {**form, "once": "2", "reason": "another cup was there"}).status == 303
    assert "another cup was there" in owner.get(path).text


def test_who_works_in_one_warehouse_changes_nothing_in_another(browser: Browser) -> None:
    add_posting(browser, "24219509-0001-1", Stage.RECEIVED, 4)
    person = browser.store.person(a.SELLER, person_id(Role.MANAGER))
    assert person is not None
    browser.has(SaveAccess(replace(person, version=2, warehouses=("elsewhere",))))
    manager, path = browser.signed_in(Role.MANAGER), "/console/orders/24219509-0001-1"

    assert manager.post(f"{path}/do", manager.get(path).form(f"{path}/do")).status == 403


def test_what_support_may_not_do_is_refused_although_the_form_was_sent(browser: Browser) -> None:
    add_posting(browser, "24219509-0001-1", Stage.RECEIVED, 4)
    support, path = browser.signed_in(Role.SUPPORT), "/console/orders/24219509-0001-1"

    assert support.post(f"{path}/do", support.get(path).form(f"{path}/do")).status == 403


def test_the_office_has_an_order_assembled_once_and_a_packer_does_not(browser: Browser) -> None:
    browser.has_posting(a.posting(stage=Stage.CONFIRMED), a.detail(requirements={}))
    owner, packer, path = browser.signed_in(), browser.signed_in(Role.PACKER), f"/console/orders/{a.NUMBER}"
    page = owner.get(path)
    form = {**page.form(f"{path}/do"), "command": "ship"}

    refused = packer.post(f"{path}/do", {**form, "csrf": packer.get(path).csrf})
    answers = [owner.post(f"{path}/do", form) for _ in range(2)]

    assert "Assemble at Ozon" in page.text
    assert (refused.status, [answer.status for answer in answers]) == (403, [303, 303])
    posting = browser.store.posting(a.SELLER, a.NUMBER)
    assert posting is not None
    assert len(posting.open_intents) == 1
    assert "A call to Ozon is under way" in owner.get(path).text


def test_cut_offs_of_one_minute_are_one_lamp_as_bad_as_the_worst(browser: Browser) -> None:
    empty(browser)
    for index in range(3):
        add_posting(browser, f"24219509-{index:04d}-1", Stage.PICKED, 5 + index / 3600)
    page = browser.signed_in().get("/console")

    assert page.html.count('<li class="lamp ') == 1
    assert "0 of 3 packed" in page.text


def test_an_order_of_another_seller_cannot_be_told_from_none(browser: Browser) -> None:
    browser.has_posting(a.posting(seller="seller-2", number="1-1-1"))
    owner = browser.signed_in()
    theirs, none = owner.get("/console/orders/1-1-1"), owner.get("/console/orders/1-1-2")

    assert (theirs.status, theirs.text.replace("1-1-1", "")) == (404, none.text.replace("1-1-2", ""))


def test_a_label_comes_from_our_own_address_and_only_while_it_may_print(browser: Browser) -> None:
    busy(browser)
    owner = browser.signed_in()
    label, none = owner.get("/console/labels/24219509-0001-1.pdf"), owner.get("/console/labels/24219401-0007-1.pdf")

    assert (label.status, label.headers["Content-Type"], label.raw[:5]) == (200, "application/pdf", b"%PDF-")
    assert none.status == 404


# ---- cases


def test_a_case_is_closed_by_two_clicks_once_and_by_whom(browser: Browser) -> None:
    busy(browser)
    owner = browser.signed_in()
    form = owner.get("/console/cases").form("/console/cases/")
    address = owner.get("/console/cases").html.split('action="/console/cases/', 1)[1].split('"', 1)[0]

    replies = [
        owner.post(f"/console/cases/{address}", {**form, "outcome": "done", "words": "called them"}) for _ in range(2)
    ]

    assert [reply.status for reply in replies] == [303, 303]
    left = list_cases(a.SELLER, open_only=True, limit=9, cursor=None, store=browser.store)["items"]
    assert len(left) == 2  # type: ignore[arg-type]  # a list
    assert "done, at the console: called them" in owner.get("/console/cases?closed=1").text


def test_a_closed_case_comes_back_as_its_own_row_for_the_script(browser: Browser) -> None:
    busy(browser)
    owner = browser.signed_in()
    page = owner.get("/console/cases")
    address = page.html.split('action="/console/cases/', 1)[1].split('"', 1)[0]

    row = owner.post(
        f"/console/cases/{address}", {**page.form("/console/cases/"), "outcome": "not_needed"}, hx_request="true"
    )

    assert (row.status, row.html.strip().startswith("<li"), "closed" in row.text) == (200, True, True)


def test_support_reads_cases_and_closes_none(browser: Browser) -> None:
    open_case(
        browser.store,
        seller=a.SELLER,
        kind=CaseKind.MONEY,
        subject="1-1-1",
        reason="it differs",
        owner="",
        now=a.NOW - timedelta(days=2),
        actor="system:alarm_worker",
    )
    page = browser.signed_in(Role.SUPPORT).get("/console/cases")

    assert "it differs" in page.text
    assert "Decide" not in page.text


# ---- set-up


def test_five_answers_change_five_lines_of_the_policy_and_nothing_else(browser: Browser) -> None:
    before = SellerSettings(seller=a.SELLER, version=1, auto_cancel=Automation.SHADOW, cancel_reason_id=400)
    browser.has(SaveSettings(before))
    owner = browser.signed_in()
    page = owner.get("/console/setup")
    answers = {
        "preset": "cn-rfbs",
        "language": "zh",
        "time_zone": "Asia/Shanghai",
        "confirm_hours": "4",
        "hand_over_minutes": "60",
    }

    saved = [owner.post("/console/setup", {**page.form("/console/setup"), **answers}) for _ in range(2)]

    assert [reply.status for reply in saved] == [303, 303]
    assert browser.store.settings(a.SELLER) == replace(
        before,
        version=2,
        market=Market.GLOBAL,
        policy=LatePolicy.CROSS_BORDER_RFBS,
        language="zh",
        time_zone="Asia/Shanghai",
        confirm_within=timedelta(hours=4),
        hand_over_before=timedelta(minutes=60),
    )
    assert page.html.count("<legend>") + page.html.count('<label for="') == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [("preset", "x"), ("language", "de"), ("time_zone", "../etc"), ("confirm_hours", "0"), ("hand_over_minutes", "٣")],
)
def test_an_answer_that_is_none_changes_nothing(browser: Browser, name: str, value: str) -> None:
    empty(browser)
    owner = browser.signed_in()
    form = owner.get("/console/setup").form("/console/setup")
    answers = {"preset": "ru-fbs", "language": "ru", "time_zone": "UTC", "confirm_hours": "2", "hand_over_minutes": "0"}

    reply = owner.post("/console/setup", {**form, **answers, name: value})

    assert (reply.status, "That cannot be right" in reply.text) == (400, True)
    settings = browser.store.settings(a.SELLER)
    assert settings is not None
    assert settings.version == 1


def test_answers_of_an_old_page_overwrite_nobody(browser: Browser) -> None:
    empty(browser)
    owner = browser.signed_in()
    form = owner.get("/console/setup").form("/console/setup")
    answers = {"preset": "ru-fbs", "language": "ru", "time_zone": "UTC", "confirm_hours": "2", "hand_over_minutes": "0"}
    browser.has(SaveSettings(SellerSettings(seller=a.SELLER, version=2, language="zh")))

    assert owner.post("/console/setup", {**form, **answers}).status == 409
