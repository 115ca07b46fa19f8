"""Control calls about stock: articles, warehouses, and what people change in the cabinet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shipby_local.simulator.market import Market
from shipby_local.simulator.words import Json, stamp


class StockControl:
    """Raises LookupError for an unknown seller, ValueError for a bad wish."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._world = market.world

    def shown(self) -> Json:
        """Every pair."""
        return {
            "stocks": [
                {
                    "client_id": stock.client_id,
                    "warehouse_id": stock.warehouse_id,
                    "offer_id": stock.offer_id,
                    "present": stock.present,
                    "reserved": stock.reserved,
                    "free": stock.free,
                    "set_at": stamp(stock.set_at) if stock.set_at else None,
                }
                for stock in self._world.stocks.all()
            ]
        }

    def change(self, body: Json) -> Json:
        """`{client_id, offer_id}` makes the article; with `sku`, `refused_as` (a published code), `present` (in the
        seller's first warehouse or `warehouse_id`), `new_warehouse` (a further warehouse of the seller's)."""
        client, offer = str(body.get("client_id", "")), str(body.get("offer_id", ""))
        seller = self._world.sellers.get(client)
        if seller is None:
            raise LookupError(f"no seller {client}")
        if body.get("new_warehouse"):
            further = (*seller.further_warehouse_ids, int(body["new_warehouse"]))
            self._world.sellers.put(replace(seller, further_warehouse_ids=further))
        if not offer:
            return self.shown()
        product = self._market.stocks.product(client, offer, int(body.get("sku", 0)), str(body.get("refused_as", "")))
        present: Any = body.get("present")
        if present is not None:
            self._market.stocks.drift(product, int(body.get("warehouse_id", seller.warehouse_id)), int(present))
        return self.shown()
