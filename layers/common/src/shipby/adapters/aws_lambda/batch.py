"""Runs the messages of an SQS batch so that one bad message fails alone.

What failed is reported as a batch item failure, so the queue brings it again and after its last try moves it to the
dead letters: nothing is swallowed. How long it stays invisible depends on why it failed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypedDict, TypeVar

from shipby.adapters.aws_lambda.messages import Message, read_message
from shipby.domain.errors import (
    CredentialsRejectedError,
    RetryableError,
    ShipbyError,
    VersionConflictError,
)
from shipby.observability import error_fields, logger, publish

K = TypeVar("K", bound=Hashable)
Event: TypeAlias = Mapping[str, Any]
Outcome: TypeAlias = str | Exception
"""What became of a message: a word for log and metrics, or why it has to come again."""

RESERVE_MILLIS = 6_000
"""No further message is begun when less than this is left of the function's time."""
CREDENTIALS_WAIT = 300
"""Seconds until a seller's rejected key is tried again: that long a key is cached."""
LONGEST_WAIT = 900


class Context(Protocol):
    """What a handler uses of the Lambda context."""

    def get_remaining_time_in_millis(self) -> int: ...


class Visibility(Protocol):
    """Sets when a failed message comes again."""

    def hold(self, receipt: str, seconds: int) -> None:
        """Raises StoreUnavailableError; the message then comes after the queue's own time."""


class ItemFailure(TypedDict):
    """One message or record that has to come again."""

    itemIdentifier: str


class PartialResponse(TypedDict):
    """`ReportBatchItemFailures`: the messages that have to come again."""

    batchItemFailures: list[ItemFailure]


class SqsBatch:
    """Runs batches of one queue."""

    def __init__(self, visibility: Visibility) -> None:
        self._visibility = visibility

    def each(self, event: Event, context: Context, work: Callable[[Message], str]) -> PartialResponse:
        """Run every message for itself; `work` returns the outcome in a word, or raises."""
        return self.grouped(event, context, lambda message: message.id, lambda _, messages: _one(messages, work))

    def grouped(
        self,
        event: Event,
        context: Context,
        key: Callable[[Message], K],
        work: Callable[[K, Sequence[Message]], Mapping[str, Outcome]],
    ) -> PartialResponse:
        """Run messages of one key together; `work` returns the outcome per message id. If it raises, all its messages
        failed, and no others."""
        failed: list[ItemFailure] = []
        outcomes: Counter[str] = Counter()
        for messages, run in _groups(event, key, work):
            late = context.get_remaining_time_in_millis() < RESERVE_MILLIS
            results = dict.fromkeys((message.id for message in messages), _NOT_BEGUN) if late else run()
            for message in messages:
                outcome = results[message.id]
                if isinstance(outcome, str):
                    outcomes[outcome] += 1
                    about = {"outcome": outcome, "message_id": message.id, **message.ids}
                    logger().info("message done", extra=about)
                else:
                    outcomes["failed"] += 1
                    outcomes[f"failed_{getattr(outcome, 'code', 'unexpected')}"] += 1
                    failed.append({"itemIdentifier": message.id})
                    self._failed(message, outcome)
        publish(outcomes)
        return {"batchItemFailures": failed}

    def _failed(self, message: Message, error: Exception) -> None:
        wait = wait_seconds(error, message.attempt)
        about: dict[str, object] = {"message_id": message.id, "attempt": message.attempt, "wait": wait}
        logger().warning("message failed", extra=about | error_fields(error) | message.ids)
        if wait is None:
            return
        try:
            self._visibility.hold(message.receipt, wait)
        except ShipbyError as problem:
            about = {"message_id": message.id, **error_fields(problem)}
            logger().warning("the queue's own wait applies", extra=about)


_NOT_BEGUN = RetryableError("the function's time was nearly up, so this message was not begun", retry_after=1)


def _one(messages: Sequence[Message], work: Callable[[Message], str]) -> dict[str, Outcome]:
    (message,) = messages
    return {message.id: work(message)}


def _groups(
    event: Event, key: Callable[[Message], K], work: Callable[[K, Sequence[Message]], Mapping[str, Outcome]]
) -> Iterator[tuple[list[Message], Callable[[], Mapping[str, Outcome]]]]:
    groups: dict[K, list[Message]] = {}
    for message in map(read_message, event["Records"]):
        try:
            groups.setdefault(key(message), []).append(message)
        except ShipbyError as error:
            refused: dict[str, Outcome] = {message.id: error}
            yield [message], refused.copy
    for name, messages in groups.items():

        def run(name: K = name, messages: list[Message] = messages) -> Mapping[str, Outcome]:
            try:
                return work(name, messages)
            except Exception as error:  # whatever it is: these messages failed, the others go on
                return dict.fromkeys((message.id for message in messages), error)

        yield messages, run


def wait_seconds(error: Exception, attempt: int) -> int | None:
    """How long a failed message stays invisible; None = as long as the queue says.

    The first time exactly what the marketplace asks for (Retry-After); later tries wait longer and longer, so that a
    queue's five tries span an outage of a quarter of an hour.
    """
    if isinstance(error, CredentialsRejectedError):
        return CREDENTIALS_WAIT
    if not isinstance(error, RetryableError):
        return None
    if isinstance(error, VersionConflictError):
        return min(2 * attempt, LONGEST_WAIT)
    growing = [0, *(min(10 << 2 * n, LONGEST_WAIT) for n in range(attempt))]
    if error.retry_after is None:
        return growing[attempt]
    return max(1, math.ceil(error.retry_after), growing[attempt - 1])
