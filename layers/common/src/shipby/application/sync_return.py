"""Keep rFBS returns as the marketplace shows them, with the clock of the decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from shipby.application.ports import AppendEvents, Clock, SaveReturn, Store
from shipby.application.retry import decide_anew
from shipby.domain.events import Event, EventType, return_ref
from shipby.domain.periods import decide_return_by
from shipby.domain.posting import Alarm, RungKind
from shipby.domain.records import SellerSettings
from shipby.domain.returns import MarketplaceReturn, ReturnCase, ReturnStage

MARKETPLACE = "marketplace"


def return_alarm(case: ReturnCase, settings: SellerSettings, now: datetime) -> Alarm | None:
    """Remind before the decision is due, then ring when it is; nothing rings once it is decided.

    A deadline that has passed already is due at once: being overdue is told, never skipped.
    """
    if not case.open or case.decide_by is None or not case.actions:
        return None
    remind = case.decide_by - settings.remind_return_before
    if now < remind:
        return Alarm(due=remind, kind=RungKind.DECIDE_REMIND)
    return Alarm(due=case.decide_by, kind=RungKind.DECIDE_RETURN_BY)


def _asks_anew(known: ReturnCase, facts: MarketplaceReturn) -> bool:
    """Other actions are offered and no clock runs: the marketplace waits for a new decision."""
    offered = {action.id for action in facts.actions}
    asked = {action.id for action in known.actions}
    return bool(offered) and offered != asked and known.next_alarm is None and not known.open_intent


def apply_return_facts(seller: str, facts: MarketplaceReturn, *, store: Store, clock: Clock) -> ReturnCase:
    """Fold one read of a return into the store; opens the case on first sight."""
    settings = store.settings(seller) or SellerSettings(seller=seller)

    def once() -> ReturnCase:
        known = store.return_case(seller, facts.id)
        now = clock.now()
        if known is not None and facts.read_at < known.synced_at:
            return known
        if known is None:
            opened = facts.opened_at or now
            base = ReturnCase(
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
                decide_by=decide_return_by(opened, settings),
            )
        else:
            base = known
        changed = replace(
            base,
            state=facts.state,
            state_name=facts.state_name,
            sku=facts.sku,
            quantity=facts.quantity,
            price=facts.price,
            reason=facts.reason,
            is_defect=facts.is_defect,
            actions=facts.actions,
            rejection_reasons=facts.rejection_reasons,
        )
        # The marketplace leaves no action when it is all over: decided by us, by the clock, or in the cabinet.
        if not facts.actions and not changed.open_intent and changed.stage is not ReturnStage.CLOSED:
            changed = replace(changed, stage=ReturnStage.CLOSED)
        elif facts.actions and changed.stage is ReturnStage.CLOSED:
            # It was not over: the buyer's parcel has come, or a dispute was opened.
            changed = replace(changed, stage=ReturnStage.OPENED)
        if known is not None and changed.open and _asks_anew(known, facts):
            changed = replace(changed, decide_by=decide_return_by(facts.read_at, settings))
            changed = replace(changed, next_alarm=return_alarm(changed, settings, now))
        if changed == known:
            return changed
        changed = replace(changed, version=base.version + 1, synced_at=facts.read_at)
        if known is None:
            changed = replace(changed, next_alarm=return_alarm(changed, settings, now))
            kind = EventType.RETURN_OPENED
        elif changed.stage is ReturnStage.CLOSED and known.stage is not ReturnStage.CLOSED:
            changed = replace(changed, next_alarm=None)
            kind = EventType.RETURN_CLOSED
        else:
            kind = EventType.RETURN_CHANGED
        event = Event(
            type=kind, at=now, actor=MARKETPLACE, data={"state": facts.state, "posting": facts.posting_number}
        )
        store.commit([SaveReturn(changed), AppendEvents(seller, return_ref(facts.id), changed.version, (event,))])
        return changed

    return decide_anew(once)
