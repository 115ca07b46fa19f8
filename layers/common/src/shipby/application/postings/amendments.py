"""What the marketplace changed in an order, as people read it, and that somebody has seen it."""

from __future__ import annotations

from dataclasses import dataclass

from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.postings.views import posting_view
from shipby.application.postings.work_posting import check_version, load_posting, step_writes
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.application.shared.views import time_text
from shipby.domain.deadlines.amending import seen
from shipby.domain.events import EventType, StoredEvent, posting_ref
from shipby.domain.json_types import Json
from shipby.domain.postings.amendments import CUT_OFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Who has seen the change of which posting, and what was done."""

    seller: str
    number: str
    actor: str
    reason: str = ""
    if_match: int | None = None


def amendments_of(seller: str, number: str, *, store: Store) -> dict[str, Json]:
    """Every change of an order, oldest first. Raises NotFoundError."""
    posting = load_posting(store, seller, number)
    found = (_view(stored) for stored in store.events(seller, posting_ref(number)))
    return {
        "posting_number": number,
        "waits": posting.amended or None,
        "items": [each for each in found if each is not None],
    }


def _view(stored: StoredEvent) -> dict[str, Json] | None:
    event = stored.event
    changes = event.data.get("changes")
    if not isinstance(changes, list):
        if event.type is not EventType.POSTING_CUT_OFF_MOVED:
            return None
        changes = [{"what": CUT_OFF, "old": event.data.get("old"), "new": event.data.get("new"), "sku": None}]
    return {
        "version": stored.version,
        "at": time_text(event.at),
        "since": event.data.get("since"),
        "changes": changes,
        "undone": event.data.get("to") if event.type is EventType.POSTING_AMENDED else None,
        "stopped": event.data.get("stopped") is True,
        "split": event.data.get("split") is True,
    }


def seen_by(look: Look, remember: Remember, *, store: Store, clock: Clock) -> Answer:
    """Work goes on. Raises NotFoundError, PreconditionFailedError, StageMismatchError (nothing waits to be seen)."""

    def once() -> Answer:
        posting = load_posting(store, look.seller, look.number)
        check_version(posting, look.if_match)
        step = seen(posting, at=clock.now(), actor=look.actor, reason=look.reason)
        answer = Answer(200, posting_view(step.posting))
        store.commit([*step_writes(posting, step), *remember(answer)])
        return answer

    return decide_anew(once)
