"""Ring the next alarm of a posting: late, reminders, and the moves of the seller's policy that act outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from shipby.application.guard import cancel_forecast, room_words, words
from shipby.application.ports import AppendEvents, RequireAutomation, SavePosting, SpendCap, Store, Write
from shipby.application.rang import ACTOR, GONE, Rang, fired, stands
from shipby.application.request_intent import DEFAULT_CAP, Wish, prepare_intent
from shipby.application.shadowing import shadow_writes, under_policy
from shipby.domain.errors import CancelGuardError, CapReachedError, KillSwitchOnError
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.firing import NO_OFFERS, Fired, fire, needs_offers
from shipby.domain.intents import IntentAction, open_of
from shipby.domain.json_types import Json
from shipby.domain.policy import Move, Offers, later_cut_off
from shipby.domain.posting import Posting, Stage
from shipby.domain.records import AlarmRef, SellerSettings

Also = Callable[[Posting], Sequence[Write]]
"""Further writes of the same transaction, made from the posting as it is saved."""
_Act = tuple[Posting, list[Event], list[Write]]


def ring_posting(alarm: AlarmRef, *, store: Store, now: datetime) -> Rang:
    """Fire what is due of a posting if this is still its next alarm.

    Raises VersionConflictError: somebody changed it meanwhile; read and decide again.
    """
    posting = store.posting(alarm.seller, alarm.ref.id)
    if posting is None or posting.next_alarm is None or not stands(alarm, posting.next_alarm):
        return GONE
    settings = store.settings(alarm.seller) or SellerSettings(seller=alarm.seller)
    offers = offers_of(posting, store=store, now=now) if needs_offers(posting, now) else NO_OFFERS
    step = fire(posting, posting.next_alarm, settings, at=now, actor=ACTOR, offers=offers)
    saved, _ = commit_moves(step, settings, store=store, now=now)
    return fired(alarm, saved.next_alarm)


def offers_of(posting: Posting, *, store: Store, now: datetime) -> Offers:
    """What the marketplace's last read offers for a posting, and what cancelling it would do to the error index."""
    detail = store.detail(posting.seller, posting.number)
    told = cancel_forecast(posting.seller, store=store, now=now, price=detail.paid if detail else None)
    return Offers(
        actions=detail.actions if detail else (),
        cancel_fee=told.fee if told else None,
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
    if acting is Move.CANCEL and step.posting.open_intents:
        problem = f"not cancelled while {', '.join(step.posting.open_intents)} is not settled: a person decides"
        held = (*step.events, _held(acting, problem, now), *instead)
        return _commit(store, settings, step.posting, held, also), False
    try:
        posting, events, writes = _ACTS[acting](step.posting, settings, store, now)
        return _commit(store, settings, posting, (*step.events, *events), also, writes), True
    except (CapReachedError, KillSwitchOnError, CancelGuardError) as error:
        told = (*step.events, _held(acting, str(error), now), *instead)
        return _commit(store, settings, step.posting, told, also), False


def _move_date(posting: Posting, settings: SellerSettings, store: Store, now: datetime) -> _Act:
    to, cut_off = later_cut_off(posting, settings, at=now), posting.cut_off
    assert to is not None and cut_off is not None  # noqa: S101, PT018  # fire() makes this move only where there is one
    request: dict[str, Json] = {"cut_off": to.isoformat(), "from": cut_off.isoformat()}
    reason = "it will not be packed by its date"
    return _intent(posting, IntentAction.SET_CUT_OFF, request, reason, settings, store, now)


def _cancel(posting: Posting, settings: SellerSettings, store: Store, now: datetime) -> _Act:
    request: dict[str, Json] = {"reason_id": settings.cancel_reason_id, "message": ""}
    if posting.stage is Stage.EXPIRED and posting.cut_off is not None:
        # Given up for this date: where it has moved by the time of the call, nothing is cancelled.
        request["cut_off"] = posting.cut_off.isoformat()
    reason = posting.expired_reason or "the buyer does not want it any more"
    return _intent(posting, IntentAction.CANCEL, request, reason, settings, store, now)


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
        actor=ACTOR,
        reason=reason,
        automatic=True,
    )
    noted, _, created, writes = prepare_intent(posting, wish, settings, store=store, now=now)
    return noted, [created], writes


def _ask_buyer(posting: Posting, settings: SellerSettings, _: Store, now: datetime) -> _Act:
    data: dict[str, Json] = {"late": posting.late}
    if posting.cut_off is not None:
        data["cut_off"] = posting.cut_off.isoformat()
    event = Event(type=EventType.BUYER_ASK_DUE, at=now, actor=ACTOR, data=data)
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


def _held(move: Move, problem: str, now: datetime) -> Event:
    return Event(type=EventType.AUTOMATION_HELD, at=now, actor=ACTOR, reason=problem, data={"action": move})


def _commit(
    store: Store,
    settings: SellerSettings,
    posting: Posting,
    events: Sequence[Event],
    also: Also,
    writes: Sequence[Write] = (),
) -> Posting:
    told = tuple(under_policy(event, settings.version) for event in events)
    appended = AppendEvents(posting.seller, posting_ref(posting.number), posting.version, told)
    noted = shadow_writes(appended, posting_number=posting.number, policy_version=settings.version)
    store.commit([SavePosting(posting), appended, *noted, *writes, *also(posting)])
    return posting
