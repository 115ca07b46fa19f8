"""Ring what belongs to papers: printed files that show a person, and carriages that have to be looked at again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SavePrintJob
from shipby.application.shared.alarm_outcome import GONE, AlarmOutcome, fired, stands
from shipby.domain import actors
from shipby.domain.alarm import AlarmRef
from shipby.domain.events import Event, EventType
from shipby.domain.labels.prints import PrintState


def ring_print_job(alarm: AlarmRef, *, store: Store, now: datetime) -> AlarmOutcome:
    """End a printed file that shows a person: its link goes at once, the label worker deletes the file.

    Raises VersionConflictError: read and decide again.
    """
    job = store.print_job(alarm.seller, alarm.ref.id)
    if job is None or not stands(alarm, job.next_alarm):
        return GONE
    ended = replace(job, version=job.version + 1, state=PrintState.EXPIRED, next_alarm=None)
    event = Event(type=EventType.PRINT_EXPIRED, at=now, actor=actors.ALARM_WORKER)
    store.commit([SavePrintJob(ended), AppendEvents(alarm.seller, alarm.ref, ended.version, (event,))])
    return fired(alarm, None)
