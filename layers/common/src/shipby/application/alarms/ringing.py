"""One alarm engine for postings, returns, intents, watches and cases: firing an alarm is the claim.

Every item has at most one next alarm. The sweep finds what is due and queues it; a worker rings it: it reads the item
again, and the commit of what the alarm leads to, under the item's version, is what makes it fire exactly once.
"""

from __future__ import annotations

from datetime import datetime

from shipby.application.alarms.ring_return import ring_return
from shipby.application.alarms.ring_watch import ring_case, ring_watch
from shipby.application.cancels.ring import ring_cancel_request
from shipby.application.carriages.ring import ring_carriage
from shipby.application.deadlines.ring_posting import ring_posting
from shipby.application.evidence.ring_claim import ring_claim
from shipby.application.evidence.ring_pack import ring_pack
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby.application.printing.ring import ring_print_job
from shipby.application.settling.ring_intent import ring_intent
from shipby.application.shared.alarm_outcome import AlarmOutcome
from shipby.application.shared.retry import decide_anew
from shipby.domain.alarm import AlarmRef
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import AggregateKind


def ring(alarm: AlarmRef, *, store: Store, clock: Clock) -> AlarmOutcome:
    """Fire one alarm if it is still the item's next one; never before its time by this process's clock.

    Where somebody changes the item meanwhile, it is read and decided anew: the alarm may still stand, and the sweep
    would not send it again soon. Raises VersionConflictError if that goes on, StoreUnavailableError, and whatever is
    wrong with an item that cannot be rung.
    """
    if clock.now() < alarm.due:
        return AlarmOutcome("early", alarm)
    return decide_anew(lambda: _ring(alarm, store, clock.now()))


def _ring(alarm: AlarmRef, store: Store, now: datetime) -> AlarmOutcome:
    if alarm.intent_id:
        return ring_intent(alarm, store=store, now=now)
    match alarm.ref.kind:
        case AggregateKind.POSTING:
            return ring_posting(alarm, store=store, now=now)
        case AggregateKind.RETURN:
            return ring_return(alarm, store=store, now=now)
        case AggregateKind.WATCH:
            return ring_watch(alarm, store=store, now=now)
        case AggregateKind.CASE:
            return ring_case(alarm, store=store, now=now)
        case AggregateKind.PRINT_JOB:
            return ring_print_job(alarm, store=store, now=now)
        case AggregateKind.NUMBER_JOB:  # a few a day: its types are loaded when one rings
            from shipby.application.alarms.ring_number_job import ring_number_job

            return ring_number_job(alarm, store=store, now=now)
        case AggregateKind.EVIDENCE_PACK:
            return ring_pack(alarm, store=store, now=now)
        case AggregateKind.CARRIAGE:
            return ring_carriage(alarm, store=store, now=now)
        case AggregateKind.CLAIM:
            return ring_claim(alarm, store=store, now=now)
        case AggregateKind.CANCEL_REQUEST:
            return ring_cancel_request(alarm, store=store, now=now)
    raise InvalidInputError(f"a {alarm.ref.kind} has no alarms")
