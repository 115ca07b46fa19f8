"""Keep returns of both lists as the marketplace shows them, with the clock of the decision and a suggestion."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from shipby.application.cases.opening import close_open_case, closing, report_case
from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import Cases
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, Commits, SaveReturn, Write
from shipby.application.returns.codes import code_writes
from shipby.application.returns.policies import with_suggestion
from shipby.application.shared.retry import decide_anew, or_decide_anew
from shipby.domain import actors
from shipby.domain.cases.case import CaseKind
from shipby.domain.deadlines.periods import decide_return_by
from shipby.domain.events import Event, EventType, return_ref
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Alarm, RungKind
from shipby.domain.returns.actions import decision_asked
from shipby.domain.returns.goods_returns import NOT_COMING, Whereabouts, fetch_reminder, whereabouts
from shipby.domain.returns.return_case import CABINET_RETURNS, MarketplaceReturn, ReturnCase, ReturnSource, ReturnStage
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import CLOCK_SKEW, ahead, read_time


def return_alarm(case: ReturnCase, settings: SellerSettings, now: datetime) -> Alarm | None:
    """Remind before the decision is due, then ring when it is; then of goods that wait to be fetched.

    A deadline that has passed already is due at once: being overdue is told, never skipped. Nothing rings once it is
    decided.
    """
    if not case.open:
        return None
    if case.decide_by is not None and (case.actions or case.in_cabinet):
        remind = case.decide_by - settings.remind_return_before
        if now < remind:
            return Alarm(due=remind, kind=RungKind.DECIDE_REMIND)
        return Alarm(due=case.decide_by, kind=RungKind.DECIDE_RETURN_BY)
    fetch = fetch_reminder(case, now) if case.source is ReturnSource.FBS else None
    return Alarm(due=fetch, kind=RungKind.FETCH_RETURN) if fetch else None


def apply_return_facts(seller: str, read: MarketplaceReturn, *, store: Store, clock: Clock) -> ReturnCase:
    """Fold one read of a return into the store; opens the case on first sight. An older read changes nothing, as far as
    clocks can tell (see `skew`); then a newer one is folded for its time alone."""
    settings = store.settings(seller) or SellerSettings(seller=seller)

    def once() -> ReturnCase:
        known = store.return_case(seller, read.id)
        now = clock.now()
        facts = replace(read, read_at=read_time(read.read_at, known.synced_at if known else None, now))
        wrong = known is not None and ahead(known.synced_at, now)
        if known is not None and facts.read_at < known.synced_at and not wrong:
            return known
        base = known or _first(seller, facts, settings, now)
        posting = store.posting(seller, facts.posting_number) if facts.posting_number else None
        changed = _with_facts(base, facts, linked=posting is not None)
        changed = _at_its_stage(changed, facts)
        changed = _with_clock(known, changed, facts, settings, now)
        changed = with_suggestion(changed, settings, store=store)
        if changed == known and not wrong:
            return changed
        changed = replace(changed, version=base.version + 1, synced_at=facts.read_at)
        events = _events(known, changed, now)
        appended = AppendEvents(seller, return_ref(facts.id), changed.version, events)
        _commit(store, [SaveReturn(changed), appended, *code_writes(known, changed, store=store)])
        return changed

    return decide_anew(once)


def link_return(seller: str, return_id: str, *, store: Store, clock: Clock) -> bool:
    """Link a return to its posting if that has come into the store since; its case for a person is closed with it."""
    settings = store.settings(seller) or SellerSettings(seller=seller)

    def once() -> bool:
        case, now = store.return_case(seller, return_id), clock.now()
        if case is None or case.linked or not case.posting_number:
            return False
        if store.posting(seller, case.posting_number) is None:
            return False
        linked = replace(case, version=case.version + 1, linked=True)
        linked = with_suggestion(linked, settings, store=store)
        event = Event(
            type=EventType.RETURN_LINKED, at=now, actor=actors.MARKETPLACE_POLL, data={"posting": case.posting_number}
        )
        done: list[Write] = []
        if not matters(linked):
            done = closing(
                store,
                seller=seller,
                kind=CaseKind.RETURN,
                subject=case.id,
                resolution=_RESOLVED,
                now=now,
                actor=actors.MARKETPLACE_POLL,
            )
        _commit(store, [SaveReturn(linked), AppendEvents(seller, return_ref(case.id), linked.version, (event,)), *done])
        return True

    return decide_anew(once)


_RESOLVED = "its posting is in the store, and nothing waits in the cabinet"


def matters(case: ReturnCase) -> str:
    """Why a person has to look at a return in another place than its own page; empty if there is nothing."""
    reasons = []
    if case.open and not case.linked:
        number = case.posting_number
        reasons.append(
            f"posting {number} of return {case.number} is not in the store yet"
            if number
            else f"the marketplace names no posting for return {case.number}"
        )
    if case.in_cabinet and case.decide_by is not None:
        reasons.append(
            f"return {case.number} can only be decided in the seller's cabinet, by "
            f"{case.decide_by:%Y-%m-%dT%H:%M:%SZ}, or it is approved by itself: {CABINET_RETURNS}"
        )
    return "; ".join(reasons)


def keep_return_case(case: ReturnCase, *, store: Cases, clock: Clock) -> None:
    """Open, restate or close the case for a person that a return needs; safe to repeat."""
    kind, now = CaseKind.RETURN, clock.now()
    if reason := matters(case):
        report_case(
            store,
            seller=case.seller,
            kind=kind,
            subject=case.id,
            reason=reason,
            now=now,
            actor=actors.MARKETPLACE_POLL,
        )
    else:
        close_open_case(
            store,
            seller=case.seller,
            kind=kind,
            subject=case.id,
            resolution=_RESOLVED,
            now=now,
            actor=actors.MARKETPLACE_POLL,
        )


def _commit(store: Commits, writes: list[Write]) -> None:
    with or_decide_anew("another return took the same code meanwhile: read it again"):
        store.commit(writes)


def _first(seller: str, facts: MarketplaceReturn, settings: SellerSettings, now: datetime) -> ReturnCase:
    opened = facts.opened_at or now
    rfbs = facts.source is ReturnSource.RFBS
    return ReturnCase(
        seller=seller,
        id=facts.id,
        version=0,
        stage=ReturnStage.OPENED,
        number=facts.number,
        posting_number=facts.posting_number,
        state="",
        state_name="",
        opened_at=opened,
        synced_at=facts.read_at,
        source=facts.source,
        decide_by=decide_return_by(opened, settings) if rfbs else None,
    )


def _with_facts(base: ReturnCase, facts: MarketplaceReturn, *, linked: bool) -> ReturnCase:
    return replace(
        base,
        # It may be named later; a name that was given once stays.
        posting_number=facts.posting_number or base.posting_number,
        linked=linked or (base.linked and base.version > 0),
        state=facts.state,
        state_name=facts.state_name,
        sku=facts.sku,
        offer_id=facts.offer_id,
        quantity=facts.quantity,
        price=facts.price,
        reason=facts.reason,
        is_defect=facts.is_defect,
        actions=facts.actions,
        rejection_reasons=facts.rejection_reasons,
        barcode=facts.barcode,
        tracking_number=facts.tracking_number,
        kind=facts.kind,
        place=facts.place,
        storage=facts.storage,
        arrived_at=facts.arrived_at,
        storage_since=facts.storage_since,
        storage_charged_since=facts.storage_charged_since,
        compensation_status=facts.compensation_status,
        compensation_changed_at=facts.compensation_changed_at,
        target_place=facts.target_place,
        scrapped_at=facts.scrapped_at,
    )


def _at_its_stage(case: ReturnCase, facts: MarketplaceReturn) -> ReturnCase:
    if case.source is ReturnSource.FBS:
        over = whereabouts(facts.state) in NOT_COMING
        if over and case.stage is ReturnStage.OPENED:
            return replace(case, stage=ReturnStage.CLOSED)
        if not over and case.stage is ReturnStage.CLOSED and not case.disposition:
            return replace(case, stage=ReturnStage.OPENED)
        return case
    # The marketplace leaves no action when it is all over: decided by us, by the clock, or in the cabinet.
    if not facts.actions and not case.open_intent and case.stage is not ReturnStage.CLOSED:
        return replace(case, stage=ReturnStage.CLOSED)
    if facts.actions and case.stage is ReturnStage.CLOSED:
        # It was not over: the buyer's parcel has come, or a dispute was opened.
        return replace(case, stage=ReturnStage.OPENED)
    return case


def _with_clock(
    known: ReturnCase | None, case: ReturnCase, facts: MarketplaceReturn, settings: SellerSettings, now: datetime
) -> ReturnCase:
    if not case.open:
        return replace(case, next_alarm=None)
    if not _asked(case):
        waits = known is not None and known.decide_by is None and _waits_as(known) == _waits_as(case)
        if known is not None and waits and not ahead(known.synced_at, now):
            return case
        # Goods on their way have no clock of a decision.
        waiting = replace(case, decide_by=None)
        return replace(waiting, next_alarm=return_alarm(waiting, settings, now))
    if known is not None and _asked(known) and not _asks_anew(known, facts):
        return _put_right(known, case, facts, settings, now)
    since = facts.read_at if known is not None else case.opened_at
    if case.source is ReturnSource.FBS:
        since = facts.changed_at or since
    clocked = replace(case, decide_by=decide_return_by(since, settings, case.source))
    return replace(clocked, next_alarm=return_alarm(clocked, settings, now))


def _put_right(
    known: ReturnCase, case: ReturnCase, facts: MarketplaceReturn, settings: SellerSettings, now: datetime
) -> ReturnCase:
    """The clock of a decision without what a worker's clock that stood ahead made of it: time that nobody has, a
    reminder left out, an end that rang before its time."""
    by, alarm = known.decide_by, known.next_alarm
    behind = any(ahead(when, now) for when in (facts.opened_at, facts.changed_at) if when is not None)
    if behind or by is None or not ahead(by, now):
        return case
    if by > decide_return_by(now + CLOCK_SKEW, settings, case.source) and ahead(known.synced_at, now):
        by = decide_return_by(facts.changed_at or facts.read_at, settings, case.source)
    elif not (ahead(known.synced_at, now) or (alarm is None and not known.open_intent and not known.decision)):
        return case
    clocked = replace(case, decide_by=by)
    return replace(clocked, next_alarm=return_alarm(clocked, settings, now))


def _asked(case: ReturnCase) -> bool:
    """Whether the marketplace waits for a decision on it."""
    if not case.open:
        return False
    if case.source is ReturnSource.FBS:
        return whereabouts(case.state) is Whereabouts.DECIDE
    return decision_asked(case.actions)


def _asks_anew(known: ReturnCase, facts: MarketplaceReturn) -> bool:
    """Another question than before, and no clock runs: the marketplace waits for a new decision."""
    if known.source is ReturnSource.FBS:
        return known.state != facts.state
    offered = {action.id for action in facts.actions}
    asked = {action.id for action in known.actions}
    return bool(offered) and offered != asked and known.next_alarm is None and not known.open_intent


def _waits_as(case: ReturnCase) -> tuple[object, ...]:
    return case.state, case.scrapped_at, case.stage


def _events(known: ReturnCase | None, changed: ReturnCase, now: datetime) -> tuple[Event, ...]:
    if known is None:
        kind = EventType.RETURN_OPENED
    elif changed.stage is ReturnStage.CLOSED and known.stage is not ReturnStage.CLOSED:
        kind = EventType.RETURN_CLOSED
    else:
        kind = EventType.RETURN_CHANGED
    data: dict[str, Json] = {
        "state": changed.state,
        "posting": changed.posting_number,
        "source": changed.source,
        "suggestion": changed.suggestion,
        "policy_version": changed.policy_version,
    }
    reason = f"decide it in the seller's cabinet: {CABINET_RETURNS}" if changed.in_cabinet else ""
    events = [Event(type=kind, at=now, actor=actors.MARKETPLACE, reason=reason, data=data)]
    if known is not None and changed.linked and not known.linked:
        linked: dict[str, Json] = {"posting": changed.posting_number}
        events.append(Event(type=EventType.RETURN_LINKED, at=now, actor=actors.MARKETPLACE, data=linked))
    return tuple(events)
