"""The clock of a data folder: the machine's own, or one that stands still until it is stepped.

A stepped clock is one small file in the folder, its time as text. Everything that takes part reads it there: the
workers (`worker_clock`), the emulator's queues and expiry (`private_names.follow_clock`), the simulated marketplace and
the command line. What only serves this machine (timeouts, pacing, signatures, signed links) stays on real time.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from shipby_local.stack.errors import StackError

FILE = "clock"
VARIABLE = "SHIPBY_LOCAL_CLOCK"
"""Tells workers where the file is. Only `worker_clock`, which is never shipped, reads it."""


class Clock(Protocol):
    """What tells the time of a data folder."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""


class WallClock:
    """The machine's time."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return datetime.now(UTC)


class SteppedClock:
    """Stands still until `set`. Safe to read from any process at any moment; one process sets it."""

    def __init__(self, file: Path) -> None:
        self.file = file

    @classmethod
    def begin(cls, folder: Path, moment: datetime) -> SteppedClock:
        """A stepped clock for a data folder that has none yet and nothing in it; one it has already stays as it is.

        Raises StackError for a folder that was begun by the machine's time: what it has stored would lie in another
        time.
        """
        clock = cls(folder.absolute() / FILE)
        if clock.file.exists():
            return clock
        if (folder / "deployment.json").exists():
            raise StackError(f"{folder} was begun by the machine's time and cannot be stepped; choose a fresh folder.")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        clock.set(moment)
        return clock

    def now(self) -> datetime:
        """The time it was set to. Raises StackError if the file cannot be read."""
        try:
            return datetime.fromisoformat(self.file.read_text("ascii"))
        except (OSError, ValueError) as error:
            raise StackError(f"The stepped clock {self.file} cannot be read: {error}.") from error

    def set(self, moment: datetime) -> None:
        """Moves the time forward, never back: alarms that rang do not ring again. Raises ValueError."""
        if self.file.exists() and moment < self.now():
            raise ValueError(f"a stepped clock only goes forward: it is {self.now()}, not to be set to {moment}")
        self._write(moment)

    def _write(self, moment: datetime) -> None:
        if moment.tzinfo is None:
            raise ValueError("a time needs its zone")
        fresh = self.file.with_suffix(".new")
        with fresh.open("w", encoding="ascii") as file:
            file.write(moment.astimezone(UTC).isoformat())
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.file)


def clock_of(folder: Path) -> Clock:
    """The clock of a data folder: stepped where one was started in it, the machine's everywhere else."""
    file = folder.absolute() / FILE
    return SteppedClock(file) if file.exists() else WallClock()
