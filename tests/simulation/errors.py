"""How a simulated run ends early."""

from __future__ import annotations


class Crash(BaseException):
    """The process dies here: nothing after this point runs, and nothing is cleaned up."""


class Violation(BaseException):
    """An invariant does not hold. `invariant` is its short name."""

    def __init__(self, invariant: str, text: str) -> None:
        super().__init__(f"{invariant}: {text}")
        self.invariant = invariant
        self.text = text

    def __reduce__(self) -> tuple[type[Violation], tuple[str, str]]:
        """So that another process can tell of it."""
        return Violation, (self.invariant, self.text)
