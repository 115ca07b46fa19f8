"""The one error that methods raise; the server turns it into the marketplace's envelope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PUBLISHED: Final = frozenset(
    {
        "DELIVERY_METHOD_NOT_FOUND",
        "EXEMPLAR_INFO_NOT_FILLED_COMPLETELY",
        "HAS_INCORRECT_CANCEL_REASON",
        "HAS_INCORRECT_PRODUCT_QUANTITY",
        "HAS_INCORRECT_STATUS",
        "HAS_INCORRECT_TPL_INTEGRATION_TYPE",
        "INVALID_ARGUMENT",
        "Incorrect_carriage_status",
        "NO_POSTINGS_FOR_BATCH_DOWNLOAD",
        "POSTING_ALREADY_CANCELLED",
        "POSTING_ALREADY_SHIPPED",
        "POSTING_NOT_FOUND",
        "POSTING_NUMBERS_IS_INCORRECT_FOR_COMPANY",
        "TRANSITION_IS_NOT_POSSIBLE",
        "UNKNOWN_PRODUCT_DEFINED",
        "WAREHOUSE_NOT_FOUND",
    }
)
"""Error codes that the API description names."""
INVENTED: Final = frozenset(
    {
        "ACTION_IS_NOT_AVAILABLE",
        "CANCELLATION_ALREADY_DECIDED",
        "CANCELLATION_NOT_FOUND",
        "CARRIAGE_DOCUMENTS_NOT_READY",
        "CARRIAGE_IS_NOT_NEW",
        "CARRIAGE_NOT_FOUND",
        "CHAT_IS_NOT_AVAILABLE",
        "CHAT_NOT_FOUND",
        "CONTAINER_IS_EMPTY_OR_NOT_NEW",
        "CONTAINER_IS_NOT_APPROVED",
        "CONTAINER_IS_NOT_NEW",
        "CONTAINER_NOT_FOUND",
        "NOTIFICATION_NOT_FOUND",
        "PERIOD_IS_TOO_LONG",
        "POSTING_ALREADY_IN_CONTAINER",
        "RETURN_NOT_FOUND",
        "TASK_NOT_FOUND",
        "TRACKING_NUMBER_IS_EMPTY",
    }
)
"""Ours, where no code is published for the case: the product must not match on any of them."""


@dataclass(slots=True)
class ApiError(Exception):
    """Refusal of a call: HTTP status, gRPC code and the text that clients match on."""

    status: int
    code: int
    message: str

    def __str__(self) -> str:
        return f"{self.status}/{self.code}: {self.message}"


def invalid(message: str) -> ApiError:
    """Refused by validation or by a business rule (400, InvalidArgument)."""
    return ApiError(400, 3, message)


def not_found(message: str) -> ApiError:
    """Nothing of that name, or it is another seller's (404, NotFound)."""
    return ApiError(404, 5, message)


def forbidden(message: str) -> ApiError:
    """Not allowed for this seller (403, PermissionDenied)."""
    return ApiError(403, 7, message)
