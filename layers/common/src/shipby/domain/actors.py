"""Who did it, as every event says: a person, a key that is nobody's, the marketplace, or a part of this system.

The texts are stored in histories; they never change.
"""

from typing import Final

MARKETPLACE: Final = "marketplace"
OPERATOR: Final = "operator"
"""Whoever administers the deployment, by its command line."""
ALARM_WORKER: Final = "system:alarm_worker"
ACCRUALS: Final = "system:accruals"
CHECKS: Final = "system:checks"
CANCEL_REQUESTS: Final = "system:cancel_requests"
INTENT_WORKER: Final = "system:intent_worker"
LABEL_GENERATION: Final = "system:label_generation"
MARKETPLACE_POLL: Final = "system:marketplace_poll"
NOTIFICATIONS: Final = "system:notifications"
ODD_ENTRIES: Final = "system:odd_entries"
OPEN_ORDERS_AUDIT: Final = "system:open_orders_audit"
RETURNS: Final = "system:returns"
SETTINGS: Final = "system:settings"
STOCK: Final = "system:stock"
WEBHOOKS: Final = "system:webhooks"
TRACKING: Final = "system:tracking"
_SYSTEM, _KEY, _PERSON = "system:", "key:", "person:"


def of_person(identifier: str) -> str:
    """A person of the shop, with whatever key or session."""
    return f"{_PERSON}{identifier}"


def person_of(actor: str) -> str:
    """The id of the person who acted; "" where it was a key that is nobody's, or no person."""
    return actor.removeprefix(_PERSON) if actor.startswith(_PERSON) else ""


def of_key(identifier: str) -> str:
    """An API key that is nobody's: a program's, or one of the time before people had names."""
    return f"{_KEY}{identifier}"


def key_of(actor: str) -> str:
    """The id of the key that somebody acted with; "" where it was a person of the shop, or nobody."""
    return actor.removeprefix(_KEY) if actor.startswith(_KEY) else ""


def is_automatic(actor: str) -> bool:
    """Whether this system acted by itself, by the seller's policy: caps, guards and second persons hang on it."""
    return actor.startswith(_SYSTEM)


def is_person(actor: str) -> bool:
    """Whether somebody asked for it: a person, or whoever has a key."""
    return actor.startswith((_PERSON, _KEY))
