"""Lambda authorizer of the HTTP API: a key or a session in, its seller, role and person out (payload 2.0, simple
response).

API Gateway keeps an answer for 60 s per Authorization header, so a revoked key, a closed session, a person who was
removed or has another role live on for that long at most. A store
that does not answer raises: API Gateway then answers 500 and keeps nothing, whereas "not authorized" would stick.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.authorizer.wiring import parts
from shipby.application.sellers.authenticate import authenticate

REFUSED: Mapping[str, bool] = {"isAuthorized": False}


def handler(event: Mapping[str, Any], _context: object) -> Mapping[str, Any]:
    """Whether the caller may pass and, if so, as whom: {seller, role, key_id, …} for the functions behind."""
    # API Gateway hands header names over in small letters, whatever the caller wrote.
    authorization = (event.get("headers") or {}).get("authorization", "")
    if not authorization:
        return REFUSED
    own = parts()
    caller = authenticate(authorization, store=own.store, now=own.clock.now())
    if caller is None:
        return REFUSED
    context = {"seller": caller.seller, "role": str(caller.role), "key_id": caller.key_id}
    # A context holds plain text only; what a caller does not have is left out.
    more = {
        "person": caller.person,
        "warehouses": ",".join(caller.warehouses),
        "session": caller.session,
        "note": "1" if caller.note else "",
    }
    return {"isAuthorized": True, "context": context | {name: value for name, value in more.items() if value}}
