"""One alarm engine for postings, returns and intents: the sweep finds what is due, firing it is the claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shipby.application.finish_intent import TOLD
from shipby.application.ports import (
    AppendEvents,
    Clock,
    QueueMessage,
    SaveIntent,
    SavePosting,
    SaveReturn,
    Store,
    WorkQueue,
    Write,
)
from shipby.application.request_intent import Wish, prepare_intent
from shipby.application.sync_return import return_alarm
from shipby.domain.errors import CapReachedError, InvalidInputError, KillSwitchOnError, VersionConflictError
from shipby.domain.events import AggregateKind, Event, EventType, Ref, posting_ref, return_ref
from shipby.domain.intents import Intent, IntentAction, open_of
from shipby.domain.json_types import Json
from shipby.domain.ladder import rewind
from shipby.domain.posting import Alarm, Posting, RungKind
from shipby.domain.records import AlarmRef, SellerSettings
from shipby.domain.workflow import fire

ACTOR = "system:alarm_worker"
MAX_DELAY = timedelta(minutes=15)
"""SQS holds a message back for at most 900 seconds."""
CHECK_AGAIN = timedelta(minutes=2)
"""When an intent is queued again if even its check got lost."""
PAGE = 200


def alarm_message(alarm: AlarmRef, now: datetime) -> QueueMessage:
    """The message for the alarm worker, held back until the alarm is due."""
    wait = max(timedelta(0), min(alarm.due - now, MAX_DELAY))
    body: dict[str, Json] = {
        "seller": alarm.seller,
        "kind": alarm.ref.kind,
        "id": alarm.ref.id,
        "intent": alarm.intent_id,
        "due": alarm.due.isoformat(),
    }
    return QueueMessage(body=body, group=alarm.seller, delay_seconds=-(-int(wait.total_seconds() * 1000) // 1000))


def read_alarm(body: Mapping[str, Json]) -> AlarmRef:
    """The alarm of a message. Raises InvalidInputError if the message is not one of ours."""
    try:
        return AlarmRef(
            seller=str(body["seller"]),
            ref=Ref(AggregateKind(str(body["kind"])), str(body["id"])),
            intent_id=str(body["intent"]),
            due=datetime.fromisoformat(str(body["due"])),
        )
    except (KeyError, ValueError) as error:
        raise InvalidInputError(f"not an alarm message: {error}") from error


def sweep(*, store: Store, queue: WorkQueue, clock: Clock, look_ahead: timedelta, budget: timedelta) -> int:
    """Send every alarm due within `look_ahead` to the alarm queue, each delayed to its second.

    Overlapping sweeps and repeated messages do no harm: only the first to commit fires an alarm. Stops after `budget`
    and leaves the rest to the next sweep, earliest first. Returns how many were sent.
    """
    started = clock.now()
    until, sent = started + look_ahead, 0
    # One page of each shard in turn: a burst in one shard must not keep the others waiting beyond the budget.
    waiting: dict[int, str | None] = dict.fromkeys(range(store.alarm_shards))
    while waiting:
        for shard, cursor in list(waiting.items()):
            page = store.due_alarms(shard, until=until, limit=PAGE, cursor=cursor)
            now = clock.now()
            queue.send(alarm_message(alarm, now) for alarm in page.items)
            sent += len(page.items)
            if page.cursor is None:
                del waiting[shard]
            else:
                waiting[shard] = page.cursor
        if clock.now() - started > budget:
            break
    return sent


@dataclass(frozen=True, slots=True)
class Rang:
    """What became of an alarm message: fired, early, gone (moved, fired by another, or its item ended)."""

    outcome: str
    next_alarm: AlarmRef | None = None
    """The item's next alarm, for sending it at once if it is near."""


def ring(alarm: AlarmRef, *, store: Store, clock: Clock) -> Rang:
    """Fire one alarm if it is still the item's next one. The commit under the version check is the claim."""
    now = clock.now()
    if now < alarm.due:
        return Rang("early", alarm)
    try:
        if alarm.intent_id:
            return _ring_intent(alarm, store, now)
        if alarm.ref.kind is AggregateKind.RETURN:
            return _ring_return(alarm, store, now)
        return _ring_posting(alarm, store, now)
    except VersionConflictError:
        # Somebody changed the item meanwhile; if the alarm still stands, the next sweep brings it again.
        return Rang("gone")


def _follow(alarm: AlarmRef, following: Alarm | None) -> Rang:
    return Rang("fired", replace(alarm, due=following.due) if following else None)


def _ring_posting(alarm: AlarmRef, store: Store, now: datetime) -> Rang:
    posting = store.posting(alarm.seller, alarm.ref.id)
    if posting is None or posting.next_alarm is None or posting.next_alarm.due != alarm.due:
        return Rang("gone")
    settings = store.settings(alarm.seller) or SellerSettings(seller=alarm.seller)
    fired = fire(posting, posting.next_alarm, settings, at=now, actor=ACTOR)
    if not fired.cancel or open_of(posting, IntentAction.CANCEL):
        # An open cancel is the very call that the policy wants: a second one could be sent beside it.
        _commit_posting(store, fired.posting, fired.events, [])
        return _follow(alarm, fired.posting.next_alarm)
    if posting.open_intents:
        problem = f"not cancelled while {', '.join(posting.open_intents)} is not settled: a person decides"
        _commit_posting(store, fired.posting, (*fired.events, _held(problem, now)), [])
        return _follow(alarm, fired.posting.next_alarm)
    wish = Wish(
        seller=alarm.seller,
        number=posting.number,
        action=IntentAction.CANCEL,
        request={"reason_id": settings.cancel_reason_id, "message": ""},
        actor=ACTOR,
        reason=fired.posting.expired_reason,
        automatic=True,
    )
    noted, _, created, writes = prepare_intent(fired.posting, wish, settings, now=now)
    try:
        _commit_posting(store, noted, (*fired.events, created), writes)
    except (CapReachedError, KillSwitchOnError) as error:
        # It has expired all the same; a person cancels it, or lifts the cap.
        _commit_posting(store, fired.posting, (*fired.events, _held(str(error), now)), [])
    return _follow(alarm, noted.next_alarm)


def _held(problem: str, now: datetime) -> Event:
    return Event(type=EventType.AUTOMATION_HELD, at=now, actor=ACTOR, reason=problem, data={"action": "cancel"})


def _commit_posting(store: Store, posting: Posting, events: tuple[Event, ...], writes: list[Write]) -> None:
    appended = AppendEvents(posting.seller, posting_ref(posting.number), posting.version, events)
    store.commit([SavePosting(posting), appended, *writes])


def _ring_return(alarm: AlarmRef, store: Store, now: datetime) -> Rang:
    case = store.return_case(alarm.seller, alarm.ref.id)
    if case is None or case.next_alarm is None or case.next_alarm.due != alarm.due:
        return Rang("gone")
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
    return _follow(alarm, changed.next_alarm)


def _ring_intent(alarm: AlarmRef, store: Store, now: datetime) -> Rang:
    intent = store.intent(alarm.seller, alarm.intent_id)
    if intent is None or intent.next_alarm is None or intent.next_alarm.due != alarm.due:
        return Rang("gone")
    settings = store.settings(alarm.seller) or SellerSettings(seller=alarm.seller)
    age = now - intent.created_at
    # A check that nobody could carry out yet (the marketplace is away) is asked for less and less often.
    wait = min(max(CHECK_AGAIN, age / 4), MAX_DELAY)
    waiting = replace(intent, version=intent.version + 1, next_alarm=Alarm(due=now + wait, kind=RungKind.SETTLE_INTENT))
    data: dict[str, Json] = {"intent": intent.id, "action": intent.action, "state": intent.state}
    events = [Event(type=EventType.INTENT_CHECK_DUE, at=now, actor=ACTOR, data=data)]
    if age > 2 * settings.settle_limit and TOLD not in intent.read_back:
        problem = f"it is {intent.state} and could not be settled for {age}: a person has to look"
        events.append(Event(type=EventType.INTENT_NEEDS_PERSON, at=now, actor=ACTOR, reason=problem, data=data))
        waiting = replace(waiting, read_back={**intent.read_back, TOLD: True})
    store.commit([SaveIntent(waiting), *_owner_writes(waiting, tuple(events), store)])
    return _follow(alarm, waiting.next_alarm)


def _owner_writes(intent: Intent, events: tuple[Event, ...], store: Store) -> list[Write]:
    if intent.ref.kind is AggregateKind.RETURN:
        case = store.return_case(intent.seller, intent.ref.id)
        if case is None:
            raise InvalidInputError(f"return {intent.ref.id} of intent {intent.id} is gone from the store")
        changed = replace(case, version=case.version + 1)
        return [SaveReturn(changed), AppendEvents(intent.seller, intent.ref, changed.version, events)]
    posting = store.posting(intent.seller, intent.posting_number)
    if posting is None:
        raise InvalidInputError(f"posting {intent.posting_number} of intent {intent.id} is gone from the store")
    moved = rewind(replace(posting, version=posting.version + 1))
    return [SavePosting(moved), AppendEvents(intent.seller, intent.ref, moved.version, events)]
