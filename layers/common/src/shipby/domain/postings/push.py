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

from shipby.domain.json_types import Json, read_json
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
    "TYPE_STOCKS_CHANGED": ("items",),
    "TYPE_CREATE_ITEM": ("offer_id", "product_id", "is_error", "changed_at"),
    "TYPE_UPDATE_ITEM": ("offer_id", "product_id", "is_error", "changed_at"),
    "TYPE_CREATE_OR_UPDATE_ITEM": ("offer_id", "product_id", "is_error", "changed_at"),
    "TYPE_DESCRIPTION_CATEGORY_TREE_CHANGED": ("changed_at",),
}
"""Valid types about nothing this version acts upon, and the fields of each that may be kept: counted."""
_NOTED_PREFIXES = ("TYPE_FBO_", "TYPE_ORDER_")
"""Types of the marketplace's own warehouses and of whole orders: whatever they will be called, they are not ours."""
_OTHER_FIELDS = (
    "posting_number",
    "order_number",
    "uuid",
    "old_state",
    "new_state",
    "created_at",
    "updated_at",
    "items",
)
_STOCK_FIELDS = ("sku", "product_id", "updated_at")
_AMOUNT_FIELDS = ("warehouse_id", "present", "reserved")
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
_KNOWN_FIELDS = _COMMON_FIELDS.union(*_POSTING_FIELDS.values(), *_NOTED_FIELDS.values(), _OTHER_FIELDS)
"""The only field names that a quarantined push may show: any other name could be anything, a person's too."""
_TYPE = re.compile(r"TYPE_[A-Z0-9_]{1,59}")


def _scalar(value: object) -> Json:
    """A short plain value. Anything nested is dropped: no allow-listed field is one, and it may hold personal data."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < _LARGEST else str(value)[:_LONGEST]
    # Half a surrogate pair gets through Python's JSON reader and cannot be stored as UTF-8.
    return value[:_LONGEST].encode("utf-8", "replace").decode() if isinstance(value, str) else None


def _stocks(value: object) -> Json:
    """`items` of a change of stock: which product, where, how many; nothing else of it."""
    return [
        {
            **{name: _scalar(item.get(name)) for name in _STOCK_FIELDS if name in item},
            "stocks": [
                {name: _scalar(stock.get(name)) for name in _AMOUNT_FIELDS if name in stock}
                for stock in _objects(item.get("stocks"))
            ],
        }
        for item in _objects(value)
    ]


def _objects(value: object) -> list[dict[str, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _noted(kind: str, body: Mapping[str, object]) -> dict[str, Json] | None:
    """What is kept of a push that nothing is done about; None if its type is another."""
    names = _NOTED_FIELDS.get(kind)
    if names is None:
        if not kind.startswith(_NOTED_PREFIXES):
            return None
        names = tuple(name for name in _OTHER_FIELDS if name in body)
    return {name: _stocks(body.get(name)) if name == "items" else _scalar(body.get(name)) for name in names}


def _clean_type(value: object) -> str:
    """The type as sent if it looks like one; anything else could hold anything."""
    return value if isinstance(value, str) and _TYPE.fullmatch(value) else "?"


def read_body(raw: bytes) -> tuple[Mapping[str, object] | None, str]:
    """The JSON object of a body, or None and what is wrong with it. Never raises."""
    try:
        # What is not in the encoding that JSON says may name another posting than it seems to.
        raw.decode(json.detect_encoding(raw), "surrogatepass")
        body = read_json(raw)
    except ValueError:
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
    elif (noted := _noted(kind, body)) is not None:
        state, payload = PushState.NOTED, noted
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
