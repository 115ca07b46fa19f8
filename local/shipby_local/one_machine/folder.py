"""The folder of a shop: what lies in it, and that one process alone has it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType

from shipby.domain.errors import StoreUnavailableError

NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs", "fuse.glusterfs", "davfs"}
)
"""Kinds of mounts whose locks and flushes cannot be relied on (SQLite, "How To Corrupt An SQLite Database File")."""
_MOUNTS = Path("/proc/self/mounts")


class FolderInUseError(StoreUnavailableError):
    """Another process has it, or it cannot be used at all."""


class ShopFolder:
    """`shipby.db`, `documents/`, `secret`, `lock`: held from `acquire` on until the process ends or `release`."""

    def __init__(self, root: Path, *, mounts: Path = _MOUNTS) -> None:
        self.root = root.absolute()
        self.database = self.root / "shipby.db"
        self.documents = self.root / "documents"
        self._mounts = mounts
        self._lock: int | None = None

    def acquire(self) -> ShopFolder:
        """Make the folder and lock it. Raises FolderInUseError with what to do."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise FolderInUseError(f"{self.root} cannot be used: {error.strerror}. Choose another --data.") from error
        if (kind := _mounted_as(self.root, self._mounts)) in NETWORK or str(self.root).startswith("\\\\"):
            raise FolderInUseError(
                f"{self.root} lies on a network share ({kind or 'UNC path'}), where an acknowledged order may be lost: "
                "choose a disk of this computer with --data"
            )
        descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        if not _locked(descriptor):
            os.close(descriptor)
            raise FolderInUseError(
                f"{self.root} is in use by another shipby. Stop that one first, or choose another folder with --data."
            )
        self._lock = descriptor
        return self

    def release(self) -> None:
        """Give it up; a second call does nothing."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> ShopFolder:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _locked(descriptor: int) -> bool:
    """Whether the lock is ours now; it ends with the process, however that ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _mounted_as(path: Path, mounts: Path) -> str:
    """The kind of file system of a path, "" where this machine does not tell."""
    try:
        lines = mounts.read_text("utf-8").splitlines()
    except OSError:
        return ""
    found = [line.split(" ")[1:3] for line in lines if line.count(" ") >= 2]
    under = [(place, kind) for place, kind in found if path.is_relative_to(place.encode().decode("unicode_escape"))]
    return max(under, key=lambda pair: len(pair[0]), default=("", ""))[1]
