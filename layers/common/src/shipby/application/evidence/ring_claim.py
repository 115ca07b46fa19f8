"""Ring the next alarm of a claim: a reminder, then the end of its time."""

from __future__ import annotations

from datetime import datetime

from shipby.application.evidence.claims import claim_writes, release
from shipby.application.ports.store import Store
from shipby.application.ports.writes import Write
from shipby.application.shared.alarm_outcome import GONE, AlarmOutcome, fired, stands
from shipby.domain import actors
from shipby.domain.alarm import AlarmRef
from shipby.domain.evidence.claims import fire_claim


def ring_claim(alarm: AlarmRef, *, store: Store, now: datetime) -> AlarmOutcome:
    """Fire the alarm of a claim if it is still its next one. Raises VersionConflictError: read and decide again."""
    claim = store.claim(alarm.seller, alarm.ref.id)
    if claim is None or not stands(alarm, claim.next_alarm):
        return GONE
    changed, events = fire_claim(claim, at=now, actor=actors.ALARM_WORKER)
    writes: list[Write] = claim_writes(changed, events)
    store.commit(writes if changed.open else [*writes, release(changed)])
    return fired(alarm, changed.next_alarm)
