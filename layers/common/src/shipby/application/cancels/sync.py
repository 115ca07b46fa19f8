"""Keep buyers' wishes to cancel (rFBS) as the marketplace shows them: clock, suggestion, link to the posting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from shipby.application.cancels.decide import answer_by_itself
from shipby.application.cases.odd_entries import Listed, close_readable, keep_odd_entries, noting, set_aside_of
from shipby.application.cases.opening import close_open_case, open_case
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.matters import Cases
from shipby.application.ports.pages import Page
from shipby.application.ports.returns import CancelRequestReads, IntentReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveCancelRequest
from shipby.application.shared.paging import every
from shipby.application.shared.retry import decide_anew
from shipby.application.shared.troubles import Troubles
from shipby.domain import actors
from shipby.domain.cancels.requests import (
    GONE,
    CancelRequest,
    CancelRequestState,
    MarketplaceCancelRequest,
    cancel_request_alarm,
    decided_by,
)
from shipby.domain.cancels.rules import suggest
from shipby.domain.cases.case import CaseKind
from shipby.domain.errors import NotFoundError, UnreadableAnswerError
from shipby.domain.events import Event, EventType, cancel_request_ref
from shipby.domain.intents import IntentState
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Posting
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import ahead, read_time


@dataclass(frozen=True, slots=True)
class SyncedCancelRequests:
    """What a round saw: requests that wait for an answer, and those that ended since the round before."""

    waiting: int
    ended: int


def sync_cancel_requests(seller: str, *, store: Store, marketplace: Marketplace, clock: Clock) -> SyncedCancelRequests:
    """One polling round: fold what waits, then read again what waited and is not listed any more.

    Raises what the marketplace's reads raise, and at the end what one request failed with; what was folded stays. One
    that cannot be read is a case, and is never taken for withdrawn.
    """
    troubles, ended = Troubles(), 0
    with noting() as odd:
        seen = _fold_waiting(seller, troubles, store=store, marketplace=marketplace, clock=clock)
        missing = _missing(seller, {*seen, *set_aside_of(odd, Listed.CANCEL_REQUEST)}, store)
        if missing:
            began = clock.now()
            numbers = sorted({request.posting_number for request in missing.values()})
            listed = {found.id: found for found in marketplace.cancellations.of_postings(numbers)}
            unread = set_aside_of(odd, Listed.CANCEL_REQUEST)
            for identifier, request in missing.items():
                found = listed.get(identifier)
                if found is None and (identifier in unread or "" in unread):
                    continue
                with troubles.of(f"cancel request {identifier}"):
                    folded = _fold(seller, found or gone(request, began), store=store, clock=clock)
                    ended += not folded.open
    keep_odd_entries(seller, odd, store=store, now=clock.now())
    close_readable(seller, odd, odd.whole, store=store, now=clock.now())
    troubles.settle()
    return SyncedCancelRequests(len(seen), ended)


def _fold_waiting(seller: str, troubles: Troubles, *, store: Store, marketplace: Marketplace, clock: Clock) -> set[str]:
    seen: set[str] = set()
    last_id = 0
    while True:
        page = marketplace.cancellations.waiting(last_id=last_id)
        for found in page.items:
            seen.add(found.id)
            with troubles.of(f"cancel request {found.id}"):
                _fold(seller, found, store=store, clock=clock)
        if page.cursor is None:
            return seen
        last_id = int(page.cursor)


def sync_cancel_request(
    seller: str, identifier: str, *, store: Store, marketplace: Marketplace, clock: Clock
) -> CancelRequest:
    """Read one request again that is known already. Raises NotFoundError if it is not."""
    known = store.cancel_request(seller, identifier)
    if known is None:
        raise NotFoundError(f"there is no cancel request {identifier}; new ones appear within minutes")
    found = read_cancel_request(known, marketplace=marketplace, clock=clock)
    return _fold(seller, found, store=store, clock=clock)


def read_cancel_request(known: CancelRequest, *, marketplace: Marketplace, clock: Clock) -> MarketplaceCancelRequest:
    """What the marketplace says of it now; one that it does not list any more was withdrawn."""
    began = clock.now()
    with noting() as odd:
        try:
            return marketplace.cancellations.get(known.id, known.posting_number)
        except NotFoundError:
            unread = set_aside_of(odd, Listed.CANCEL_REQUEST)
            if unread:
                one = unread.get(known.id) or next(iter(unread.values()))
                raise UnreadableAnswerError.at(
                    f"{one.method} {known.id}", f"holds what makes no sense: {one.problem}"
                ) from None
            return gone(known, began)


def gone(known: CancelRequest, read_at: datetime) -> MarketplaceCancelRequest:
    """As if the marketplace said that a request is not there any more."""
    return MarketplaceCancelRequest(
        id=known.id,
        posting_number=known.posting_number,
        state=CancelRequestState.OTHER,
        read_at=read_at,
        state_name=GONE,
        initiator=known.initiator,
        reason_id=known.reason_id,
        reason=known.reason,
        requested_at=known.requested_at,
        auto_approve_at=known.auto_approve_at,
    )


def _missing(seller: str, seen: set[str], store: CancelRequestReads) -> dict[str, CancelRequest]:
    def page(cursor: str | None) -> Page[str]:
        return store.cancel_requests_in(seller, open_only=True, limit=100, cursor=cursor)

    rows = (store.cancel_request(seller, identifier) for identifier in every(page) if identifier not in seen)
    # The index lags: a request may have been closed since.
    return {request.id: request for request in rows if request is not None and request.open}


def _fold(seller: str, found: MarketplaceCancelRequest, *, store: Store, clock: Clock) -> CancelRequest:
    request = apply_cancel_request_facts(seller, found, store=store, clock=clock)
    _keep_case(request, store=store, clock=clock)
    if request.open:
        answer_by_itself(seller, request.id, store=store, clock=clock)
    return request


def apply_cancel_request_facts(
    seller: str, found: MarketplaceCancelRequest, *, store: Store, clock: Clock
) -> CancelRequest:
    """Fold one read of a request into the store; opens it on first sight. An older read changes nothing."""
    return decide_anew(partial(_apply, seller, found, store, clock))


def _apply(seller: str, found: MarketplaceCancelRequest, store: Store, clock: Clock) -> CancelRequest:
    known = store.cancel_request(seller, found.id)
    now = clock.now()
    found = replace(found, read_at=read_time(found.read_at, known.synced_at if known else None, now))
    wrong = known is not None and ahead(known.synced_at, now)
    if known is not None and found.read_at < known.synced_at and not wrong:
        return known
    settings = store.settings(seller) or SellerSettings(seller=seller)
    posting = store.posting(seller, found.posting_number)
    base = known or CancelRequest(
        seller=seller,
        id=found.id,
        version=0,
        posting_number=found.posting_number,
        state=found.state,
        requested_at=found.requested_at or found.read_at,
        synced_at=found.read_at,
    )
    changed = replace(
        base,
        state=found.state,
        state_name=found.state_name,
        initiator=found.initiator,
        reason_id=found.reason_id,
        reason=found.reason,
        auto_approve_at=found.auto_approve_at,
        decided_at=found.decided_at,
        linked=posting is not None,
    )
    changed = _suggested(changed, posting, settings)
    was_open = known is None or known.open
    if not changed.open and was_open:
        by = decided_by(base, found, sent=_was_sent(base, store))
        changed = replace(changed, decided_by=by, next_alarm=None)
    elif changed.open and (
        known is None
        or not known.open
        or known.auto_approve_at != changed.auto_approve_at
        or _rang_early(known, found, now)
    ):
        changed = replace(changed, decided_by="", next_alarm=cancel_request_alarm(changed, settings, now))
    if changed == known and not wrong:
        return changed
    changed = replace(changed, version=base.version + 1, synced_at=found.read_at)
    events = _events(known, changed, now)
    appended = AppendEvents(seller, cancel_request_ref(found.id), changed.version, events)
    store.commit([SaveCancelRequest(changed), appended])
    return changed


def _rang_early(known: CancelRequest, found: MarketplaceCancelRequest, now: datetime) -> bool:
    """Whether a clock that stood ahead left a reminder out, or let the end ring before its time."""
    if known.auto_approve_at is None or not ahead(known.auto_approve_at, now):
        return False
    if found.requested_at is not None and ahead(found.requested_at, now):
        return False  # it is this worker's own clock that stands behind
    return known.next_alarm is None or ahead(known.synced_at, now)


def _was_sent(request: CancelRequest, store: IntentReads) -> bool:
    intent = store.intent(request.seller, request.open_intent) if request.open_intent else None
    return intent is not None and intent.state in (IntentState.SENT, IntentState.UNKNOWN)


def _suggested(request: CancelRequest, posting: Posting | None, settings: SellerSettings) -> CancelRequest:
    """An open request with what the facts speak for now; a decided one keeps what stood then."""
    if not request.open:
        return request
    found = suggest(posting, initiator=request.initiator)
    if (found.decision, found.reason, found.facts) == (
        request.suggestion,
        request.suggestion_reason,
        dict(request.facts),
    ):
        return request
    return replace(
        request,
        suggestion=found.decision,
        suggestion_reason=found.reason,
        facts=found.facts,
        policy_version=settings.version,
    )


def _events(known: CancelRequest | None, changed: CancelRequest, now: datetime) -> tuple[Event, ...]:
    data = event_data(changed)
    opened = Event(type=EventType.CANCEL_REQUEST_OPENED, at=now, actor=actors.MARKETPLACE, data=data)
    if changed.open:
        if known is None or not known.open:
            return (opened,)
        return (Event(type=EventType.CANCEL_REQUEST_CHANGED, at=now, actor=actors.MARKETPLACE, data=data),)
    if known is not None and not known.open:
        return (Event(type=EventType.CANCEL_REQUEST_CHANGED, at=now, actor=actors.MARKETPLACE, data=data),)
    closed = Event(type=EventType.CANCEL_REQUEST_CLOSED, at=now, actor=actors.MARKETPLACE, data=data)
    return (closed,)


def event_data(request: CancelRequest) -> Mapping[str, Json]:
    """What events of a request tell."""
    data: dict[str, Json] = {
        "posting": request.posting_number,
        "state": request.state,
        "reason_id": request.reason_id,
        "auto_approve_at": request.auto_approve_at.isoformat() if request.auto_approve_at else None,
        "suggestion": request.suggestion,
        "basis": request.facts.get("basis", ""),
        "policy_version": request.policy_version,
    }
    if not request.open:
        data |= {"state_name": request.state_name, "by": request.decided_by}
    return data


def _keep_case(request: CancelRequest, *, store: Cases, clock: Clock) -> None:
    """While its posting is not in the store a person has to know of it: no suggestion can be worked out."""
    seller, kind, subject = request.seller, CaseKind.CANCEL_REQUEST, request.id
    if request.open and not request.linked:
        reason = f"a buyer wants to cancel posting {request.posting_number}, which is not in the store yet"
        open_case(
            store,
            seller=seller,
            kind=kind,
            subject=subject,
            reason=reason,
            now=clock.now(),
            actor=actors.MARKETPLACE_POLL,
        )
    elif request.version > 1:
        text = "its posting is in the store" if request.linked else "the request is over"
        close_open_case(
            store,
            seller=seller,
            kind=kind,
            subject=subject,
            resolution=text,
            now=clock.now(),
            actor=actors.MARKETPLACE_POLL,
        )
