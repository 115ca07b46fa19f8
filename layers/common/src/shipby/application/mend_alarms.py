"""Alarms that a clock which stood ahead has put off, of items that no read of the marketplace would put right.

An alarm of a posting, a return or a wish to cancel is worked out anew with its next read. An open call and a digest of
notices have nobody who reads them: a message that was lost, or a notice, would wait for as long as the clock was wrong.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from shipby.application.finish_intent import LONGEST_WAIT
from shipby.application.paging import every
from shipby.application.ports import Clock, SaveWatch, Store
from shipby.application.retry import decide_anew
from shipby.application.ring_intent import ring_intent
from shipby.domain.intents import IntentState
from shipby.domain.posting import Alarm, RungKind
from shipby.domain.records import AlarmRef, SellerSettings
from shipby.domain.skew import ahead
from shipby.domain.watches import digest_id

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
    rang = sum(_mend_intents(seller, state, store, clock) for state in LONGEST)
    digests = (digest_id(recipient.name) for recipient in settings.recipients)
    return rang + sum(decide_anew(lambda name=name: _mend_digest(seller, name, store, clock)) for name in digests)  # type: ignore[misc]  # bound per turn


def _mend_intents(seller: str, state: IntentState, store: Store, clock: Clock) -> int:
    rang = 0
    for identifier in list(every(lambda cursor: store.intents_in(seller, state, limit=200, cursor=cursor))):
        intent, now = store.intent(seller, identifier), clock.now()
        if intent is None or intent.next_alarm is None or not ahead(intent.next_alarm.due - LONGEST[state], now):
            continue
        alarm = AlarmRef(seller=seller, ref=intent.ref, intent_id=identifier, due=intent.next_alarm.due)
        decide_anew(lambda alarm=alarm, now=now: ring_intent(alarm, store=store, now=now))  # type: ignore[misc]  # bound per turn
        rang += 1
    return rang


def _mend_digest(seller: str, identifier: str, store: Store, clock: Clock) -> int:
    """A digest that was armed at a time to come rings now: what has to wait for a shift then arms it again."""
    watch, now = store.watch(seller, identifier), clock.now()
    if watch is None or watch.next_alarm is None or not ahead(watch.checked_at, now):
        return 0
    alarm = Alarm(due=now, kind=RungKind.DIGEST_DUE)
    store.commit([SaveWatch(replace(watch, version=watch.version + 1, checked_at=now, next_alarm=alarm))])
    return 1
