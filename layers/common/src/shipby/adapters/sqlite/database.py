"""One file: many readers, and one writer that puts what waits for it into one commit."""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from shipby.adapters.sqlite.schema import prepare
from shipby.domain.errors import StoreUnavailableError

T = TypeVar("T")
Row = tuple[Any, ...]
_Job: TypeAlias = tuple[Callable[[sqlite3.Connection], Any], Future[Any]]

MOST_TOGETHER = 64
"""Changes of one commit: it costs the disk one flush, however many they are."""
_CACHE_KIB = 8192
_STOP: Any = object()


class Database:
    """Writes are acknowledged when they are on the disk (WAL, synchronous=FULL): `write` returns after its commit.

    Safe to share between threads. `flush` False leaves the flush to the operating system: for tests that measure
    something else.
    """

    def __init__(self, path: Path, *, flush: bool = True) -> None:
        self.path = path
        self._flush = flush
        self._free: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._closed = False
        self.commits = 0
        """How often the disk was flushed for a change."""
        connection = self._connect()
        try:
            prepare(connection)
        except sqlite3.Error as error:
            connection.close()
            raise unavailable(error) from error
        except StoreUnavailableError:
            connection.close()
            raise
        self._writer = threading.Thread(target=self._write_all, args=(connection,), name="writer", daemon=True)
        self._writer.start()

    def _connect(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=30.0)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {'FULL' if self._flush else 'OFF'}")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        except sqlite3.Error as error:
            raise unavailable(error) from error
        return connection

    def read(self, statement: str, values: Sequence[Any] | dict[str, Any] = ()) -> list[Row]:
        """Rows of a query, of the last commit. Raises StoreUnavailableError."""
        try:
            with self._reader() as connection:
                return connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise unavailable(error) from error

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        """A connection that nobody else reads with meanwhile: as many are open as were ever needed at once, whatever
        the number of threads."""
        with self._lock:
            if self._closed:
                raise StoreUnavailableError("the database is closed: the program is stopping")
            known = self._free.pop() if self._free else None
        connection = known or self._connect()
        try:
            yield connection
        finally:
            with self._lock:
                if not self._closed:
                    self._free.append(connection)
            if self._closed:
                connection.close()

    def write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """Run a change in a transaction, all of it or, where it raises, nothing; it is on the disk when this returns.

        Raises what `change` raises, and StoreUnavailableError. After that of a failed commit nothing was kept.
        """
        waits: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise StoreUnavailableError("the database is closed: the program is stopping")
            self._jobs.put((change, waits))
        return waits.result()

    def close(self) -> None:
        """Finish what was asked for, and put everything into the one file."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._jobs.put((_STOP, Future()))
        self._writer.join()
        for connection in self._free:
            connection.close()

    def _write_all(self, connection: sqlite3.Connection) -> None:
        while True:
            jobs = [self._jobs.get()]
            while len(jobs) < MOST_TOGETHER and not self._jobs.empty():
                jobs.append(self._jobs.get())
            asked_to_stop = [job for job in jobs if job[0] is _STOP]
            _together(connection, [job for job in jobs if job[0] is not _STOP])
            self.commits += 1
            if asked_to_stop:
                # The last connection that closes moves the log into the file.
                connection.close()
                return


def _together(connection: sqlite3.Connection, jobs: Sequence[_Job]) -> None:
    """All changes in one commit. Where that fails, each for itself: a full disk takes small changes when it takes no
    large one."""
    if not jobs:
        return
    try:
        outcomes = _committed(connection, jobs)
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if len(jobs) == 1:
            jobs[0][1].set_exception(unavailable(error))
            return
        for job in jobs:
            _together(connection, [job])
        return
    for (_, waits), outcome in zip(jobs, outcomes, strict=True):
        if isinstance(outcome, _Refused):
            waits.set_exception(outcome.error)
        else:
            waits.set_result(outcome)


@dataclass(frozen=True, slots=True)
class _Refused:
    error: Exception


def _committed(connection: sqlite3.Connection, jobs: Sequence[_Job]) -> list[Any]:
    """What became of each change, each within a savepoint of its own: a refused one takes no other with it."""
    outcomes: list[Any] = []
    connection.execute("BEGIN IMMEDIATE")
    for change, _ in jobs:
        connection.execute("SAVEPOINT change")
        try:
            outcomes.append(change(connection))
        except Exception as error:
            if not connection.in_transaction:
                raise  # a full disk ends the whole transaction
            connection.execute("ROLLBACK TO change")
            outcomes.append(_Refused(unavailable(error) if isinstance(error, sqlite3.Error) else error))
        connection.execute("RELEASE change")
    connection.execute("COMMIT")
    return outcomes


def unavailable(error: sqlite3.Error) -> StoreUnavailableError:
    """What went wrong with the file, with what to do about it."""
    code = getattr(error, "sqlite_errorname", "")
    advice = {
        "SQLITE_FULL": "the disk is full: make room, nothing that was acknowledged is lost",
        "SQLITE_READONLY": "the file cannot be written: look at its owner and at the mount",
        "SQLITE_CORRUPT": "the file is damaged: stop, and restore the newest backup",
        "SQLITE_NOTADB": "the file is no database: stop, and restore the newest backup",
    }
    said = next((text for name, text in advice.items() if code.startswith(name)), "try again")
    return StoreUnavailableError(f"the database refuses the call ({code or type(error).__name__}: {error}); {said}")
