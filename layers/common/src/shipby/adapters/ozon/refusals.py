"""From the marketplace's error texts to our error tree. One table per kind, matched on text.

The envelope is `{"code": <gRPC code>, "message": text, "details": []}`; its code says little, its message carries the
business code as text. Source: official, Errors; the texts marked `seen` come from other public clients.
"""

from __future__ import annotations

import re

from shipby.adapters.ozon.assumptions import BREAKER_RETRY_AFTER, NO_POSTING_AT_ALL
from shipby.adapters.ozon.reading.answers import Node
from shipby.adapters.ozon.refusal_codes import advice_on, own_meaning, wait_of
from shipby.domain.errors import (
    ActionNotOfferedError,
    CredentialsRejectedError,
    MarketplaceRefusedError,
    MarketplaceUnavailableError,
    NotFoundError,
    NotReadyYetError,
    RateLimitedError,
    ShipbyError,
)

ALREADY_SHIPPED = "POSTING_ALREADY_SHIPPED"
ALREADY_CANCELLED = "POSTING_ALREADY_CANCELLED"

_AUTH = (
    "invalid api-key",
    "api-key is deactivated",
    "api-key is missing a required role",
    "api-key is restricted to specific ip",
    "method is not allowed",
    "offer not signed",
    "client-id and api-key headers are required",  # seen
    "invalid client-id",  # seen
)
_SUBSCRIPTION = ("not available with existing subscription",)
_NOT_READY = ("aren't ready", "aren’t ready", "are not ready", "posting_statuses_not_ready")
_NOT_FOUND = ("_NOT_FOUND",)
_BREAKER = "circle is open"

_SHOWN = 300


def message_of(value: object) -> str:
    """The text of an error envelope, in one line and cut; "" if the value is no envelope."""
    if not isinstance(value, dict):
        return ""
    message = value.get("message")
    return re.sub(r"\s+", " ", message).strip()[:_SHOWN] if isinstance(message, str) else ""


def is_envelope(value: object) -> bool:
    """Whether an answer of status 200 is really an error ("not ready" was seen so)."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("code"), int | str)
        and value.get("code") not in (0, "", "0", False)
        and bool(message_of(value))
        and "result" not in value
    )


def breaker_open(text: str) -> bool:
    """Whether the marketplace has switched the method off for some minutes to protect itself."""
    return _BREAKER in text.casefold()


def refusal(status: int, text: str, *, what: str, acts: bool) -> ShipbyError:
    """The error for an answer of status 4xx (or an envelope with 200): nothing was carried out.

    `what` names the method and the id for the message; `text` is the envelope's message ("" where there was none).
    """
    folded = text.casefold()
    said = f"{what}: the marketplace answered {status}: {text or 'without a text'}"
    if breaker_open(text):
        return MarketplaceUnavailableError(f"{said}; wait some minutes", retry_after=BREAKER_RETRY_AFTER)
    if any(one in folded for one in _SUBSCRIPTION):
        return ActionNotOfferedError(f"{said}; the account's subscription does not include this")
    if status == 401 or any(one in folded for one in _AUTH):
        return CredentialsRejectedError(f"{said}; check the seller's Client-Id and Api-Key, its roles and its networks")
    if any(one in folded for one in _NOT_READY):
        return NotReadyYetError(f"{said}; ask again in a minute")
    if too_soon := wait_of(text):
        return RateLimitedError(f"{said}; wait {too_soon:g} s", retry_after=too_soon)
    if means := own_meaning(what, text):
        return MarketplaceRefusedError(f"{said}; {means}", text=text)
    if status == 404 and folded in ("", NO_POSTING_AT_ALL):
        return MarketplaceUnavailableError(f"{said}; the marketplace does not know this method (any more)")
    if status == 404 or any(one in text for one in _NOT_FOUND):
        return NotFoundError(f"{said}; it is not this seller's, or the number is wrong")
    if status == 403 and not acts:
        return CredentialsRejectedError(f"{said}; check the roles of the seller's Api-Key")
    advice = advice_on(what, text)
    return MarketplaceRefusedError(f"{said}; {advice}" if advice else said, text=text or f"HTTP {status}")


def item_error(item: Node) -> str:
    """The error of one item of a per-item answer: text, a list of texts, or an object with a message."""
    value = item.fields.get("error")
    if value is None:
        return ""
    if isinstance(value, list):
        return "; ".join(str(one)[:_SHOWN] for one in value)
    if isinstance(value, dict):
        return message_of(value) or str(value.get("code", ""))[:_SHOWN]
    return str(value)[:_SHOWN]
