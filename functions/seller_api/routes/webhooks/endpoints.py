"""Webhooks: endpoints of integrators, their deliveries, and the catalogue of events."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, IfMatch, Operation, read
from shipby.application.shared.idempotency import Answer
from shipby.application.webhooks import endpoints
from shipby.application.webhooks.endpoints import Desk, Wanted, endpoint_view, load
from shipby.contracts.base import NoBody, Paged
from shipby.contracts.webhooks.endpoints import ReasonBody, ReplayBody, RotateSecretBody, WebhookBody
from shipby.domain.webhooks.catalogue import PUBLIC, schema


def _desk(call: Call) -> Desk:
    door = call.parts.webhooks()
    return Desk(
        seller=call.seller,
        actor=call.actor,
        store=call.store,
        rows=door.rows,
        secrets=door.secrets,
        clock=call.clock,
        refused=door.refused,
    )


def _wanted(call: Call) -> Wanted:
    body = call.body_as(WebhookBody)
    return Wanted(url=body.url, types=tuple(body.types), comment=body.comment)


def list_event_types(_: Call) -> Mapping[str, object]:
    items = [{"type": kind, "version": version, "json_schema": schema(kind)} for kind, version in PUBLIC.items()]
    return {"items": items, "next_cursor": None}


def list_webhooks(call: Call) -> Mapping[str, object]:
    return endpoints.list_endpoints(_desk(call))


def make_webhook(call: Call) -> Answer:
    return endpoints.make(_desk(call), _wanted(call), call.remember)


def get_webhook(call: Call) -> Mapping[str, object]:
    return endpoint_view(load(_desk(call), call.path["id"]))


def put_webhook(call: Call) -> Answer:
    if call.if_match is None:
        raise TypeError("the operation is declared with If-Match required")
    return endpoints.change(_desk(call), call.path["id"], _wanted(call), call.if_match, call.remember)


def pause_webhook(call: Call) -> Answer:
    return endpoints.pause(_desk(call), call.path["id"], call.body_as(ReasonBody).reason, call.remember)


def resume_webhook(call: Call) -> Answer:
    return endpoints.resume(_desk(call), call.path["id"], call.body_as(ReasonBody).reason, call.remember)


def rotate_webhook(call: Call) -> Answer:
    return endpoints.rotate(_desk(call), call.path["id"], call.body_as(RotateSecretBody).overlap, call.remember)


def test_webhook(call: Call) -> Answer:
    return endpoints.ask_test(_desk(call), call.path["id"], call.remember)


def replay_webhook(call: Call) -> Answer:
    body = call.body_as(ReplayBody)
    return endpoints.ask_replay(_desk(call), call.path["id"], body.since, body.reason, call.remember)


def delete_webhook(call: Call) -> Answer:
    return endpoints.delete(_desk(call), call.path["id"], call.body_as(ReasonBody).reason, call.remember)


def list_deliveries(call: Call) -> Mapping[str, object]:
    query, desk = call.query_as(Paged), _desk(call)
    endpoint = load(desk, call.path["id"])
    page = desk.rows.log(call.seller, endpoint.id, limit=query.limit, cursor=query.cursor)
    return {"items": list(page.items), "next_cursor": page.cursor}


def list_dead_letters(call: Call) -> Mapping[str, object]:
    query, desk = call.query_as(Paged), _desk(call)
    endpoint = load(desk, call.path["id"])
    page = desk.rows.dead(call.seller, endpoint.id, limit=query.limit, cursor=query.cursor)
    return {"items": list(page.items), "next_cursor": page.cursor}


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/event-types",
        list_event_types,
        id="listEventTypes",
        summary="The catalogue of events, with a JSON Schema each",
        answers="Listing[EventTypeView]",
        description="The same events are on the EventBridge bus.",
    ),
    read(
        "/v1/webhooks",
        list_webhooks,
        id="listWebhooks",
        summary="Endpoints that get events",
        answers="Listing[WebhookView]",
    ),
    Operation(
        id="makeWebhook",
        method="POST",
        path="/v1/webhooks",
        summary="Have events sent to an address",
        run=make_webhook,
        answers="NewWebhookView",
        body=WebhookBody,
        status=201,
        description="Signed by the Standard Webhooks specification. The secret is in this answer alone.",
    ),
    read(
        "/v1/webhooks/{id}",
        get_webhook,
        id="getWebhook",
        summary="One endpoint, and how it fares",
        answers="WebhookView",
        etag=True,
    ),
    Operation(
        id="putWebhook",
        method="PUT",
        path="/v1/webhooks/{id}",
        summary="Replace an endpoint's address, types and comment",
        run=put_webhook,
        answers="WebhookView",
        body=WebhookBody,
        etag=True,
        if_match=IfMatch.REQUIRED,
    ),
    Operation(
        id="pauseWebhook",
        method="POST",
        path="/v1/webhooks/{id}/pause",
        summary="Send nothing for now; what comes waits, for 14 days",
        run=pause_webhook,
        answers="WebhookView",
        body=ReasonBody,
    ),
    Operation(
        id="resumeWebhook",
        method="POST",
        path="/v1/webhooks/{id}/resume",
        summary="Send what waits, in order, and what comes",
        run=resume_webhook,
        answers="WebhookView",
        body=ReasonBody,
    ),
    Operation(
        id="rotateWebhook",
        method="POST",
        path="/v1/webhooks/{id}/rotate",
        summary="Make another secret; both sign for a while",
        run=rotate_webhook,
        answers="NewWebhookView",
        body=RotateSecretBody,
        status=201,
    ),
    Operation(
        id="testWebhook",
        method="POST",
        path="/v1/webhooks/{id}/test",
        summary="Send a test message; the deliveries show how it went",
        run=test_webhook,
        answers="WebhookView",
        body=NoBody,
    ),
    Operation(
        id="replayWebhook",
        method="POST",
        path="/v1/webhooks/{id}/replay",
        summary="Send everything since a time again, in order",
        run=replay_webhook,
        answers="WebhookView",
        body=ReplayBody,
        description="At most 14 days back. Each message keeps its `webhook-id`: a receiver drops what it knows.",
    ),
    Operation(
        id="deleteWebhook",
        method="POST",
        path="/v1/webhooks/{id}/delete",
        summary="Send nothing there any more",
        run=delete_webhook,
        answers="WebhookView",
        body=ReasonBody,
    ),
    read(
        "/v1/webhooks/{id}/deliveries",
        list_deliveries,
        id="listDeliveries",
        summary="Tries of the last 14 days, newest first",
        answers="Listing[DeliveriesView]",
        query=Paged,
    ),
    read(
        "/v1/webhooks/{id}/dead-letters",
        list_dead_letters,
        id="listDeadLetters",
        summary="What was given up after three days of tries",
        answers="Listing[DeadLetterView]",
        query=Paged,
        description="Replay from before it to have it sent again.",
    ),
)
