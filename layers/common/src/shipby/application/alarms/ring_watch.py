"""Ring what belongs to the whole seller: watches (push health, the key, digests) and cases that are still open."""

from __future__ import annotations

from datetime import datetime

from shipby.application.alarms.decide_again import decide_again, decide_held
from shipby.application.cases.held import HELD_WATCH
from shipby.application.cases.opening import close_open_case
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveCase, SaveWatch
from shipby.application.shared.alarm_outcome import GONE, AlarmOutcome, At, fired, stands
from shipby.domain import actors
from shipby.domain.alarm import AlarmRef
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.cases.watches import fire_case, fire_watch
from shipby.domain.postings.posting import FINAL


def ring_watch(alarm: AlarmRef, *, store: Store, now: datetime) -> AlarmOutcome:
    """Fire the alarm of a watch if it is still its next one. Raises VersionConflictError: read and decide again."""
    watch = store.watch(alarm.seller, alarm.ref.id)
    if watch is None or not stands(alarm, watch.next_alarm):
        return GONE
    changed, events = fire_watch(watch, at=now, actor=actors.ALARM_WORKER)
    store.commit([SaveWatch(changed), AppendEvents(alarm.seller, alarm.ref, changed.version, events)])
    if watch.id == HELD_WATCH:
        # A crash from here on costs minutes: each case has its own alarm, and the poll looks too.
        decide_held(alarm.seller, store=store, clock=At(now))
    return fired(alarm, changed.next_alarm)


def ring_case(alarm: AlarmRef, *, store: Store, now: datetime) -> AlarmOutcome:
    """Fire the reminder of a case if it is still its next one; a decision that was held back is taken again.

    Raises VersionConflictError: read and decide again.
    """
    case = store.case(alarm.seller, alarm.ref.id)
    if case is None or not stands(alarm, case.next_alarm):
        return GONE
    if case.held is not None:
        decide_again(alarm.seller, case.id, store=store, clock=At(now))
        after = store.case(alarm.seller, case.id)
        return fired(alarm, after.next_alarm if after else None)
    if resolution := _over(case, store):
        close_open_case(
            store,
            seller=case.seller,
            kind=case.kind,
            subject=case.subject,
            resolution=resolution,
            now=now,
            actor=actors.ALARM_WORKER,
        )
        return fired(alarm, None)
    changed, events = fire_case(case, at=now, actor=actors.ALARM_WORKER)
    store.commit([SaveCase(changed), AppendEvents(alarm.seller, alarm.ref, changed.version, events)])
    return fired(alarm, changed.next_alarm)


def _over(case: Case, store: PostingReads) -> str:
    """Why nobody has to look at a case any more; "" while somebody has to."""
    if case.kind is not CaseKind.NO_NUMBER:
        return ""
    posting = store.posting(case.seller, case.subject)
    return f"the posting is {posting.stage}: it needs no number any more" if posting and posting.stage in FINAL else ""
