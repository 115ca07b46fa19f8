"""The case of an intent that no reading settles, with all that a person needs to decide."""

from __future__ import annotations

import json
from datetime import datetime

from shipby.application.cases.opening import open_case, opening
from shipby.application.ports.matters import Cases
from shipby.application.ports.writes import Write
from shipby.application.shared.views import time_text
from shipby.domain import actors
from shipby.domain.cases.case import CaseKind
from shipby.domain.intents import Intent, IntentAction, approval_path

_LONGEST = 1500


def open_intent_case(intent: Intent, problem: str, *, store: Cases, now: datetime) -> str:
    """Open the case of an intent, or find the open one. It is closed by the transaction that settles the intent."""
    return open_case(
        store,
        seller=intent.seller,
        kind=CaseKind.INTENT,
        subject=intent.id,
        reason=case_reason(intent, problem),
        now=now,
        actor=actors.INTENT_WORKER,
    )


def proposal_case(intent: Intent, *, store: Cases, now: datetime) -> list[Write]:
    """What opens the case of what waits for a second person, in the transaction that proposes it."""
    what = f"{intent.amount} for return {intent.ref.id} (posting {intent.posting_number}) is above the limit"
    if intent.action is IntentAction.SET_TRACKING:
        doubts = intent.request.get("doubts")
        why = "; ".join(map(str, doubts)) if isinstance(doubts, list) else "replacements need two, by your settings"
        what = f"tracking number {intent.request['tracking_number']} for posting {intent.posting_number}: {why}"
    _, writes = opening(
        store,
        seller=intent.seller,
        kind=CaseKind.INTENT,
        subject=intent.id,
        reason=f"{what}: a second person approves or rejects it, POST {approval_path(intent, 'approve')} or /reject"[
            :_LONGEST
        ],
        now=now,
        actor=intent.actor,
    )
    return writes


def case_reason(intent: Intent, problem: str) -> str:
    """What was asked, by whom, what was answered, what was read back, and where it is settled."""
    money = f", {intent.amount}" if intent.amount else ""
    money += f" and {intent.postage} of postage" if intent.postage else ""
    approved = f", approved by {intent.approved_by}" if intent.approved_by else ""
    parts = [
        problem,
        f"{intent.action} of {intent.ref.id} (posting {intent.posting_number}){money}",
        f"asked by {intent.actor} at {time_text(intent.created_at)}{approved}, settings {intent.policy_version}",
        f"request {json.dumps(intent.request, ensure_ascii=False)}",
        f"last answer: {intent.outcome or 'none'}",
        f"read back: {json.dumps(intent.read_back, ensure_ascii=False)}",
        f"look into the cabinet, then POST /v1/intents/{intent.id}/settle",
    ]
    return "; ".join(parts)[:_LONGEST]
