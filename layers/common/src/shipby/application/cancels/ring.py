"""Ring the next alarm of a buyer's wish to cancel: a reminder, then the moment the marketplace approves by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from shipby.application.cancels.sync import event_data
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveCancelRequest
from shipby.application.shared.alarm_outcome import GONE, AlarmOutcome, fired, stands
from shipby.domain import actors
from shipby.domain.alarm import AlarmRef
from shipby.domain.cancels.requests import cancel_request_alarm
from shipby.domain.events import Event, EventType, cancel_request_ref
from shipby.domain.postings.posting import RungKind
from shipby.domain.sellers.settings import SellerSettings


def ring_cancel_request(alarm: AlarmRef, *, store: Store, now: datetime) -> AlarmOutcome:
    """Fire one alarm of a request if it is still its next one. Raises VersionConflictError: read and decide again."""
    request = store.cancel_request(alarm.seller, alarm.ref.id)
    if request is None or request.next_alarm is None or not stands(alarm, request.next_alarm):
        return GONE
    settings = store.settings(alarm.seller) or SellerSettings(seller=alarm.seller)
    overdue = request.next_alarm.kind is RungKind.CANCEL_REQUEST_BY
    kind = EventType.CANCEL_REQUEST_OVERDUE if overdue else EventType.CANCEL_REQUEST_REMINDED
    event = Event(
        type=kind, at=now, actor=actors.ALARM_WORKER, data={**event_data(request), "policy": settings.version}
    )
    # A reminder that rings late is still followed by the end of its time: no deadline passes in silence.
    following = None if overdue else cancel_request_alarm(request, settings, now)
    changed = replace(request, version=request.version + 1, next_alarm=following)
    ref = cancel_request_ref(request.id)
    store.commit([SaveCancelRequest(changed), AppendEvents(request.seller, ref, changed.version, (event,))])
    return fired(alarm, changed.next_alarm)
