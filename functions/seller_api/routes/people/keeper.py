"""Who keeps people and keys, asked anew: the gateway's word may be a minute old, and what is made here lasts."""

from __future__ import annotations

from functions.seller_api.operations import Call
from shipby.application.people.keeping import Keeper
from shipby.application.sellers.authenticate import still


def keeper(call: Call) -> Keeper:
    """The caller as they are now. Raises SignInRefusedError if their key, session or person is over."""
    caller = call.key
    now = still(caller.key_id, caller.session, store=call.store, now=call.clock.now())
    return Keeper(seller=caller.seller, actor=caller.actor, role=now.role, person=now.person)
