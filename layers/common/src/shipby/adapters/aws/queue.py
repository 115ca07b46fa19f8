"""Our own queues on SQS: standard queues with a group per seller, so that a burst of one does not delay the others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

from shipby.adapters.aws import clients
from shipby.adapters.aws.batches import batches, send_all
from shipby.application.ports.messages import QueueMessage
from shipby.domain.errors import InvalidInputError, StoreUnavailableError

if TYPE_CHECKING:  # the type packages are for developers only
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

_BATCH = 10
_BYTES = 256 * 1024
_LONGEST_DELAY = 900
_THREADS = 8
"""Batches on their way at once; botocore keeps ten connections open."""


class SqsWorkQueue:
    """Implements `WorkQueue`. The body is compact JSON with sorted keys.

    Several batches are sent at once, for SQS answers in ten milliseconds that would only be waited for: messages may
    arrive in any order. A single batch is sent without another thread.
    """

    def __init__(self, queue_url: str, *, client: SQSClient | None = None) -> None:
        self._url = queue_url
        self._client = client

    def send(self, messages: Iterable[QueueMessage]) -> None:
        """Send all, in batches of 10.

        Raises StoreUnavailableError if any was refused (others may have gone), InvalidInputError for an impossible one.
        """
        prepared = [(message, _body(message)) for message in messages]
        cut = list(batches(prepared, lambda pair: len(pair[1]), count=_BATCH, total=_BYTES))
        if len(cut) == 1:
            send_all(cut[0], self._send_batch, what="the queue")
        elif cut:
            self._sqs()  # clients may be shared by threads, but must not be made by several at once
            problems = [problem for problem in self._pool.map(self._attempt, cut) if problem]
            if problems:
                raise problems[0]

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_THREADS, thread_name_prefix="sqs")

    def _attempt(self, batch: Sequence[tuple[QueueMessage, bytes]]) -> StoreUnavailableError | None:
        """One batch; its problem is returned, so that one refused batch does not keep the others from being tried."""
        try:
            send_all(batch, self._send_batch, what="the queue")
        except StoreUnavailableError as error:
            return error
        return None

    def _sqs(self) -> SQSClient:
        return self._client or clients.sqs()

    def _send_batch(
        self, batch: Sequence[tuple[QueueMessage, bytes]]
    ) -> Sequence[tuple[tuple[QueueMessage, bytes], str]]:
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {
                "Id": str(index),
                "MessageBody": body.decode(),
                "DelaySeconds": message.delay_seconds,
                "MessageGroupId": message.group,
            }
            for index, (message, body) in enumerate(batch)
        ]
        answer = self._sqs().send_message_batch(QueueUrl=self._url, Entries=entries)
        return [(batch[int(failed["Id"])], failed.get("Code", "")) for failed in answer.get("Failed", [])]


def _body(message: QueueMessage) -> bytes:
    if not 0 <= message.delay_seconds <= _LONGEST_DELAY:
        raise InvalidInputError(f"a message can wait 0 to 900 seconds, not {message.delay_seconds}")
    body = json.dumps(message.body, separators=(",", ":"), sort_keys=True).encode()
    if len(body) > _BYTES:
        raise InvalidInputError(f"a message of {len(body)} bytes is more than a queue takes (256 KiB)")
    return body
