"""How records look to API clients: JSON with RFC 3339 times in UTC and money as {amount, currency}."""

from __future__ import annotations

from datetime import datetime

from shipby.domain.events import StoredEvent
from shipby.domain.intents import NEEDS_PERSON, Intent
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.postings.posting import MarketplacePosting, Posting
from shipby.domain.refunds.ledger import MoneyLedger
from shipby.domain.sellers.settings import SellerSettings, TrackingChange


def time_text(when: datetime | None) -> str | None:
    """2026-11-22T17:40:00Z, with fractions only where there are some."""
    return when.isoformat().replace("+00:00", "Z") if when else None


def money_view(money: Money | None) -> dict[str, Json] | None:
    return {"amount": money.amount, "currency": money.currency} if money else None


def posting_view(posting: Posting, detail: MarketplacePosting | None = None) -> dict[str, Json]:
    """A posting; with its marketplace facts when `detail` is given."""
    view: dict[str, Json] = {
        "posting_number": posting.number,
        "stage": posting.stage,
        "status": posting.status,
        "substatus": posting.substatus,
        "scheme": posting.scheme,
        "integration": posting.integration,
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
    }
    if detail is not None:
        view |= {
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
        }
    return view


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


def intent_view(intent: Intent) -> dict[str, Json]:
    return {
        "id": intent.id,
        "action": intent.action,
        "state": intent.state,
        "posting_number": intent.posting_number,
        "request": intent.request,
        "request_hash": intent.request_hash or None,
        "amount": money_view(intent.amount),
        "postage": money_view(intent.postage),
        "lines": [{"sku": sku, "amount": _minor(minor, intent.amount)} for sku, minor in intent.lines.items()],
        "policy_version": intent.policy_version,
        "attempts": intent.attempts,
        "actor": intent.actor,
        "approved_by": intent.approved_by or None,
        "approved_at": time_text(intent.approved_at),
        "needs_person": NEEDS_PERSON in intent.read_back,
        "reason": intent.reason or None,
        "outcome": intent.outcome or None,
        "read_back": intent.read_back,
        "created_at": time_text(intent.created_at),
        "updated_at": time_text(intent.updated_at),
    }


def _minor(minor: int, like: Money | None) -> dict[str, Json] | None:
    return money_view(Money(minor, like.currency)) if like else None


def ledger_view(ledger: MoneyLedger) -> dict[str, Json]:
    def money(minor: int) -> Json:
        return money_view(Money(minor, ledger.currency))

    return {
        "posting_number": ledger.number,
        "paid": money(ledger.paid),
        "reserved": money(ledger.reserved),
        "refunded": money(ledger.refunded),
        "postage_reserved": money(ledger.postage_reserved),
        "postage": money(ledger.postage),
        "lines": [
            {
                "sku": sku,
                "paid": money(line.paid),
                "reserved": money(line.reserved),
                "refunded": money(line.refunded),
            }
            for sku, line in ledger.lines.items()
        ],
        "entries": [
            {
                "key": key,
                "amount": money(entry.minor),
                "state": entry.state,
                "kind": entry.kind,
                "at": time_text(entry.at),
                "lines": [{"sku": sku, "amount": money(minor)} for sku, minor in entry.lines.items()],
                "executed_by": entry.executed_by,
                "cost_borne_by": entry.cost_borne_by,
                "rule": entry.rule or None,
                "accrual": entry.accrual or None,
                "accrued": money(entry.accrued) if entry.accrual else None,
            }
            for key, entry in ledger.entries.items()
        ],
    }


def tracking_view(change: TrackingChange) -> dict[str, Json]:
    return {
        "sequence": change.sequence,
        "old": change.old or None,
        "new": change.new,
        "carrier": change.carrier or None,
        "reason": change.reason,
        "asked_by": change.asked_by,
        "approved_by": change.approved_by or None,
        "at": time_text(change.at),
        "intent": change.intent_id or None,
    }


def settings_view(settings: SellerSettings) -> dict[str, Json]:
    return {
        "version": settings.version,
        "language": settings.language,
        "time_zone": settings.time_zone,
        "assemble_at": settings.assemble_at,
        "auto_assemble": settings.auto_assemble,
        "auto_cancel": settings.auto_cancel,
        "caps": dict(settings.caps),
        "kill_switch": settings.kill_switch,
    }
