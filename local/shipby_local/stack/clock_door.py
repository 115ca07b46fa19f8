"""The stepped clock over HTTP, at `/_local/clock` of the front door, for tests in any language.

GET says the time and what is due next. POST `{"advance_seconds": 10800}` lets that much time pass, POST
`{"next": true}` goes to the next thing that is due; both answer when everything is quiet again, with each step that
was taken.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from shipby_local.stack.errors import StackError
from shipby_local.stack.stepping import Step, Stepper

MOST_SECONDS = 366 * 86_400


class ClockDoor:
    """Answers one path of the front door."""

    def __init__(self, stepper: Stepper) -> None:
        self._stepper = stepper

    def __call__(self, method: str, body: bytes) -> tuple[int, bytes]:
        """Status and JSON."""
        try:
            if method == "GET":
                steps: Sequence[Step] = ()
            elif method == "POST":
                steps = self._move(json.loads(body or b"{}"))
            else:
                return 405, _problem("GET shows the clock, POST steps it")
        except ValueError as error:
            return 400, _problem(str(error))
        except StackError as error:
            return 500, _problem(str(error))
        due = self._stepper.due()
        said = {
            "now": _text(self._stepper.clock.now()),
            "next": {"at": _text(due.at), "what": list(due.what)} if due else None,
            "steps": [{"at": _text(step.at), "what": list(step.what)} for step in steps],
        }
        return 200, json.dumps(said).encode()

    def _move(self, wish: Any) -> Sequence[Step]:
        if wish == {"next": True}:
            return [self._stepper.step()]
        seconds = wish.get("advance_seconds") if isinstance(wish, dict) and len(wish) == 1 else None
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= MOST_SECONDS:
            raise ValueError(f'say {{"next": true}} or {{"advance_seconds": 0 to {MOST_SECONDS}}}')
        return self._stepper.advance(timedelta(seconds=seconds))


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _problem(detail: str) -> bytes:
    return json.dumps({"detail": detail}).encode()
