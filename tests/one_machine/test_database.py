"""The writer: acknowledged is committed, a refused change takes no other with it, failures say what to do."""

import sqlite3
import threading
from pathlib import Path

import pytest

from shipby.adapters.sqlite.database import Database, unavailable
from shipby.adapters.sqlite.schema import VERSION
from shipby.domain.errors import StoreUnavailableError

INSERT = "INSERT INTO notes (name, value) VALUES (?, '')"


def note(database: Database, name: str) -> None:
    database.write(lambda connection: connection.execute(INSERT, (name,)))


def names(database: Database) -> set[str]:
    return {name for (name,) in database.read("SELECT name FROM notes")}


def test_the_file_is_flushed_for_every_commit(tmp_path: Path) -> None:
    database = Database(tmp_path / "shipby.db")
    modes = database.write(
        lambda c: [c.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")]
    )
    database.close()
    assert modes == [2, "wal"]  # FULL


def test_changes_that_wait_share_a_commit_and_a_refused_one_stands_alone(database: Database) -> None:
    gate, waiting = threading.Event(), threading.Event()
    problems: list[Exception] = []

    def held(connection: sqlite3.Connection) -> None:
        waiting.set()
        gate.wait(5)

    def refused(connection: sqlite3.Connection) -> None:
        connection.execute(INSERT, ("half",))
        raise LookupError("no")

    def caller(work: object) -> None:
        try:
            database.write(work)  # type: ignore[arg-type]  # changes of several results
        except LookupError as error:
            problems.append(error)

    changes = [held, *[lambda c, n=n: c.execute(INSERT, (f"n{n}",)) for n in range(8)], refused]
    first = threading.Thread(target=caller, args=(changes[0],))
    first.start()
    waiting.wait(5)
    before = database.commits
    others = [threading.Thread(target=caller, args=(change,)) for change in changes[1:]]
    for thread in others:
        thread.start()
    while database._jobs.qsize() < len(others):
        pass
    gate.set()
    for thread in [first, *others]:
        thread.join()
    assert names(database) == {f"n{n}" for n in range(8)}
    assert len(problems) == 1
    assert database.commits - before == 2  # the held one, and all others together


def test_a_closed_database_refuses_and_what_was_written_is_in_the_one_file(tmp_path: Path) -> None:
    database = Database(tmp_path / "shipby.db", flush=False)
    note(database, "kept")
    assert names(database) == {"kept"}
    database.close()
    database.close()
    with pytest.raises(StoreUnavailableError, match="stopping"):
        note(database, "late")
    assert [path.name for path in tmp_path.iterdir()] == ["shipby.db"]


def test_threads_that_come_and_go_leave_no_connection_behind(database: Database) -> None:
    for _ in range(50):
        thread = threading.Thread(target=names, args=(database,))
        thread.start()
        thread.join()
    assert len(database._free) == 1


def test_a_file_of_a_newer_release_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "shipby.db"
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(StoreUnavailableError, match="newer release"):
        Database(path)


def test_what_is_no_database_says_so(tmp_path: Path) -> None:
    (tmp_path / "shipby.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreUnavailableError, match="restore the newest backup"):
        Database(tmp_path / "shipby.db")


def test_a_full_disk_refuses_the_change_and_keeps_the_rest(tmp_path: Path) -> None:
    database = Database(tmp_path / "shipby.db", flush=False)
    note(database, "kept")
    pages = database.write(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
    database.write(lambda c: c.execute(f"PRAGMA max_page_count = {pages}").fetchone())
    with pytest.raises(StoreUnavailableError, match="disk is full: make room"):
        database.write(lambda c: c.execute("INSERT INTO notes VALUES ('big', ?)", ("x" * 100_000,)))
    assert names(database) == {"kept"}
    database.write(lambda c: c.execute("PRAGMA max_page_count = 100000").fetchone())
    note(database, "again")  # room was made: nothing has to be started anew
    assert names(database) == {"kept", "again"}
    database.close()


def test_every_failure_of_the_file_is_one_that_passes_or_says_what_to_do() -> None:
    assert "try again" in str(unavailable(sqlite3.OperationalError("database is locked")))
