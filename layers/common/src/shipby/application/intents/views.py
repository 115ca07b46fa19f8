"""How an intent looks to API clients."""

from __future__ import annotations

from shipby.application.shared.views import link, minor_view, money_view, time_text
from shipby.domain.events import AggregateKind
from shipby.domain.intents import NEEDS_PERSON, Intent
from shipby.domain.json_types import Json


def intent_view(intent: Intent) -> dict[str, Json]:
    return {
        "id": intent.id,
        "action": intent.action,
        "state": intent.state,
        "posting_number": intent.posting_number,
        "request": intent.request,
        "request_hash": intent.request_hash or None,
        "amount": money_view(intent.amount),
        "postage": money_view(intent.postage),
        "lines": [{"sku": sku, "amount": minor_view(minor, intent.amount)} for sku, minor in intent.lines.items()],
        "policy_version": intent.policy_version,
        "attempts": intent.attempts,
        "actor": intent.actor,
        "approved_by": intent.approved_by or None,
        "approved_at": time_text(intent.approved_at),
        "needs_person": NEEDS_PERSON in intent.read_back,
        "reason": intent.reason or None,
        "outcome": intent.outcome or None,
        "read_back": intent.read_back,
        "created_at": time_text(intent.created_at),
        "updated_at": time_text(intent.updated_at),
        "links": {
            "self": link("intents", intent.id),
            "posting": link("postings", intent.posting_number),
            "return": link("returns", intent.ref.id if intent.ref.kind is AggregateKind.RETURN else ""),
            "case": link("cases", subject=intent.id),
        },
    }
