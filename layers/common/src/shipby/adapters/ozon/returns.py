"""From an rFBS return of /v2/returns/rfbs/get to `MarketplaceReturn`: an allow-list.

The buyer's name, photos and comment, and the seller's rejection comment, are never touched.
"""

from __future__ import annotations

from datetime import datetime

from shipby.adapters.ozon.answers import Node, is_currency, money
from shipby.domain.returns import MarketplaceReturn, OfferedAction, RejectionReason


def return_of(return_id: str, node: Node, read_at: datetime) -> MarketplaceReturn:
    """What the product keeps of one return; the answer itself does not repeat the id.

    Raises MarketplaceUnavailableError, naming the field, if a field is not what the API description says.
    """
    product, state, reason = node.node("product"), node.node("state"), node.node("return_reason")
    currency = product.text("currency_code")
    return MarketplaceReturn(
        id=return_id,
        number=node.text("return_number"),
        posting_number=node.text("posting_number"),
        state=state.text("state"),
        read_at=read_at,
        state_name=state.text("state_name"),
        opened_at=node.moment("created_at"),
        sku=product.text("sku"),
        offer_id=product.text("offer_id"),
        price=(
            money(product.decimal("price"), currency, product.at("price"))
            if "price" in product and is_currency(currency)
            else None
        ),
        reason_id=reason.integer("id"),
        reason=reason.text("name"),
        is_defect=reason.flag("is_defect"),
        actions=tuple(_action(entry) for entry in node.nodes("available_actions")),
        rejection_reasons=tuple(
            RejectionReason(
                id=entry.integer("id"), name=entry.text("name"), needs_comment=entry.flag("is_comment_required")
            )
            for entry in node.nodes("rejection_reason")
        ),
        tracking_number=node.text("ru_post_tracking_number"),
    )


def _action(entry: Node) -> OfferedAction:
    # The schema says {id, name}, the official example nests {action: {id, name}}.
    action = entry.node("action") if "action" in entry else entry
    return OfferedAction(id=action.integer("id"), name=action.text("name"))
