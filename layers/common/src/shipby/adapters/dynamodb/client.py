"""Calls to DynamoDB and what their failures mean."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from shipby.adapters.aws.clients import dynamodb as dynamodb_client
from shipby.domain.errors import StoreUnavailableError

__all__ = ["call", "dynamodb_client", "error_code"]

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


def error_code(error: ClientError) -> str:
    """DynamoDB's name of an error, such as ConditionalCheckFailedException."""
    return str(error.response.get("Error", {}).get("Code", ""))


def call(operation: Callable[..., Any], **arguments: Any) -> Any:
    """Call DynamoDB.

    Raises StoreUnavailableError when it does not answer or is overloaded after botocore's own retries, and ClientError
    for every answer that means something to the caller.
    """
    try:
        return operation(**arguments)
    except (HTTPClientError, NoConnectionError) as error:
        raise StoreUnavailableError(
            f"the database did not answer in time ({type(error).__name__}); try again"
        ) from error
    except ClientError as error:
        code = error_code(error)
        if code in _UNAVAILABLE:
            said = error.response["Error"].get("Message", "")
            raise StoreUnavailableError(f"the database refuses the call ({code}: {said}); try again") from error
        raise
