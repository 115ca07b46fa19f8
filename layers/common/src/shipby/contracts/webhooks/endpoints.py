"""Endpoints of integrators, their deliveries, and the catalogue of events."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from shipby.contracts.base import ActorName, Reason, Request, Time, View, plain_text
from shipby.domain.webhooks.endpoint import EndpointState

Type = Annotated[str, Field(min_length=1, max_length=80, examples=["posting.*"])]


class WebhookBody(Request):
    """What an endpoint is: all of it."""

    url: Annotated[
        str,
        Field(
            min_length=1,
            max_length=1000,
            description="https, a public host, port 443 or 8443. Redirects are not followed.",
            examples=["https://erp.example.com/shipby"],
        ),
    ]
    types: Annotated[
        list[Type],
        Field(
            default_factory=list,
            max_length=100,
            description="Types of GET /v1/event-types, or families such as `posting.*`; none: all.",
        ),
    ]
    comment: Annotated[str, Field(max_length=200), AfterValidator(plain_text)] = ""


class ReasonBody(Request):
    reason: Reason


class RotateSecretBody(Request):
    overlap: Annotated[
        timedelta, Field(description="ISO 8601: how long both secrets sign, at most P7D.", examples=["P1D"])
    ] = timedelta(days=1)


class ReplayBody(Request):
    since: Annotated[datetime, Field(description="Everything that happened from then on is sent again, in order.")]
    reason: Reason


class SecretView(View):
    number: int
    until: Time | None


class WebhookView(View):
    id: str
    version: int
    url: str
    types: list[str]
    comment: str | None
    state: EndpointState
    problem: Annotated[str | None, Field(description="Of the last try that failed.")]
    failing_since: Time | None
    tried_again_at: Time | None
    paused_at: Time | None
    paused_by: Annotated[str | None, Field(description="Null beside `paused_at`: three days of failures did it.")]
    paused_by_name: ActorName = None
    made_at: Time
    made_by: str | None
    made_by_name: ActorName = None
    complete_from: Annotated[Time, Field(description="From then on no event is missed.")]
    secrets: Annotated[list[SecretView], Field(description="That sign now; none is shown again.")]


class NewWebhookView(WebhookView):
    secret: Annotated[str | None, Field(description="Once: null in the answer of a repeated call.")]


class DeliveryView(View):
    event: str
    type: str
    webhook_id: str
    at: Time
    milliseconds: int
    status: Annotated[int | None, Field(description="Of HTTP; null: no answer.")]
    problem: str | None
    delivered: bool


class DeliveriesView(View):
    """Tries that were made together."""

    at: Time
    entries: list[DeliveryView]


class DeadLetterView(DeliveryView):
    given_up_at: Time
    failing_since: Time
    attempts: int


class EventTypeView(View):
    type: str
    version: Annotated[int, Field(description="Of its `data`.")]
    json_schema: dict[str, Any]
