"""Keeps documents in one SQLite file, so that the marketplace survives a restart and `kill -9`."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterable
from pathlib import Path


class DocumentStore:
    """Kind + key -> JSON. Write-ahead log: a batch is in the file once `save` returns, or not at all.

    Not thread-safe by itself: the world calls it under its lock.
    """

    def __init__(self, path: Path | None) -> None:
        """Opens or makes the file (None: memory). Raises OSError if it is in use or is no such file."""
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(":memory:" if path is None else path, timeout=0.2, check_same_thread=False)
        self.keeps = path is not None
        """Whether there is a file: without one `save` does nothing."""
        try:
            # One owner: two marketplaces on one file would each overwrite the other's books.
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS documents"
                " (kind TEXT, key TEXT, body BLOB, PRIMARY KEY (kind, key)) WITHOUT ROWID"
            )
            self._database.commit()
        except sqlite3.DatabaseError as error:
            self._database.close()
            text = f"the simulator's data cannot be used: {error}"
            raise OSError(errno.EBUSY, text, str(path)) from error

    def load(self, kind: str) -> list[bytes]:
        """All documents of one kind."""
        rows = self._database.execute("SELECT body FROM documents WHERE kind = ?", (kind,))
        return [bytes(body) for (body,) in rows]

    def save(self, changed: Iterable[tuple[str, str, bytes | None]]) -> None:
        """Writes one batch; a body of None deletes the document."""
        if not self.keeps:
            return
        with self._database:
            for kind, key, body in changed:
                if body is None:
                    self._database.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key))
                else:
                    self._database.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (kind, key, body))

    def close(self) -> None:
        """Closes the file."""
        self._database.close()
