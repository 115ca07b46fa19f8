"""Stock of the seller's own warehouses, as the `Stocks` port wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from shipby.adapters.ozon import assumptions, methods
from shipby.adapters.ozon.reading.answers import Node, following, unreadable
from shipby.adapters.ozon.reading.entries import Fields, entries, name_of, nodes_of, or_noted, set_aside
from shipby.adapters.ozon.refusal_codes import advice_on, has_code, wait_of
from shipby.adapters.ozon.requests import identifier
from shipby.adapters.ozon.transport import Transport, done
from shipby.application.cases.odd_entries import Listed
from shipby.application.ports.availability.market import (
    OFFERS_A_READ,
    PAIRS_A_CALL,
    OfferedStock,
    OwnWarehouse,
    Told,
)
from shipby.application.ports.pages import Page
from shipby.domain.availability.places import OFFER_SIGNS, STOCK_LIMIT, Place, Refusal
from shipby.domain.errors import InvalidInputError, UnreadableAnswerError

_NOT_YET = ("product_is_not_created", "PRODUCT_HAS_NOT_BEEN_TAGGED_YET", "SOURCE_TYPE_NOT_FOUND")
"""Codes of stocks that pass by themselves once the marketplace has finished the product. official, by their texts."""
_CODE_SIGNS, _TEXT_SIGNS = 80, 200


class OzonStocks:
    """Stock of one seller's account."""

    def __init__(self, transport: Transport) -> None:
        self._api = transport

    def tell(self, amounts: Mapping[Place, int]) -> Sequence[Told]:
        """/v2/products/stocks: at most 100 pairs. 200 is no success, each pair has a result of its own."""
        _check(amounts)
        wanted = [
            {"offer_id": place.offer, "stock": stock, "warehouse_id": identifier(place.warehouse, "warehouse_id")}
            for place, stock in amounts.items()
        ]
        what = f"{len(wanted)} pairs" if len(wanted) > 1 else next(iter(amounts)).offer
        answer = self._api.act(methods.STOCKS_SET, {"stocks": wanted}, what=what)
        results = done(lambda: _results(answer), answer, what)
        return [results.get(place) or Told(place=place, unknown=True) for place in amounts]

    def of_offers(self, offers: Sequence[str], *, cursor: str = "") -> Page[OfferedStock]:
        """/v2/product/info/stocks-by-warehouse/fbs; `has_next` says whether there is more, no total does."""
        if not 1 <= len(offers) <= OFFERS_A_READ:
            raise InvalidInputError(
                f"{len(offers)} articles in one read", errors=[("offers", f"1 to {OFFERS_A_READ} are read at once")]
            )
        payload: dict[str, object] = {"offer_id": list(offers), "limit": assumptions.STOCKS_LIMIT}
        if cursor:
            payload["cursor"] = cursor
        answer = self._api.read(methods.STOCKS_READ, payload, what="stocks")
        items = entries(answer, "products", Listed.STOCK, _offered, name=_name)
        return Page(items, or_noted(Listed.STOCK, answer, lambda: following(answer, cursor), None))

    def warehouses(self) -> Sequence[OwnWarehouse]:
        """/v2/warehouse/list, all pages."""
        found: dict[str, OwnWarehouse] = {}
        cursor: str | None = ""
        while cursor is not None:
            payload: dict[str, object] = {"limit": assumptions.WAREHOUSES_LIMIT}
            if cursor:
                payload["cursor"] = cursor
            answer = self._api.read(methods.WAREHOUSES, payload, what="warehouses")
            page = entries(answer, "warehouses", Listed.WAREHOUSE, _warehouse, name="warehouse_id")
            known = len(found)
            found |= {one.id: one for one in page}
            following_page = or_noted(Listed.WAREHOUSE, answer, partial(following, answer, cursor), None)
            # A page without anything new would come for ever.
            cursor = following_page if len(found) > known else None
        return list(found.values())


def stock_refusal(text: str) -> Refusal:
    """What helps against the refusal of one pair of product and warehouse. An unknown code is a person's."""
    if wait_of(text):
        return Refusal.TOO_SOON
    return Refusal.NOT_YET if any(has_code(text, code) for code in _NOT_YET) else Refusal.PERSON


def _check(amounts: Mapping[Place, int]) -> None:
    if not 1 <= len(amounts) <= PAIRS_A_CALL:
        raise InvalidInputError(
            f"{len(amounts)} pairs in one call", errors=[("stocks", f"1 to {PAIRS_A_CALL} are set at once")]
        )
    bad = [
        (place.offer, f"{stock} is not 0 to {STOCK_LIMIT - 1}")
        for place, stock in amounts.items()
        if not 0 <= stock < STOCK_LIMIT
    ]
    if bad:
        raise InvalidInputError("a stock that no warehouse can have was not sent", errors=bad)


def _results(answer: Node) -> dict[Place, Told]:
    """Results that can be read; a pair that is missing may have been taken."""
    found: dict[Place, Told] = {}
    for node in nodes_of(answer, "result", Listed.STOCK_RESULT):
        try:
            told = _told(node)
            found[told.place] = told
        except UnreadableAnswerError as error:
            set_aside(Listed.STOCK_RESULT, _name(node), node, error)
    return found


def _told(node: Node) -> Told:
    place = _place(node)
    errors = [(error.text("code"), error.text("message")) for error in node.nodes("errors")]
    if "updated" not in node and not errors:
        raise unreadable(node.at("updated"), "there")
    if node.flag("updated") and not errors:
        return Told(place=place)
    code, message = next(iter(errors), ("", ""))
    said = " ".join(part for part in (code, message) if part) or "refused without a text"
    advice = advice_on(methods.STOCKS_SET.path, said)
    # A warehouse of another seller and one that was closed are told alike: name the one that was meant.
    if has_code(said, "WAREHOUSE_NOT_FOUND"):
        advice = f"warehouse {place.warehouse}: {advice}"
    return Told(
        place=place,
        refusal=stock_refusal(said),
        code=code or message[:_CODE_SIGNS],
        text=f"{said[:_TEXT_SIGNS]}; {advice}" if advice else said[:_TEXT_SIGNS],
    )


def _place(node: Node) -> Place:
    offer = node.required("offer_id")
    if len(offer) > OFFER_SIGNS:
        raise unreadable(node.at("offer_id"), "an article")
    return Place(node.int64("warehouse_id"), offer)


def _name(node: Node) -> str:
    offer = name_of(node, lambda one: one.text("offer_id"))
    return f"{offer[:OFFER_SIGNS]} in {name_of(node, 'warehouse_id') or '?'}" if offer else ""


def _offered(node: Node) -> OfferedStock:
    """Essential are the pair, `present` and `reserved`: what is not there is unknown and never 0."""
    odd = Fields(node)
    place = _place(node)
    found = OfferedStock(
        place=place,
        present=_count(node, "present"),
        reserved=_count(node, "reserved"),
        sku=odd.maybe("sku", lambda: node.text("sku"), ""),
        free=odd.maybe("free", lambda: _count(node, "free_stock"), None),
        warehouse_name=odd.maybe("warehouse_name", lambda: node.text("warehouse_name"), ""),
    )
    odd.noted(Listed.STOCK, _name(node))
    return found


def _count(node: Node, key: str) -> int:
    found = node.integer(key) if key in node else -1
    if found < 0:
        raise unreadable(node.at(key), "a number of pieces")
    return found


def _warehouse(node: Node) -> OwnWarehouse:
    odd = Fields(node)
    found = OwnWarehouse(
        id=node.int64("warehouse_id"),
        name=odd.maybe("name", lambda: node.text("name"), ""),
        status=odd.maybe("status", lambda: node.text("status"), ""),
        paused=odd.maybe("paused", lambda: node.moment("pause_at") is not None, unknown=False),
    )
    odd.noted(Listed.WAREHOUSE, found.id)
    return found
