"""Path -> method. Only paths of the official description; anything else is 404."""

from __future__ import annotations

from shipby_local.simulator.api import account, cancelling, chats, delivery, notifications, postings, returns, shipping
from shipby_local.simulator.api.call import Method

METHODS: dict[str, Method] = {
    **postings.METHODS,
    **shipping.METHODS,
    **cancelling.METHODS,
    **delivery.METHODS,
    **returns.METHODS,
    **chats.METHODS,
    **account.METHODS,
    **notifications.METHODS,
}

NOTIFICATION_CHECK = "/v1/notification/check"
"""Asks the seller's server and so runs outside the world's lock; the gateway calls it itself."""
