"""ZIP archives on the worker's disk: implements `shipby.application.ports.evidence.Archives`."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Iterable
from typing import BinaryIO

from shipby.application.ports.evidence import Archive, Stored

_CHUNK = 1024 * 1024
_MODE = 0o644


class ZipArchives:
    """Stores and never packs: pictures and videos are packed already, and the bytes then depend on nothing but the
    files."""

    def begin(self) -> Archive:
        return _ZipArchive()


class _ZipArchive:
    def __init__(self) -> None:
        # It lives as long as this object: `close` ends it, and with it its file.
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the archive
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED)

    def add(self, name: str, parts: Iterable[bytes]) -> Stored:
        # The same date in every file, the earliest that ZIP knows, and the same system.
        info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
        info.create_system = 3
        info.external_attr = _MODE << 16
        digest, size = hashlib.sha256(), 0
        with self._zip.open(info, "w") as inside:
            for part in parts:
                inside.write(part)
                digest.update(part)
                size += len(part)
        return Stored(size, digest.hexdigest())

    def finish(self) -> tuple[BinaryIO, str]:
        self._zip.close()
        digest = hashlib.sha256()
        self._file.seek(0)
        while chunk := self._file.read(_CHUNK):
            digest.update(chunk)
        self._file.seek(0)
        return self._file, digest.hexdigest()

    def close(self) -> None:
        self._zip.close()
        self._file.close()
