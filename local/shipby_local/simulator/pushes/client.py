"""One HTTP delivery of a push and the check of its answer, as the push contract asks."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

import urllib3
from urllib3.exceptions import HTTPError, TimeoutError

from shipby_local.simulator import words
from shipby_local.simulator.words import Json


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back: HTTP status (0 = no answer), milliseconds, error type of the check ("" = fine)."""

    status: int
    ms: int
    error: str


class PushClient:
    """Posts pushes. One connection pool for all threads."""

    def __init__(self, timeout: float) -> None:
        self._pool = urllib3.PoolManager(maxsize=16, retries=False, timeout=urllib3.Timeout(timeout))

    def deliver(self, url: str, body: Json) -> Outcome:
        """Sends one body and judges the answer."""
        started = time.monotonic()
        status, error = 0, ""
        try:
            response = self._pool.request(
                "POST",
                url,
                body=json.dumps(body, ensure_ascii=False).encode(),
                headers={"Content-Type": "application/json", "User-Agent": "ozon-push"},
            )
            status = response.status
            error = judge(body["message_type"], status, response.headers.get("Content-Type", ""), response.data)
        except TimeoutError:
            error = "REQUEST_TIMEOUT"
        except HTTPError:
            error = "REQUEST_ERROR"
        return Outcome(status, round((time.monotonic() - started) * 1000), error)

    def close(self) -> None:
        """Closes all connections."""
        self._pool.clear()


def judge(kind: str, status: int, content_type: str, data: bytes) -> str:
    """The check's error type for an answer; empty if it is right."""
    if status >= 500:
        return "SERVER_FAULT"
    if status != 200:
        return "STATUS_CODE_NOT_OK"
    if not data:
        return "EMPTY_BODY"
    if "application/json" not in content_type:
        return "INVALID_BODY"
    try:
        answer = json.loads(data)
    except ValueError:
        return "INVALID_JSON"
    if kind != "TYPE_PING":
        return "" if isinstance(answer, dict) and answer.get("result") is True else "WRONG_RESULT_FIELD"
    if not isinstance(answer, dict) or not answer.get("version") or not answer.get("name"):
        return "WRONG_RESULT_FIELD"
    try:
        words.instant(str(answer.get("time")))
    except ValueError:
        return "WRONG_RESULT_TIME_FIELD"
    return ""
