"""The data folder: who owns it, and where things lie in it.

Layout below the folder (mode 0700, because the emulator only encodes SecureString parameters, it does not encrypt
them): `lock` (held with flock by the owner and by the emulator's process), `stack.json` (process ids and ports of the
running stack), `deployment.json` (what was deployed last), `state/` (snapshots and journal), `s3/` (objects), `tmp/`
(workers' files).
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

from shipby_local.stack.emulation.journal import sync_folder
from shipby_local.stack.errors import DataFolderBrokenError, DataFolderLockedError, StackError


class DataFolder:
    """One data folder; `acquire` takes the lock that only one running stack may hold."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.state = self.root / "state"
        self.objects = self.root / "s3"
        self.temporary = self.root / "tmp"
        self._lock_file = self.root / "lock"
        self._running_file = self.root / "stack.json"
        self._deployment_file = self.root / "deployment.json"
        self._lock_descriptor: int | None = None

    @property
    def lock_descriptor(self) -> int | None:
        """The open lock, to be inherited by the emulator's process so that an orphan keeps the folder locked."""
        return self._lock_descriptor

    def acquire(self) -> None:
        """Create the folder if needed and lock it.

        Raises DataFolderLockedError if a running stack holds it and DataFolderBrokenError if it cannot be a folder.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.root.chmod(0o700)
        except OSError as error:
            raise DataFolderBrokenError(
                f"The data folder {self.root} cannot be used: {error.strerror}. Choose another folder or remove what "
                "stands in its place."
            ) from error
        descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            owner = self._read(self._running_file).get("pid")
            who = f" (process {owner})" if owner else ""
            raise DataFolderLockedError(
                f"The data folder {self.root} is in use by another running stack{who}. Stop it first (`shipby down`) "
                "or choose another folder."
            ) from error
        self._lock_descriptor = descriptor
        shutil.rmtree(self.temporary, ignore_errors=True)
        for folder in (self.state, self.objects, self.temporary):
            folder.mkdir(exist_ok=True)

    def release(self) -> None:
        """Give the folder up; a second call does nothing."""
        if self._lock_descriptor is not None:
            shutil.rmtree(self.temporary, ignore_errors=True)
            self._running_file.unlink(missing_ok=True)
            os.close(self._lock_descriptor)
            self._lock_descriptor = None

    def write_running(self, facts: dict[str, Any]) -> None:
        """Record the process ids and ports of the running stack."""
        self._write(self._running_file, facts)

    def read_running(self) -> dict[str, Any]:
        """The recorded process ids and ports, or {} when no stack was recorded."""
        return self._read(self._running_file)

    def write_deployment(self, facts: dict[str, Any]) -> None:
        """Record what was deployed (hashes, the emulator's port)."""
        self._write(self._deployment_file, facts)

    def read_deployment(self) -> dict[str, Any]:
        """What was deployed last, or {} for a fresh folder. Raises DataFolderBrokenError if it is unreadable."""
        return self._read(self._deployment_file)

    def saved_state(self) -> dict[str, Any] | None:
        """Which state the newest snapshot holds (`store`, `generation`); None if there is none."""
        manifest = self._read(self.state / "current" / "manifest.json")
        return {name: manifest[name] for name in ("store", "generation")} if "store" in manifest else None

    def is_locked(self) -> bool:
        """Whether a running stack holds the folder at this moment."""
        if not self._lock_file.exists():
            return False
        descriptor = os.open(self._lock_file, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def _read(self, path: Path) -> dict[str, Any]:
        if not path.exists():
            return {}
        try:
            content = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise DataFolderBrokenError(_broken(path, str(error))) from error
        if not isinstance(content, dict):
            raise DataFolderBrokenError(_broken(path, "not a JSON object"))
        return content

    @staticmethod
    def _write(path: Path, facts: dict[str, Any]) -> None:
        temporary = path.with_suffix(".new")
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(facts, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)


def _broken(path: Path, reason: str) -> str:
    return (
        f"The data folder is broken: {path} cannot be read ({reason}). Restore the folder from a copy, or remove it to "
        "start with no data."
    )


def stop_running(data_dir: Path, timeout: float = 20.0) -> bool:
    """Stop the stack that owns `data_dir` from another process; False if none runs there.

    SIGTERM goes to the owner, which saves and stops everything; what is left after `timeout` seconds is killed.
    """
    folder = DataFolder(data_dir)
    if not folder.is_locked():
        return False
    facts = folder.read_running()
    processes = [int(facts[key]) for key in ("pid", "emulator_pid") if facts.get(key)]
    if not processes:
        raise StackError(
            f"A stack holds {folder.root} but recorded no process id; it may still be starting. Try again in a minute."
        )
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in processes if number == signal.SIGKILL else processes[:1]:
            # A process that is gone needs no signal.
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)
        deadline = time.monotonic() + (timeout if number == signal.SIGTERM else 5.0)
        while time.monotonic() < deadline:
            if not folder.is_locked():
                return True
            time.sleep(0.1)
    raise StackError(f"The stack in {folder.root} (processes {processes}) did not stop even when killed.")
