"""Ring the end of an evidence pack's time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveEvidencePack
from shipby.application.shared.alarm_outcome import GONE, AlarmOutcome, fired, stands
from shipby.domain import actors
from shipby.domain.alarm import AlarmRef
from shipby.domain.events import Event, EventType
from shipby.domain.evidence.pieces import PackState


def ring_pack(alarm: AlarmRef, *, store: Store, now: datetime) -> AlarmOutcome:
    """End a pack: its links go at once, the label worker deletes its files.

    Raises VersionConflictError: read and decide again.
    """
    pack = store.evidence_pack(alarm.seller, alarm.ref.id)
    if pack is None or not stands(alarm, pack.next_alarm):
        return GONE
    ended = replace(pack, version=pack.version + 1, state=PackState.EXPIRED, next_alarm=None)
    event = Event(type=EventType.PACK_EXPIRED, at=now, actor=actors.ALARM_WORKER)
    store.commit([SaveEvidencePack(ended), AppendEvents(alarm.seller, alarm.ref, ended.version, (event,))])
    return fired(alarm, None)
