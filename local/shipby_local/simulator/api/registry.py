"""Path -> method. Only paths of the official description; anything else is 404."""

from __future__ import annotations

from shipby_local.simulator.api import (
    account,
    cancelling,
    carriages,
    chats,
    containers,
    delivery,
    exemplars,
    notifications,
    postings,
    ratings,
    returns,
    shapes,
    shipping,
    stocks,
)
from shipby_local.simulator.api.call import Method
from shipby_local.simulator.api.roles import roles_of

NOTIFICATION_CHECK = "/v1/notification/check"
"""Asks the seller's server and so runs outside the world's lock; the gateway calls it itself."""
_ROLES = "/v1/roles"

METHODS: dict[str, Method] = {
    **postings.METHODS,
    **shipping.METHODS,
    **shapes.METHODS,
    **exemplars.METHODS,
    **cancelling.METHODS,
    **delivery.METHODS,
    **carriages.METHODS,
    **containers.METHODS,
    **returns.METHODS,
    **chats.METHODS,
    **account.METHODS,
    **ratings.METHODS,
    **notifications.METHODS,
    **stocks.METHODS,
}
METHODS[_ROLES] = roles_of((*METHODS, NOTIFICATION_CHECK, _ROLES))
