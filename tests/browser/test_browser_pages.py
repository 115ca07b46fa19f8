"""All pages in Chromium: the policy holds, nothing is cut on a phone, Chinese is drawn, htmx does its part."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from functions.console.texts import LANGUAGES
from shipby.application.cases.opening import list_cases
from shipby.domain.sellers.keys import Role
from tests.browser.browser_support import Site, busy
from tests.support import builders as a

Opened = Callable[..., tuple[Any, Site]]
PAGES = ("", "/bench?number=24219509-0001-1", "/orders", "/orders/24219509-0001-1", "/cases", "/setup", "/none")
NARROW = {"width": 360, "height": 740}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_is_wider_than_a_phone_and_each_keeps_the_policy(opened: Opened, language: str) -> None:
    page, site = opened(busy, role=Role.OWNER, viewport=NARROW, locale=language)
    for path in PAGES:
        page.goto(site.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], path


def test_what_is_touched_at_the_bench_is_large_enough_for_gloves(opened: Opened) -> None:
    page, _ = opened(busy, "/bench?number=24219509-0001-1", viewport=NARROW)
    sizes = page.evaluate(
        "[...document.querySelectorAll('button, input:not([type=hidden]), nav a')]"
        ".map((each) => [each.outerHTML.slice(0, 80), each.getBoundingClientRect().height])"
    )
    assert sizes
    assert [each for each in sizes if each[1] < 44] == []


def test_chinese_letters_are_drawn_and_no_boxes(opened: Opened) -> None:
    page, _ = opened(busy, role=Role.OWNER, locale="zh")
    drawn = page.evaluate(
        """() => ["今", "日", "\\u{10FFFE}"].map((sign) => {
            const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
            canvas.width = canvas.height = 40;
            pen.font = "30px " + getComputedStyle(document.body).fontFamily;
            pen.fillText(sign, 4, 32);
            return [...pen.getImageData(0, 0, 40, 40).data].filter((_, index) => index % 4 === 3).join();
        })"""
    )
    assert len(set(drawn)) == 3


def test_a_case_is_decided_by_two_clicks_without_leaving_the_page(opened: Opened) -> None:
    page, site = opened(busy, "/cases", role=Role.OWNER)
    page.evaluate("window.same = true")
    page.click("li.card summary >> nth=0")
    page.click("li.card button[value=done] >> nth=0")
    page.wait_for_selector("li.card .tag.good")
    assert page.evaluate("window.same") is True
    open_ones = list_cases(a.SELLER, open_only=True, limit=9, cursor=None, store=site.shop.store)["items"]
    assert len(open_ones) == 2  # type: ignore[arg-type]  # a list


def test_today_looks_again_by_itself(opened: Opened) -> None:
    page, site = opened(busy, role=Role.OWNER)
    assert "4 min ago" in page.inner_text("#today")
    site.shop.clock.advance(timedelta(minutes=6))
    page.evaluate("htmx.ajax('GET', '/console', '#today')")
    page.wait_for_selector("text=10 min ago")
    assert page.locator("html").count() == 1


@pytest.mark.parametrize("path", ["/orders/24219511-0014-1", "/cases"])
def test_forms_work_without_any_script(opened: Opened, path: str) -> None:
    page, _ = opened(busy, path, role=Role.OWNER, java_script_enabled=False)
    if path == "/cases":
        page.click("li.card summary >> nth=0")
        page.click("li.card button[value=done] >> nth=0")
        assert page.locator("li.card").count() == 2
    else:
        page.click("button.main >> text=It is picked")
        assert "It is packed" in page.inner_text("main")
