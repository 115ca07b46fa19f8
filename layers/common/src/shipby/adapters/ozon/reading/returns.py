"""From an rFBS return of /v2/returns/rfbs/get to `MarketplaceReturn`: an allow-list.

The buyer's name, photos and comment are never touched; of the seller's rejection comment only whether there is one.
"""

from __future__ import annotations

from datetime import datetime

from shipby.adapters.ozon.reading.answers import Node, is_currency, money, unreadable
from shipby.adapters.ozon.reading.entries import Fields
from shipby.application.cases.odd_entries import Listed
from shipby.domain.money import Money
from shipby.domain.returns.return_case import MarketplaceReturn, OfferedAction, RejectionReason


def return_of(return_id: str, node: Node, read_at: datetime) -> MarketplaceReturn:
    """What the product keeps of one return; the answer itself does not repeat the id.

    Essential is what a decision or its clock hangs on: the posting, when it began, its state, the offered actions, and
    whether the goods are called defective. Raises UnreadableAnswerError, naming the field, if one of these is not what
    the API description says.
    """
    odd = Fields(node)
    maybe = odd.maybe
    found = MarketplaceReturn(
        id=return_id,
        number=maybe("number", lambda: node.code("return_number"), ""),
        posting_number=node.code("posting_number"),
        state=node.node("state").text("state"),
        read_at=read_at,
        state_name=maybe("state_name", lambda: node.node("state").text("state_name"), ""),
        opened_at=node.moment("created_at"),
        sku=maybe("sku", lambda: node.node("product").code("sku"), ""),
        offer_id=maybe("offer_id", lambda: node.node("product").text("offer_id"), ""),
        price=maybe("price", lambda: _price(node.node("product")), None),
        reason_id=maybe("reason_id", lambda: node.node("return_reason").integer("id"), 0),
        reason=maybe("reason", lambda: node.node("return_reason").text("name"), ""),
        is_defect=node.node("return_reason").flag("is_defect"),
        actions=tuple(_action(entry) for entry in node.nodes("available_actions")),
        rejection_reasons=maybe("rejection_reasons", lambda: _rejection_reasons(node), ()),
        rejected=maybe("rejected", lambda: bool(node.text("rejection_comment").strip()), False),
        tracking_number=maybe("tracking_number", lambda: node.code("ru_post_tracking_number"), ""),
    )
    odd.noted(Listed.RETURN, return_id)
    return found


def _price(product: Node) -> Money | None:
    currency = product.text("currency_code")
    if "price" not in product or not is_currency(currency):
        return None
    price = product.decimal("price")
    if price < 0 or product.fields["price"] == "":
        raise unreadable(product.at("price"), "a price")
    return money(price, currency, product.at("price"))


def _rejection_reasons(node: Node) -> tuple[RejectionReason, ...]:
    return tuple(
        RejectionReason(
            id=entry.integer("id"), name=entry.text("name"), needs_comment=entry.flag("is_comment_required")
        )
        for entry in node.nodes("rejection_reason")
    )


def _action(entry: Node) -> OfferedAction:
    # The schema says {id, name}, the official example nests {action: {id, name}}.
    action = entry.node("action") if "action" in entry else entry
    return OfferedAction(id=action.integer("id"), name=action.text("name"))
