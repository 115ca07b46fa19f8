"""Ring the alarm of an intent that is not settled yet: ask for another look at the marketplace, then for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from shipby.application.intents.cases import open_intent_case
from shipby.application.intents.proposals import proposal_alarm
from shipby.application.ports.store import Store
from shipby.application.ports.writes import SaveIntent
from shipby.application.returns.decisions import refund_total
from shipby.application.settling.aggregates import aggregate_of
from shipby.application.settling.finish import TOLD
from shipby.application.shared.alarm_messages import MAX_DELAY
from shipby.application.shared.alarm_outcome import GONE, AlarmOutcome, fired, stands
from shipby.domain import actors
from shipby.domain.alarm import AlarmRef
from shipby.domain.events import Event, EventType
from shipby.domain.intents import Intent, IntentState
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Alarm, RungKind
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import ahead

CHECK_AGAIN = timedelta(minutes=2)
"""When an intent is queued again if even its check got lost."""


def ring_intent(alarm: AlarmRef, *, store: Store, now: datetime) -> AlarmOutcome:
    """Fire the alarm of an intent if it is still its next one.

    Raises VersionConflictError (read and decide again), InvalidInputError if the intent's posting or return is gone.
    """
    intent = store.intent(alarm.seller, alarm.intent_id)
    if intent is None or not stands(alarm, intent.next_alarm):
        return GONE
    settings = store.settings(alarm.seller) or SellerSettings(seller=alarm.seller)
    if intent.state is IntentState.PROPOSED:
        return _ring_proposal(alarm, intent, store=store, now=now)
    age = now - intent.let_go_at
    wrong = ahead(intent.let_go_at, now)
    # A check that nobody could carry out yet (the marketplace is away) is asked for less and less often.
    wait = min(max(CHECK_AGAIN, age / 4), MAX_DELAY)
    waiting = replace(intent, version=intent.version + 1, next_alarm=Alarm(due=now + wait, kind=RungKind.SETTLE_INTENT))
    data: dict[str, Json] = {"intent": intent.id, "action": intent.action, "state": intent.state}
    data["policy"] = settings.version
    events = [Event(type=EventType.INTENT_CHECK_DUE, at=now, actor=actors.ALARM_WORKER, data=data)]
    if (wrong or age > 2 * settings.settle_limit) and TOLD not in intent.read_back:
        since = f"for {age}" if not wrong else f"since {intent.let_go_at:%Y-%m-%d %H:%M} UTC, a time to come"
        problem = f"it is {intent.state} and could not be settled {since}: a person has to look"
        events.append(
            Event(type=EventType.INTENT_NEEDS_PERSON, at=now, actor=actors.ALARM_WORKER, reason=problem, data=data)
        )
        waiting = replace(waiting, read_back={**intent.read_back, TOLD: True})
        open_intent_case(intent, problem, store=store, now=now)
    store.commit([SaveIntent(waiting), *aggregate_of(waiting).touch(waiting, tuple(events), store)])
    return fired(alarm, waiting.next_alarm)


def _ring_proposal(alarm: AlarmRef, intent: Intent, *, store: Store, now: datetime) -> AlarmOutcome:
    """A refund that waits for a second person is told again; it is never sent by a clock."""
    waiting = replace(intent, version=intent.version + 1, next_alarm=proposal_alarm(intent, now))
    total = refund_total(intent)
    data: dict[str, Json] = {"intent": intent.id, "action": intent.action}
    if total is not None:
        data["amount"] = {"amount": total.amount, "currency": total.currency}
    text = f"it waits for a second person since {intent.created_at:%Y-%m-%d %H:%M} UTC"
    event = Event(type=EventType.INTENT_PROPOSED, at=now, actor=actors.ALARM_WORKER, reason=text, data=data)
    store.commit([SaveIntent(waiting), *aggregate_of(waiting).touch(waiting, (event,), store)])
    return fired(alarm, waiting.next_alarm)
