"""The one error that methods raise; the server turns it into the marketplace's envelope."""

from __future__ import annotations

from dataclasses import dataclass


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
