"""An automatic call that came to nothing is a decision that waits again: it gets its case, unless it is moot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from shipby.application.cases.held import SHIP, Stopped, hold
from shipby.application.deadlines.ring_posting import around_of
from shipby.application.ports.store import Store
from shipby.application.ports.writes import Write
from shipby.domain.cases.held import Wait
from shipby.domain.deadlines.moot import why_moot
from shipby.domain.deadlines.policy import Move, may_be_sent
from shipby.domain.events import AggregateKind
from shipby.domain.intents import Intent, IntentAction
from shipby.domain.postings.posting import Posting
from shipby.domain.proof.open_orders import owner_of
from shipby.domain.sellers.settings import Automation, SellerSettings

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
    owner = settings.owners.get("*", "")
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
        return settings.auto_assemble is Automation.ON and posting.assembled_at is None and may_be_sent(posting)
    around = around_of(posting.seller, posting.number, store=store)
    return not why_moot(free, Move(_ACTIONS[moved.action]), settings, around, at=now)
