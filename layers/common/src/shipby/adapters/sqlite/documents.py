"""Files by the hash of their content in a folder, and links to them that end."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import os
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from shipby.adapters.dynamodb.keys import micros
from shipby.adapters.sqlite.database import Database
from shipby.application.ports.clock import Clock
from shipby.application.ports.files import UploadLink
from shipby.domain.errors import InvalidInputError, NotFoundError, StoreUnavailableError

_CHUNK = 1024 * 1024
_LONGEST_LINK = 7 * 24 * 3600
PATH = "/files/"


class FolderDocuments:
    """Implements `DocumentStore`. A file is on the disk, whole, before its row is; two equal ones are one file."""

    def __init__(self, folder: Path, database: Database, clock: Clock, *, secret: bytes, base_url: str) -> None:
        self._folder = folder
        self._database = database
        self._clock = clock
        self._secret = hashlib.sha256(b"links" + secret).digest()
        self._base_url = base_url.rstrip("/")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, key: str, content: bytes, *, content_type: str) -> None:
        """Write a file (the same key again replaces it). Raises StoreUnavailableError."""
        self._keep(key, iter([content]), content_type)

    def put_file(self, key: str, file: BinaryIO, *, content_type: str) -> None:
        """Write a file from disk. Raises StoreUnavailableError."""
        file.seek(0)
        self._keep(key, iter(lambda: file.read(_CHUNK), b""), content_type)

    def _keep(self, key: str, parts: Iterator[bytes], content_type: str) -> None:
        digest, size = hashlib.sha256(), 0
        temporary = self._folder / f"new-{uuid.uuid4().hex}"
        try:
            with temporary.open("wb") as file:
                for part in parts:
                    file.write(part)
                    digest.update(part)
                    size += len(part)
                file.flush()
                os.fsync(file.fileno())
            place = self._place(digest.hexdigest())
            place.parent.mkdir(exist_ok=True)
            temporary.replace(place)
            for folder in (place.parent, self._folder):
                _flush_folder(folder)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise StoreUnavailableError(f"document {key} could not be written: {error.strerror}") from error
        self._point(key, digest.hexdigest(), size, content_type)

    def _point(self, key: str, sha256: str, size: int, content_type: str) -> None:
        insert = "INSERT OR REPLACE INTO documents (name, sha256, size, type) VALUES (?, ?, ?, ?)"
        values = (key, sha256, size, content_type)
        self._database.write(lambda connection: connection.execute(insert, values))

    def _place(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256

    def _row(self, key: str) -> tuple[str, int, str]:
        found = self._database.read("SELECT sha256, size, type FROM documents WHERE name = ?", (key,))
        if not found:
            raise NotFoundError(f"document {key} is not there; make it again")
        return found[0]

    def content_type(self, key: str) -> str:
        """Raises NotFoundError."""
        return self._row(key)[2]

    def get(self, key: str) -> bytes:
        """Raises NotFoundError, StoreUnavailableError."""
        return b"".join(self.chunks(key))

    def chunks(self, key: str) -> Iterator[bytes]:
        """Raises NotFoundError, StoreUnavailableError."""
        place = self._place(self._row(key)[0])
        try:
            with place.open("rb") as file:
                while part := file.read(_CHUNK):
                    yield part
        except FileNotFoundError:
            raise NotFoundError(f"document {key} is not there; make it again") from None
        except OSError as error:
            raise StoreUnavailableError(f"document {key} could not be read: {error.strerror}") from error

    def size(self, key: str) -> int:
        """Raises NotFoundError."""
        return self._row(key)[1]

    def copy(self, source: str, target: str) -> None:
        """A second name of the same content. Raises NotFoundError."""
        self._point(target, *self._row(source))

    def delete(self, key: str) -> None:
        """Delete a file; one that is gone already does no harm. Content that no name has any more goes with it."""

        def change(connection: sqlite3.Connection) -> str:
            found = connection.execute("SELECT sha256 FROM documents WHERE name = ?", (key,)).fetchone()
            connection.execute("DELETE FROM documents WHERE name = ?", (key,))
            if found is None or connection.execute("SELECT 1 FROM documents WHERE sha256 = ?", found).fetchone():
                return ""
            return str(found[0])

        orphan = self._database.write(change)
        if orphan:
            self._place(orphan).unlink(missing_ok=True)

    def link(self, key: str, *, seconds: int) -> str:
        """A signed link; it is not checked whether the file is there. Raises InvalidInputError."""
        return self._base_url + PATH + self._sealed({"get": key}, seconds)

    def upload_link(self, key: str, *, content_type: str, size: int, sha256: str, seconds: int) -> UploadLink:
        """A signed PUT of these very bytes. Raises InvalidInputError."""
        told = {"put": key, "type": content_type, "size": size, "sha256": sha256}
        headers = {"Content-Type": content_type, "Content-Length": str(size)}
        return UploadLink("PUT", self._base_url + PATH + self._sealed(told, seconds), headers)

    def _sealed(self, told: dict[str, Any], seconds: int) -> str:
        if not 1 <= seconds <= _LONGEST_LINK:
            raise InvalidInputError(f"a link can live 1 to {_LONGEST_LINK} seconds, not {seconds}")
        told["until"] = micros(self._clock.now()) + seconds * 1_000_000
        text = base64.urlsafe_b64encode(json.dumps(told, separators=(",", ":")).encode()).decode().rstrip("=")
        return f"{text}.{self._signature(text)}"

    def _signature(self, text: str) -> str:
        return hmac.new(self._secret, text.encode(), "sha256").hexdigest()

    def _opened(self, token: str, wanted: str) -> dict[str, Any]:
        """What a link says. Raises NotFoundError unless it is one of ours that has not ended."""
        text, _, signature = token.partition(".")
        ours = hmac.compare_digest(signature.encode(), self._signature(text).encode())
        told = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) if ours else {}
        if wanted not in told or told["until"] <= micros(self._clock.now()):
            raise NotFoundError("this link has ended: ask for another one")
        return dict(told)

    def download(self, token: str) -> tuple[str, bytes]:
        """Type and content that a link leads to. Raises NotFoundError."""
        key = str(self._opened(token, "get")["get"])
        return self.content_type(key), self.get(key)

    def upload(self, token: str, content: bytes) -> None:
        """Take in what a link was made for. Raises NotFoundError, InvalidInputError for other bytes."""
        told = self._opened(token, "put")
        if len(content) != told["size"] or hashlib.sha256(content).hexdigest() != told["sha256"]:
            raise InvalidInputError("these are not the bytes that the link was made for")
        self.put(str(told["put"]), content, content_type=str(told["type"]))


def _flush_folder(folder: Path) -> None:
    """Make a new name in a folder last; Windows does it with the file and knows no flush of a folder."""
    with contextlib.suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
