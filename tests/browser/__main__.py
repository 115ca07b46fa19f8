"""Pictures of every page in three languages, on a desk and on a phone: python -m tests.browser <folder> [name]"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import sync_playwright

from functions.console.texts import LANGUAGES
from shipby.domain.sellers.keys import Role
from tests.browser.browser_support import CHROMIUM, Site, busy, empty, served
from tests.functions.console.console_support import SECRETS

SIZES = {"desk": (1200, 850), "phone": (390, 844)}
COLOURS: dict[str, Literal["dark", "light"]] = {"desk": "light", "phone": "dark"}
PAGES = {
    "login": ("/login", busy, None),
    "today": ("", busy, Role.OWNER),
    "today-empty": ("", empty, Role.OWNER),
    "bench": ("/bench", busy, Role.PACKER),
    "bench-open": ("/bench?number=24219509-0001-1", busy, Role.PACKER),
    "bench-wrong": ("/bench?number=24219509-0001-1", busy, Role.PACKER),
    "bench-done": ("/bench?number=24219509-0000-1", busy, Role.PACKER),
    "orders": ("/orders?stage=picked,inspected", busy, Role.OWNER),
    "order": ("/orders/24219509-0001-1", busy, Role.OWNER),
    "cases": ("/cases", busy, Role.OWNER),
    "setup": ("/setup", busy, Role.OWNER),
    "sheet": ("/bench/sheet", busy, Role.PACKER),
    "missing": ("/orders/1-1-1", busy, Role.OWNER),
    "forbidden": ("/cases", busy, Role.PACKER),
}
SCANS = {"bench-wrong": "149999999", "bench-done": "149123456"}
"""What is scanned before the picture is taken."""


def sign_in(page: Any, site: Site, role: Role) -> None:
    """By the form, with the role's key."""
    page.goto(f"{site.url}/login")
    page.fill("#key", SECRETS[role])
    page.click("form.card button")
    page.wait_for_selector("nav")


def picture(chromium: Chromium, site: Site, name: str, language: str, size: str, target: Path) -> None:
    address, _, role = PAGES[name]
    width, height = SIZES[size]
    context = chromium.new_context(
        viewport={"width": width, "height": height},
        locale=language,
        color_scheme=COLOURS[size],
    )
    page = context.new_page()
    page.route("**/labels/*.pdf", lambda route: route.fulfill(body="label", content_type="text/html"))
    if role is not None:
        sign_in(page, site, role)
    page.goto(site.url + address)
    if name in SCANS:
        page.keyboard.type(SCANS[name])
        page.keyboard.press("Enter")
        page.wait_for_selector(".bench.wrong, .bench.done")
    page.screenshot(path=str(target / f"{name}-{language}-{size}.png"), full_page=size == "phone")
    context.close()


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        for name in names or PAGES:
            for language in LANGUAGES:
                for size in SIZES:
                    with served(PAGES[name][1]) as site:
                        picture(chromium, site, name, language, size, folder)
        chromium.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
