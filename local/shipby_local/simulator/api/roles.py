"""Roles of a key: the seller's own key may do everything, the read-only one nothing that changes something."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from shipby_local.simulator.api.call import Call, Method
from shipby_local.simulator.words import Json, stamp

ACTING: Final = frozenset(
    {
        "/v1/carriage/approve",
        "/v1/carriage/cancel",
        "/v1/carriage/container/approve",
        "/v1/carriage/container/create",
        "/v1/carriage/container/fill",
        "/v1/carriage/create",
        "/v1/carriage/set-postings",
        "/v1/chat/send/message",
        "/v1/chat/start",
        "/v1/fbs/posting/product/exemplar/update",
        "/v1/notification/delete",
        "/v1/notification/enable",
        "/v1/notification/set",
        "/v1/notification/update",
        "/v1/posting/cutoff/set",
        "/v1/returns/rfbs/action/set",
        "/v2/chat/read",
        "/v2/conditional-cancellation/approve",
        "/v2/conditional-cancellation/reject",
        "/v2/fbs/posting/delivered",
        "/v2/fbs/posting/delivering",
        "/v2/fbs/posting/last-mile",
        "/v2/fbs/posting/tracking-number/set",
        "/v2/posting/fbs/cancel",
        "/v2/posting/fbs/product/cancel",
        "/v3/posting/fbs/package-label/create",
        "/v2/products/stocks",
        "/v4/posting/fbs/ship",
        "/v6/fbs/posting/product/exemplar/set",
        "/v4/posting/fbs/ship/package",
        "/v1/posting/fbs/split",
        "/v3/posting/multiboxqty/set",
    }
)
"""Methods that a read-only key may not call. Which methods each real role holds is not published: invented."""


def roles_of(paths: Iterable[str]) -> Method:
    """`/v1/roles` of a marketplace with these methods. The names of the roles are invented."""
    known = sorted(paths)

    def roles(call: Call) -> Json:
        readable = [path for path in known if path not in ACTING]
        role = (
            {"name": "Admin read only", "methods": readable} if call.read_only else {"name": "Admin", "methods": known}
        )
        return {"expires_at": stamp(call.seller.key_expires_at), "roles": [role]}

    return roles
