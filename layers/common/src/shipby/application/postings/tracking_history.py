"""Every tracking number that a posting had: who set it and why, who agreed, and when the buyer was told."""

from __future__ import annotations

from collections.abc import Sequence

from shipby.application.ports.sellers import ApiKeyReads
from shipby.application.ports.store import Store
from shipby.application.postings.work_posting import load_posting
from shipby.application.shared.people import name_of
from shipby.application.shared.views import time_text
from shipby.domain.events import EventType, StoredEvent, posting_ref
from shipby.domain.json_types import Json
from shipby.domain.postings.tracking import TrackingChange

_TOLD = {EventType.NOTICE_SENT: "told", EventType.NOTICE_UNDELIVERABLE: "not_told"}


def tracking_numbers(seller: str, number: str, *, store: Store) -> dict[str, Json]:
    """Every change of the tracking number, oldest first. Raises NotFoundError."""
    load_posting(store, seller, number)
    history = store.events(seller, posting_ref(number))
    items: list[Json] = [change_view(change, history, store) for change in store.tracking_history(seller, number)]
    return {"items": items, "next_cursor": None}


def change_view(change: TrackingChange, history: Sequence[StoredEvent], store: ApiKeyReads) -> dict[str, Json]:
    """One change, with the names of those who made it and what became of the letter to the buyer."""
    return {
        "sequence": change.sequence,
        "old": change.old or None,
        "new": change.new,
        "carrier": change.carrier or None,
        "kind": change.kind,
        "reason": change.reason,
        "evidence": list(change.evidence),
        "doubts": list(change.doubts),
        "seen_again": change.seen_again,
        "asked_by": change.asked_by,
        "asked_by_name": name_of(change.asked_by, change.seller, store) or None,
        "asked_at": time_text(change.asked_at),
        "approved_by": change.approved_by or None,
        "approved_by_name": name_of(change.approved_by, change.seller, store) or None,
        "at": time_text(change.at),
        "intent": change.intent_id or None,
        "buyer": _told(change, history),
    }


def _told(change: TrackingChange, history: Sequence[StoredEvent]) -> Json:
    """What became of the letter to the buyer; None where there is none (yet)."""
    changed = next(
        (
            stored.id
            for stored in history
            if stored.event.type is EventType.TRACKING_CHANGED
            and stored.event.data.get("new") == change.new
            and stored.event.data.get("intent", "") == change.intent_id
        ),
        None,
    )
    for stored in history:
        if changed and stored.event.type in _TOLD and stored.event.data.get("about") == changed:
            outcome = _TOLD[stored.event.type]
            return {"outcome": outcome, "at": time_text(stored.event.at), "reason": stored.event.reason or None}
    return None
