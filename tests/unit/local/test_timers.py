"""The local timers: each invocation's answer is read whole, so that its connection goes back to the pool."""

from __future__ import annotations

import io
from typing import Any

import pytest

from shipby_local.stack.timers import Timer
from tests.support.waiting import eventually


class _Functions:
    def __init__(self, answer: bytes, error: str | None = None) -> None:
        self.answer, self.error = answer, error
        self.bodies: list[io.BytesIO] = []

    def invoke(self, **_: Any) -> dict[str, Any]:
        self.bodies.append(io.BytesIO(self.answer))
        return {"Payload": self.bodies[-1], **({"FunctionError": self.error} if self.error else {})}


@pytest.mark.parametrize("error", [None, "Unhandled"])
def test_the_answer_of_an_invocation_is_read_to_its_end(error: str | None) -> None:
    functions = _Functions(b'{"errorMessage": "no"}', error)
    timer = Timer(functions, "poll", "function", 0.001)
    timer.start()
    eventually(lambda: timer.invocations >= 2, "two invocations")
    timer.stop()
    assert all(body.read() == b"" for body in functions.bodies)
    assert timer.failures == (timer.invocations if error else 0)
