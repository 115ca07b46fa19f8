"""The DynamoDB client and what its failures mean."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from shipby.adapters.aws.patience import CONNECT_SECONDS, READ_SECONDS
from shipby.domain.errors import StoreUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

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


@functools.cache
def dynamodb_client() -> "DynamoDBClient":
    """The process's client, made on first use: importing a module must not cost a cold start."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        "dynamodb",
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": 3},
            tcp_keepalive=True,
            # AWS checks every call; to check it here first takes two fifths of a transaction's CPU.
            parameter_validation=False,
        ),
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
