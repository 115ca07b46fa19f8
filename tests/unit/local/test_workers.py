"""The processes of one stack are found and killed, those of its neighbours are not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shipby_local.stack.emulation.workers import kill_workers, worker_pids
from shipby_local.stack.errors import EmulatorError


@pytest.fixture
def runs() -> Iterator[Callable[[Path, str], subprocess.Popen[bytes]]]:
    """Begins a process with the command line of a worker."""
    begun: list[subprocess.Popen[bytes]] = []

    def begin(folder: Path, function: str) -> subprocess.Popen[bytes]:
        worker = str(folder / f"ministack-lambda-{function}-x1" / "_worker.py")
        begun.append(subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()", worker], stdin=-1))
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def test_a_stack_kills_its_own_workers_and_not_those_of_the_stack_beside_it(
    tmp_path: Path, runs: Callable[[Path, str], subprocess.Popen[bytes]]
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    own, neighbour, other = runs(here, "Refunds"), runs(there, "Refunds"), runs(here, "Sync")
    assert worker_pids("Refunds", here) == [own.pid]
    assert kill_workers("Refunds", here) == 1
    assert own.wait(60) != 0
    assert (neighbour.poll(), other.poll()) == (None, None)
    with pytest.raises(EmulatorError, match="none can be killed"):
        kill_workers("Refunds", here)
