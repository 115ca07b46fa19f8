"""Whether what waits in a digest is still true when it is told: nobody is asked for what is done, decided or over."""

from __future__ import annotations

from shipby.application.ports.matters import WatchReads
from shipby.application.ports.returns import IntentReads
from shipby.application.ports.store import Store
from shipby.domain.carriages import CarriageState
from shipby.domain.cases.watches import HEALTHY, MARKETPLACE_KEY, PUSH_HEALTH
from shipby.domain.errors import InvalidInputError
from shipby.domain.events import AggregateKind, EventType, StoredEvent
from shipby.domain.intents import IntentState
from shipby.domain.notices.reminders import REMINDERS, posting_wants, return_wants

_KEY_VALID = "valid"


def still_matters(stored: StoredEvent, store: Store) -> bool:
    """False for what was confirmed, packed, handed over, decided or mended meanwhile. What is gone is told: somebody
    may know of it."""
    seller, event, ref = stored.seller, stored.event, stored.ref
    parent = event.data.get("parent") if event.type is EventType.POSTING_RECEIVED else None
    if parent and store.posting(seller, str(parent)) is not None:
        return False  # a part of an order that people heard of when it came
    if event.type in _OF_INTENTS:
        return _intent_wants(stored, store)
    match ref.kind:
        case AggregateKind.POSTING if event.type in REMINDERS:
            posting = store.posting(seller, ref.id)
            return posting is None or posting_wants(event, posting)
        case AggregateKind.RETURN:
            found = store.return_case(seller, ref.id)
            return found is None or return_wants(event, found)
        case AggregateKind.CASE:
            case = store.case(seller, ref.id)
            return case is None or case.open
        case AggregateKind.CANCEL_REQUEST:
            request = store.cancel_request(seller, ref.id)
            return request is None or (request.open and not request.open_intent)
        case AggregateKind.CLAIM:
            claim = store.claim(seller, ref.id)
            return claim is None or claim.open
        case AggregateKind.CARRIAGE:
            carriage = store.carriage(seller, ref.id)
            return carriage is None or carriage.state is CarriageState.FAILED
        case AggregateKind.WATCH:
            return _watch_wants(stored, store)
    return True


_OF_INTENTS = frozenset({EventType.INTENT_PROPOSED, EventType.INTENT_NEEDS_PERSON})


def _intent_wants(stored: StoredEvent, store: IntentReads) -> bool:
    """Whether a second person's word, or a person's look, is still wanted."""
    try:
        intent = store.intent(stored.seller, str(stored.event.data.get("intent", "")))
    except InvalidInputError:
        return True
    if intent is None:
        return True
    return intent.state is IntentState.PROPOSED if stored.event.type is EventType.INTENT_PROPOSED else intent.open


def _watch_wants(stored: StoredEvent, store: WatchReads) -> bool:
    """What was ill and is well again has a line that says so."""
    if stored.event.type is EventType.PUSH_UNHEALTHY:
        watch = store.watch(stored.seller, PUSH_HEALTH)
        return watch is None or watch.state != HEALTHY
    if stored.event.type in (EventType.KEY_REJECTED, EventType.KEY_EXPIRES_SOON):
        watch = store.watch(stored.seller, MARKETPLACE_KEY)
        return watch is None or watch.state != _KEY_VALID
    return True
