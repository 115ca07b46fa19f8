"""The proof that nothing is lost, and the seller's policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from functions.seller_api.operations import Call, IfMatch, Operation, read
from shipby.application.proof import views as proofs
from shipby.application.sellers.change_settings import change_settings, get_settings, settings_history
from shipby.application.shared.idempotency import Answer
from shipby.contracts.base import Paged
from shipby.contracts.bench.rules import PackagingRuleBody
from shipby.contracts.policy.overrides import PolicyOverrideBody
from shipby.contracts.policy.parts import RecipientBody
from shipby.contracts.proof import ProofQuery
from shipby.contracts.settings import SettingsBody
from shipby.contracts.validation.rules import CheckRuleBody
from shipby.domain.market import Market
from shipby.domain.returns.policy import ReturnPolicy
from shipby.domain.sellers.check_rules import AutoConfirm, CheckRule
from shipby.domain.sellers.settings import (
    AssembleAt,
    InspectionRule,
    LatePolicy,
    MessagePolicy,
    NumberApproval,
    OwnLabelPolicy,
    PackagingRule,
    PolicyOverride,
    Recipient,
    SellerSettings,
    UnlockAt,
)


def get_proof(call: Call) -> Mapping[str, object]:
    day = call.query_as(ProofQuery).date or call.clock.now().date()
    return proofs.get_proof(call.seller, day, store=call.store)


def read_settings(call: Call) -> Mapping[str, object]:
    return get_settings(call.seller, store=call.store)


def list_settings_changes(call: Call) -> Mapping[str, object]:
    query = call.query_as(Paged)
    return settings_history(call.seller, limit=query.limit, cursor=query.cursor, store=call.store)


def _with_checks(wanted: SellerSettings, body: SettingsBody) -> SellerSettings:
    """What is held against orders, and what follows from it; and whether buyers' messages are read."""
    return replace(
        wanted,
        messages=MessagePolicy(read=body.messages.read),
        checks=body.checks,
        check_rules=tuple(_check_rule(rule) for rule in body.check_rules),
        auto_confirm=body.auto_confirm,
        auto_confirm_rule=AutoConfirm(
            most_pieces=body.auto_confirm_rule.most_pieces,
            most_paid=body.auto_confirm_rule.most_paid,
            warehouses=tuple(body.auto_confirm_rule.warehouses),
        ),
        escalate_confirm_after=body.escalate_confirm_after,
        escalate_confirm_to=body.escalate_confirm_to,
        tell_amended=body.tell_amended,
        overrides=tuple(_override(override) for override in body.overrides),
    )


def _check_rule(body: CheckRuleBody) -> CheckRule:
    return CheckRule(
        name=body.name,
        check=body.check,
        severity=body.severity,
        least=body.least,
        most=body.most,
        currency=body.currency,
        warehouses=tuple(dict.fromkeys(body.warehouses)),
        skus=tuple(dict.fromkeys(body.skus)),
        ask_buyer=body.ask_buyer,
    )


def put_settings(call: Call) -> Answer:
    body = call.body_as(SettingsBody)
    if call.if_match is None:
        raise TypeError("the operation is declared with If-Match required")
    wanted = SellerSettings(
        seller=call.seller,
        language=body.language,
        stock_pools=dict(body.stock_pools),
        time_zone=body.time_zone,
        confirm_within=body.confirm_within,
        remind_before=tuple(sorted(body.remind_before, reverse=True)),
        hand_over_before=body.hand_over_before,
        label_within=body.label_within,
        give_up_after=body.give_up_after,
        auto_cancel_estimate=body.auto_cancel_estimate,
        decide_return_within=body.decide_return_within,
        remind_return_before=body.remind_return_before,
        settle_after=body.settle_after,
        settle_limit=body.settle_limit,
        close_after=body.close_after,
        assemble_at=AssembleAt(body.assemble_at),
        auto_assemble=body.auto_assemble,
        policy=LatePolicy(body.policy),
        market=Market(body.market),
        move_date_before=body.move_date_before,
        move_date_by=body.move_date_by,
        auto_move_date=body.auto_move_date,
        auto_ask_buyer=body.auto_ask_buyer,
        auto_cancel=body.auto_cancel,
        cancel_guard=body.cancel_guard,
        index_table=body.index_table,
        cancel_reason_id=body.cancel_reason_id,
        caps={str(action): limit for action, limit in body.caps.items()},
        kill_switch=body.kill_switch,
        recipients=tuple(_recipient(recipient) for recipient in body.recipients),
        digest_window=body.digest_window,
        minutes_per_posting={str(stage): minutes for stage, minutes in body.minutes_per_posting.items()},
        owners={str(stage): name for stage, name in body.owners.items()},
        label_form=body.label_form,
        own_label=OwnLabelPolicy(**dict(body.own_label)),
        unlock_at=UnlockAt(body.unlock_at),
        personal_kept=body.personal_kept,
        buyer_chat=body.buyer_chat,
        auto_return=body.auto_return,
        auto_cancel_request=body.auto_cancel_request,
        tell_stock=body.tell_stock,
        remind_cancel_request_before=body.remind_cancel_request_before,
        remind_claim_before=body.remind_claim_before,
        answer_claim_within=body.answer_claim_within,
        return_policies=tuple(ReturnPolicy(**dict(policy)) for policy in body.return_policies),
        approve_above=body.approve_above,
        approve_numbers=NumberApproval(body.approve_numbers),
        refund_cap=body.refund_cap,
        postage_limit=body.postage_limit,
        evidence_kept=body.evidence_kept,
    )
    wanted = _with_checks(_with_bench(wanted, body), body)
    return change_settings(
        wanted, call.if_match, call.remember, actor=call.actor, store=call.store, now=call.clock.now()
    )


def _override(body: PolicyOverrideBody) -> PolicyOverride:
    return PolicyOverride(
        scheme=body.scheme,
        warehouse=body.warehouse,
        confirm_within=body.confirm_within,
        remind_before=tuple(sorted(body.remind_before, reverse=True)) if body.remind_before is not None else None,
        label_within=body.label_within,
        give_up_after=body.give_up_after,
        policy=LatePolicy(body.policy) if body.policy else None,
        move_date_before=body.move_date_before,
        move_date_by=body.move_date_by,
        auto_move_date=body.auto_move_date,
        auto_ask_buyer=body.auto_ask_buyer,
        auto_cancel=body.auto_cancel,
        assemble_at=AssembleAt(body.assemble_at) if body.assemble_at else None,
        auto_assemble=body.auto_assemble,
        auto_confirm=body.auto_confirm,
        escalate_confirm_after=body.escalate_confirm_after,
        unlock_at=UnlockAt(body.unlock_at) if body.unlock_at else None,
        approve_numbers=NumberApproval(body.approve_numbers) if body.approve_numbers else None,
    )


def _with_bench(wanted: SellerSettings, body: SettingsBody) -> SellerSettings:
    return replace(
        wanted,
        inspections=tuple(InspectionRule(**dict(rule)) for rule in body.inspections),
        inspector_not_picker=body.inspector_not_picker,
        packaging=tuple(_packaging(rule) for rule in body.packaging),
        insert_language=body.insert_language,
    )


def _packaging(body: PackagingRuleBody) -> PackagingRule:
    return PackagingRule(
        name=body.name,
        skus=tuple(body.skus),
        marks=tuple(body.marks),
        pieces_from=body.pieces_from,
        box=body.box,
        material=body.material,
        reinforcement=tuple(body.reinforcement),
        limits=body.limits,
    )


def _recipient(body: RecipientBody) -> Recipient:
    return Recipient(
        name=body.name,
        channels=tuple(body.channels),
        language=body.language,
        events=tuple(body.events),
        warehouses=tuple(body.warehouses),
        weekdays=tuple(body.weekdays),
        shift_from=body.shift_from,
        shift_to=body.shift_to,
        urgent_any_time=body.urgent_any_time,
    )


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/proof",
        get_proof,
        id="getProof",
        summary="The newest nothing-lost proof of a day",
        answers="ProofView",
        query=ProofQuery,
    ),
    read(
        "/v1/settings",
        read_settings,
        id="getSettings",
        summary="The seller's policy",
        answers="SettingsView",
        etag=True,
    ),
    read(
        "/v1/settings/history",
        list_settings_changes,
        id="listSettingsChanges",
        summary="Every change of the policy, newest first: by whom, and what it changed",
        answers="Listing[SettingsChangeView]",
        query=Paged,
        description="From the release on that keeps it. Of recipients and your own label: only that they changed.",
    ),
    Operation(
        id="putSettings",
        method="PUT",
        path="/v1/settings",
        summary="Replace the seller's policy",
        run=put_settings,
        answers="SettingsView",
        body=SettingsBody,
        etag=True,
        if_match=IfMatch.REQUIRED,
        description="Clocks that already stand move when their posting or return is next read from the marketplace.",
    ),
)
