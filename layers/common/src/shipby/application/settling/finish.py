"""One step of an intent's life, in one transaction with its aggregate, its event, its money and its history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from shipby.application.cancels.actions import CancelRequestActions
from shipby.application.cases.held import commit
from shipby.application.cases.opening import closing
from shipby.application.intake.sync_posting import OBSERVED_CANCEL
from shipby.application.ports.clock import Clock
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import (
    AppendEvents,
    AppendTracking,
    ClaimPointer,
    ReleasePointer,
    RequireAutomation,
    SaveIntent,
    SaveMoney,
    SavePosting,
    SaveReturn,
    Write,
)
from shipby.application.returns.actions import is_final
from shipby.application.returns.sync import return_alarm
from shipby.application.settling.refused import hold_refused
from shipby.application.shared.retry import ATTEMPTS
from shipby.domain import actors, pointers
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.held import Wait
from shipby.domain.deadlines.ladder import rewind, with_tracking_clock
from shipby.domain.deadlines.periods import decide_return_by
from shipby.domain.errors import NotFoundError, PreconditionFailedError, VersionConflictError
from shipby.domain.events import AggregateKind, Event, EventType
from shipby.domain.intents import NEEDS_PERSON, OPEN_STATES, Intent, IntentAction, IntentState
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Alarm, Posting, RungKind
from shipby.domain.postings.tracking import TrackingChange
from shipby.domain.refunds.ledger import EntryKind, MoneyLedger
from shipby.domain.refunds.payers import circumstances, who_pays
from shipby.domain.returns.return_case import REJECT_ACTIONS, ReturnCase, ReturnStage
from shipby.domain.sellers.settings import SellerSettings

LONGEST_WAIT = timedelta(hours=1)
"""Between two readings of an intent that stays UNKNOWN."""
TOLD = NEEDS_PERSON

_EVENTS: Mapping[IntentState, EventType] = {
    IntentState.PENDING: EventType.INTENT_NOT_SENT,
    IntentState.SENT: EventType.INTENT_SENT,
    IntentState.CONFIRMED: EventType.INTENT_CONFIRMED,
    IntentState.REJECTED: EventType.INTENT_REJECTED,
    IntentState.UNKNOWN: EventType.INTENT_UNKNOWN,
}


def finish(
    intent: Intent,
    state: IntentState,
    outcome: str,
    *,
    store: Store,
    clock: Clock,
    read_back: Mapping[str, Json] | None = None,
    attempts: int | None = None,
    needs_person: bool = False,
    waits_for: Wait = Wait.MARKETPLACE,
    actor: str = actors.INTENT_WORKER,
    also: Callable[[Intent], Sequence[Write]] = lambda _: (),
) -> Intent:
    """Move an intent on. Money, tracking history and pointers follow in the same transaction.

    Claiming it (SENT) raises VersionConflictError if another worker claimed or ended it first, KillSwitchOnError if an
    automatic one was stopped meanwhile, PreconditionFailedError if other money was given back since it was asked.
    Whoever made the call brings its answer: it is booked although an alarm or a reader touched the intent meanwhile.
    Raises VersionConflictError then only if the intent has ended. An automatic one that comes to nothing is a decision
    that waits again, `waits_for` says for what; one that a person ended is theirs. `also` gives writes that belong into
    the same transaction.
    """
    for _ in range(ATTEMPTS):
        moved, writes = _transaction(
            intent,
            state,
            outcome,
            store,
            clock,
            read_back=read_back,
            attempts=attempts,
            needs_person=needs_person,
            waits_for=waits_for,
            actor=actor,
        )
        try:
            commit(store, [*writes, *also(moved)])
        except VersionConflictError:
            current = store.intent(intent.seller, intent.id)
            waits = intent.state in (IntentState.PENDING, IntentState.PROPOSED)
            claimed_by_another = waits and current and current.state is not intent.state
            if current is None or not current.open or claimed_by_another:
                raise
            intent = current
            continue
        return moved
    raise VersionConflictError(f"intent {intent.id} met too many other changes of {intent.posting_number}; try later")


def _transaction(
    intent: Intent,
    state: IntentState,
    outcome: str,
    store: Store,
    clock: Clock,
    *,
    read_back: Mapping[str, Json] | None,
    attempts: int | None,
    needs_person: bool,
    waits_for: Wait,
    actor: str,
) -> tuple[Intent, list[Write]]:
    now = clock.now()
    settings = store.settings(intent.seller) or SellerSettings(seller=intent.seller)
    tried = intent.attempts if attempts is None else attempts
    checks = tried + (state is IntentState.UNKNOWN)
    wait = min(settings.settle_after * (1 << min(max(checks - 1, 0), 10)), LONGEST_WAIT)
    alarm = Alarm(due=now + wait, kind=RungKind.SETTLE_INTENT) if state in OPEN_STATES else None
    moved = intent.move(
        state,
        at=now,
        outcome=outcome[:500],
        attempts=checks,
        read_back=intent.read_back if read_back is None else read_back,
        next_alarm=alarm,
    )
    data: dict[str, Json] = {"intent": intent.id, "action": intent.action, "state": state}
    if intent.amount is not None:
        data["amount"] = {"amount": intent.amount.amount, "currency": intent.amount.currency}
    kind = EventType.INTENT_NEEDS_PERSON if needs_person else _EVENTS[state]
    event = Event(type=kind, at=now, actor=actor, reason=outcome[:500], data=data)
    if intent.ref.kind is AggregateKind.RETURN:
        writes = _return_writes(moved, event, store, now)
    elif intent.ref.kind is AggregateKind.CANCEL_REQUEST:
        writes = CancelRequestActions.writes(moved, event, store, now)
    else:
        writes = _posting_writes(moved, event, store, now)
    if state is IntentState.SENT and actors.is_automatic(intent.actor):
        # The switch stops what was asked for before it was thrown, too.
        writes.append(RequireAutomation(intent.seller))
    if not moved.open and not needs_person:
        writes += closing(
            store,
            seller=intent.seller,
            kind=CaseKind.INTENT,
            subject=intent.id,
            resolution=f"{state}: {outcome[:500] or 'settled'}",
            now=now,
            actor=actor,
        )
    if (
        state is IntentState.REJECTED
        and actors.is_automatic(intent.actor)
        and actor == actors.INTENT_WORKER
        and not needs_person
    ):
        writes += hold_refused(moved, waits_for, settings, store=store, now=now, actor=actor)
    return moved, [SaveIntent(moved), *writes, *_money_writes(moved, store, now)]


def _posting_writes(moved: Intent, event: Event, store: PostingReads, now: datetime) -> list[Write]:
    posting = store.posting(moved.seller, moved.posting_number)
    if posting is None:
        raise NotFoundError(f"posting {moved.posting_number} of intent {moved.id} is gone from the store")
    still_open = tuple(known for known in posting.open_intents if known != moved.id or moved.open)
    changed = replace(posting, version=posting.version + 1, open_intents=still_open)
    events, writes = [event], list[Write]()
    if moved.action is IntentAction.SET_TRACKING and moved.state is IntentState.CONFIRMED:
        changed, change, writes = _book_tracking(moved, changed, now)
        events.append(
            Event(
                type=EventType.TRACKING_CHANGED,
                at=now,
                actor=moved.actor,
                reason=moved.reason,
                data={"old": change.old, "new": change.new, "carrier": change.carrier, "intent": moved.id},
            )
        )
    changed = rewind(changed)
    return [
        SavePosting(changed),
        AppendEvents(moved.seller, moved.ref, changed.version, tuple(events)),
        *writes,
        *_give_back_pointer(moved),
    ]


def _book_tracking(moved: Intent, posting: Posting, now: datetime) -> tuple[Posting, TrackingChange, list[Write]]:
    number = str(moved.request["tracking_number"])
    change = TrackingChange(
        seller=moved.seller,
        posting_number=posting.number,
        sequence=posting.tracking_count + 1,
        old=posting.tracking_number,
        new=number,
        carrier=str(moved.request.get("carrier") or ""),
        reason=moved.reason,
        asked_by=moved.actor,
        at=now,
        intent_id=moved.id,
    )
    writes: list[Write] = [
        AppendTracking(change),
        ClaimPointer(moved.seller, pointers.TRACKING, number, posting.number),
    ]
    if posting.tracking_number and posting.tracking_number != number:
        writes.append(ReleasePointer(moved.seller, pointers.TRACKING, posting.tracking_number, posting.number))
    renumbered = replace(posting, tracking_number=number, tracking_count=change.sequence)
    if renumbered.tracking_asked_at is not None:
        # The new number is the answer that the marketplace waits for.
        renumbered = with_tracking_clock(renumbered, None, SellerSettings(seller=posting.seller))
    return renumbered, change, writes


def _give_back_pointer(moved: Intent) -> list[Write]:
    """A number that was claimed when it was asked for is free again if the marketplace refused it."""
    if moved.action is not IntentAction.SET_TRACKING or moved.state is not IntentState.REJECTED:
        return []
    return [
        ReleasePointer(moved.seller, pointers.TRACKING, str(moved.request["tracking_number"]), moved.posting_number)
    ]


def _return_writes(moved: Intent, event: Event, store: Store, now: datetime) -> list[Write]:
    case = store.return_case(moved.seller, moved.ref.id)
    if case is None:
        raise NotFoundError(f"return {moved.ref.id} of intent {moved.id} is gone from the store")
    if moved.state is IntentState.SENT and case.clock_over(now) and _chosen_by_nobody(moved):
        raise PreconditionFailedError(
            f"the time to decide return {case.id} is over, and no person decided it: it is not sent by itself"
        )
    changed: ReturnCase = replace(case, version=case.version + 1, open_intent=moved.id if moved.open else "")
    events = [event]
    if moved.state is IntentState.CONFIRMED:
        action = str(moved.request["action_id"])
        # Asking for the goods decides nothing yet: they are received and inspected, and then it is decided.
        stage = ReturnStage.DECIDED if is_final(moved) else changed.stage
        changed = replace(changed, stage=stage, decision=action, next_alarm=None)
        if changed.open and REJECT_ACTIONS & {offered.id for offered in changed.actions}:
            # The read that proved the call showed the next question already, and no later one would: its clock starts.
            settings = store.settings(moved.seller) or SellerSettings(seller=moved.seller)
            changed = replace(changed, decide_by=decide_return_by(now, settings))
            changed = replace(changed, next_alarm=return_alarm(changed, settings, now))
        data: dict[str, Json] = {"intent": moved.id, "action_id": action}
        if moved.amount is not None:
            data["amount"] = {"amount": moved.amount.amount, "currency": moved.amount.currency}
        events.append(Event(type=EventType.RETURN_DECIDED, at=now, actor=moved.actor, reason=moved.reason, data=data))
    return [SaveReturn(changed), AppendEvents(moved.seller, moved.ref, changed.version, tuple(events))]


def _chosen_by_nobody(moved: Intent) -> bool:
    return actors.is_automatic(moved.actor) and not moved.approved_by


def _money_writes(moved: Intent, store: Store, now: datetime) -> list[Write]:
    if moved.amount is None or moved.state not in (IntentState.SENT, IntentState.CONFIRMED, IntentState.REJECTED):
        return []
    ledger = store.money(moved.seller, moved.posting_number)
    if ledger is None:
        raise NotFoundError(f"the ledger of posting {moved.posting_number} is gone from the store")
    if moved.state is IntentState.SENT:
        if ledger.refunded != moved.previously_refunded:
            raise PreconditionFailedError(
                "other money was given back since this was asked: look at the ledger and ask again"
            )
        # Saved unchanged but one version on: no other refund can be confirmed between this look and the claim.
        return [SaveMoney(replace(ledger, version=ledger.version + 1))]
    if moved.state is IntentState.CONFIRMED:
        return [SaveMoney(ledger.confirm(moved.id, at=now))]
    return [SaveMoney(_released(ledger, moved, store, now))]


def _released(ledger: MoneyLedger, moved: Intent, store: PostingReads, now: datetime) -> MoneyLedger:
    """The ledger without the reservation; of a posting cancelled meanwhile it is the marketplace's that pays it."""
    free = ledger.release(moved.id, at=now)
    posting = store.posting(moved.seller, moved.posting_number)
    # Where everything was set aside when it was cancelled, nothing was left to book then.
    cancelled = OBSERVED_CANCEL in ledger.entries or (posting is not None and posting.status == "cancelled")
    if posting is None or not cancelled or free.available <= 0:
        return free
    rule = who_pays(circumstances(EntryKind.OBSERVED, posting, store.detail(moved.seller, moved.posting_number)))
    booked = free.observe(
        f"{OBSERVED_CANCEL}:{moved.id}",
        free.available,
        borne_by=rule.cost_borne_by,
        lines=free.left_of_lines(),
        at=now,
        rule=rule.id,
    )
    return replace(booked, version=free.version)
