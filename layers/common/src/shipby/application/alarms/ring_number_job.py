"""Ring a job of tracking numbers: a step whose message was lost comes again, and what was asked for is looked at."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveNumberJob
from shipby.application.shared.alarm_outcome import GONE, AlarmOutcome, fired, stands
from shipby.domain import actors
from shipby.domain.alarm import AlarmRef
from shipby.domain.events import Event, EventType
from shipby.domain.tracking.number_job import next_look


def ring_number_job(alarm: AlarmRef, *, store: Store, now: datetime) -> AlarmOutcome:
    """Have the tracking worker look at it, and wait for the next time. Raises VersionConflictError: decide again."""
    job = store.number_job(alarm.seller, alarm.ref.id)
    if job is None or not stands(alarm, job.next_alarm):
        return GONE
    following = next_look(job, now)
    looked = replace(job, version=job.version + 1, next_alarm=following)
    event = Event(type=EventType.NUMBERS_CHECK_DUE, at=now, actor=actors.ALARM_WORKER)
    store.commit([SaveNumberJob(looked), AppendEvents(alarm.seller, alarm.ref, looked.version, (event,))])
    return fired(alarm, following)
