"""The seller's return policies as people and machines read them, and what they suggest for one return."""

from __future__ import annotations

from dataclasses import replace

from shipby.application.ports.sellers import SellerReads
from shipby.application.ports.store import Store
from shipby.application.returns.refund_money import full_amount, left_for
from shipby.domain.json_types import Json
from shipby.domain.postings.rules import cancelled_before_delivery
from shipby.domain.returns.options import (
    ANY_PRODUCT,
    DEFAULT_POLICY,
    ReturnOptions,
    Surroundings,
    policy_for,
    return_options,
)
from shipby.domain.returns.policy import ReturnPolicy
from shipby.domain.returns.return_case import ReturnCase
from shipby.domain.sellers.settings import SellerSettings


def options_of(case: ReturnCase, settings: SellerSettings, *, store: Store) -> ReturnOptions:
    """The ways out of a return, with what the store knows beside it."""
    card = store.product_card(case.seller, case.sku) if case.sku else None
    number = case.posting_number
    posting = store.posting(case.seller, number) if number else None
    detail = store.detail(case.seller, number) if number else None
    ledger = store.money(case.seller, number) if number else None
    delivered = (posting.delivered_at if posting else None) or (detail.delivered_at if detail else None)
    return return_options(
        case,
        Surroundings(
            policy=policy_for(settings.return_policies, card.product_type if card else ""),
            full=full_amount(case, detail),
            left=left_for(case, ledger) if ledger else None,
            delivered_at=delivered,
            cancelled=cancelled_before_delivery(posting, detail),
        ),
    )


def with_suggestion(case: ReturnCase, settings: SellerSettings, *, store: Store) -> ReturnCase:
    """An open return with what the policy suggests now; a decided one keeps what stood then."""
    if not case.open or case.open_intent:
        return case
    found = options_of(case, settings, store=store)
    suggestion = found.suggestion.value if found.suggestion else ""
    if (suggestion, found.reason) == (case.suggestion, case.suggestion_reason):
        return case
    return replace(case, suggestion=suggestion, suggestion_reason=found.reason, policy_version=settings.version)


def get_policies(seller: str, *, store: SellerReads) -> dict[str, Json]:
    """All policies of a seller, the one for everything else last; the default one where the seller has none."""
    settings = store.settings(seller) or SellerSettings(seller=seller)
    named = [policy for policy in settings.return_policies if policy.product_type != ANY_PRODUCT]
    rest = policy_for(settings.return_policies, ANY_PRODUCT)
    return {
        "version": settings.version,
        "auto_return": settings.auto_return,
        "items": [
            *(policy_view(policy, default=False) for policy in named),
            policy_view(rest, default=rest is DEFAULT_POLICY),
        ],
    }


def policy_view(policy: ReturnPolicy, *, default: bool) -> dict[str, Json]:
    return {
        "product_type": policy.product_type,
        "default": default,
        "window_days": policy.window_days,
        "defect_window_days": policy.defect_window_days,
        "unopened_only": policy.unopened_only,
        "keep_goods_below": policy.keep_goods_below,
        "compensate_percent": policy.compensate_percent,
        "inspect": policy.inspect,
        "exchange": policy.exchange,
        "conditions": policy.conditions or None,
    }
