"""Splits, partial assembly and boxes, as the `Shapes` port wants them. These methods call the SKU `product_id`.

No official example of the first two exists, only their description.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shipby.adapters.ozon import methods
from shipby.adapters.ozon.requests import identifier, ship_packages
from shipby.adapters.ozon.transport import Transport, done, unknown
from shipby.domain.errors import InvalidInputError, MarketplaceRefusedError


class OzonShapes:
    """What is said of the parcels of one seller's postings."""

    def __init__(self, transport: Transport) -> None:
        self._api = transport

    def split(self, number: str, parcels: Sequence[Mapping[str, int]]) -> tuple[str, ...]:
        """/v1/posting/fbs/split: one order a call."""
        payload = {"posting_number": number, "postings": ship_packages(parcels)}
        answer = self._api.act(methods.POSTING_SPLIT, payload, what=number)
        found = done(lambda: tuple(part.text("posting_number") for part in answer.nodes("postings")), answer, number)
        if not found or "" in found:
            raise unknown(f"{methods.POSTING_SPLIT.path} {number}", "the answer names no posting")
        return found

    def ship_part(
        self, number: str, products: Mapping[str, int], exemplars: Mapping[str, Sequence[str]]
    ) -> tuple[str, ...]:
        """/v4/posting/fbs/ship/package: the answer is one text, however many numbers it names."""
        if not products or min(products.values()) < 1:
            raise InvalidInputError("a part needs products with positive quantities", errors=[("products", "is empty")])
        goods: list[dict[str, object]] = []
        for sku, count in products.items():
            goods.append({"product_id": identifier(sku, "sku"), "quantity": count})
            if ids := exemplars.get(sku, ()):
                goods[-1]["exemplarsIds"] = [str(identifier(each, "exemplarsIds")) for each in ids]
        payload = {"posting_number": number, "products": goods}
        answer = self._api.act(methods.POSTING_SHIP_PART, payload, what=number)
        told = done(lambda: answer.text("result"), answer, number)
        found = tuple(part for part in told.replace(",", " ").split() if part)
        if not found:
            raise unknown(f"{methods.POSTING_SHIP_PART.path} {number}", "the answer names no posting")
        return found

    def set_boxes(self, number: str, count: int) -> None:
        """/v3/posting/multiboxqty/set: delivery by the marketplace's partners only."""
        if count < 1:
            raise InvalidInputError("a posting has at least one box", errors=[("boxes", "is less than 1")])
        payload = {"posting_number": number, "multi_box_qty": count}
        answer = self._api.act(methods.BOXES_SET, payload, what=number)
        if "result" not in answer:
            raise unknown(f"{methods.BOXES_SET.path} {number}", "the answer does not say whether it was done")
        if not done(lambda: answer.node("result").flag("result"), answer, number):
            raise MarketplaceRefusedError(f"{methods.BOXES_SET.path} {number}: the marketplace answered result = false")
