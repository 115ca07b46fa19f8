"""Push notifications: what may be kept of them, and why one makes no sense.

Source: ozon Seller API, push section. A push carries no signature and no event id; it is only ever a hint to read the
posting again. Personal data (chat text, users) is dropped here, before anything is written. This module is on the
webhook's path: standard library only.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime

from shipby.domain.json_types import Json
from shipby.domain.postings.inbox import PushRow, PushState

MAX_BODY = 64 * 1024
"""Bytes. The largest official example is 0.6 KB."""
WINDOW_SECONDS = 10
"""Exact repeats inside one window are one hint. Kept short, because a date can move A->B->A->B: a later repeat of the
same body is news, and reading a posting twice is cheap (reads are coalesced)."""

_POSTING_FIELDS: Mapping[str, tuple[str, ...]] = {
    "TYPE_NEW_POSTING": (
        "in_process_at",
        "shipment_date",
        "tpl_integration_type",
        "is_express",
        "tracking_number",
        "delivery_date_begin",
        "delivery_date_end",
        "warehouse_id",
    ),
    "TYPE_POSTING_CANCELLED": ("old_state", "new_state", "changed_state_date", "warehouse_id"),
    "TYPE_STATE_CHANGED": ("new_state", "changed_state_date", "warehouse_id"),
    "TYPE_CUTOFF_DATE_CHANGED": ("new_cutoff_date", "old_cutoff_date", "warehouse_id"),
    "TYPE_DELIVERY_DATE_CHANGED": (
        "new_delivery_date_begin",
        "new_delivery_date_end",
        "old_delivery_date_begin",
        "old_delivery_date_end",
        "warehouse_id",
    ),
}
"""FBS and rFBS types that name a posting, and the fields of each that may be kept."""
_NOTED_FIELDS: Mapping[str, tuple[str, ...]] = {
    "TYPE_NEW_MESSAGE": ("chat_id", "chat_type", "message_id", "created_at"),
    "TYPE_UPDATE_MESSAGE": ("chat_id", "chat_type", "message_id", "created_at", "updated_at"),
    "TYPE_MESSAGE_READ": ("chat_id", "chat_type", "message_id", "created_at"),
    "TYPE_CHAT_CLOSED": ("chat_id", "chat_type"),
    "TYPE_STOCKS_CHANGED": (),
    "TYPE_CREATE_ITEM": ("offer_id", "product_id", "is_error", "changed_at"),
    "TYPE_UPDATE_ITEM": ("offer_id", "product_id", "is_error", "changed_at"),
    "TYPE_CREATE_OR_UPDATE_ITEM": ("offer_id", "product_id", "is_error", "changed_at"),
    "TYPE_DESCRIPTION_CATEGORY_TREE_CHANGED": ("changed_at",),
    "TYPE_FBO_POSTING_NEW": ("posting_number", "uuid"),
    "TYPE_FBO_POSTING_CANCELLED": ("posting_number", "uuid"),
    "TYPE_FBO_POSTING_STATE_CHANGED": ("posting_number", "uuid"),
    "TYPE_FBO_POSTING_DELIVERY_DATE_CHANGED": ("posting_number", "uuid"),
    "TYPE_ORDER_NEW": ("order_number", "uuid", "created_at"),
    "TYPE_ORDER_STATE_CHANGED": ("order_number", "uuid", "old_state", "new_state", "updated_at"),
}
"""Valid types about nothing this version keeps: counted, never acted upon."""
_NO_SELLER = frozenset({"TYPE_DESCRIPTION_CATEGORY_TREE_CHANGED"})
_LONGEST = 64


_LARGEST = 2**63
"""Ids of the marketplace are int64; longer numbers do not fit the store's 38 digits."""
_COMMON_FIELDS = frozenset(
    {
        "message_type",
        "seller_id",
        "posting_number",
        "order_number",
        "products",
        "reason",
        "items",
        "user",
        "data",
        "time",
    }
)
_KNOWN_FIELDS = _COMMON_FIELDS.union(*_POSTING_FIELDS.values(), *_NOTED_FIELDS.values())
"""The only field names that a quarantined push may show: any other name could be anything, a person's too."""
_TYPE = re.compile(r"TYPE_[A-Z_]{1,50}")


def _scalar(value: object) -> Json:
    """A short plain value. Anything nested is dropped: no allow-listed field is one, and it may hold personal data."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < _LARGEST else str(value)[:_LONGEST]
    # Half a surrogate pair gets through Python's JSON reader and cannot be stored as UTF-8.
    return value[:_LONGEST].encode("utf-8", "replace").decode() if isinstance(value, str) else None


def _clean_type(value: object) -> str:
    """The type as sent if it looks like one; anything else could hold anything."""
    return value if isinstance(value, str) and _TYPE.fullmatch(value) else "?"


def read_body(raw: bytes) -> tuple[Mapping[str, object] | None, str]:
    """The JSON object of a body, or None and what is wrong with it. Never raises."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return None, "not JSON"
    if not isinstance(body, dict):
        return None, "JSON, but not an object"
    return body, ""


def is_ping(body: Mapping[str, object] | None) -> bool:
    """TYPE_PING comes at connect and periodically, and wants an answer of its own."""
    return body is not None and body.get("message_type") == "TYPE_PING"


def judge(raw: bytes, body: Mapping[str, object] | None, problem: str, *, seller: str, at: datetime) -> PushRow:
    """What to keep of an authenticated push. Never raises: what makes no sense becomes a quarantined row.

    The kept payload holds only allow-listed fields; a quarantined one names its fields and size, never its values.
    """
    kind = _clean_type(body.get("message_type", "?")) if body else "?"
    state, number, payload = PushState.RECEIVED, "", {}
    if body is None:
        state = PushState.QUARANTINED
    elif kind in _NOTED_FIELDS:
        state, payload = PushState.NOTED, {name: _scalar(body.get(name)) for name in _NOTED_FIELDS[kind]}
    elif kind in _POSTING_FIELDS:
        number = str(body.get("posting_number") or "")[:_LONGEST]
        payload = {name: _scalar(body.get(name)) for name in _POSTING_FIELDS[kind] if name in body}
        if not number:
            state, problem = PushState.QUARANTINED, "posting_number is missing"
        elif not all(char.isascii() and (char.isalnum() or char in "-_") for char in number):
            state, problem, number = PushState.QUARANTINED, "posting_number has characters no posting has", ""
    else:
        state, problem = PushState.QUARANTINED, "unknown message_type"
    if body is not None and state is not PushState.QUARANTINED and kind not in _NO_SELLER:
        told = str(body.get("seller_id", ""))
        if told != seller:
            state, problem, number = PushState.QUARANTINED, "seller_id is not the seller of this push URL", ""
    if state is PushState.QUARANTINED:
        names = sorted(_KNOWN_FIELDS.intersection(body)) if body else []
        payload = {"fields": names, "bytes": len(raw)}
    return PushRow(
        seller=seller,
        type=kind,
        digest=hashlib.sha256(raw).hexdigest(),
        window=int(at.timestamp()) // WINDOW_SECONDS,
        received_at=at,
        state=state,
        posting_number=number,
        payload=payload,
        problem=problem,
    )
