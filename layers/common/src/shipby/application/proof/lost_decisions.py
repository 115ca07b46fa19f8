"""Held decisions of a posting that nothing waits for: held by an older release, or their case was lost or closed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from shipby.application.cases.held import SHIP, held_case
from shipby.application.deadlines.ring_posting import around_of
from shipby.application.ports.store import Store
from shipby.domain.deadlines.moot import why_moot
from shipby.domain.deadlines.policy import Move, may_be_sent
from shipby.domain.events import Event, EventType, posting_ref
from shipby.domain.intents import IntentAction
from shipby.domain.postings.posting import Posting, Stage
from shipby.domain.sellers.overrides import policy_for
from shipby.domain.sellers.settings import Automation, SellerSettings

_TAKEN: Mapping[str, str] = {
    IntentAction.CANCEL: Move.CANCEL,
    IntentAction.SET_CUT_OFF: Move.MOVE_DATE,
    IntentAction.SHIP: SHIP,
}
"""The action of an intent -> the decision that it takes."""


def forgotten_moves(posting: Posting, settings: SellerSettings, *, store: Store, now: datetime) -> list[Event]:
    """The events by which decisions were held back that still make sense and have no open case, newest of each.

    The history is read only of what may have one: a posting that is late, blocked or expired, or ships itself.
    """
    aside = posting.stage in (Stage.BLOCKED, Stage.EXPIRED) or (posting.late and may_be_sent(posting))
    if not aside and not _ships(posting, settings):
        return []
    held: dict[str, Event] = {}
    for stored in store.events(posting.seller, posting_ref(posting.number)):
        event = stored.event
        if event.type is EventType.AUTOMATION_HELD:
            held[str(event.data.get("action"))] = event
        elif event.type is EventType.INTENT_CREATED:
            held.pop(_TAKEN.get(str(event.data.get("action")), ""), None)
        elif event.type is EventType.BUYER_ASK_DUE:
            held.pop(Move.ASK_BUYER, None)
    return [event for action, event in held.items() if _waits(posting, action, settings, store, now)]


def _ships(posting: Posting, settings: SellerSettings) -> bool:
    switch = policy_for(posting, settings).auto_assemble
    return switch is Automation.ON and posting.assembled_at is None and may_be_sent(posting)


def _waits(posting: Posting, action: str, settings: SellerSettings, store: Store, now: datetime) -> bool:
    if held_case(store, posting.seller, posting_ref(posting.number), action) is not None:
        return False
    if action == SHIP:
        return _ships(posting, settings)
    if action not in set(Move):
        return False
    around = around_of(posting.seller, posting.number, store=store)
    return not why_moot(posting, Move(action), settings, around, at=now)
