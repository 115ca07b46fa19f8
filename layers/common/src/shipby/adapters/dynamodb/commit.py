"""Runs the operations of a change: all of them become true together, or none does."""

import hashlib
import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shipby.adapters.dynamodb.client import call, error_code
from shipby.adapters.dynamodb.operation import MAX_TOKEN, Meaning, Operation, check, told
from shipby.adapters.dynamodb.values import Item
from shipby.domain.errors import (
    InvalidInputError,
    RetryableError,
    StoreUnavailableError,
    VersionConflictError,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_ATTEMPTS = 6
_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.5
_COLLISIONS = frozenset({"TransactionConflict", "TransactionConflictException", "TransactionInProgressException"})
_THROTTLES = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded"})


class Committer:
    """Writes one change after the other; holds no state of its own."""

    def __init__(self, client: "Callable[[], DynamoDBClient]", table: str, *, sleep: Callable[[float], None]) -> None:
        self._client = client
        self._table = table
        self._sleep = sleep

    def run(self, operations: Sequence[Operation], token: str = "") -> None:
        """Raises what the first meaningful failed condition stands for, and RetryableError where nothing was decided.

        A StoreUnavailableError after a timeout leaves open whether the change was applied: repeat it with a token.
        """
        check(operations, token)
        if not operations:
            return
        if len(operations) == 1 and not token and operations[0].action in ("Put", "Update"):
            self._retried(lambda: self._single(operations[0]))
        else:
            self._retried(lambda: self._transaction(operations, token))

    def _retried(self, attempt: Callable[[], None]) -> None:
        """Two transactions that touch one item collide instead of waiting: try again after a random pause."""
        for left in range(_ATTEMPTS - 1, -1, -1):
            try:
                attempt()
            except _CollidedError as error:
                if left == 0:
                    raise error.final from error
                longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (_ATTEMPTS - left))
                self._sleep(random.uniform(0, longest))  # noqa: S311 - spreads retries, protects nothing
            else:
                return

    def _single(self, operation: Operation) -> None:
        client = self._client()
        arguments = {"TableName": self._table, **operation.arguments}
        try:
            call(client.put_item if operation.action == "Put" else client.update_item, **arguments)
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                stands: Item = error.response.get("Item", {})  # type: ignore[assignment]  # botocore types the common envelope only
                raise told([(operation, stands)]) from error
            raise self._translated(error, [operation]) from error

    def _transaction(self, operations: Sequence[Operation], token: str) -> None:
        entries = [{o.action: {"TableName": self._table, **o.arguments}} for o in operations]
        arguments: dict[str, Any] = {"TransactItems": entries}
        if token:
            arguments["ClientRequestToken"] = token
        try:
            call(self._client().transact_write_items, **arguments)
        except ClientError as error:
            moved = _pointers_of_others(error, operations)
            if not moved:
                raise self._translated(error, operations) from error
            # The value points elsewhere by now, so there is nothing to release: the rest stands without it. The
            # shorter change needs a token of its own, the same one at every repeat.
            rest = [o for o in operations if o not in moved]
            if rest:
                self._transaction(rest, _derived(token))

    def _translated(self, error: ClientError, operations: Sequence[Operation]) -> Exception:
        code = error_code(error)
        if code == "TransactionCanceledException":
            failed = _failed(error, operations)
            if failed:
                return told(failed)
            codes = {reason.get("Code") for reason in _reasons(error)}
            if codes & _THROTTLES:
                return _CollidedError(StoreUnavailableError("the database is overloaded; try again"))
            if codes & _COLLISIONS:
                return _CollidedError(_collision())
            return InvalidInputError(f"the database refused a change for its form: {error}")
        if code in _COLLISIONS:
            return _CollidedError(_collision())
        if code == "IdempotentParameterMismatchException":
            return InvalidInputError("the token of this change was used for another change within ten minutes")
        return error


class _CollidedError(Exception):
    """Nothing was decided: try again, and raise `final` when that has been done often enough."""

    def __init__(self, final: RetryableError) -> None:
        super().__init__(str(final))
        self.final = final


def _collision() -> RetryableError:
    return VersionConflictError("other changes kept touching the same items: read them again")


def _derived(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:MAX_TOKEN] if token else ""


def _reasons(error: ClientError) -> list[dict[str, Any]]:
    reasons: list[dict[str, Any]] = error.response.get("CancellationReasons", [])  # type: ignore[assignment]  # botocore types the common envelope only
    return reasons


def _failed(error: ClientError, operations: Sequence[Operation]) -> list[tuple[Operation, Item]]:
    """Operations whose condition failed, each with the item as it stands, where that was asked for."""
    return [
        (operation, reason.get("Item", {}))
        for operation, reason in zip(operations, _reasons(error), strict=False)
        if reason.get("Code") == "ConditionalCheckFailed"
    ]


def _pointers_of_others(error: ClientError, operations: Sequence[Operation]) -> list[Operation]:
    if error_code(error) != "TransactionCanceledException":
        return []
    return [operation for operation, _ in _failed(error, operations) if operation.meaning is Meaning.RELEASE]
