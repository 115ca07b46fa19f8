"""Trying again when somebody else changed the same item first: read, decide and commit anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from shipby.domain.errors import POINTER_TAKEN, AlreadyExistsError, VersionConflictError

T = TypeVar("T")

ATTEMPTS = 8
"""How often a use case decides anew before it lets the conflict out (the queue or the caller tries again later)."""


def decide_anew(decide_and_commit: Callable[[], T], *, attempts: int = ATTEMPTS) -> T:
    """Run a read-decide-commit until no other writer came in between.

    Raises VersionConflictError after `attempts` tries.
    """
    for _ in range(attempts - 1):
        try:
            return decide_and_commit()
        except VersionConflictError:
            continue
    return decide_and_commit()


@contextmanager
def or_decide_anew(meanwhile: str) -> Iterator[None]:
    """Around a commit that claims a pointer: who was faster with it is a change like any other.

    Raises VersionConflictError(`meanwhile`) where the pointer leads to another item.
    """
    try:
        yield
    except AlreadyExistsError as error:
        if error.what != POINTER_TAKEN:
            raise
        raise VersionConflictError(meanwhile) from error
