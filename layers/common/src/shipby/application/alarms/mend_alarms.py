"""Alarms that a clock which stood ahead has put off, or that nothing sets, of items that no read would put right.

An alarm of a posting, a return or a wish to cancel is worked out anew with its next read. An open call, a
claim, a case and a digest of notices have nobody who reads them: they would wait for as long as the clock was wrong.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

from shipby.application.evidence.claims import claim_writes
from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import Cases, Watches
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveCarriage, SaveCase, SaveWatch
from shipby.application.settling.finish import LONGEST_WAIT
from shipby.application.settling.ring_intent import ring_intent
from shipby.application.shared.paging import every
from shipby.application.shared.retry import decide_anew
from shipby.domain import actors
from shipby.domain.alarm import AlarmRef
from shipby.domain.carriages import check_at
from shipby.domain.cases.matter import next_reminder, restated
from shipby.domain.cases.watches import digest_id
from shipby.domain.events import Event, EventType, carriage_ref, case_ref, claim_ref
from shipby.domain.evidence.claims import NAMED, redated
from shipby.domain.intents import IntentState
from shipby.domain.postings.posting import Alarm, RungKind
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import ahead

LOOK_AGAIN = timedelta(days=1)
"""How long an open carriage may wait until somebody looks whether it still is."""
LONGEST: dict[IntentState, timedelta] = {
    IntentState.PENDING: LONGEST_WAIT,
    IntentState.SENT: LONGEST_WAIT,
    IntentState.UNKNOWN: LONGEST_WAIT,
    IntentState.PROPOSED: timedelta(hours=12),
}
"""How far ahead the alarm of an open intent is ever set."""


def mend_alarms(seller: str, *, store: Store, clock: Clock) -> int:
    """Ring what waits for longer than any right clock would have set it; returns how many. Safe to repeat."""
    settings = store.settings(seller) or SellerSettings(seller=seller)
    cases = list(every(lambda cursor: store.cases_in(seller, limit=200, cursor=cursor)))
    claims = list(every(lambda cursor: store.claims_in(seller, limit=200, cursor=cursor)))
    carriages = list(every(lambda cursor: store.carriages_in(seller, limit=200, cursor=cursor)))
    mends = [
        *(partial(_mend_claim, seller, identifier, settings, store, clock) for identifier in claims),
        *(partial(_mend_carriage, seller, identifier, store, clock) for identifier in carriages),
        *(partial(_mend_case, seller, identifier, store, clock) for identifier in cases),
        *(partial(_mend_digest, seller, digest_id(named.name), store, clock) for named in settings.recipients),
    ]
    return _mend_intents(seller, store, clock) + sum(decide_anew(mend) for mend in mends)


def _mend_intents(seller: str, store: Store, clock: Clock) -> int:
    rang = 0
    for identifier in list(every(lambda cursor: store.open_intents(seller, limit=200, cursor=cursor))):
        intent, now = store.intent(seller, identifier), clock.now()
        if intent is None or not intent.open or intent.next_alarm is None:
            continue
        if not ahead(intent.next_alarm.due - LONGEST[intent.state], now):
            continue
        alarm = AlarmRef(seller=seller, ref=intent.ref, intent_id=identifier, due=intent.next_alarm.due)
        decide_anew(partial(ring_intent, alarm, store=store, now=now))
        rang += 1
    return rang


def _mend_case(seller: str, identifier: str, store: Cases, clock: Clock) -> int:
    case, now = store.case(seller, identifier), clock.now()
    if case is None or case.next_alarm is None or not ahead(case.next_alarm.due, next_reminder(now).due):
        return 0
    changed, event = restated(case, reason=case.reason, owner=case.owner, at=now, actor=actors.MARKETPLACE_POLL)
    store.commit([SaveCase(changed), AppendEvents(seller, case_ref(identifier), changed.version, (event,))])
    return 1


def _mend_claim(seller: str, identifier: str, settings: SellerSettings, store: Store, clock: Clock) -> int:
    claim, now = store.claim(seller, identifier), clock.now()
    if claim is None or not claim.open or not ahead(claim.asked_at, now):
        return 0
    named = any(
        stored.event.data.get("clock_source") == NAMED for stored in store.events(seller, claim_ref(identifier))
    )
    store.commit(claim_writes(*redated(claim, settings, named=named, at=now, actor=actors.MARKETPLACE_POLL)))
    return 1


def _mend_carriage(seller: str, identifier: str, store: Store, clock: Clock) -> int:
    """An open carriage that waits for a person is looked at once a day: it may have been closed in the cabinet."""
    carriage, now = store.carriage(seller, identifier), clock.now()
    if carriage is None or not carriage.open:
        return 0
    waits = carriage.next_alarm
    if waits is not None and not ahead(waits.due, now + LOOK_AGAIN):
        return 0
    changed = replace(carriage, version=carriage.version + 1, next_alarm=check_at(now + LOOK_AGAIN))
    event = Event(
        type=EventType.CARRIAGE_CHANGED, at=now, actor=actors.MARKETPLACE_POLL, reason="it is looked at once a day"
    )
    store.commit([SaveCarriage(changed), AppendEvents(seller, carriage_ref(identifier), changed.version, (event,))])
    return 1


def _mend_digest(seller: str, identifier: str, store: Watches, clock: Clock) -> int:
    """A digest that was armed at a time to come rings now: what has to wait for a shift then arms it again."""
    watch, now = store.watch(seller, identifier), clock.now()
    if watch is None or watch.next_alarm is None or not ahead(watch.checked_at, now):
        return 0
    alarm = Alarm(due=now, kind=RungKind.DIGEST_DUE)
    store.commit([SaveWatch(replace(watch, version=watch.version + 1, checked_at=now, next_alarm=alarm))])
    return 1
