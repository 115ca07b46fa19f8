"""Runs the messages of an SQS batch so that one bad message fails alone.

What failed is reported as a batch item failure, so the queue brings it again and after its last try moves it to the
dead letters: nothing is swallowed. How long it stays invisible depends on why it failed, never on the queue's own time:
that one is for workers that died. What was not begun when the time ran short is visible again at once.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypedDict, TypeVar

from shipby.adapters.aws_lambda.messages import Message, read_message
from shipby.application.shared.loggable import error_fields
from shipby.domain.errors import (
    CredentialsRejectedError,
    RateLimitedError,
    RetryableError,
    ShipbyError,
    VersionConflictError,
)
from shipby.observability import logger, publish

K = TypeVar("K", bound=Hashable)
Event: TypeAlias = Mapping[str, Any]
Outcome: TypeAlias = str | Exception
"""What became of a message: a word for log and metrics, or why it has to come again."""

RESERVE_MILLIS = 6_000
"""Nothing is begun when less than this is left of the function's time."""
CREDENTIALS_WAIT = 300
"""Seconds until a seller's key that was rejected again is tried: that long a key is cached. Once may be a hiccup."""
LONGEST_WAIT = 900


class Context(Protocol):
    """What a handler uses of the Lambda context."""

    def get_remaining_time_in_millis(self) -> int: ...


class Visibility(Protocol):
    """Sets when a failed message comes again."""

    def hold(self, receipt: str, seconds: int) -> None:
        """Raises StoreUnavailableError; the message then comes after the queue's own time."""


class TimeLeft:
    """How much of the function's time is left.

    The context works it out by the wall clock, which may be set, or stand still: it never counts as more than what was
    left at first, less what has passed by the monotonic clock since.
    """

    def __init__(self, context: Context, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._context = context
        self._monotonic = monotonic
        self._began = monotonic()
        self.at_first = context.get_remaining_time_in_millis()

    def __call__(self) -> float:
        """Milliseconds."""
        passed = 1000 * (self._monotonic() - self._began)
        return min(self._context.get_remaining_time_in_millis(), self.at_first - passed)

    @property
    def short(self) -> bool:
        """Whether nothing may be begun any more."""
        return self() < RESERVE_MILLIS


class ItemFailure(TypedDict):
    """One message or record that has to come again."""

    itemIdentifier: str


class PartialResponse(TypedDict):
    """`ReportBatchItemFailures`: the messages that have to come again."""

    batchItemFailures: list[ItemFailure]


class SqsBatch:
    """Runs batches of one queue."""

    def __init__(self, visibility: Visibility, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._visibility = visibility
        self._monotonic = monotonic

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
        failed, and no others.

        The first may take the function's whole time, every further one at least half of it: a worker that is killed at
        its time limit takes with it what it has done and what it has not.
        """
        left = TimeLeft(context, self._monotonic)
        failed: list[ItemFailure] = []
        outcomes: Counter[str] = Counter()
        failures: list[int] = []
        limited: list[int] = []
        begun = False
        for messages, run in _groups(event, key, work):
            late = left.short or (begun and left() < left.at_first / 2)
            results = dict.fromkeys((message.id for message in messages), NOT_BEGUN) if late else run()
            begun = begun or not late
            for message in messages:
                outcome = results[message.id]
                if outcome is not NOT_BEGUN:
                    failures.append(int(not isinstance(outcome, str)))
                    limited.append(int(isinstance(outcome, RateLimitedError)))
                if isinstance(outcome, str):
                    outcomes[outcome] += 1
                    about = {"outcome": outcome, "message_id": message.id, **message.ids}
                    logger().info("message done", extra=about)
                else:
                    outcomes["failed"] += 1
                    outcomes[f"failed_{getattr(outcome, 'code', 'unexpected')}"] += 1
                    failed.append({"itemIdentifier": message.id})
                    self._failed(message, outcome)
        publish(outcomes, {"failures": failures, "rate_limited": limited})
        return {"batchItemFailures": failed}

    def _failed(self, message: Message, error: Exception) -> None:
        wait = wait_seconds(error, message.attempt)
        about: dict[str, object] = {"message_id": message.id, "attempt": message.attempt, "wait": wait}
        logger().warning("message failed", extra=about | error_fields(error) | message.ids)
        try:
            self._visibility.hold(message.receipt, wait)
        except ShipbyError as problem:
            about = {"message_id": message.id, **error_fields(problem)}
            logger().warning("the queue's own wait applies", extra=about)


NOT_BEGUN = RetryableError("the function's time was short, so this message was not begun")
"""Not a failure of the message: it waits for nothing."""
NOT_BEGUN.code = "not_begun"


def _one(messages: Sequence[Message], work: Callable[[Message], str]) -> dict[str, Outcome]:
    (message,) = messages
    return {message.id: work(message)}


def _groups(
    event: Event, key: Callable[[Message], K], work: Callable[[K, Sequence[Message]], Mapping[str, Outcome]]
) -> Iterator[tuple[list[Message], Callable[[], Mapping[str, Outcome]]]]:
    groups: dict[K, list[Message]] = {}
    # What came most often first: a message that was left unbegun again and again would end in the dead letters untried.
    for message in sorted(map(read_message, event["Records"]), key=lambda message: -message.attempt):
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


def wait_seconds(error: Exception, attempt: int) -> int:
    """How long a failed message stays invisible.

    The first time exactly what the marketplace asks for (Retry-After); later tries wait longer and longer, so that a
    queue's five tries span an outage of a quarter of an hour.
    """
    if error is NOT_BEGUN:
        return 0
    if isinstance(error, CredentialsRejectedError) and attempt > 1:
        return CREDENTIALS_WAIT
    if isinstance(error, VersionConflictError):
        return min(2 * attempt, LONGEST_WAIT)
    growing = [0, *(min(10 << 2 * n, LONGEST_WAIT) for n in range(attempt))]
    asked = error.retry_after if isinstance(error, RetryableError) else None
    if asked is None:
        return growing[attempt]
    return max(1, math.ceil(asked), growing[attempt - 1])
