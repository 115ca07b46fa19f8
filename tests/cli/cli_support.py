"""Runs the `shipby` command as a user does: in a process of its own, its output in pipes."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.waiting import LONGEST

COMMAND = [sys.executable, "-m", "shipby_local.cli"]
# What a user's shell has and no more; a wide answer must not depend on a terminal.
SURROUNDINGS = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


def shipby(folder: Path, *arguments: str, answer: str = "") -> Ended:
    """Run a command to its end in `folder`; `answer` is what the user types."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=SURROUNDINGS,
        input=answer,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


class Serving:
    """A command that serves until it is told to stop."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.lines: list[str] = []
        self._errors = folder / f"{arguments[0]}.stderr"
        with self._errors.open("w") as errors:
            self._process = subprocess.Popen(
                [*COMMAND, *arguments],
                cwd=folder,
                env=SURROUNDINGS,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def __enter__(self) -> "Serving":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def complaints(self) -> str:
        """What it wrote to standard error."""
        return self._errors.read_text()

    def until(self, text: str) -> str:
        """Read on to the first line that holds `text`; fails if the command ends first."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))
            if text in line:
                return line.rstrip("\n")
        raise AssertionError(f"it ended without saying {text!r}: {self.lines} {self.complaints}")

    def after(self, text: str) -> str:
        """The rest of the line that begins with `text`, among those read so far."""
        [found] = [line for line in self.lines if line.startswith(text)]
        return found.removeprefix(text).strip()

    def terminate(self) -> int:
        """SIGTERM; the exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        """The exit code, once it has ended by itself."""
        return self._process.wait(LONGEST)
