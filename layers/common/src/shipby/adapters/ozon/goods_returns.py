"""From an entry of /v1/returns/list (goods on their way back) to `MarketplaceReturn`: an allow-list."""

from __future__ import annotations

from datetime import datetime, timedelta

from shipby.adapters.ozon import assumptions, methods
from shipby.adapters.ozon.answers import Node, is_currency, rounded_money
from shipby.adapters.ozon.requests import rfc3339
from shipby.adapters.ozon.transport import Transport
from shipby.application.listing import Page
from shipby.domain.money import Money
from shipby.domain.returns import FBS_PREFIX, MarketplaceReturn, ReturnSource

SCHEME = "FBS"
"""`return_schema` of the request and `schema` of the entries: FBS or FBO. official."""


def goods_returns(api: Transport, now: datetime, since: datetime, last_id: int) -> Page[MarketplaceReturn]:
    """One page of the entries whose state changed since then; at most 500.

    Only one date filter is allowed in a call; the one of the change of state sees every return that moved.
    """
    changed = {"time_from": rfc3339(since), "time_to": rfc3339(now + timedelta(days=1))}
    answer = api.read(
        methods.GOODS_RETURNS_LIST,
        {
            "filter": {"visual_status_change_moment": changed, "return_schema": SCHEME},
            "last_id": last_id,
            "limit": assumptions.GOODS_RETURNS_LIMIT,
        },
    )
    listed = answer.nodes("returns")
    # A filter that the marketplace were to ignore must not bring in another scheme's.
    items = tuple(goods_return_of(entry, now) for entry in listed if is_ours(entry))
    following = listed[-1].integer("id") if listed and answer.flag("has_next") else last_id
    return Page(items, str(following) if following != last_id else None)


def is_ours(node: Node) -> bool:
    """Whether an entry is of the seller's own warehouse; FBO goods are the marketplace's matter."""
    return node.text("schema").upper() == SCHEME


def goods_return_of(node: Node, read_at: datetime) -> MarketplaceReturn:
    """What the product keeps of one entry. The order may be unknown: `posting_number` is empty then.

    Raises MarketplaceUnavailableError, naming the field, if a field is not what the API description says.
    """
    identifier = node.required("id")
    product, logistic, storage = node.node("product"), node.node("logistic"), node.node("storage")
    visual = node.node("visual")
    changed_at = visual.moment("change_moment")
    return MarketplaceReturn(
        id=f"{FBS_PREFIX}{identifier}",
        number=identifier,
        posting_number=node.text("posting_number"),
        state=visual.node("status").text("sys_name"),
        state_name=visual.node("status").text("display_name"),
        read_at=read_at,
        opened_at=logistic.moment("return_date") or logistic.moment("technical_return_moment") or changed_at,
        changed_at=changed_at,
        sku=product.text("sku"),
        offer_id=product.text("offer_id"),
        quantity=max(product.integer("quantity"), 1),
        price=_money(product.node("price")),
        reason=node.text("return_reason_name"),
        source=ReturnSource.FBS,
        barcode=logistic.text("barcode"),
        kind=node.text("type"),
        place=node.node("place").text("name"),
        storage=_money(storage.node("sum")),
        scrapped_at=storage.moment("utilization_forecast_date"),
    )


def _money(node: Node) -> Money | None:
    # Prices are doubles here, and storage is computed: the nearest minor unit is what was meant.
    currency = node.text("currency_code")
    return rounded_money(node.decimal("price"), currency) if is_currency(currency) else None
