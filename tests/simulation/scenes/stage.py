"""What scenes share: interrupting a use case at one of its accesses, and expecting a refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest.mock import Mock, patch

from shipby.adapters.aws_lambda import batch, stream
from shipby.domain.errors import ShipbyError
from tests.simulation.watch import need

Scene = Callable[[], None]


@contextmanager
def meanwhile(part: Any, access: str, act: Callable[[], object], *, at: int = 1) -> Iterator[list[int]]:
    """Somebody else acts just before the `at`th use of `access` of a store or marketplace. Yields [how often used].

    What they do goes through the same part, unhindered.
    """
    real, used = getattr(part, access), [0]

    def interrupted(*given: Any, **named: Any) -> Any:
        used[0] += 1
        if used[0] == at:
            setattr(part, access, real)
            try:
                act()
            finally:
                setattr(part, access, interrupted)
        return real(*given, **named)

    setattr(part, access, interrupted)
    try:
        yield used
    finally:
        with suppress(AttributeError):
            delattr(part, access)


def refused(act: Callable[[], object], *errors: type[Exception], invariant: str, text: str) -> None:
    """Somebody is told that it cannot be done, by one of these errors."""
    try:
        act()
    except errors:
        return
    except ShipbyError as error:
        need(False, invariant, f"{text}: told {type(error).__name__}")
    need(False, invariant, f"{text}: it was done")


@contextmanager
def silent() -> Iterator[Mock]:
    """Log lines and metrics of the workers go nowhere; the logger is given."""
    log = Mock()
    with patch.object(batch, "publish"), patch.object(batch, "logger", log), patch.object(stream, "logger", log):
        yield log
