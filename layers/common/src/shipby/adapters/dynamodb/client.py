"""Calls to DynamoDB and what their failures mean. botocore is loaded by whoever makes a client, never here."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shipby.adapters.aws.clients import dynamodb as dynamodb_client
from shipby.domain.errors import StoreUnavailableError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

__all__ = ["call", "dynamodb_client", "error_code", "held"]

_UNAVAILABLE = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
    }
)


def error_code(error: "ClientError | Exception") -> str:
    """DynamoDB's name of an error, such as ConditionalCheckFailedException; "" for an error that is no answer."""
    answer: Any = getattr(error, "response", None)
    return str(answer.get("Error", {}).get("Code", "")) if isinstance(answer, dict) else ""


def call(operation: Callable[..., Any], **arguments: Any) -> Any:
    """Call DynamoDB.

    Raises StoreUnavailableError when it does not answer or is overloaded after botocore's own retries, and ClientError
    for every answer that means something to the caller.
    """
    try:
        return operation(**arguments)
    except Exception as error:
        unavailable = _unavailable(error)
        if unavailable is None:
            raise
        raise unavailable from error


def held(operation: Callable[..., Any], **arguments: Any) -> bool:
    """Call DynamoDB with a write under a condition: whether that held and the write was done."""
    try:
        call(operation, **arguments)
    except Exception as error:
        if error_code(error) == "ConditionalCheckFailedException":
            return False
        raise
    return True


def _unavailable(error: Exception) -> StoreUnavailableError | None:
    from botocore.exceptions import ConnectionError as NoConnectionError
    from botocore.exceptions import HTTPClientError

    if isinstance(error, HTTPClientError | NoConnectionError):
        return StoreUnavailableError(f"the database did not answer in time ({type(error).__name__}); try again")
    code = error_code(error)
    if code not in _UNAVAILABLE:
        return None
    said = getattr(error, "response", {})["Error"].get("Message", "")
    return StoreUnavailableError(f"the database refuses the call ({code}: {said}); try again")
