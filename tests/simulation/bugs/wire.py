"""Seeded bugs of the adapter and of the API: what a lost answer means, and what a repeated request does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

from shipby.adapters.ozon import transport
from shipby.adapters.ozon.breaker import NoAnswerError, NotSentError
from shipby.application.shared import idempotency
from shipby.application.shared.idempotency import Answer, Remember
from shipby.domain.errors import (
    MarketplaceRefusedError,
    OutcomeUnknownError,
)

Patch = AbstractContextManager[object]


def lost_answers_count_as_not_sent() -> Patch:
    """The adapter takes a broken connection for one that never was."""
    real = transport.Transport._exchange

    def exchange(self: transport.Transport, *given: Any, **named: Any) -> transport.Answer:
        try:
            return real(self, *given, **named)
        except NoAnswerError as error:
            raise NotSentError(str(error)) from error

    return patch.object(transport.Transport, "_exchange", exchange)


def acting_calls_are_repeated() -> Patch:
    """The adapter treats a call that acts like a read: three tries."""
    real = transport.Transport._post

    def post(self: transport.Transport, method: Any, payload: Any, *until: float) -> transport.Answer:
        if not method.acts:
            return real(self, method, payload, *until)
        for _ in range(2):
            try:
                return real(self, method, payload, *until)
            except NoAnswerError:
                continue
        return real(self, method, payload, *until)

    return patch.object(transport.Transport, "_post", post)


def server_error_counts_as_refusal() -> Patch:
    real = transport.Transport.act

    def act(self: transport.Transport, *given: Any, **named: Any) -> Any:
        try:
            return real(self, *given, **named)
        except OutcomeUnknownError as error:
            if "HTTP 5" in str(error):
                raise MarketplaceRefusedError(str(error)) from error
            raise

    return patch.object(transport.Transport, "act", act)


def drop_idempotency() -> Patch:
    def idempotently(
        seller: str, key: str, request: Any, run: Callable[[Remember], Answer], *, store: Any, clock: Any
    ) -> Answer:
        return run(lambda _: [])

    return patch.object(idempotency, "idempotently", idempotently)


def forget_the_answer() -> Patch:
    """The key is looked up, but what it answered is never kept."""
    real = idempotency.idempotently

    def idempotently(seller: str, key: str, request: Any, run: Any, *, store: Any, clock: Any) -> Answer:
        return real(seller, key, request, lambda _: run(lambda _: []), store=store, clock=clock)

    return patch.object(idempotency, "idempotently", idempotently)
