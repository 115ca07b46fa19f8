"""Pieces of work that must not stop each other: a failure is kept with its name, and told once all had their turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from shipby.domain.errors import CredentialsRejectedError


class Troubles:
    """Failures of one round of work, in order."""

    def __init__(self) -> None:
        self.found: list[tuple[str, Exception]] = []
        """What failed, and how."""

    @contextmanager
    def of(self, what: str) -> Iterator[None]:
        """Run a block that may fail. A rejected key gets through: nothing after it would be answered."""
        try:
            yield
        except CredentialsRejectedError:
            raise
        except Exception as error:  # whatever it is: the pieces beside it go on, and it is raised or told at the end
            self.found.append((what, error))

    def settle(self) -> None:
        """Raise the first failure, if there was any."""
        if self.found:
            raise self.found[0][1]
