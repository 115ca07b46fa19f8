"""The proof that nothing is lost, and the seller's policy."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.access import DESK, MANAGERS, SETTINGS_READERS
from functions.seller_api.operations import Call, Operation, read
from shipby.application import queries
from shipby.application.change_settings import change_settings, get_settings
from shipby.application.idempotency import Answer
from shipby.contracts.requests import ProofQuery, SettingsBody
from shipby.domain.records import SellerSettings


def get_proof(call: Call) -> Mapping[str, object]:
    day = call.query_as(ProofQuery).date or call.clock.now().date()
    return queries.get_proof(call.seller, day, store=call.store)


def read_settings(call: Call) -> Mapping[str, object]:
    return get_settings(call.seller, store=call.store)


def put_settings(call: Call) -> Answer:
    body = call.body_as(SettingsBody)
    if call.if_match is None:
        raise TypeError("the operation is declared with If-Match required")
    wanted = SellerSettings(
        seller=call.seller,
        language=body.language,
        time_zone=body.time_zone,
        confirm_within=body.confirm_within,
        remind_before=body.remind_before,
        label_within=body.label_within,
        give_up_after=body.give_up_after,
        auto_cancel_estimate=body.auto_cancel_estimate,
        decide_return_within=body.decide_return_within,
        remind_return_before=body.remind_return_before,
        settle_after=body.settle_after,
        settle_limit=body.settle_limit,
        close_after=body.close_after,
        assemble_at=body.assemble_at,
        auto_assemble=body.auto_assemble,
        auto_cancel=body.auto_cancel,
        cancel_reason_id=body.cancel_reason_id,
        caps={str(action): limit for action, limit in body.caps.items()},
        kill_switch=body.kill_switch,
        buyer_chat=body.buyer_chat,
    )
    return change_settings(wanted, call.if_match, call.remember, store=call.store)


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/proof",
        get_proof,
        id="getProof",
        summary="The newest nothing-lost proof of a day",
        answers="ProofView",
        roles=DESK,
        query=ProofQuery,
    ),
    read(
        "/v1/settings",
        read_settings,
        id="getSettings",
        summary="The seller's policy",
        answers="SettingsView",
        roles=SETTINGS_READERS,
        etag=True,
    ),
    Operation(
        id="putSettings",
        method="PUT",
        path="/v1/settings",
        summary="Replace the seller's policy",
        run=put_settings,
        answers="SettingsView",
        roles=MANAGERS,
        body=SettingsBody,
        etag=True,
        if_match="required",
        description="Clocks that already stand move when their posting or return is next read from the marketplace.",
    ),
)
