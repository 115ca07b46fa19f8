"""From an entry of /v1/returns/list (goods on their way back) to `MarketplaceReturn`: an allow-list."""

from __future__ import annotations

from datetime import datetime, timedelta

from shipby.adapters.ozon import assumptions, methods
from shipby.adapters.ozon.reading.answers import Node, is_currency, rounded_money
from shipby.adapters.ozon.reading.entries import Fields, entries, last_id_of, or_noted
from shipby.adapters.ozon.requests import rfc3339
from shipby.adapters.ozon.transport import Transport
from shipby.application.cases.odd_entries import Listed
from shipby.application.ports.pages import Page
from shipby.domain.money import Money
from shipby.domain.returns.return_case import FBS_PREFIX, MarketplaceReturn, ReturnSource

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
    # A filter that the marketplace were to ignore must not bring in another scheme's.
    read = entries(
        answer,
        "returns",
        Listed.GOODS_RETURN,
        lambda entry: goods_return_of(entry, now) if is_ours(entry) else None,
        name="id",
    )
    more = or_noted(Listed.GOODS_RETURN, answer, lambda: answer.flag("has_next"), unknown=False)
    following = last_id_of(answer, "returns", "id") if more else ""
    return Page(tuple(one for one in read if one), following if following not in ("", str(last_id)) else None)


def is_ours(node: Node) -> bool:
    """Whether an entry is of the seller's own warehouse; FBO goods are the marketplace's matter."""
    return node.text("schema").upper() == SCHEME


def goods_return_of(node: Node, read_at: datetime) -> MarketplaceReturn:
    """What the product keeps of one entry. The order may be unknown: `posting_number` is empty then.

    Essential is what the clock of a decision or of fetching the goods hangs on. Raises UnreadableAnswerError, naming
    the field, if that is not what the API description says.
    """
    identifier = node.int64("id")
    odd = Fields(node)
    maybe = odd.maybe
    changed_at = node.node("visual").moment("change_moment")
    found = MarketplaceReturn(
        id=f"{FBS_PREFIX}{identifier}",
        number=identifier,
        posting_number=node.code("posting_number"),
        state=node.node("visual").node("status").text("sys_name"),
        state_name=maybe("state_name", lambda: node.node("visual").node("status").text("display_name"), ""),
        read_at=read_at,
        opened_at=maybe("opened_at", lambda: _opened_at(node.node("logistic")), None) or changed_at,
        changed_at=changed_at,
        sku=maybe("sku", lambda: node.node("product").code("sku"), ""),
        offer_id=maybe("offer_id", lambda: node.node("product").text("offer_id"), ""),
        quantity=max(node.node("product").integer("quantity"), 1),
        price=maybe("price", lambda: _money(node.node("product").node("price")), None),
        reason=maybe("reason", lambda: node.text("return_reason_name"), ""),
        source=ReturnSource.FBS,
        barcode=maybe("barcode", lambda: node.node("logistic").code("barcode"), ""),
        kind=maybe("kind", lambda: node.text("type"), ""),
        place=maybe("place", lambda: node.node("place").text("name"), ""),
        storage=maybe("storage", lambda: _money(node.node("storage").node("sum")), None),
        arrived_at=maybe("arrived_at", lambda: node.node("storage").moment("arrived_moment"), None),
        storage_since=maybe("storage_since", lambda: node.node("storage").moment("tariffication_start_date"), None),
        storage_charged_since=maybe(
            "storage_charged_since", lambda: node.node("storage").moment("tariffication_first_date"), None
        ),
        compensation_status=maybe("compensation_status", lambda: _compensation(node.node("compensation_status")), ""),
        compensation_changed_at=maybe(
            "compensation_changed_at", lambda: node.node("compensation_status").moment("change_moment"), None
        ),
        target_place=maybe("target_place", lambda: node.node("target_place").text("name"), ""),
        scrapped_at=node.node("storage").moment("utilization_forecast_date"),
    )
    odd.noted(Listed.GOODS_RETURN, identifier)
    return found


def _compensation(node: Node) -> str:
    status = node.node("status")
    # Its id is an int32 whose meaning is published beside the names.
    return status.code("sys_name") or _COMPENSATIONS.get(status.integer("id"), "")


_COMPENSATIONS = {1: "Sent", 2: "Received", 3: "Canceled", 4: "DecompensationSent"}


def _opened_at(logistic: Node) -> datetime | None:
    return logistic.moment("return_date") or logistic.moment("technical_return_moment")


def _money(node: Node) -> Money | None:
    # Prices are doubles here, and storage is computed: the nearest minor unit is what was meant.
    currency = node.text("currency_code")
    known = node.fields.get("price") not in (None, "") and is_currency(currency)
    return rounded_money(node.decimal("price"), currency) if known else None
