"""The tables of the file, and how an older file becomes a newer one."""

from __future__ import annotations

import sqlite3

from shipby.domain.errors import StoreUnavailableError

VERSION = 1
"""`user_version` of the file. A file of a newer release is refused: an older one must not write into it."""

_TABLES = (
    # Rows by kind and id: the same rows, and the same codecs, as everywhere else. The boards, alarms and days that an
    # item stands on are columns worked out of its body, so that they can never say anything else.
    """
    CREATE TABLE items (
        pk TEXT NOT NULL,
        sk TEXT NOT NULL,
        body TEXT NOT NULL,
        ak TEXT GENERATED ALWAYS AS (json_extract(body, '$.AK.S')) VIRTUAL,
        alarm_sort TEXT GENERATED ALWAYS AS (json_extract(body, '$.AS.S')) VIRTUAL,
        wk TEXT GENERATED ALWAYS AS (json_extract(body, '$.WK.S')) VIRTUAL,
        work_sort TEXT GENERATED ALWAYS AS (json_extract(body, '$.WS.S')) VIRTUAL,
        dk TEXT GENERATED ALWAYS AS (json_extract(body, '$.DK.S')) VIRTUAL,
        day_sort TEXT GENERATED ALWAYS AS (json_extract(body, '$.DS.S')) VIRTUAL,
        gone_at INTEGER GENERATED ALWAYS AS (CAST(json_extract(body, '$.ttl.N') AS INTEGER)) VIRTUAL,
        PRIMARY KEY (pk, sk)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX alarms ON items (ak, alarm_sort, pk, sk) WHERE ak IS NOT NULL",
    "CREATE INDEX work ON items (wk, work_sort, pk, sk) WHERE wk IS NOT NULL",
    "CREATE INDEX days ON items (dk, day_sort, pk, sk) WHERE dk IS NOT NULL",
    "CREATE INDEX gone ON items (gone_at) WHERE gone_at IS NOT NULL",
    # What was inserted and not yet routed, in the order of its commits.
    "CREATE TABLE outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)",
    # Changes that were made with a token, for ten minutes.
    "CREATE TABLE tokens (token TEXT PRIMARY KEY, digest TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID",
    """
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        queue TEXT NOT NULL,
        seller TEXT NOT NULL,
        body TEXT NOT NULL,
        visible_at INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        lease TEXT NOT NULL DEFAULT ''
    )
    """,
    "CREATE INDEX waiting ON messages (queue, visible_at)",
    "CREATE TABLE dead_letters (id INTEGER PRIMARY KEY, queue TEXT NOT NULL, seller TEXT NOT NULL, body TEXT NOT NULL, "
    "attempts INTEGER NOT NULL, died_at INTEGER NOT NULL)",
    "CREATE TABLE counters (name TEXT PRIMARY KEY, number INTEGER NOT NULL, gone_at INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE secrets (seller TEXT NOT NULL, name TEXT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (seller, name)) "
    "WITHOUT ROWID",
    "CREATE TABLE documents (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL, size INTEGER NOT NULL, type TEXT NOT NULL) "
    "WITHOUT ROWID",
    "CREATE INDEX contents ON documents (sha256)",
    "CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables of an empty file. Raises StoreUnavailableError for a file of a newer release."""
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > VERSION:
        raise StoreUnavailableError(
            f"the database was written by a newer release (its schema is {found}, this one knows {VERSION}): start "
            "that release, or restore a backup of this one"
        )
    if found == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
