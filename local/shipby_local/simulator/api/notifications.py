"""Push settings: addresses, their types and their health."""

from __future__ import annotations

from shipby_local.simulator import words
from shipby_local.simulator.api.call import Call, Method
from shipby_local.simulator.errors import invalid, not_found
from shipby_local.simulator.pushes.health import GREEN_MS, YELLOW_MS, connect_address, switch
from shipby_local.simulator.pushes.model import Endpoint
from shipby_local.simulator.words import Json, stamp


def connect(call: Call) -> None:
    connect_address(call.market, call.seller.client_id, call.body.text("url"), _types(call))


def update(call: Call) -> None:
    endpoint = _own(call)
    endpoint.url = call.body.text("url", endpoint.url)
    if call.body.has("types"):
        endpoint.types = _types(call)
    call.world.endpoints.put(endpoint)


def enable(call: Call) -> None:
    switch(call.world, _own(call), on=call.body.flag("enabled"), reason="SELLER")


def delete(call: Call) -> None:
    call.world.endpoints.remove(_own(call).key)


def list_addresses(call: Call) -> Json:
    wanted = set(call.body.texts("availability_statuses"))
    offset, limit = call.body.integer("offset", 0), call.body.limit(1000, 100)
    found = [endpoint for endpoint in _addresses(call) if not wanted or endpoint.availability in wanted]
    return {
        "urls": [
            {
                "created_at": stamp(endpoint.created_at),
                "enable": endpoint.enabled,
                "id": endpoint.id,
                "types": [{"type": kind, "description": kind} for kind in endpoint.types],
                "url": endpoint.url,
                "availability_status": endpoint.availability,
                "availability_status_date": stamp(endpoint.availability_at or endpoint.created_at),
                "disable_reason": endpoint.disable_reason,
                "problematic_type": endpoint.problematic_type,
                "reason_details": endpoint.reason_details,
            }
            for endpoint in found[offset : offset + limit]
        ],
        "availability_status_thresholds": [
            {"status": "GREEN", "threshold": GREEN_MS},
            {"status": "YELLOW", "threshold": YELLOW_MS},
            {"status": "RED", "threshold": YELLOW_MS},
        ],
        "total_count": len(found),
    }


def list_types(call: Call) -> Json:
    by_type = {kind: endpoint for endpoint in _addresses(call) for kind in endpoint.types}
    nowhere = {"id": 0, "url": ""}
    return {
        "types": [
            {
                "type": kind,
                "description": kind,
                "seller_endpoint": ({"id": by_type[kind].id, "url": by_type[kind].url} if kind in by_type else nowhere),
            }
            for kind in words.PUSH_TYPES
        ]
    }


def _addresses(call: Call) -> list[Endpoint]:
    return [endpoint for endpoint in call.world.endpoints.all() if endpoint.client_id == call.seller.client_id]


def _own(call: Call) -> Endpoint:
    endpoint = call.world.endpoints.get(str(call.body.integer("id")))
    if endpoint is None or endpoint.client_id != call.seller.client_id:
        raise not_found("NOTIFICATION_NOT_FOUND")
    return endpoint


def _types(call: Call) -> list[str]:
    types = call.body.texts("types")
    unknown = set(types) - set(words.PUSH_TYPES)
    if not types or unknown:
        raise invalid(f"Request validation error: invalid Types: {sorted(unknown)}")
    return types


METHODS: dict[str, Method] = {
    "/v1/notification/set": connect,
    "/v1/notification/update": update,
    "/v1/notification/enable": enable,
    "/v1/notification/delete": delete,
    "/v1/notification/list": list_addresses,
    "/v1/notification/push-type/list": list_types,
}
