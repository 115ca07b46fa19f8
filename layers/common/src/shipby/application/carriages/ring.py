"""Ring a carriage that has to be looked at again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveCarriage
from shipby.application.shared.alarm_outcome import GONE, AlarmOutcome, fired, stands
from shipby.domain import actors
from shipby.domain.alarm import AlarmRef
from shipby.domain.events import Event, EventType


def ring_carriage(alarm: AlarmRef, *, store: Store, now: datetime) -> AlarmOutcome:
    """Ask the label worker to look at a carriage again; it sets the next time. Raises VersionConflictError."""
    carriage = store.carriage(alarm.seller, alarm.ref.id)
    if carriage is None or not stands(alarm, carriage.next_alarm):
        return GONE
    noted = replace(carriage, version=carriage.version + 1, next_alarm=None)
    event = Event(type=EventType.CARRIAGE_CHECK_DUE, at=now, actor=actors.ALARM_WORKER)
    store.commit([SaveCarriage(noted), AppendEvents(alarm.seller, alarm.ref, noted.version, (event,))])
    return fired(alarm, None)
