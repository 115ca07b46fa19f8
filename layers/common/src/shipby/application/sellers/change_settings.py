"""A seller's policy: read it, replace it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta

from shipby.application.cases.held import ring_held
from shipby.application.ports.matters import WatchReads
from shipby.application.ports.papers import StockReads
from shipby.application.ports.postings import HistoryReads
from shipby.application.ports.sellers import SellerReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveSettings, Write
from shipby.application.sellers.views import settings_view
from shipby.application.shared.idempotency import Answer, Remember
from shipby.application.shared.retry import decide_anew
from shipby.application.shared.views import money_view, time_text
from shipby.domain import actors
from shipby.domain.errors import InvalidInputError, PreconditionFailedError
from shipby.domain.events import Event, EventType, settings_ref
from shipby.domain.json_types import Json
from shipby.domain.money import Money
from shipby.domain.rating.error_index import table_for
from shipby.domain.returns.policy import ReturnPolicy
from shipby.domain.sellers.check_rules import CheckRule
from shipby.domain.sellers.settings import OwnLabelPolicy, PackagingRule, PolicyOverride, Recipient, SellerSettings
from shipby.domain.stock.pool import pool_ref


def duration_text(length: timedelta) -> str:
    """ISO 8601, such as PT2H or P3DT30M; parts that are zero are left out."""
    hours, seconds = divmod(length.seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    clock = "".join(f"{amount}{unit}" for amount, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if amount)
    days = f"{length.days}D" if length.days else ""
    return f"P{days}T{clock}" if clock else f"P{days or '0D'}"


def _maybe(length: timedelta | None) -> str | None:
    return None if length is None else duration_text(length)


def _recipient_view(recipient: Recipient) -> dict[str, Json]:
    return {
        "name": recipient.name,
        "channels": list(recipient.channels),
        "language": recipient.language,
        "events": list(recipient.events),
        "warehouses": list(recipient.warehouses),
        "weekdays": list(recipient.weekdays),
        "shift_from": recipient.shift_from,
        "shift_to": recipient.shift_to,
        "urgent_any_time": recipient.urgent_any_time,
    }


def _own_label_view(policy: OwnLabelPolicy) -> dict[str, Json]:
    return {
        "size": policy.size,
        "format": policy.format,
        "dpi": policy.dpi,
        "matrix": policy.matrix,
        "sender_name": policy.sender_name,
        "sender_address": policy.sender_address,
        "sender_phone": policy.sender_phone,
    }


def return_policy_view(policy: ReturnPolicy) -> dict[str, Json]:
    """The seller's rules for one kind of product."""
    return {
        "product_type": policy.product_type,
        "window_days": policy.window_days,
        "defect_window_days": policy.defect_window_days,
        "unopened_only": policy.unopened_only,
        "keep_goods_below": policy.keep_goods_below,
        "compensate_percent": policy.compensate_percent,
        "inspect": policy.inspect,
        "exchange": policy.exchange,
        "conditions": policy.conditions,
    }


def packaging_rule_view(rule: PackagingRule) -> dict[str, Json]:
    """How parcels with some goods are packed."""
    return {
        "name": rule.name,
        "skus": list(rule.skus),
        "marks": list(rule.marks),
        "pieces_from": rule.pieces_from,
        "box": rule.box,
        "material": rule.material,
        "reinforcement": list(rule.reinforcement),
        "limits": rule.limits,
    }


def _check_rule_view(rule: CheckRule) -> dict[str, Json]:
    return {
        "name": rule.name,
        "check": rule.check,
        "severity": rule.severity,
        "least": rule.least,
        "most": rule.most,
        "currency": rule.currency,
        "warehouses": list(rule.warehouses),
        "skus": list(rule.skus),
        "ask_buyer": rule.ask_buyer,
    }


def policy_view(settings: SellerSettings) -> dict[str, Json]:
    """Everything a seller may decide, as it is read and written."""
    return settings_view(settings) | {
        "confirm_within": duration_text(settings.confirm_within),
        "remind_before": [duration_text(length) for length in settings.remind_before],
        "hand_over_before": duration_text(settings.hand_over_before),
        "policy": settings.policy,
        "market": settings.market,
        "move_date_before": duration_text(settings.move_date_before),
        "move_date_by": duration_text(settings.move_date_by),
        "auto_move_date": settings.auto_move_date,
        "auto_ask_buyer": settings.auto_ask_buyer,
        "cancel_guard": settings.cancel_guard,
        "index_table": settings.index_table,
        "recipients": [_recipient_view(recipient) for recipient in settings.recipients],
        "digest_window": duration_text(settings.digest_window),
        "minutes_per_posting": dict(settings.minutes_per_posting),
        "owners": dict(settings.owners),
        "label_within": duration_text(settings.label_within),
        "give_up_after": duration_text(settings.give_up_after),
        "auto_cancel_estimate": _maybe(settings.auto_cancel_estimate),
        "decide_return_within": _maybe(settings.decide_return_within),
        "remind_return_before": duration_text(settings.remind_return_before),
        "settle_after": duration_text(settings.settle_after),
        "settle_limit": duration_text(settings.settle_limit),
        "close_after": duration_text(settings.close_after),
        "cancel_reason_id": settings.cancel_reason_id,
        "label_form": settings.label_form,
        "own_label": _own_label_view(settings.own_label),
        "unlock_at": settings.unlock_at,
        "personal_kept": duration_text(settings.personal_kept),
        "buyer_chat": settings.buyer_chat,
        "messages": {"read": settings.messages.read},
        "auto_return": settings.auto_return,
        "auto_cancel_request": settings.auto_cancel_request,
        "tell_stock": settings.tell_stock,
        "remind_cancel_request_before": duration_text(settings.remind_cancel_request_before),
        "remind_claim_before": duration_text(settings.remind_claim_before),
        "answer_claim_within": _maybe(settings.answer_claim_within),
        "return_policies": [return_policy_view(policy) for policy in settings.return_policies],
        **_bench_rules_view(settings),
        "approve_above": dict(settings.approve_above),
        "approve_numbers": settings.approve_numbers,
        "refund_cap": dict(settings.refund_cap),
        "postage_limit": dict(settings.postage_limit),
        "amounts": {
            "approve_above": _amounts(settings.approve_above),
            "refund_cap": _amounts(settings.refund_cap),
            "postage_limit": _amounts(settings.postage_limit),
        },
        "stock_pools": dict(settings.stock_pools),
        "evidence_kept": duration_text(settings.evidence_kept),
        **_checks_view(settings),
        "overrides": [_override_view(override) for override in settings.overrides],
    }


def _override_view(override: PolicyOverride) -> dict[str, Json]:
    reminders = override.remind_before
    return {
        "scheme": override.scheme,
        "warehouse": override.warehouse,
        "confirm_within": _maybe(override.confirm_within),
        "remind_before": None if reminders is None else [duration_text(length) for length in reminders],
        "label_within": _maybe(override.label_within),
        "give_up_after": _maybe(override.give_up_after),
        "policy": override.policy,
        "move_date_before": _maybe(override.move_date_before),
        "move_date_by": _maybe(override.move_date_by),
        "auto_move_date": override.auto_move_date,
        "auto_ask_buyer": override.auto_ask_buyer,
        "auto_cancel": override.auto_cancel,
        "assemble_at": override.assemble_at,
        "auto_assemble": override.auto_assemble,
        "auto_confirm": override.auto_confirm,
        "escalate_confirm_after": _maybe(override.escalate_confirm_after),
        "unlock_at": override.unlock_at,
        "approve_numbers": override.approve_numbers,
    }


def _bench_rules_view(settings: SellerSettings) -> dict[str, Json]:
    return {
        "inspections": [asdict(rule) for rule in settings.inspections],
        "inspector_not_picker": settings.inspector_not_picker,
        "packaging": [packaging_rule_view(rule) for rule in settings.packaging],
        "insert_language": settings.insert_language,
    }


def _checks_view(settings: SellerSettings) -> dict[str, Json]:
    """What orders are held against, and what happens to those that fit, wait or were changed."""
    return {
        "checks": settings.checks,
        "check_rules": [_check_rule_view(rule) for rule in settings.check_rules],
        "auto_confirm": settings.auto_confirm,
        "auto_confirm_rule": {
            "most_pieces": settings.auto_confirm_rule.most_pieces,
            "most_paid": settings.auto_confirm_rule.most_paid,
            "warehouses": list(settings.auto_confirm_rule.warehouses),
        },
        "escalate_confirm_after": _maybe(settings.escalate_confirm_after),
        "escalate_confirm_to": settings.escalate_confirm_to,
        "tell_amended": settings.tell_amended,
    }


def get_settings(seller: str, *, store: SellerReads) -> dict[str, Json]:
    """The policy in force; the product's defaults at version 0 where the seller has set none."""
    return policy_view(store.settings(seller) or SellerSettings(seller=seller))


_NOT_REPEATED = frozenset({"recipients", "own_label"})
"""Fields whose difference holds names, addresses and telephones: histories are read by integrators too."""


def difference(before: SellerSettings, after: SellerSettings) -> dict[str, Json]:
    """Each field that changed, with what it was and what it is; of those that name people only that it changed."""
    old, new = policy_view(before), policy_view(after)
    return {
        name: None if name in _NOT_REPEATED else {"before": old[name], "after": value}
        for name, value in new.items()
        if name != "version" and old[name] != value
    }


def settings_history(seller: str, *, limit: int, cursor: str | None, store: HistoryReads) -> dict[str, Json]:
    """Every change of the policy, newest first: by whom, when, and what it changed. The cursor is a version.

    Raises InvalidInputError for a cursor that is none.
    """
    if cursor is not None and not (cursor.isascii() and cursor.isdigit()):
        raise InvalidInputError("the cursor does not belong to this listing", errors=[("cursor", "foreign or broken")])
    told = [one for one in store.events(seller, settings_ref()) if cursor is None or one.version < int(cursor)]
    newest = told[::-1][:limit]
    items: list[Json] = [
        {
            "version": one.version,
            "at": time_text(one.event.at),
            "actor": one.event.actor,
            "changes": [_change_view(name, both) for name, both in one.event.data.items()],
        }
        for one in newest
    ]
    return {"items": items, "next_cursor": str(newest[-1].version) if len(told) > limit else None}


def _change_view(name: str, both: Json) -> Json:
    told = both if isinstance(both, Mapping) else {}
    return {"field": name, "shown": bool(told), "before": told.get("before"), "after": told.get("after")}


def change_settings(
    wanted: SellerSettings, if_match: int, remember: Remember, *, actor: str, store: Store, now: datetime
) -> Answer:
    """Replace the policy; `wanted.version` is not looked at. Who did it, and what it changed, stays in its history.

    Where the checks are other ones, every open order is checked anew in the background. What was held back is decided
    again by the next sweep: a switch or a cap may be what it waited for. Clocks that
    already stand move when their posting or return is next read from the marketplace.
    Raises PreconditionFailedError unless `if_match` is the stored version, InvalidInputError for a table of error-index
    bands that does not exist, and for a pool that does not or is not open to this shop.
    """
    if wanted.index_table:
        table_for(wanted.market, date.max, name=wanted.index_table)
    _check_pools(wanted, store)

    def once() -> Answer:
        current = store.settings(wanted.seller)
        version = current.version if current else 0
        if version != if_match:
            raise PreconditionFailedError(
                f"the settings are at version {version}, you have {if_match}: read them again"
            )
        changed = replace(wanted, version=version + 1)
        answer = Answer(200, policy_view(changed))
        before = current or SellerSettings(seller=wanted.seller)
        event = Event(type=EventType.SETTINGS_CHANGED, at=now, actor=actor, data=difference(before, changed))
        told = AppendEvents(wanted.seller, settings_ref(), changed.version, (event,))
        held = ring_held(wanted.seller, store=store, now=now)
        again = _recheck(before, changed, store=store, now=now)
        store.commit([SaveSettings(changed), told, *held, *again, *remember(answer)])
        return answer

    return decide_anew(once)


def _amounts(limits: Mapping[str, int]) -> list[Json]:
    return [money_view(Money(minor, currency)) for currency, minor in limits.items()]


def _recheck(before: SellerSettings, after: SellerSettings, *, store: WatchReads, now: datetime) -> list[Write]:
    if (before.checks, before.check_rules) == (after.checks, after.check_rules):
        return []
    from shipby.application.validation.recheck import ask_recheck  # a rule is seldom changed: cold starts

    return ask_recheck(after.seller, "the checks changed", store=store, now=now, actor=actors.SETTINGS)


def _check_pools(wanted: SellerSettings, store: StockReads) -> None:
    for warehouse, named in wanted.stock_pools.items():
        ref = pool_ref(named, wanted.seller)
        pool = store.pool(ref.owner, ref.pool)
        if pool is None or not pool.open_to(wanted.seller):
            raise InvalidInputError(
                f"there is no pool {named} that is open to this shop",
                errors=[(f"stock_pools/{warehouse}", "make it with PUT /v1/stock-pools/{pool}, or ask its owner")],
            )
