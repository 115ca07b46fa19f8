"""Ring the next alarm of a return: a reminder, then the deadline of the decision itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from shipby.application.ports import AppendEvents, SaveReturn, Store
from shipby.application.rang import ACTOR, GONE, Rang, fired, stands
from shipby.application.sync_return import return_alarm
from shipby.domain.events import Event, EventType, return_ref
from shipby.domain.posting import RungKind
from shipby.domain.records import AlarmRef, SellerSettings


def ring_return(alarm: AlarmRef, *, store: Store, now: datetime) -> Rang:
    """Fire one alarm of a return if it is still its next one. Raises VersionConflictError: read and decide again."""
    case = store.return_case(alarm.seller, alarm.ref.id)
    if case is None or case.next_alarm is None or not stands(alarm, case.next_alarm):
        return GONE
    settings = store.settings(alarm.seller) or SellerSettings(seller=alarm.seller)
    overdue = case.next_alarm.kind is RungKind.DECIDE_RETURN_BY
    event = Event(
        type=EventType.RETURN_OVERDUE if overdue else EventType.RETURN_REMINDED,
        at=now,
        actor=ACTOR,
        data={"decide_by": case.decide_by.isoformat() if case.decide_by else None, "posting": case.posting_number},
    )
    # A reminder that rings late is still followed by the deadline itself: no deadline passes in silence.
    following = None if overdue else return_alarm(case, settings, now)
    changed = replace(case, version=case.version + 1, next_alarm=following)
    store.commit([SaveReturn(changed), AppendEvents(case.seller, return_ref(case.id), changed.version, (event,))])
    return fired(alarm, changed.next_alarm)
