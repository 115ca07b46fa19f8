"""A copy of a shop in one file: made while it runs, checked, encrypted where a passphrase is given; and back again."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import struct
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO, cast

from shipby.application.ports.clock import Clock
from shipby.domain.errors import InvalidInputError
from shipby_local.one_machine.folder import ShopFolder

_PLAIN, _SEALED = b"shipby-1\n", b"shipby-1-sealed\n"
_CHUNK = 1024 * 1024
KEPT = 5
"""Copies that a served shop leaves in its folder of copies."""
_SALT, _TAG = 16, 16


def backup(root: Path, target: Path, *, now: datetime, passphrase: str = "") -> Path:
    """Copy the shop in `root` into a new file in the folder `target`; its path. The shop may run meanwhile.

    Documents are read after the database: what a row names is on the disk before the row is. Raises InvalidInputError
    if there is no shop, or the copy is not whole.
    """
    source = root / "shipby.db"
    if not source.exists():
        raise InvalidInputError(f"there is no shop in {root}: name its folder with --data")
    target.mkdir(parents=True, exist_ok=True)
    made = target / f"shipby-{now:%Y%m%dT%H%M%S}.backup"
    with tempfile.TemporaryDirectory(dir=target) as scratch:
        copy = Path(scratch) / "shipby.db"
        _copied(source, copy)
        whole = Path(scratch) / "backup"
        with whole.open("wb") as file:
            writer = _Sealing(file, passphrase) if passphrase else _plain(file)
            with tarfile.open(fileobj=cast("IO[bytes]", writer), mode="w|") as archive:
                archive.add(copy, "shipby.db")
                for name in ("secret", "salt"):
                    if (root / name).exists():
                        archive.add(root / name, name)
                for path in sorted((root / "documents").glob("??/*")):
                    archive.add(path, str(path.relative_to(root)))
            if isinstance(writer, _Sealing):
                writer.finish()
            file.flush()
            os.fsync(file.fileno())
        whole.replace(made)
    return made


class Backups:
    """Copies of a running shop, each minute in which anything changed; the newest stay."""

    def __init__(self, root: Path, target: Path, *, clock: Clock, passphrase: str = "", kept: int = KEPT) -> None:
        self._root, self._target, self._clock, self._passphrase, self._kept = root, target, clock, passphrase, kept
        self._seen: tuple[int, int] | None = None

    def make(self) -> Path | None:
        """Make one unless nothing changed; older ones go when the new one is whole. Raises as `backup`."""
        state = _state(self._root)
        if state == self._seen:
            return None
        made = backup(self._root, self._target, now=self._clock.now(), passphrase=self._passphrase)
        self._seen = state
        for old in sorted(self._target.glob("shipby-*.backup"))[: -self._kept]:
            old.unlink(missing_ok=True)
        return made


def _state(root: Path) -> tuple[int, int]:
    """What differs after every commit: the log's time, and the file's where the log went into it."""
    log, file = root / "shipby.db-wal", root / "shipby.db"
    return (log.stat().st_mtime_ns if log.exists() else 0, file.stat().st_mtime_ns)


def restore(source: Path, root: Path, *, passphrase: str = "") -> int:
    """Put a shop back into an empty folder; how many rows it has. Raises InvalidInputError: then nothing is there."""
    if root.exists() and any(root.iterdir()):
        raise InvalidInputError(f"{root} is not empty: restore into a new folder, and keep this one until you are sure")
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent) as scratch:
        place = Path(scratch) / "shop"
        place.mkdir(mode=0o700)
        with source.open("rb") as file:
            reader = _Reading(_opened(file, passphrase))
            try:
                with tarfile.open(fileobj=cast("IO[bytes]", reader), mode="r|") as archive:
                    archive.extractall(place, filter="data")
            except tarfile.TarError as error:
                raise InvalidInputError(f"{source} is no whole backup: {error}") from error
        rows = _checked(place / "shipby.db")
        _check_documents(place)
        if root.exists():
            root.rmdir()
        place.rename(root)
    with ShopFolder(root):
        pass
    return rows


def _copied(source: Path, copy: Path) -> None:
    with sqlite3.connect(source, timeout=30) as from_, sqlite3.connect(copy) as to:
        from_.backup(to, pages=1000)
    from_.close()
    to.close()
    _checked(copy)


def _checked(database: Path) -> int:
    """Rows of a whole database. Raises InvalidInputError for one that is not."""
    try:
        connection = sqlite3.connect(database)
        try:
            (said,) = connection.execute("PRAGMA integrity_check").fetchone()
            (rows,) = connection.execute("SELECT count(*) FROM items").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise InvalidInputError(f"the copy of the database is damaged: {error}") from error
    if said != "ok":
        raise InvalidInputError(f"the copy of the database is damaged: {said}")
    return int(rows)


def _check_documents(place: Path) -> None:
    for path in (place / "documents").glob("??/*"):
        if hashlib.sha256(path.read_bytes()).hexdigest() != path.name:
            raise InvalidInputError(f"document {path.name} of the backup is damaged")


def _plain(file: BinaryIO) -> BinaryIO:
    file.write(_PLAIN)
    return file


def _key(passphrase: str, salt: bytes) -> bytes:
    # Source of the cost: RFC 7914, section 2.
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=2**15, r=8, p=1, maxmem=2**26, dklen=32)


def _nonce(number: int, *, last: bool) -> bytes:
    """Of a chunk: none can be left out, moved, or be the end before the end."""
    return struct.pack(">?3xQ", last, number)


class _Sealing:
    """Encrypts what is written, in chunks of AES-256-GCM."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        salt = os.urandom(_SALT)
        file.write(_SEALED + salt)
        self._box, self._file = AESGCM(_key(passphrase, salt)), file
        self._held, self._number = bytearray(), 0

    def write(self, data: bytes) -> int:
        self._held += data
        while len(self._held) > _CHUNK:
            self._seal(bytes(self._held[:_CHUNK]), last=False)
            del self._held[:_CHUNK]
        return len(data)

    def finish(self) -> None:
        self._seal(bytes(self._held), last=True)

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        self._file.write(self._box.encrypt(_nonce(self._number, last=last), chunk, None))
        self._number += 1


def _opened(file: BinaryIO, passphrase: str) -> Iterator[bytes]:
    """The content of a backup in parts. Raises InvalidInputError for a wrong passphrase, or a file that is none."""
    head = file.read(len(_SEALED))
    if head.startswith(_PLAIN):
        yield head[len(_PLAIN) :]
        while part := file.read(_CHUNK):
            yield part
        return
    if head != _SEALED:
        raise InvalidInputError(f"{file.name} is no backup of a shop")
    if not passphrase:
        raise InvalidInputError(f"{file.name} is encrypted: give its passphrase with --passphrase-file")
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    box, number = AESGCM(_key(passphrase, file.read(_SALT))), 0
    part = file.read(_CHUNK + _TAG)
    while part:
        following = file.read(_CHUNK + _TAG)
        try:
            yield box.decrypt(_nonce(number, last=not following), part, None)
        except InvalidTag:
            raise InvalidInputError(f"{file.name} does not open: the passphrase is another one, or it is cut") from None
        part, number = following, number + 1


class _Reading:
    """What a stream of tarfile needs."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts, self._left = parts, bytearray()

    def read(self, size: int) -> bytes:
        while len(self._left) < size and (part := next(self._parts, None)) is not None:
            self._left += part
        found = bytes(self._left[:size])
        del self._left[:size]
        return found
