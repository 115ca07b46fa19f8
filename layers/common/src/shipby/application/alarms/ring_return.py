"""Ring the next alarm of a return: a reminder, the deadline of the decision, or goods that wait to be fetched."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from shipby.application.alarms.decide_again import decide_again
from shipby.application.cases.held import held_case
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveReturn
from shipby.application.returns.automatic import decide_by_itself
from shipby.application.returns.sync import return_alarm
from shipby.application.shared.alarm_outcome import GONE, AlarmOutcome, At, fired, stands
from shipby.application.shared.views import money_view
from shipby.domain import actors
from shipby.domain.alarm import AlarmRef
from shipby.domain.events import Event, EventType, return_ref
from shipby.domain.intents import IntentAction
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import RungKind
from shipby.domain.returns.return_case import CABINET_RETURNS, ReturnCase
from shipby.domain.sellers.settings import SellerSettings


def ring_return(alarm: AlarmRef, *, store: Store, now: datetime) -> AlarmOutcome:
    """Fire one alarm of a return if it is still its next one. Raises VersionConflictError: read and decide again.

    A reminder is the last good moment for what the seller's policy decides by itself.
    """
    case = store.return_case(alarm.seller, alarm.ref.id)
    if case is None or case.next_alarm is None or not stands(alarm, case.next_alarm):
        return GONE
    settings = store.settings(alarm.seller) or SellerSettings(seller=alarm.seller)
    kind = case.next_alarm.kind
    overdue = kind is RungKind.DECIDE_RETURN_BY
    event = Event(
        type=EventType.RETURN_OVERDUE if overdue else EventType.RETURN_REMINDED,
        at=now,
        actor=actors.ALARM_WORKER,
        reason=f"decide it in the seller's cabinet: {CABINET_RETURNS}" if case.in_cabinet else "",
        data={**_data(case, kind), "policy": settings.version},
    )
    # A reminder that rings late is still followed by the deadline itself: no deadline passes in silence.
    following = None if overdue else return_alarm(case, settings, now)
    changed = replace(case, version=case.version + 1, next_alarm=following)
    store.commit([SaveReturn(changed), AppendEvents(case.seller, return_ref(case.id), changed.version, (event,))])
    if kind is RungKind.DECIDE_REMIND:
        held = held_case(store, case.seller, return_ref(case.id), IntentAction.RETURN_ACTION)
        if held is not None:
            decide_again(case.seller, held.id, store=store, clock=At(now))
        else:
            decide_by_itself(case.seller, case.id, store=store, clock=At(now))
    return fired(alarm, changed.next_alarm)


def _data(case: ReturnCase, kind: RungKind) -> dict[str, Json]:
    data: dict[str, Json] = {
        "rung": kind,
        "decide_by": case.decide_by.isoformat() if case.decide_by else None,
        "posting": case.posting_number,
    }
    if kind is RungKind.FETCH_RETURN:
        data["place"] = case.place
        data["price"] = money_view(case.storage)
        data["scrapped_at"] = case.scrapped_at.isoformat() if case.scrapped_at else None
    return data
