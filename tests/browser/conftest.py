"""Fixtures: Chromium, and a page of the console in it. `make console-test` runs these; elsewhere they are skipped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shipby.domain.sellers.keys import Role
from tests.browser.browser_support import CHROMIUM, Site, served
from tests.functions.console.console_support import SECRETS, Browser

PRINTED = "<!doctype html><title>label</title><input autofocus>"
"""It takes the focus, as the viewer of a PDF does."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if not os.environ.get("CONSOLE_BROWSER"):
        pytest.skip("`make console-test` runs the console in Chromium")
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium fonts-noto-cjk")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Any) -> Iterator[Callable[..., tuple[Any, Site]]]:
    """Opens a page of a shop that was filled, with somebody of a role signed in; the browser must not complain."""
    from contextlib import ExitStack

    complaints: list[str] = []
    with ExitStack() as stack:

        def open_page(
            fill: Callable[[Browser], None], path: str = "", role: Role | None = Role.PACKER, **options: Any
        ) -> tuple[Any, Site]:
            site = stack.enter_context(served(fill))
            context = chromium.new_context(**{"locale": "en", **options})
            stack.callback(context.close)
            page = context.new_page()
            page.on("console", lambda said: complaints.append(said.text) if "Security Policy" in said.text else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            home = site.url.removesuffix("/console")
            page.on("request", lambda sent: None if sent.url.startswith(home) else complaints.append(sent.url))
            # Chromium without a screen has nothing to print a PDF with: a page that counts stands in.
            page.route("**/labels/*.pdf", lambda route: route.fulfill(body=PRINTED, content_type="text/html"))
            page.add_init_script("window.print = () => { top.printed = (top.printed || 0) + 1; };")
            if role is not None:
                page.goto(f"{site.url}/login")
                page.fill("#key", SECRETS[role])
                page.click("form.card button")
                page.wait_for_selector("nav")
            page.goto(site.url + path)
            return page, site

        yield open_page
    assert complaints == []
