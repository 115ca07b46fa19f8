"""From a method and a path to a page. The module of its area alone is loaded: a request has one address."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

from functions.console.access import BENCH, DESK, EVERYONE, MANAGERS, OFFICE
from shipby.domain.sellers.keys import Role

if TYPE_CHECKING:
    from functions.console.responses import Response
    from functions.console.visit import Visit

NUMBER: Final = r"(?P<number>[^/]{1,100})"


@dataclass(frozen=True, slots=True)
class Route:
    """One address of the console."""

    method: str
    pattern: str
    page: str
    """module:function of `functions.console.pages`."""
    roles: frozenset[Role] | None
    """None: also for somebody who is not signed in."""
    area: str = ""

    def run(self, visit: Visit, parts: Mapping[str, str]) -> Response:
        module, _, name = self.page.partition(":")
        page: Callable[..., Response] = getattr(import_module(f"functions.console.pages.{module}"), name)
        return page(visit, **parts)


ROUTES: Final[tuple[Route, ...]] = (
    Route("GET", "", "today:show", EVERYONE, "today"),
    Route("GET", "/login", "login:show", None),
    Route("POST", "/login", "login:sign_in", None),
    Route("POST", "/logout", "login:sign_out", None),
    Route("POST", "/language", "login:choose_language", None),
    Route("GET", "/orders", "orders:show_list", EVERYONE, "orders"),
    Route("GET", f"/orders/{NUMBER}", "orders:show", EVERYONE, "orders"),
    Route("POST", f"/orders/{NUMBER}/do", "orders:act", BENCH, "orders"),
    Route("GET", f"/labels/{NUMBER}.pdf", "labels:show", EVERYONE, "orders"),
    Route("GET", "/bench", "bench:show", BENCH, "bench"),
    Route("POST", "/bench/scan", "bench:scan", BENCH, "bench"),
    Route("GET", "/bench/sheet", "bench:sheet", BENCH, "bench"),
    Route("GET", "/cases", "cases:show", DESK, "cases"),
    Route("POST", "/cases/(?P<identifier>[^/]{1,200})/close", "cases:close", OFFICE, "cases"),
    Route("GET", "/setup", "setup:show", MANAGERS, "setup"),
    Route("POST", "/setup", "setup:save", MANAGERS, "setup"),
)


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The page of an address and the parts of it."""
    wanted = "GET" if method == "HEAD" else method
    for route in ROUTES:
        match = re.fullmatch(route.pattern, path) if route.method == wanted else None
        if match is not None:
            return route, match.groupdict()
    return None


def knows(path: str) -> bool:
    """Whether the address is there with another method."""
    return any(re.fullmatch(route.pattern, path) for route in ROUTES)
