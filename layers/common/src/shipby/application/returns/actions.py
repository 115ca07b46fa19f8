"""What each decision on a return does at the marketplace, and how its effect shows."""

from __future__ import annotations

from typing import cast

from shipby.application.intents.effect import Effect
from shipby.application.ports.marketplace import Marketplace
from shipby.domain.intents import Intent, IntentState
from shipby.domain.json_types import Json
from shipby.domain.returns.return_case import COMPENSATE_ACTION, REJECT_ACTIONS, MarketplaceReturn


def is_final(intent: Intent) -> bool:
    """Whether a decision ends its return: money given back, or a rejection; asking for the goods does not."""
    return intent.amount is not None or int(cast("int", intent.request["action_id"])) in REJECT_ACTIONS


class ReturnActions:
    """Decisions on an rFBS return: the only calls that move money."""

    @staticmethod
    def effect(intent: Intent, found: MarketplaceReturn) -> Effect:
        """A final action that was sent and after which nothing is offered any more has been taken.

        Where other actions are offered instead, the return may have moved by itself (the marketplace approves what
        nobody decides): that proves no payment, and a person has to look.
        """
        seen: dict[str, Json] = {"state": found.state, "actions": [action.id for action in found.actions]}
        if int(cast("int", intent.request["action_id"])) in {action.id for action in found.actions}:
            return Effect(text="still offered", read_back=seen)
        if intent.state is IntentState.PENDING:
            text = f"the return is {found.state} and does not offer this any more: somebody else decided it"
            return Effect(impossible=True, text=text, read_back=seen)
        if found.actions and is_final(intent):
            offered = ", ".join(f"{action.id} ({action.name})" for action in found.actions)
            text = f"the return is {found.state} and offers {offered}: it moved on, which does not prove this decision"
            return Effect(text=text, read_back=seen)
        return Effect(done=True, text=f"the return is {found.state}", read_back=seen)

    @staticmethod
    def call(intent: Intent, marketplace: Marketplace) -> str:
        """Make the one call; returns the outcome in words."""
        request = intent.request
        action = int(cast("int", request["action_id"]))
        reason = request.get("rejection_reason_id")
        marketplace.act_on_return(
            intent.ref.id,
            action,
            comment=str(request.get("comment") or ""),
            compensation=intent.amount if action == COMPENSATE_ACTION else None,
            back_way=intent.postage,
            rejection_reason_id=int(cast("int", reason)) if reason is not None else None,
        )
        return f"return action {action} accepted"
