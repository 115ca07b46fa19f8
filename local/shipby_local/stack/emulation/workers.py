"""The processes in which the emulator runs functions: found by name, and killed as a crash would."""

import os
import signal
import subprocess
from pathlib import Path

from shipby_local.stack.errors import EmulatorError

_FOLDER = "ministack-lambda-{function}-"
"""The emulator unpacks each worker of a function in a folder of this name, which its command line shows."""


def worker_pids(function: str, folder: Path) -> list[int]:
    """Processes that run this function (its physical name) at the moment; several if it runs several times at once.

    `folder` is where their emulator unpacks: the same function of another stack of this machine has the same name.
    """
    listed = subprocess.run(
        ["ps", "-ww", "-Ao", "pid=,args="],
        check=True,
        capture_output=True,
        text=True,
    )
    mark = f"{os.path.abspath(folder)}{os.sep}{_FOLDER.format(function=function)}"
    return [int(line.split(None, 1)[0]) for line in listed.stdout.splitlines() if mark in line]


def kill_workers(function: str, folder: Path) -> int:
    """`kill -9` every worker of a function that was unpacked in a folder; how many there were.

    Raises EmulatorError if there is none: what was to be interrupted was not running.
    """
    pids = worker_pids(function, folder)
    if not pids:
        raise EmulatorError(f"No worker of {function} runs, so none can be killed.")
    killed = 0
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        killed += 1
    return killed
