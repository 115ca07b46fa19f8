"""Puts the in-process engine and queue where botocore would open a connection.

The hook is botocore's own `before-send` event: requests are built, serialised and signed as always, and answers parsed
as always; only the socket is missing.
"""

from __future__ import annotations

import io
import json
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any
from zlib import crc32

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError

from bench.parts.engine import RefusedError

Body = Mapping[str, Any]


class _Raw(io.BytesIO):
    def stream(self, *_: object, **__: object) -> Any:
        """The whole body at once, as botocore reads it."""
        while chunk := self.read(65536):
            yield chunk


class Wire:
    """Answers for a client from `serve`; `seconds` is the CPU spent behind it, which is no cost of the worker."""

    def __init__(self, serve: Callable[[str, Body], dict[str, Any]]) -> None:
        self._serve = serve
        self.seconds = 0.0
        self._lock = threading.Lock()
        self.before: Callable[[str, Body], None] | None = None
        """Runs before a request is served; what it raises never reached the database."""
        self.after: Callable[[str, Body], None] | None = None
        """Runs after a request was served; what it raises is an answer that got lost."""

    def _spent(self, began: float) -> None:
        # The sweep sends from several threads.
        with self._lock:
            self.seconds += time.thread_time() - began

    def join(self, client: Any) -> None:
        """Answer all requests of a boto3 client from now on."""
        client.meta.events.register("before-send", self)

    def __call__(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        began = time.thread_time()
        operation = _text(request.headers["X-Amz-Target"]).rpartition(".")[2]
        body = json.loads(_text(request.body))
        self._spent(began)
        if self.before:
            self.before(operation, body)
        began = time.thread_time()
        status, answer = 200, {}
        try:
            answer = self._serve(operation, body)
        except RefusedError as error:
            status, answer = 400, {"__type": f"com.amazonaws.dynamodb.v20120810#{error.code}", **error.body}
        content = json.dumps(answer, separators=(",", ":")).encode()
        headers = HTTPHeaders()
        headers["content-type"] = "application/x-amz-json-1.0"
        headers["x-amzn-requestid"] = "0"
        # DynamoDB sends a checksum, and botocore checks it.
        headers["x-amz-crc32"] = str(crc32(content))
        response = AWSResponse(request.url, status, headers, _Raw(content))
        self._spent(began)
        if self.after:
            self.after(operation, body)
        return response


def lost_answer() -> ConnectionClosedError:
    """What botocore sees when the connection breaks before the answer; it then repeats the request."""
    return ConnectionClosedError(endpoint_url="https://dynamodb")


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


class Queue:
    """An SQS queue in this process: what was sent and not deleted comes again."""

    def __init__(self) -> None:
        self.waiting: deque[dict[str, Any]] = deque()

    def call(self, operation: str, body: Body) -> dict[str, Any]:
        """Answer one request of SQS's JSON protocol."""
        match operation:
            case "SendMessageBatch":
                for entry in body["Entries"]:
                    self.waiting.append({"body": entry["MessageBody"], "attempt": 0})
                return {"Successful": [{"Id": entry["Id"]} for entry in body["Entries"]], "Failed": []}
            case "ChangeMessageVisibility":
                return {}
        raise NotImplementedError(f"this queue does not know {operation}")

    def receive(self, count: int) -> list[dict[str, Any]]:
        """Up to `count` messages as records of a Lambda event."""
        return [self._record(self.waiting.popleft()) for _ in range(min(count, len(self.waiting)))]

    def back(self, records: list[dict[str, Any]]) -> None:
        """Messages that were not deleted come again, behind the others."""
        for record in records:
            self.waiting.append(
                {"body": record["body"], "attempt": int(record["attributes"]["ApproximateReceiveCount"])}
            )

    @staticmethod
    def _record(message: dict[str, Any]) -> dict[str, Any]:
        identifier = str(uuid.uuid4())
        return {
            "messageId": identifier,
            "receiptHandle": identifier,
            "body": message["body"],
            "attributes": {"ApproximateReceiveCount": str(message["attempt"] + 1)},
        }
