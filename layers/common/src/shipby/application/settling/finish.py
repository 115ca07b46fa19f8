"""One step of an intent's life, in one transaction with its aggregate, its event, its money and its history.

But for the claim of a posting's intent: that is one conditional write of the intent alone, which stands before the call
all the same. Its history tells of it with the next step, whichever that is and whoever takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from shipby.application.cases.held import commit
from shipby.application.cases.opening import closing
from shipby.application.intake.split_money import parts_unread
from shipby.application.intents import posting_actions
from shipby.application.intents.effect import Effect
from shipby.application.intents.request_intent import PICK_UP_WITHIN
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.matters import Cases
from shipby.application.ports.postings import PostingReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import (
    RequireAutomation,
    SaveIntent,
    SaveMoney,
    Write,
)
from shipby.application.settling.aggregates import aggregate_of
from shipby.application.settling.refused import hold_refused, number_case
from shipby.application.shared.retry import ATTEMPTS
from shipby.domain import actors
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.held import Wait
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.errors import InvalidInputError, NotFoundError, PreconditionFailedError, VersionConflictError
from shipby.domain.events import AggregateKind, Event, EventType
from shipby.domain.intents import NEEDS_PERSON, OPEN_STATES, Intent, IntentState
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Alarm, MarketplacePosting, Posting, RungKind
from shipby.domain.refunds.moves import released
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
        try:
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
            commit(store, [*writes, *also(moved)])
        except (VersionConflictError, InvalidInputError, PreconditionFailedError) as error:
            current = store.intent(intent.seller, intent.id)
            if not isinstance(error, VersionConflictError) and (current is None or current.version == intent.version):
                raise
            # Otherwise the money that was read beside it may be what somebody made of it meanwhile: a conflict too.
            waits = intent.state in (IntentState.PENDING, IntentState.PROPOSED)
            claimed_by_another = waits and current and current.state is not intent.state
            if current is None or not current.open or claimed_by_another:
                raise VersionConflictError(f"intent {intent.id} was moved on meanwhile: read it again") from error
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
    if state is IntentState.SENT and _rings_soon(intent, now, wait):
        alarm = intent.next_alarm
    alone = state is IntentState.SENT and intent.ref.kind is AggregateKind.POSTING
    moved = intent.move(
        state,
        at=now,
        outcome=outcome[:500],
        attempts=checks,
        read_back=intent.read_back if read_back is None else read_back,
        next_alarm=alarm,
        sent_at=now if state is IntentState.SENT else intent.sent_at,
        untold=alone,
    )
    kind = EventType.INTENT_NEEDS_PERSON if needs_person else _EVENTS[state]
    event = Event(type=kind, at=now, actor=actor, reason=outcome[:500], data=_data(intent, state))
    writes = [] if alone else aggregate_of(intent).writes(moved, (*_sent(intent), event), store, now)
    if state is IntentState.SENT and actors.is_automatic(intent.actor):
        # The switch stops what was asked for before it was thrown, too.
        writes.append(RequireAutomation(intent.seller))
    if not moved.open and not needs_person:
        writes += _closing(moved, outcome, store, now, actor)
    if (
        state is IntentState.REJECTED
        and actors.is_automatic(intent.actor)
        and actor == actors.INTENT_WORKER
        and not needs_person
    ):
        writes += hold_refused(moved, waits_for, settings, store=store, now=now, actor=actor)
    writes += number_case(moved, settings, store=store, now=now, actor=actor)
    return moved, [SaveIntent(moved), *writes, *_money_writes(moved, store, now)]


def _rings_soon(intent: Intent, now: datetime, wait: timedelta) -> bool:
    """Whether the alarm it was born with will do after the call as well: an intent has one for life then."""
    alarm = intent.next_alarm
    return alarm is not None and now + wait <= alarm.due <= now + max(wait, PICK_UP_WITHIN)


def _data(intent: Intent, state: IntentState) -> dict[str, Json]:
    data: dict[str, Json] = {"intent": intent.id, "action": intent.action, "state": state}
    if intent.amount is not None:
        data["amount"] = {"amount": intent.amount.amount, "currency": intent.amount.currency}
    return data


def _sent(intent: Intent) -> tuple[Event, ...]:
    """That it was sent, if its history does not tell it yet."""
    if not intent.untold or intent.sent_at is None:
        return ()
    data = _data(intent, IntentState.SENT)
    return (Event(type=EventType.INTENT_SENT, at=intent.sent_at, actor=actors.INTENT_WORKER, data=data),)


def confirm_with_read(
    intent: Intent, outcome: str, *, store: Store, marketplace: Marketplace, clock: Clock
) -> tuple[Effect, Intent | None]:
    """Read a posting back after its call; what the read changes and that the intent is done are one transaction.

    The intent is None where the read does not show it done, or changed nothing: then nothing of the intent is saved.
    Raises what the marketplace's reads raise.
    """
    done: list[Intent] = []
    tries = 0

    def beside(
        posting: Posting, facts: MarketplacePosting, now: datetime
    ) -> tuple[Posting, tuple[Event, ...], Sequence[Write]] | None:
        nonlocal tries
        tries += 1
        done.clear()
        current = intent if tries == 1 else store.intent(intent.seller, intent.id)
        if current is None or not current.open or intent.id not in posting.open_intents:
            return None
        seen = posting_actions.effect(current, facts)
        if not seen.done:
            return None
        moved = current.move(
            IntentState.CONFIRMED,
            at=now,
            outcome=outcome[:500],
            read_back=seen.read_back,
            next_alarm=None,
            untold=False,
        )
        data = _data(current, IntentState.CONFIRMED)
        kind = EventType.INTENT_CONFIRMED
        event = Event(type=kind, at=now, actor=actors.INTENT_WORKER, reason=outcome[:500], data=data)
        done.append(moved)
        closed = _closing(moved, outcome, store, now, actors.INTENT_WORKER)
        return rewind(posting_actions.without(posting, moved)), (*_sent(current), event), [SaveIntent(moved), *closed]

    effect, changed = posting_actions.read_beside(intent, beside, store=store, marketplace=marketplace, clock=clock)
    # At a try that found nothing to change any more it was not asked.
    return effect, done[0] if done and changed else None


def _closing(moved: Intent, outcome: str, store: Cases, now: datetime, actor: str) -> Sequence[Write]:
    return closing(
        store,
        seller=moved.seller,
        kind=CaseKind.INTENT,
        subject=moved.id,
        resolution=f"{moved.state}: {outcome[:500] or 'settled'}",
        now=now,
        actor=actor,
    )


def _money_writes(moved: Intent, store: PostingReads, now: datetime) -> list[Write]:
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
    posting = store.posting(moved.seller, moved.posting_number)
    detail = store.detail(moved.seller, moved.posting_number)
    unread = parts_unread(ledger, detail, store)
    return [SaveMoney(released(ledger, moved.id, posting, detail, at=now, parts_unread=unread))]
