"""Confirming by rule: an order of which nothing is amiss, within what the seller allows; in shadow it is only noted.

Confirming is ours alone and never calls the marketplace.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from shipby.application.shared.shadowing import under_policy
from shipby.application.validation.check import Checked
from shipby.domain import actors
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.deadlines.workflow import Command, carry_out
from shipby.domain.events import Event, EventType
from shipby.domain.postings.posting import MarketplacePosting, Stage
from shipby.domain.sellers.check_rules import AutoConfirm
from shipby.domain.sellers.settings import Automation, SellerSettings

WHY = "nothing is amiss, and it is within the rule"


def within(facts: MarketplacePosting, rule: AutoConfirm) -> bool:
    """Whether an order is one of those that are confirmed by themselves. What is not known is not within."""
    if rule.warehouses and facts.warehouse_id not in rule.warehouses:
        return False
    pieces = sum(line.quantity for line in facts.lines)
    if not pieces or (rule.most_pieces and pieces > rule.most_pieces):
        return False
    return not rule.most_paid or (facts.paid is not None and facts.paid.minor <= rule.most_paid)


def confirm(done: Checked, facts: MarketplacePosting, settings: SellerSettings, *, now: datetime) -> Checked:
    """The order confirmed, in the same version, or a note that it would have been."""
    posting = done.posting
    if posting.stage is not Stage.RECEIVED or settings.kill_switch or not within(facts, settings.auto_confirm_rule):
        return done
    if settings.auto_confirm is Automation.SHADOW:
        event = under_policy(
            Event(type=EventType.AUTOMATION_SHADOWED, at=now, actor=actors.CHECKS, data={"action": Command.CONFIRM}),
            settings.version,
        )
        return replace(done, events=(*done.events, event))
    step = carry_out(posting, Command.CONFIRM, at=now, actor=actors.CHECKS, reason=WHY)
    confirmed = rewind(replace(step.posting, version=posting.version))
    return replace(done, posting=confirmed, events=(*done.events, *step.events))
