"""Notes of what automatic actions would have done: written beside the event that tells it, in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from shipby.application.ports.writes import AppendEvents, NoteShadow, Write
from shipby.domain.deadlines.policy import Move
from shipby.domain.events import Event, EventType, StoredEvent
from shipby.domain.json_types import Json
from shipby.domain.shadow import ShadowDecision

POLICY = "policy"
"""Name in an event's data: the version of the seller's settings that decided."""
_SHADOWED = frozenset({EventType.AUTOMATION_SHADOWED, EventType.POSTING_GIVE_UP_SHADOWED})
_WOULD: Mapping[str, tuple[str, str]] = {
    "ship": ("assemble it at the marketplace", "the marketplace offers it, and it is far enough for that"),
    "confirm": ("confirm it", "nothing is amiss, and it is within the rule"),
    "tell_buyer": ("write to the buyer about it", "it does not fit, or was changed, and a chat is offered"),
    Move.MOVE_DATE: ("ask the marketplace to move its date", "it will not be packed by its date"),
    Move.ASK_BUYER: ("ask the buyer whether it is still wanted", "it is late, and the buyer may not wait"),
    Move.CANCEL: ("cancel it", "the buyer does not want it any more"),
}
"""Action -> what it would have done, and why, where the event gives no reason of its own."""
_GIVEN_UP = ("expire and cancel it", "it is late beyond what the policy waits")


def under_policy(event: Event, version: int) -> Event:
    """The event, saying under which version of the settings it was decided; one that says so already stays."""
    return event if POLICY in event.data else replace(event, data={**event.data, POLICY: version})


def policy_of(event: Event) -> int | None:
    """The version of the seller's settings that decided, where the event tells it."""
    found = event.data.get(POLICY, event.data.get("policy_version"))
    return found if isinstance(found, int) else None


def shadow_writes(appended: AppendEvents, *, posting_number: str, policy_version: int) -> list[Write]:
    """A note for each of these events that tells of an action only watched; none for the others."""
    notes: list[Write] = []
    for index, event in enumerate(appended.events):
        if event.type in _SHADOWED:
            stored = StoredEvent(
                seller=appended.seller, ref=appended.ref, version=appended.version, index=index, event=event
            )
            notes.append(NoteShadow(_decision(stored, posting_number, policy_version)))
    return notes


def _decision(stored: StoredEvent, posting_number: str, policy_version: int) -> ShadowDecision:
    event = stored.event
    action = str(event.data.get("action", ""))
    would, why = _WOULD.get(action, (action, event.reason))
    if event.type is EventType.POSTING_GIVE_UP_SHADOWED:
        would, why = _GIVEN_UP
    if to := event.data.get("to"):
        would = f"{would} to {to}"
    data: dict[str, Json] = {name: value for name, value in event.data.items() if name not in {POLICY, "action"}}
    return ShadowDecision(
        seller=stored.seller,
        id=stored.id,
        at=event.at,
        ref=stored.ref,
        posting_number=posting_number,
        action=action,
        would=would,
        reason=why,
        policy_version=policy_version,
        data=data,
    )
