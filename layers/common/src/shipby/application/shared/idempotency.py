"""Idempotency-Key: the same unsafe call twice does its work once and answers the same both times."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from shipby.application.ports.clock import Clock
from shipby.application.ports.sellers import Answers
from shipby.application.ports.writes import RememberResponse, Write
from shipby.domain.errors import IdempotencyMismatchError, InvalidInputError, ShipbyError
from shipby.domain.intents import request_hash
from shipby.domain.json_types import Json
from shipby.domain.remembered import RememberedResponse

KEPT_FOR = timedelta(days=30)
_KEY = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answers: HTTP status, JSON body and the Location of what it created."""

    status: int
    body: Mapping[str, Json]
    location: str = ""


Remember = Callable[[Answer], list[Write]]
"""Turns the answer into the write that remembers it; goes into the command's own transaction."""


def idempotently(
    seller: str,
    key: str,
    request: Mapping[str, Json],
    run: Callable[[Remember], Answer],
    *,
    store: Answers,
    clock: Clock,
) -> Answer:
    """Run a command under an Idempotency-Key; an empty key runs it plainly.

    `request` is everything that makes two calls the same (method, path, body). Raises IdempotencyMismatchError if the
    key was used with another request, InvalidInputError if the key is malformed.
    """
    if not key:
        return run(lambda _answer: [])
    if not _KEY.fullmatch(key):
        raise InvalidInputError("Idempotency-Key must be 1 to 128 printable ASCII characters without spaces")
    wanted = request_hash(request)

    def replay() -> Answer | None:
        before = store.remembered(seller, key, clock.now())
        if before is None:
            return None
        if before.request_hash != wanted:
            raise IdempotencyMismatchError(
                f"Idempotency-Key {key} was used with another request; take a new key for a new request"
            )
        return Answer(before.status, before.body, before.location)

    def remember(answer: Answer) -> list[Write]:
        response = RememberedResponse(
            seller=seller,
            key=key,
            request_hash=wanted,
            status=answer.status,
            body=answer.body,
            location=answer.location,
            expires_at=clock.now() + KEPT_FOR,
        )
        return [RememberResponse(response)]

    if (answer := replay()) is not None:
        return answer
    try:
        return run(remember)
    except ShipbyError:
        # The same key may have won in another process since our look: its commit then refused ours (IDEM), or has
        # already moved the item on, so that our own decision found it in another state.
        if (answer := replay()) is not None:
            return answer
        raise
