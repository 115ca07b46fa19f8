"""Sellers of the marketplace: credentials, warehouse, push address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from shipby_local.simulator import words
from shipby_local.simulator.market import Market
from shipby_local.simulator.model import SellerAccount
from shipby_local.simulator.pushes.health import connect_address
from shipby_local.simulator.pushes.planning import hash_number


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerSpec:
    """A seller to make; what is left out is chosen. `push_types` empty means all."""

    client_id: str | None = None
    api_key: str | None = None
    read_only_key: str | None = None
    name: str = ""
    currency: str = "RUB"
    chat_subscription: bool = True
    push_url: str | None = None
    push_types: tuple[str, ...] = ()


class Sellers:
    """Makes sellers and connects their push addresses."""

    def __init__(self, market: Market) -> None:
        self._market = market

    def add(self, spec: SellerSpec) -> SellerAccount:
        """Makes a seller; one that exists is kept, its push address set anew. Raises ValueError for a bad id."""
        world = self._market.world
        client_id = spec.client_id or str(world.next_id("seller", 700_001))
        if not client_id.isdigit():
            raise ValueError("client_id must be numeric, as the marketplace's is")
        seller = world.sellers.get(client_id)
        if seller is None:
            secret = hash_number(f"{world.settings.seed}:key:{client_id}")
            seller = SellerAccount(
                client_id=client_id,
                api_key=spec.api_key or f"sim-{secret:016x}",
                read_only_key=spec.read_only_key or f"sim-read-{secret:016x}",
                name=spec.name or f"Продавец {client_id}",
                currency=spec.currency,
                chat_subscription=spec.chat_subscription,
                warehouse_id=22_142_605_380_000 + int(client_id),
                created_at=world.now(),
                key_expires_at=world.later(world.settings.key_lifetime_seconds),
            )
            world.sellers.put(seller)
        if spec.push_url is not None:
            self.set_push_url(client_id, spec.push_url, spec.push_types)
        return seller

    def change_keys(self, client_id: str, *, expires_at: datetime | None, active: bool | None) -> SellerAccount:
        """Moves the end of the seller's keys, or switches them off and on. Raises LookupError for an unknown seller."""
        seller = self._market.world.sellers.get(client_id)
        if seller is None:
            raise LookupError(f"no seller {client_id}")
        return self._market.world.sellers.put(
            replace(
                seller,
                key_expires_at=expires_at or seller.key_expires_at,
                key_active=seller.key_active if active is None else active,
            )
        )

    def set_push_url(self, client_id: str, url: str, types: tuple[str, ...] = ()) -> None:
        """Sends a seller's pushes to this address; if one is connected already it moves, with what waits for it."""
        world = self._market.world
        for endpoint in world.endpoints.all():
            if endpoint.client_id == client_id:
                endpoint.url, endpoint.types = url, list(types or endpoint.types)
                endpoint.enabled, endpoint.paused_until = True, None
                self._market.outbox.ping(world.endpoints.put(endpoint))
                return
        connect_address(self._market, client_id, url, list(types or words.PUSH_TYPES))
