"""Who did it, as every event says: a person by their key, the marketplace, or a part of this system.

The texts are stored in histories; they never change.
"""

from typing import Final

MARKETPLACE: Final = "marketplace"
ALARM_WORKER: Final = "system:alarm_worker"
ACCRUALS: Final = "system:accruals"
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
TRACKING: Final = "system:tracking"
_SYSTEM, _PERSON = "system:", "key:"


def of_key(identifier: str) -> str:
    """The person who holds this API key."""
    return f"{_PERSON}{identifier}"


def key_of(actor: str) -> str:
    """The id of the key that a person acted with; "" where it was no person."""
    return actor.removeprefix(_PERSON) if actor.startswith(_PERSON) else ""


def is_automatic(actor: str) -> bool:
    """Whether this system acted by itself, by the seller's policy: caps, guards and second persons hang on it."""
    return actor.startswith(_SYSTEM)


def is_person(actor: str) -> bool:
    """Whether somebody with a key asked for it."""
    return actor.startswith(_PERSON)
