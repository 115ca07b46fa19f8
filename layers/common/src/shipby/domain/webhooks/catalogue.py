"""What is published, and in which words: types of events for integrators, on webhooks and on the EventBridge bus."""

from __future__ import annotations

import json
from collections.abc import Mapping

from shipby.domain.events import EVENT_TYPE_VERSION, EventType, StoredEvent
from shipby.domain.json_types import Json

_OURS = frozenset(
    {
        EventType.CHECKS_DUE,
        EventType.BUYER_TELL_DUE,
        EventType.BUYER_ASK_DUE,
        EventType.POSTING_STOCK_PENDING,
        EventType.CARRIAGE_CHECK_DUE,
        EventType.NUMBERS_CHECK_DUE,
        EventType.STOCK_COMPARE_ASKED,
        EventType.INTENT_CHECK_DUE,
        EventType.DIGEST_DUE,
        EventType.DIGEST_TOLD,
        EventType.WATCH_CHANGED,
        EventType.CASE_LOOKED_AT,
        EventType.WEBHOOK_CHANGED,
        EventType.WEBHOOK_DUE,
        EventType.WEBHOOK_ASKED,
        EventType.PERSON_ADDED,
        EventType.PERSON_CHANGED,
        EventType.PERSON_REMOVED,
        EventType.KEY_MADE,
        EventType.KEY_CHANGED,
        EventType.KEY_REVOKED,
        EventType.PUSH_UNHEALTHY,
        EventType.PUSH_RECOVERED,
    }
)
"""Steps of our own machinery, and who may do what here: not for integrators."""
TEST = "webhook.test"
"""What POST /v1/webhooks/{id}/test sends."""
PUBLIC: Mapping[str, int] = {kind.value: EVENT_TYPE_VERSION[kind] for kind in EventType if kind not in _OURS}
"""Type -> the version of its data."""


def is_public(kind: str) -> bool:
    return kind in PUBLIC


def matches(wanted: str, kind: str) -> bool:
    """Whether a type is the one wanted, or of the family wanted: `posting.*`."""
    return wanted == kind or (wanted.endswith(".*") and kind.startswith(wanted[:-1]))


def payload(stored: StoredEvent) -> bytes:
    """The body of a webhook: the same bytes at every try. No event holds personal data."""
    event = stored.event
    return _bytes(
        {
            "type": event.type.value,
            "timestamp": event.at.isoformat(),
            "id": stored.id,
            "seller": stored.seller,
            "kind": stored.ref.kind.value,
            "aggregate_id": stored.ref.id,
            "version": stored.version,
            "index": stored.index,
            "type_version": stored.type_version,
            "actor": event.actor,
            "reason": event.reason,
            "data": dict(event.data),
        }
    )


def test_payload(seller: str, endpoint: str, at: str, actor: str) -> bytes:
    """The body of a test message."""
    return _bytes(
        {
            "type": TEST,
            "timestamp": at,
            "id": f"TEST/{endpoint}/{at}",
            "seller": seller,
            "kind": "TEST",
            "aggregate_id": endpoint,
            "version": 1,
            "index": 0,
            "type_version": 1,
            "actor": actor,
            "reason": "",
            "data": {},
        }
    )


def _bytes(body: Mapping[str, Json]) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def schema(kind: str) -> dict[str, Json]:
    """JSON Schema (2020-12) of a webhook of this type; on the bus `detail` is the same without `type` and `timestamp`,
    which are `detail-type` and `at` there."""
    text: dict[str, Json] = {"type": "string"}
    number: dict[str, Json] = {"type": "integer", "minimum": 0}
    moment: dict[str, Json] = {"type": "string", "format": "date-time"}
    properties: dict[str, Json] = {
        "type": {"const": kind},
        "timestamp": {**moment, "description": "When it happened."},
        "id": {**text, "description": "kind/aggregate_id/version/index: unique a seller, stable over repeats."},
        "seller": text,
        "kind": {**text, "description": "What it happened to, such as POSTING."},
        "aggregate_id": {**text, "description": "Which: of a POSTING its number."},
        "version": {**number, "description": "Of that thing; a later one is a later state."},
        "index": {**number, "description": "Of the events of one version."},
        "type_version": {"const": PUBLIC.get(kind, 1), "description": "Of `data`; another number is another shape."},
        "actor": {**text, "description": "person:<id>, key:<id>, marketplace, or system:<part>."},
        "reason": text,
        "data": {"type": "object", "description": "Fields may be added within a version; none is taken away."},
    }
    required: list[Json] = list(properties)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind,
        "type": "object",
        "properties": properties,
        "required": required,
    }
