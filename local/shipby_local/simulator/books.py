"""The books: everything the marketplace knows, for checking others against it."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal

from shipby_local.simulator import words
from shipby_local.simulator.desks.charges import charges
from shipby_local.simulator.model import AcceptedCall, Money, Posting
from shipby_local.simulator.pushes.model import Push
from shipby_local.simulator.words import ACCRUAL_TYPES, Json, plain, stamp, stamp_or_null
from shipby_local.simulator.world import World

_SELLERS_REFUNDS = frozenset({words.RETURN_REFUND, words.RETURN_COMPENSATION})


def books(world: World) -> Json:
    """One consistent picture. Money is decimal text; times are RFC 3339 UTC."""
    with world.change():
        return {
            "now": stamp(world.now()),
            "seed": world.settings.seed,
            "internal_errors": world.count("internal_errors"),
            "sellers": {seller.client_id: _seller(world, seller.client_id) for seller in world.sellers.all()},
            "postings": {posting.number: posting_page(posting) for posting in world.postings.all() if posting.history},
            "returns": {
                item.key: {
                    "client_id": item.client_id,
                    "posting_number": item.posting_number,
                    "state": item.state,
                    "price": plain(item.line.total),
                    "currency": item.currency,
                    "refunded": plain(item.refunded),
                    "actions": [_call(action) for action in item.actions],
                }
                for item in world.returns.all()
            },
            "cancellation_requests": {
                item.key: {
                    "client_id": item.client_id,
                    "posting_number": item.posting_number,
                    "state": item.state,
                    "comment": item.comment,
                }
                for item in world.cancellations.all()
            },
            "carriages": {
                item.key: {
                    "client_id": item.client_id,
                    "status": item.status,
                    "postings": item.postings,
                    "removed": item.removed,
                    "extra": item.extra,
                }
                for item in world.carriages.all()
            },
            "charges": charges(world),
            "money": [_money(movement, _settled_in(world, movement)) for movement in world.money.all()],
            "rating_errors": [
                {
                    "client_id": error.client_id,
                    "posting_number": error.posting_number,
                    "type": error.type,
                    "at": stamp(error.at),
                    "index": str(error.index),
                    "percent": str(error.percent),
                    "charge": plain(error.charge),
                    "currency": error.currency,
                    "grace": error.grace,
                }
                for error in world.rating_errors.all()
            ],
            "pushes": [_push(push) for push in world.pushes.all()],
            "faults": [
                {"id": fault.id, "kind": fault.kind, "method": fault.method, "left": fault.left, "fired": fault.fired}
                for fault in world.faults.all()
            ],
        }


def _seller(world: World, client_id: str) -> Json:
    tallies: dict[str, dict[str, int]] = defaultdict(dict)
    prefix = f"call:{client_id}:"
    for counter in world.counters.all():
        if counter.name.startswith(prefix):
            method, _, result = counter.name.removeprefix(prefix).rpartition(":")
            tallies[method][result] = counter.value
    refunds = [money for money in world.money.all() if money.client_id == client_id and money.kind in _SELLERS_REFUNDS]
    own = [posting for posting in world.postings.all() if posting.client_id == client_id and posting.history]
    by_status: dict[str, int] = defaultdict(int)
    for posting in own:
        by_status[posting.status] += 1
    return {
        "postings": len(own),
        "postings_by_status": dict(by_status),
        "calls": dict(tallies),
        "rate_limited": world.count(f"rate_limited:{client_id}"),
        "double_refund_attempts": world.count(f"double_refund_attempts:{client_id}"),
        "refunds_paid_by_seller_action": len(refunds),
        "refunded_by_seller_action": plain(sum((money.amount for money in refunds), Decimal(0))),
        "pushes": _pushes(world, client_id),
    }


def _pushes(world: World, client_id: str) -> Json:
    """Counts without the pings; `delivered` and `attempts` count copies too."""
    own = [push for push in world.pushes.all() if push.client_id == client_id]
    told = [push for push in own if push.type != "TYPE_PING"]
    states = Counter(push.state for push in told)
    return {
        "addressed": world.count(f"push:addressed:{client_id}"),
        "addressed_by_type": dict(Counter(push.type for push in told if not push.copy)),
        "attempts": sum(len(push.deliveries) for push in told),
        "duplicated": sum(push.copy for push in told),
        "reordered": sum(push.reordered for push in told),
        **{state: states[state] for state in ("lost", "delivered", "waiting", "dropped")},
        "not_sent_address_disabled": world.count(f"push:not_sent_disabled:{client_id}"),
        "pauses": world.count(f"push:pauses:{client_id}"),
        "pings": len(own) - len(told),
    }


def posting_page(posting: Posting) -> Json:
    """All about one posting."""
    return {
        "client_id": posting.client_id,
        "scheme": posting.scheme,
        "integration": posting.integration,
        "status": posting.status,
        "substatus": posting.substatus,
        "total": plain(posting.total),
        "currency": posting.currency,
        "shipment_date": stamp_or_null(posting.cutoff),
        "shipment_date_without_delay": stamp_or_null(posting.without_delay),
        "cutoff_changes": posting.cutoff_changes,
        "grace": posting.grace,
        "parent": posting.parent,
        "related": posting.related,
        "tracking_number": posting.tracking_number,
        "upper_barcode": posting.upper_barcode,
        "ship_accepted_at": stamp_or_null(posting.ship_accepted_at),
        "assembled_at": stamp_or_null(posting.assembled_at),
        "label_ready_at": stamp_or_null(posting.label_ready_at),
        "label_printed": posting.label_printed,
        "handed_over_at": stamp_or_null(posting.handed_over_at),
        "delivered_at": stamp_or_null(posting.delivered_at),
        "cancellation": {
            "type": posting.cancellation.type,
            "reason_id": posting.cancellation.reason_id,
            "reason": posting.cancellation.reason,
            "after_ship": posting.cancellation.after_ship,
            "affects_rating": posting.cancellation.affects_rating,
        },
        "history": [
            {"at": stamp(change.at), "status": change.status, "substatus": change.substatus, "by": change.by}
            for change in posting.history
        ],
        "calls": [_call(call) for call in posting.calls],
    }


def _call(call: AcceptedCall) -> Json:
    return {"at": stamp(call.at), "method": call.method, "detail": call.detail}


def _settled_in(world: World, movement: Money) -> str:
    posting = world.postings.get(movement.posting_number)
    return posting.settled_in if posting is not None else ""


def _money(movement: Money, settled_in: str) -> Json:
    return {
        "id": movement.id,
        "client_id": movement.client_id,
        "posting_number": movement.posting_number,
        "return_id": movement.return_id,
        "kind": ACCRUAL_TYPES[movement.kind][0],
        "amount": plain(movement.amount),
        "currency": movement.currency,
        "accrued_in": settled_in or movement.currency,
        "executed_by": movement.executed_by,
        "paid_to": movement.paid_to,
        "at": stamp(movement.at),
    }


def _push(push: Push) -> Json:
    return {
        "id": push.id,
        "client_id": push.client_id,
        "type": push.type,
        "subject": push.subject,
        "state": push.state,
        "copy": push.copy,
        "reordered": push.reordered,
        "created_at": stamp(push.created_at),
        "body": push.body,
        "deliveries": [
            {"at": stamp(attempt.at), "status": attempt.status, "ms": attempt.ms, "error": attempt.error}
            for attempt in push.deliveries
        ],
    }
