"""Replay: rebuild a posting or return from its history, show each decision, hold the result against what is stored.

Personal data is not part of it: none is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from shipby.application.ports.sellers import Pushes
from shipby.application.ports.store import Store
from shipby.application.shared.paging import every
from shipby.application.shared.shadowing import policy_of
from shipby.application.shared.views import time_text
from shipby.domain.errors import NotFoundError
from shipby.domain.events import AggregateKind, Ref, StoredEvent
from shipby.domain.intents import Intent
from shipby.domain.json_types import Json
from shipby.domain.postings.inbox import PushRow
from shipby.domain.proof.replay import SYNCED_AT, Rebuilt, canonical, differences, rebuild

PUSHES_KEPT = timedelta(days=30)
_MOST_DAYS = 45
"""Days of pushes that are looked through; older ones are gone anyway."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What the history tells and whether it gives the stored item."""

    ref: Ref
    history: Sequence[StoredEvent]
    intents: Mapping[str, Intent]
    pushes: Sequence[PushRow]
    pushes_since: datetime | None
    """Pushes before it are gone; None where the whole life is covered."""
    stored: Mapping[str, Json] | None
    rebuilt: Rebuilt
    gaps: tuple[str, ...]
    """What is missing of the history, in words."""
    unequal: Mapping[str, tuple[Json, Json]]
    """Attribute -> (rebuilt, stored)."""

    @property
    def equal(self) -> bool:
        """The rebuilt item is the stored one, and nothing of its history is missing or was edited."""
        return not self.gaps and not self.unequal and self.rebuilt.item is not None


def replay(seller: str, ref: Ref, *, store: Store, now: datetime, with_pushes: bool = True) -> Replay:
    """Rebuild an item from its events; without its pushes it is cheap enough for every posting of a day.

    Raises NotFoundError where there is neither item nor history.
    """
    history = store.events(seller, ref)
    stored = store.stored_item(seller, ref)
    if stored is None and not history:
        raise NotFoundError(f"there is no {str(ref.kind).lower()} {ref.id}")
    versions = sorted({event.version for event in history})
    rebuilt = rebuild(store.item_changes(seller, ref), versions)
    gaps = (*_gaps(history, stored), *_edited(rebuilt))
    unequal: Mapping[str, tuple[Json, Json]] = {}
    if stored is not None and rebuilt.item is not None:
        unequal = differences(rebuilt.item, stored)
    pushes, since = _pushes(seller, ref, history, store, now) if with_pushes else ((), None)
    intents = {intent.id: intent for intent in store.intents(seller, ref)}
    return Replay(ref, history, intents, pushes, since, stored, rebuilt, gaps, unequal)


def _gaps(history: Sequence[StoredEvent], stored: Mapping[str, Json] | None) -> tuple[str, ...]:
    found: list[str] = []
    counts: dict[int, list[StoredEvent]] = {}
    for event in history:
        counts.setdefault(event.version, []).append(event)
    newest = stored.get("version") if stored is not None else None
    last = newest if isinstance(newest, int) else max(counts, default=0)
    if stored is None:
        found.append("the item itself is gone")
    for version in range(1, max(last, *counts, 0) + 1):
        events = counts.get(version)
        if events is None:
            found.append(f"version {version} has no event")
        elif events[0].count and len(events) != events[0].count:
            found.append(f"version {version} has {len(events)} of {events[0].count} events")
        elif [event.index for event in events] != list(range(len(events))):
            found.append(f"version {version} misses an event")
        elif version > last:
            found.append(f"version {version} has events, but the item is at version {last}")
    return tuple(found)


def _edited(rebuilt: Rebuilt) -> tuple[str, ...]:
    """Versions that are not as they were written, in words."""
    first = rebuilt.steps[0].version if rebuilt.steps else None
    found = {step.version: "its events or its change were edited" for step in rebuilt.steps if not step.intact}
    for version in rebuilt.missing:
        if first is not None and version > first:
            found[version] = "it cannot be rebuilt, although earlier ones can"
    return tuple(f"version {version} is not as it was written: {why}" for version, why in sorted(found.items()))


def _pushes(
    seller: str, ref: Ref, history: Sequence[StoredEvent], store: Pushes, now: datetime
) -> tuple[Sequence[PushRow], datetime | None]:
    if ref.kind is not AggregateKind.POSTING or not history:
        return (), None
    oldest = now - PUSHES_KEPT
    # The first push came before the first event, if only by seconds.
    begin = history[0].event.at - timedelta(hours=1)
    first = max(begin, oldest).date()
    last = min(history[-1].event.at + timedelta(days=1), now).date()
    days = [date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1)][:_MOST_DAYS]
    found = [
        push
        for day in days
        for push in every(lambda cursor, day=day: store.pushes_on(seller, day, cursor=cursor))  # type: ignore[misc]  # bound per turn
        if push.posting_number == ref.id
    ]
    return sorted(found, key=lambda push: push.received_at), (oldest if begin < oldest else None)


def replay_view(told: Replay) -> dict[str, Json]:
    """The replay as JSON: steps in order, then whether it is equal."""
    changed = {step.version: step.changed for step in told.rebuilt.steps}
    by_version: dict[int, list[StoredEvent]] = {}
    for stored in told.history:
        by_version.setdefault(stored.version, []).append(stored)
    waiting = list(told.pushes)
    steps: list[Json] = []
    for version, events in sorted(by_version.items()):
        at = events[0].event.at
        before = [push for push in waiting if push.received_at <= at]
        waiting = waiting[len(before) :]
        steps.append(
            {
                "version": version,
                "at": time_text(at),
                "pushes": [_push_view(push) for push in before],
                "events": [_event_view(stored, told.intents) for stored in events],
                "changed": {
                    name: {"before": pair[0], "after": pair[1]} for name, pair in changed.get(version, {}).items()
                },
                "rebuilt": version in changed,
            }
        )
    return {
        "kind": str(told.ref.kind),
        "id": told.ref.id,
        "equal": told.equal,
        "steps": steps,
        "later_pushes": [_push_view(push) for push in waiting],
        "pushes_since": time_text(told.pushes_since) if told.pushes_since else None,
        "gaps": list(told.gaps),
        "not_rebuilt": list(told.rebuilt.missing),
        "note": _note(told),
        "bytes": len(canonical(told.stored)) if told.stored is not None else 0,
        "sha256": sha256(canonical(told.stored)).hexdigest() if told.stored is not None else None,
        "differences": {name: {"rebuilt": pair[0], "stored": pair[1]} for name, pair in told.unequal.items()},
    }


def _note(told: Replay) -> str | None:
    """What is not the same and no difference."""
    rebuilt, stored = told.rebuilt.item, told.stored
    if rebuilt is None or stored is None or rebuilt.get(SYNCED_AT) == stored.get(SYNCED_AT) or told.unequal:
        return None
    return (
        "synced_at of the stored item is later: the marketplace was read again and showed nothing new, "
        "which is no version of its own"
    )


def _push_view(push: PushRow) -> dict[str, Json]:
    return {"type": push.type, "at": time_text(push.received_at), "state": push.state, "digest": push.digest[:16]}


def _event_view(stored: StoredEvent, intents: Mapping[str, Intent]) -> dict[str, Json]:
    event = stored.event
    policy = policy_of(event)
    if policy is None:
        intent = intents.get(str(event.data.get("intent", "")))
        policy = intent.policy_version if intent is not None and intent.policy_version else None
    return {
        "type": event.type,
        "at": time_text(event.at),
        "actor": event.actor,
        "reason": event.reason,
        "policy_version": policy,
        "data": dict(event.data),
    }
