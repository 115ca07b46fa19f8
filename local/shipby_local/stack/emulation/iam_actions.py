"""Actions that the emulator asks for although AWS has none of that name.

On AWS the batch calls of SQS are allowed by the action of the single call (Service Authorization Reference, Amazon
SQS); the emulator checks for an action named like the call. Policies are widened by exactly those names on their way
to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ALSO: Mapping[str, str] = {
    "sqs:SendMessage": "sqs:SendMessageBatch",
    "sqs:DeleteMessage": "sqs:DeleteMessageBatch",
    "sqs:ChangeMessageVisibility": "sqs:ChangeMessageVisibilityBatch",
}


def widen(value: Any) -> Any:
    """The template with every statement's actions widened; nothing else changes."""
    if isinstance(value, dict):
        return {name: _actions(part) if name == "Action" else widen(part) for name, part in value.items()}
    if isinstance(value, list):
        return [widen(part) for part in value]
    return value


def _actions(actions: Any) -> Any:
    named = [actions] if isinstance(actions, str) else actions
    added = [_ALSO[action] for action in named if action in _ALSO] if isinstance(named, list) else []
    return [*named, *added] if added else actions
