"""The seller API as an ERP would call it: JSON over HTTP with a key, an Idempotency-Key on every command."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import urllib3

from shipby_local.demo.people import People
from shipby_local.stack.errors import StackError


class ApiProblemError(StackError):
    """A problem+json answer. `status` and `problem` are the API's own."""

    def __init__(self, status: int, problem: Any) -> None:
        detail = problem.get("detail") if isinstance(problem, Mapping) else problem
        super().__init__(f"the API answered {status}: {detail}")
        self.status = status
        self.problem = problem


@dataclass
class SellerApi:
    """Calls `/v1` of one deployment with one key."""

    base_url: str
    key: str
    people: People | None = None
    """Who share the day, its clock and its hands."""
    _pool: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(maxsize=8, timeout=urllib3.Timeout(600.0), retries=False)
    )

    def get(self, path: str) -> Any:
        return self._call("GET", path, None)

    def post(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        return self._call("POST", path, body or {})

    def put(self, path: str, body: Mapping[str, object]) -> Any:
        return self._call("PUT", path, body)

    def _call(self, method: str, path: str, body: Mapping[str, object] | None) -> Any:
        headers = {"Authorization": f"Bearer {self.key}", "Accept": "application/json"}
        content = None
        if body is not None:
            headers |= {"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex}
            content = json.dumps(body).encode()
        for attempt in range(6):
            with self.people.hands if self.people is not None else nullcontext():
                answer = self._pool.request(method, self.base_url + path, headers=headers, body=content)
            # The same Idempotency-Key makes the repeat safe.
            if answer.status not in (429, 500, 502, 503, 504):
                break
            time.sleep(0.2 * 2**attempt)
        try:
            said = json.loads(answer.data) if answer.data else None
        except ValueError:
            said = answer.data[:300].decode(errors="replace")
        if answer.status >= 400:
            raise ApiProblemError(answer.status, said)
        return said

    def seen(self, path: str, ready: Callable[[Any], bool]) -> Any | None:
        """The answer if it is `ready`; None if it is not, or not there yet (404)."""
        try:
            answer = self.get(path)
        except ApiProblemError as problem:
            if problem.status != 404:
                raise
            return None
        return answer if ready(answer) else None

    def wait_for(
        self, path: str, ready: Callable[[Any], bool], *, what: str, about: str = "", timeout: float = 60.0
    ) -> Any:
        """Ask again until `ready`; a 404 counts as not ready.

        With people (a day whose clock is stepped) it is asked again after a change of `about`; without, less and less
        often. Raises StackError naming `what` after four days of theirs, or `timeout` seconds.
        """
        if self.people is not None:
            return self.people.wait(lambda: self.seen(path, ready), what=what, about=about)
        pause = 0.2
        deadline = time.monotonic() + timeout
        while (found := self.seen(path, ready)) is None:
            if time.monotonic() >= deadline:
                raise StackError(f"waited {timeout:.0f} s in vain for {what}")
            time.sleep(pause)
            pause = min(pause * 1.5, 5.0)
        return found
