"""Ring the next alarm of a posting: late, reminders, and the moves of the seller's policy that act outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from shipby.application.cases.held import DEFAULT_CAP, commit, held_case, hold_posting, let_go, still_stopped, waits_on
from shipby.application.intents.request_intent import Wish, prepare_intent
from shipby.application.ports.matters import Cases
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, RequireAutomation, SavePosting, SpendCap, Write
from shipby.application.rating.guard import cancel_forecast, room_words, words
from shipby.application.shared.alarm_outcome import GONE, AlarmOutcome, fired, stands
from shipby.application.shared.shadowing import shadow_writes, under_policy
from shipby.domain import actors
from shipby.domain.alarm import AlarmRef
from shipby.domain.cases.case import Case
from shipby.domain.cases.held import Became, Wait, wait_of
from shipby.domain.deadlines.cancel_causes import CancelCause
from shipby.domain.deadlines.firing import NO_OFFERS, Fired, fire, needs_offers
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.deadlines.moot import Around, why_moot
from shipby.domain.deadlines.policy import CANCEL_OFFER, Move, Offers, later_cut_off
from shipby.domain.deadlines.workflow import expire
from shipby.domain.errors import (
    CancelGuardError,
    CapReachedError,
    KillSwitchOnError,
    ShipbyError,
)
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.intents import IntentAction, open_of
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Posting, Stage
from shipby.domain.sellers.settings import SellerSettings

Also = Callable[[Posting], Sequence[Write]]
"""Further writes of the same transaction, made from the posting as it is saved."""
_Act = tuple[Posting, list[Event], list[Write]]
_DECIDED = "it was decided after all"
_NOT_OFFERED = "the marketplace refused to cancel it, and does not offer it now"


class _BusyError(Exception):
    """Another call about the posting is not settled. It ends in here and is no error of anybody else."""


_STOPS = (CapReachedError, KillSwitchOnError, CancelGuardError, _BusyError)


def ring_posting(alarm: AlarmRef, *, store: Store, now: datetime) -> AlarmOutcome:
    """Fire what is due of a posting if this is still its next alarm.

    Raises VersionConflictError: somebody changed it meanwhile; read and decide again.
    """
    posting = store.posting(alarm.seller, alarm.ref.id)
    if posting is None or posting.next_alarm is None or not stands(alarm, posting.next_alarm):
        return GONE
    settings = store.settings(alarm.seller) or SellerSettings(seller=alarm.seller)
    offers = offers_of(posting, store=store, now=now) if needs_offers(posting, now) else NO_OFFERS
    step = fire(posting, posting.next_alarm, settings, at=now, actor=actors.ALARM_WORKER, offers=offers)
    saved, _ = commit_moves(step, settings, store=store, now=now)
    return fired(alarm, saved.next_alarm)


def offers_of(posting: Posting, *, store: Store, now: datetime) -> Offers:
    """What the marketplace's last read offers for a posting, and what cancelling it would do to the error index."""
    detail = store.detail(posting.seller, posting.number, of=posting)
    told = cancel_forecast(posting.seller, store=store, now=now, price=detail.paid if detail else None)
    return Offers(
        actions=detail.actions if detail else (),
        cancel_fee=told.fee if told else None,
        wanted=around_of(posting.seller, posting.number, store=store).wanted,
        cancel_note=f"{words(told)}; {room_words(told)}" if told is not None and told.known else "",
    )


def commit_moves(
    step: Fired,
    settings: SellerSettings,
    *,
    store: Store,
    now: datetime,
    also: Also = lambda _: (),
    instead: Sequence[Event] = (),
) -> tuple[Posting, bool]:
    """Commit what rang together with the policy's moves that act outside: at most one, under cap and kill switch.

    Returns the posting as saved, and whether the move is under way. Where automation is stopped, what rang is
    committed all the same, with an event that says why and with the events `instead`: a person decides then.
    """
    acting = next((move for move in step.moves if move in _ACTS), None)
    if acting is None or open_of(step.posting, _INTENTS.get(acting, IntentAction.SHIP)):
        # An open intent is the very call that the policy wants: a second one could be sent beside it.
        return _commit(store, settings, step.posting, step.events, also), False
    try:
        posting, events, writes = _act(acting, step.posting, settings, store, now)
        done = let_go(
            posting.seller,
            posting_ref(posting.number),
            acting,
            _DECIDED,
            store=store,
            now=now,
            actor=actors.ALARM_WORKER,
        )
        return _commit(store, settings, posting, (*step.events, *events), also, [*writes, *done]), True
    except _STOPS as error:
        known = held_case(store, step.posting.seller, posting_ref(step.posting.number), acting)
        # What waits already is told by its case.
        held = () if known else (_held(acting, error, now),)
        return _commit(store, settings, step.posting, (*step.events, *held, *instead), also), False


def move_again(case: Case, move: Move, *, store: Store, now: datetime) -> Became:
    """Make a move that was held back, if it still makes sense. Returns decided, moot or held.

    The posting, the move and the end of its case are one transaction: of two that try at once, one meets the other's
    change. Raises VersionConflictError: read and decide again.
    """
    assert case.held is not None  # noqa: S101  # only cases of held decisions come here
    settings = store.settings(case.seller) or SellerSettings(seller=case.seller)
    posting = store.posting(case.seller, case.held.ref.id)
    around = around_of(case.seller, case.held.ref.id, store=store)
    moot = why_moot(posting, move, settings, around, at=now) if posting else "there is no such posting"
    if posting is None or moot:
        commit(store, let_go(case.seller, case.held.ref, move, moot, store=store, now=now, actor=actors.ALARM_WORKER))
        return Became.MOOT
    waits, cap = case.held.waits_for, _INTENTS.get(move, move)
    refused = waits is Wait.MARKETPLACE and move is Move.CANCEL and CANCEL_OFFER not in around.actions
    if refused or still_stopped(case, settings, cap=cap, store=store, now=now):
        reason = _NOT_OFFERED if refused else case.reason
        commit(store, waits_on(case, waits, reason, now=now, actor=actors.ALARM_WORKER))
        return Became.HELD
    ready, events = rewind(replace(posting, version=posting.version + 1)), tuple[Event, ...]()
    if move is Move.CANCEL and posting.stage is not Stage.EXPIRED and around.wanted is None:
        step = expire(posting, "given up by the seller's policy", at=now, actor=actors.ALARM_WORKER)
        ready, events = step.posting, step.events
    try:
        acted, more, writes = _act(move, ready, settings, store, now)
        done = let_go(case.seller, case.held.ref, move, _DECIDED, store=store, now=now, actor=actors.ALARM_WORKER)
        _commit(store, settings, acted, (*events, *more), lambda _: (), [*writes, *done])
    except _STOPS as error:
        commit(store, waits_on(case, _wait_of(error), str(error), now=now, actor=actors.ALARM_WORKER))
        return Became.HELD
    return Became.DECIDED


def around_of(seller: str, number: str, *, store: Store) -> Around:
    """What the marketplace offers for a posting, and what its buyer said, as far as we know."""
    detail, asked, wanted = store.detail(seller, number), False, None
    for stored in store.events(seller, posting_ref(number)):
        if stored.event.type is EventType.BUYER_ANSWERED:
            asked, wanted = True, stored.event.data.get("wanted") is True
        asked = asked or stored.event.type is EventType.BUYER_ASKED
    return Around(actions=detail.actions if detail else (), asked=asked, wanted=wanted)


def _act(move: Move, posting: Posting, settings: SellerSettings, store: Store, now: datetime) -> _Act:
    if move is Move.CANCEL and posting.open_intents:
        open_ones = ", ".join(posting.open_intents)
        raise _BusyError(f"not cancelled while {open_ones} is not settled: a person decides")
    return _ACTS[move](posting, settings, store, now)


def _move_date(posting: Posting, settings: SellerSettings, store: Store, now: datetime) -> _Act:
    to, cut_off = later_cut_off(posting, settings, at=now), posting.cut_off
    assert to is not None and cut_off is not None  # noqa: S101, PT018  # fire() makes this move only where there is one
    request: dict[str, Json] = {"cut_off": to.isoformat(), "from": cut_off.isoformat()}
    reason = "it will not be packed by its date"
    return _intent(posting, IntentAction.SET_CUT_OFF, request, reason, settings, store, now)


def _cancel(posting: Posting, settings: SellerSettings, store: Store, now: datetime) -> _Act:
    # Which of the offered reasons says so is found when they are read, right before the call.
    request: dict[str, Json] = {"cause": _cause(posting), "preferred": settings.cancel_reason_id}
    if (posting.stage is Stage.EXPIRED or posting.late) and posting.cut_off is not None:
        # Given up for this date, or late for it: where it has moved by the time of the call, that is not true any more.
        request["cut_off"] = posting.cut_off.isoformat()
    reason = posting.expired_reason or "the buyer does not want it any more"
    return _intent(posting, IntentAction.CANCEL, request, reason, settings, store, now)


def _cause(posting: Posting) -> CancelCause:
    if posting.stage is Stage.EXPIRED:
        return CancelCause.NOT_SENT
    return CancelCause.BUYER_AS_LATE if posting.late else CancelCause.BUYER


def _intent(
    posting: Posting,
    action: IntentAction,
    request: dict[str, Json],
    reason: str,
    settings: SellerSettings,
    store: Store,
    now: datetime,
) -> _Act:
    wish = Wish(
        seller=posting.seller,
        number=posting.number,
        action=action,
        request=request,
        actor=actors.ALARM_WORKER,
        reason=reason,
        automatic=True,
    )
    noted, _, created, writes = prepare_intent(posting, wish, settings, store=store, now=now)
    return noted, [created], writes


def _ask_buyer(posting: Posting, settings: SellerSettings, _: Store, now: datetime) -> _Act:
    data: dict[str, Json] = {"late": posting.late}
    if posting.cut_off is not None:
        data["cut_off"] = posting.cut_off.isoformat()
    event = Event(type=EventType.BUYER_ASK_DUE, at=now, actor=actors.ALARM_WORKER, data=data)
    limit = settings.caps.get(Move.ASK_BUYER, DEFAULT_CAP)
    guards: list[Write] = [
        RequireAutomation(posting.seller),
        SpendCap(posting.seller, Move.ASK_BUYER, now.date(), limit),
    ]
    return posting, [event], guards


_ACTS: dict[Move, Callable[[Posting, SellerSettings, Store, datetime], _Act]] = {
    Move.MOVE_DATE: _move_date,
    Move.ASK_BUYER: _ask_buyer,
    Move.CANCEL: _cancel,
}
_INTENTS = {Move.MOVE_DATE: IntentAction.SET_CUT_OFF, Move.CANCEL: IntentAction.CANCEL}


def _held(move: Move, error: ShipbyError | _BusyError, now: datetime) -> Event:
    data: dict[str, Json] = {"action": move, "waits_for": _wait_of(error)}
    return Event(type=EventType.AUTOMATION_HELD, at=now, actor=actors.ALARM_WORKER, reason=str(error), data=data)


def _wait_of(error: ShipbyError | _BusyError) -> Wait:
    return Wait.INTENT if isinstance(error, _BusyError) else wait_of(error)


def _commit(
    store: Cases,
    settings: SellerSettings,
    posting: Posting,
    events: Sequence[Event],
    also: Also,
    writes: Sequence[Write] = (),
) -> Posting:
    told = tuple(under_policy(event, settings.version) for event in events)
    appended = AppendEvents(posting.seller, posting_ref(posting.number), posting.version, told)
    noted = shadow_writes(appended, posting_number=posting.number, policy_version=settings.version)
    held = hold_posting(told, posting, settings, store=store)
    commit(store, [SavePosting(posting), appended, *noted, *held, *writes, *also(posting)])
    return posting
