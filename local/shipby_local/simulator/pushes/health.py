"""Push addresses and their health, judged each night: green, yellow, red, and off after three red days."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from shipby_local.simulator.errors import invalid
from shipby_local.simulator.market import Market
from shipby_local.simulator.pushes.model import Endpoint
from shipby_local.simulator.world import World

GREEN_MS: Final = 1500
YELLOW_MS: Final = 2500
RED_DAYS: Final = 3
COLOURS: Final = ("GREEN", "YELLOW", "RED")
DISABLE_REASONS: Final = ("SELLER", "AVAILABILITY", "ADMIN")


def judge(world: World, endpoint: Endpoint) -> tuple[str, str]:
    """The colour of an address since its last judgement and the push type that is to blame ("" when green)."""
    times: dict[str, list[int]] = defaultdict(list)
    for push in world.pushes.all():
        if push.endpoint_id != endpoint.id:
            continue
        for attempt in push.deliveries:
            if endpoint.availability_at is None or attempt.at > endpoint.availability_at:
                # No answer counts as slower than any threshold.
                times[push.type].append(attempt.ms if attempt.status else YELLOW_MS + 1)
    worst, blamed = 0.0, ""
    for kind, milliseconds in times.items():
        mean = sum(milliseconds) / len(milliseconds)
        if mean > worst:
            worst, blamed = mean, kind
    if worst > YELLOW_MS:
        return "RED", blamed
    return ("YELLOW", blamed) if worst > GREEN_MS else ("GREEN", "")


def judge_addresses(world: World) -> None:
    """One night: judges every address that is switched on."""
    for endpoint in world.endpoints.all():
        if endpoint.enabled:
            set_colour(world, endpoint, *judge(world, endpoint))


def set_colour(world: World, endpoint: Endpoint, colour: str, blamed: str = "") -> None:
    """Books a night's colour; the third red one in a row switches the address off. Raises ValueError."""
    if colour not in COLOURS:
        raise ValueError(f"a colour is one of {', '.join(COLOURS)}")
    endpoint.availability, endpoint.problematic_type = colour, blamed
    endpoint.availability_at = world.now()
    endpoint.reason_details = "" if colour == "GREEN" else f"slow or missing answers to {blamed or 'pushes'}"
    endpoint.red_days = endpoint.red_days + 1 if colour == "RED" else 0
    if endpoint.red_days >= RED_DAYS:
        endpoint.enabled, endpoint.disable_reason = False, "AVAILABILITY"
    world.endpoints.put(endpoint)


def switch(world: World, endpoint: Endpoint, *, on: bool, reason: str, details: str = "") -> None:
    """Switches an address on or off; whoever switches it on forgives its red days. Raises ValueError."""
    if not on and reason not in DISABLE_REASONS:
        raise ValueError(f"disable_reason is one of {', '.join(DISABLE_REASONS)}")
    endpoint.enabled = on
    endpoint.disable_reason, endpoint.reason_details = ("", "") if on else (reason, details)
    endpoint.red_days = 0
    endpoint.paused_until = None
    world.endpoints.put(endpoint)


def connect_address(market: Market, client_id: str, url: str, types: list[str]) -> Endpoint:
    """Adds an address of a seller and greets it with a ping. Raises ApiError 400 if it is no URL."""
    if not url.startswith(("http://", "https://")):
        raise invalid("Request validation error: invalid Url: value must be a valid URI")
    world = market.world
    endpoint = Endpoint(world.next_id("endpoint"), client_id, url, types, world.now())
    world.endpoints.put(endpoint)
    market.outbox.ping(endpoint)
    if world.settings.push_ping_seconds > 0:
        world.schedule(world.later(world.settings.push_ping_seconds), "ping", endpoint.key)
    return endpoint
