"""How a posting, its events and its tracking numbers look to API clients."""

from __future__ import annotations

from shipby.application.shared.views import money_view, time_text
from shipby.domain.events import StoredEvent
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import BEFORE_HAND_OVER, MarketplacePosting, Posting


def posting_view(posting: Posting, detail: MarketplacePosting | None = None) -> dict[str, Json]:
    """A posting; with its marketplace facts when `detail` is given."""
    view: dict[str, Json] = {
        "posting_number": posting.number,
        "stage": posting.stage,
        "status": posting.status,
        "substatus": posting.substatus,
        "scheme": posting.scheme,
        "integration": posting.integration,
        "delivery_schema": posting.delivery_schema or None,
        "warehouse_id": posting.warehouse_id,
        "version": posting.version,
        "received_at": time_text(posting.received_at),
        "synced_at": time_text(posting.synced_at),
        "cut_off": time_text(posting.cut_off),
        "shipment_date_without_delay": time_text(posting.without_delay),
        "delivery_by": time_text(posting.delivery_by),
        "next_alarm": {"due": time_text(posting.next_alarm.due), "kind": posting.next_alarm.kind}
        if posting.next_alarm
        else None,
        "ladder": [
            {"kind": rung.kind, "due": time_text(rung.due), "price": money_view(rung.price)} for rung in posting.rungs
        ],
        "late": posting.late,
        "late_price": money_view(posting.late_price),
        "at_risk": money_view(posting.at_risk),
        "assembled_at": time_text(posting.assembled_at),
        "label_ready_at": time_text(posting.label_ready_at),
        "printed_at": time_text(posting.printed_at),
        "handed_over_at": time_text(posting.handed_over_at),
        "delivered_at": time_text(posting.delivered_at),
        "blocked_reason": posting.blocked_reason or None,
        "expired_reason": posting.expired_reason or None,
        "cancelled_by": posting.cancelled_by or None,
        "tracking_number": posting.tracking_number or None,
        "open_intents": list(posting.open_intents),
        "purchases": list(posting.purchases),
        "ready_to_work": posting.stage in BEFORE_HAND_OVER and not posting.holds and not posting.amended,
        "holds": list(posting.holds),
        "amended": posting.amended or None,
    }
    if detail is not None:
        view |= _facts_view(posting, detail)
    return view


def _facts_view(posting: Posting, detail: MarketplacePosting) -> dict[str, Json]:
    """What the marketplace says of it."""
    return {
        "order_number": detail.order_number,
        "available_actions": list(detail.actions),
        "requirements": {name: list(skus) for name, skus in detail.requirements.items()},
        "products": [
            {
                "sku": line.sku,
                "offer_id": line.offer_id,
                "name": line.name,
                "quantity": line.quantity,
                "price": money_view(line.price),
            }
            for line in detail.lines
        ],
        "unread_fields": list(detail.odd),
        "multibox": detail.multibox,
        "boxes": detail.boxes or posting.boxes or None,
    }


def event_view(stored: StoredEvent) -> dict[str, Json]:
    event = stored.event
    return {
        "id": stored.id,
        "version": stored.version,
        "type": event.type,
        "type_version": stored.type_version,
        "at": time_text(event.at),
        "actor": event.actor,
        "reason": event.reason or None,
        "data": event.data,
    }
