"""Lambda authorizer of the HTTP API: an API key in, its seller and role out (payload 2.0, simple response).

API Gateway keeps an answer for 60 s per Authorization header, so a revoked key lives on for that long at most. A store
that does not answer raises: API Gateway then answers 500 and keeps nothing, whereas "not authorized" would stick.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.authorizer.wiring import parts
from shipby.application.sellers.authenticate import authenticate

REFUSED: Mapping[str, bool] = {"isAuthorized": False}


def handler(event: Mapping[str, Any], _context: object) -> Mapping[str, Any]:
    """Whether the caller may pass and, if so, as whom: {seller, role, key_id} for the functions behind."""
    # API Gateway hands header names over in small letters, whatever the caller wrote.
    authorization = (event.get("headers") or {}).get("authorization", "")
    if not authorization:
        return REFUSED
    own = parts()
    key = authenticate(authorization, store=own.store, now=own.clock.now())
    if key is None:
        return REFUSED
    return {"isAuthorized": True, "context": {"seller": key.seller, "role": str(key.role), "key_id": key.id}}
