"""Health of the push URLs registered with the marketplace. Source: /v1/notification/list."""

from __future__ import annotations

from urllib.parse import urlsplit

from shipby.adapters.ozon.answers import Node
from shipby.application.ports import PushUrlHealth

DISABLED = "DISABLED"


def push_url_health(entry: Node) -> PushUrlHealth:
    """State of one URL: GREEN, YELLOW, RED, or DISABLED with who or what disabled it."""
    enabled = entry.flag("enable")
    parts = (entry.text("problematic_type"), entry.text("disable_reason"), entry.text("reason_details"))
    return PushUrlHealth(
        url=without_secret(entry.text("url")),
        state=entry.text("availability_status") if enabled else DISABLED,
        reason=", ".join(part for part in parts if part),
    )


def without_secret(url: str) -> str:
    """The URL with the secret of `{seller}.{secret}` masked, because it is as good as a password."""
    parts = urlsplit(url)
    head, _, last = parts.path.rpartition("/")
    seller, dot, _ = last.partition(".")
    return f"{parts.scheme}://{parts.hostname or ''}{head}/{f'{seller}.' if dot else ''}***"
