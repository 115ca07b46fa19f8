"""Health of the push URLs registered with the marketplace. Source: /v1/notification/list."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

from shipby.adapters.ozon.reading.answers import Node, unreadable
from shipby.adapters.ozon.reading.entries import Fields, nodes_of, or_noted
from shipby.application.cases.odd_entries import Listed
from shipby.application.ports.marketplace import PushUrlHealth
from shipby.domain.cases.watches import DISABLED

UNREADABLE = "UNREADABLE"
"""State of an address of which the marketplace says nothing that can be read."""


def push_urls_of(answer: Node) -> tuple[list[PushUrlHealth], int]:
    """The addresses of one page, and how many there are in all. One that is no object counts as unreadable."""
    page = [push_url_health(node) for node in nodes_of(answer, "urls", Listed.PUSH_URL)]
    page += [PushUrlHealth(url="", state=UNREADABLE)] * (len(answer.listed("urls")) - len(page))
    return page, or_noted(Listed.PUSH_URL, answer, lambda: answer.integer("total_count"), 0)


def push_url_health(entry: Node) -> PushUrlHealth:
    """State of one URL: GREEN, YELLOW, RED, or DISABLED with who or what disabled it."""
    odd = Fields(entry)
    names = ("problematic_type", "disable_reason", "reason_details")
    parts = [odd.maybe(name, partial(entry.text, name), "") for name in names]
    found = PushUrlHealth(
        url=odd.maybe("url", lambda: without_secret(entry.text("url")), ""),
        state=odd.maybe("state", lambda: _state(entry), UNREADABLE),
        reason=", ".join(part for part in parts if part),
    )
    odd.noted(Listed.PUSH_URL, found.url)
    return found


def _state(entry: Node) -> str:
    return entry.text("availability_status") if entry.flag("enable") else DISABLED


def without_secret(url: str) -> str:
    """The URL with the secret of `{seller}.{secret}` masked, because it is as good as a password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise unreadable("url", "a web address") from None
    head, _, last = parts.path.rpartition("/")
    seller, dot, _ = last.partition(".")
    return f"{parts.scheme}://{parts.hostname or ''}{head}/{f'{seller}.' if dot else ''}***"
