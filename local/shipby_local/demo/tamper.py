"""The counter-proof: a row that is deleted by hand must turn the nothing-lost proof red."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.keys import Key
from shipby.domain.events import posting_ref
from shipby.domain.intents import IntentAction, intent_id
from shipby_local.demo.plan import DayPlan, Fate
from shipby_local.demo.tally import Row
from shipby_local.deployment import Deployment


def proof_of(deployment: Deployment, seller: str) -> Mapping[str, Any]:
    """One seller's proof, made now, with nothing excused as still on its way."""
    answer = deployment.invoke("MarketplacePoll", {"task": "proof", "seller": seller, "grace_seconds": 0})
    proof: Mapping[str, Any] = answer["proofs"][seller]
    return proof


def turns_red(deployment: Deployment, plan: DayPlan) -> list[Row]:
    """Delete a POSTING, an EVENT and an INTENT row in turn, prove, and put each back: the finding must name it."""
    [victim, *_] = plan.of(Fate.LATE)
    ref = posting_ref(victim.number)
    shipped = intent_id(ref, IntentAction.SHIP, 1)
    rows: Mapping[str, tuple[Key, str]] = {
        "POSTING": (keys.posting(victim.client_id, victim.number), "posting_missing"),
        "EVENT": (keys.event(victim.client_id, ref, 2, 0), "event_missing"),
        "INTENT": (keys.intent(victim.client_id, ref, shipped), "intent_missing"),
    }
    return [
        Row(f"without one {kind} row", _without(deployment, victim.client_id, key, finding), f"red: {finding}")
        for kind, (key, finding) in rows.items()
    ]


def _without(deployment: Deployment, seller: str, key: Key, wanted: str) -> str:
    table, dynamodb = deployment.outputs["TableName"], deployment.client("dynamodb")
    item = dynamodb.get_item(TableName=table, Key=key.wire, ConsistentRead=True)["Item"]
    dynamodb.delete_item(TableName=table, Key=key.wire)
    try:
        checks = {finding["check"] for finding in proof_of(deployment, seller)["findings"]}
    finally:
        dynamodb.put_item(TableName=table, Item=item)
    if wanted in checks:
        return f"red: {wanted}"
    return f"red, but for {', '.join(sorted(checks))}" if checks else "green"
