"""The error index and its guard: where the seller stands, and what one cancel would do."""

from __future__ import annotations

from collections.abc import Mapping

from functions.seller_api.operations import Call, Operation, read
from shipby.application.rating import views as guard_views


def get_guard(call: Call) -> Mapping[str, object]:
    return guard_views.get_guard(call.seller, store=call.store, now=call.clock.now())


def get_cancel_forecast(call: Call) -> Mapping[str, object]:
    return guard_views.get_cancel_forecast(call.seller, call.path["number"], store=call.store, now=call.clock.now())


OPERATIONS: tuple[Operation, ...] = (
    read(
        "/v1/guard",
        get_guard,
        id="getGuard",
        summary="The error index, its band, and how many cancels are left before a worse one",
        answers="GuardView",
    ),
    read(
        "/v1/postings/{number}/cancel-forecast",
        get_cancel_forecast,
        id="getCancelForecast",
        summary="What cancelling a posting would do and cost, and what else can be done",
        answers="CancelForecastView",
        description="Nothing is asked of the marketplace: the figures are those of the last poll.",
    ),
)
