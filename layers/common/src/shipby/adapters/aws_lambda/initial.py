"""What a function makes before its first event.

Lambda gives a process a whole processor while it initialises, and afterwards only the share that its memory buys: a
client that is made in the first invocation takes three times as long, and somebody waits for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Generic, TypeVar

P = TypeVar("P")


class OncePerProcess(Generic[P]):
    """What a function works with: made at the first call, and the same from then on."""

    def __init__(self, make: Callable[[], P]) -> None:
        self._make = make
        self._made: list[P] = []

    def __call__(self) -> P:
        if not self._made:
            self._made.append(self._make())
        return self._made[0]

    def use(self, parts: P) -> None:
        """In place of what the environment would make: for the process that is all functions at once."""
        self._made = [parts]

    def cache_clear(self) -> None:
        """As in a new process."""
        self._made = []


def before_the_first_event(*makes: Callable[[], object]) -> None:
    """Call each where Lambda initialises the process; elsewhere importing a function makes nothing."""
    if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
        for make in makes:
            make()
