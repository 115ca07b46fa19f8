"""What came to nothing: an automatic call waits again unless it is moot, a refused tracking number is a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from shipby.application.cases.held import SHIP, Stopped, hold
from shipby.application.cases.opening import closing, find_open_case, opening
from shipby.application.deadlines.ring_posting import around_of
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveCase, Write
from shipby.domain import actors
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.held import Wait
from shipby.domain.cases.matter import Matter, restated
from shipby.domain.deadlines.moot import why_moot
from shipby.domain.deadlines.policy import Move, may_be_sent
from shipby.domain.events import AggregateKind, case_ref
from shipby.domain.intents import Intent, IntentAction, IntentState
from shipby.domain.postings.posting import FINAL, Posting
from shipby.domain.sellers.overrides import policy_for
from shipby.domain.sellers.owners import owner_of
from shipby.domain.sellers.settings import Automation, SellerSettings

_LONGEST = 1500
_ACTIONS: Mapping[IntentAction, str] = {
    IntentAction.CANCEL: Move.CANCEL,
    IntentAction.SET_CUT_OFF: Move.MOVE_DATE,
    IntentAction.SHIP: SHIP,
    IntentAction.RETURN_ACTION: IntentAction.RETURN_ACTION,
    IntentAction.CANCEL_REQUEST: IntentAction.CANCEL_REQUEST,
}


def hold_refused(
    moved: Intent, wait: Wait, settings: SellerSettings, *, store: Store, now: datetime, actor: str
) -> list[Write]:
    """What opens the case of an automatic intent that was not carried out; nothing where nobody waits for it."""
    action = _ACTIONS.get(moved.action)
    owner = owner_of(None, settings)
    match moved.ref.kind:
        case AggregateKind.POSTING:
            posting = store.posting(moved.seller, moved.posting_number)
            waits = action is not None and posting is not None and _posting_waits(posting, moved, settings, store, now)
            owner = owner_of(posting, settings) if posting else owner
        case AggregateKind.RETURN:
            case = store.return_case(moved.seller, moved.ref.id)
            on = settings.auto_return is Automation.ON
            waits = on and case is not None and case.open and not case.clock_over(now)
        case _:
            request = store.cancel_request(moved.seller, moved.ref.id)
            on = settings.auto_cancel_request is Automation.ON
            waits = on and request is not None and request.open and not request.clock_over(now)
    if action is None or not waits:
        return []
    stopped = Stopped(
        seller=moved.seller,
        ref=moved.ref,
        action=action,
        waits_for=wait,
        reason=f"it was not done: {moved.outcome}"[:500],
        owner=owner,
        actor=actor,
    )
    return hold(stopped, store=store, now=now)


def _posting_waits(posting: Posting, moved: Intent, settings: SellerSettings, store: Store, now: datetime) -> bool:
    others = tuple(known for known in posting.open_intents if known != moved.id)
    free = replace(posting, open_intents=others)
    if moved.action is IntentAction.SHIP:
        switch = policy_for(posting, settings).auto_assemble
        return switch is Automation.ON and posting.assembled_at is None and may_be_sent(posting)
    around = around_of(posting.seller, posting.number, store=store)
    return not why_moot(free, Move(_ACTIONS[moved.action]), settings, around, at=now)


def number_case(moved: Intent, settings: SellerSettings, *, store: Store, now: datetime, actor: str) -> list[Write]:
    """What a settled change of a number does to the posting's case in the same transaction: opened or brought up to
    date where the marketplace refused it, closed where it shows the number. Nothing for a posting that is over.
    """
    if moved.action is not IntentAction.SET_TRACKING:
        return []
    number = moved.posting_number
    if moved.state is IntentState.CONFIRMED:
        told = f"the marketplace shows {moved.request['tracking_number']}"
        kind = CaseKind.NO_NUMBER
        return closing(store, seller=moved.seller, kind=kind, subject=number, resolution=told, now=now, actor=actor)
    if moved.state is not IntentState.REJECTED or actors.is_person(actor):
        return []
    posting = store.posting(moved.seller, number)
    if posting is None or posting.stage in FINAL:
        return []
    reason = (
        f"the marketplace refused tracking number {moved.request['tracking_number']} of posting {number} "
        f"({moved.outcome or 'without a reason'}): set another one, or GET /v1/postings/{number}/tracking-ticket for a "
        f"ticket to its support and POST there for its evidence; without any number see "
        f"GET /v1/postings/{number}/number-options"
    )[:_LONGEST]
    owner = owner_of(posting, settings)
    matter = Matter(seller=moved.seller, kind=CaseKind.NO_NUMBER, subject=number)
    if (known := find_open_case(store, matter)) is not None:
        case, event = restated(known, reason=reason, owner=owner, at=now, actor=actor)
        return [SaveCase(case), AppendEvents(case.seller, case_ref(case.id), case.version, (event,))]
    _, writes = opening(
        store,
        seller=moved.seller,
        kind=matter.kind,
        subject=number,
        reason=reason,
        owner=owner,
        now=now,
        actor=actor,
    )
    return writes
