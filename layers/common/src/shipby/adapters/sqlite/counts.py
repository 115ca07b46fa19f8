"""Counters of calls and of refused attempts: a row a window, gone minutes later."""

from __future__ import annotations

import sqlite3

from shipby.adapters.sqlite.database import Database

KEPT_SECONDS = 600


class Counts:
    """Implements `CallCounter` and `RefusedAttempts`, each by windows of its own length."""

    def __init__(self, database: Database, *, window_seconds: int) -> None:
        self._database = database
        self._window_seconds = window_seconds

    def count_calls(self, seller: str, key_id: str, window: int, calls: int) -> tuple[int, int]:
        """Add calls to a window; what the key and the seller have made in it so far."""
        names = (f"calls/{seller}/{window}/{key_id}", f"calls/{seller}/{window}")

        def change(connection: sqlite3.Connection) -> tuple[int, int]:
            key, everybody = (self._add(connection, name, window, calls) for name in names)
            return key, everybody

        return self._database.write(change)

    def refused(self, origin: str, window: int) -> int:
        """Attempts from an address in a window."""
        found = self._database.read("SELECT number FROM counters WHERE name = ?", (f"refused/{origin}/{window}",))
        return int(found[0][0]) if found else 0

    def count(self, origin: str, window: int) -> None:
        """One more attempt from an address was refused."""
        self._database.write(lambda connection: self._add(connection, f"refused/{origin}/{window}", window, 1))

    def _add(self, connection: sqlite3.Connection, name: str, window: int, more: int) -> int:
        gone_at = (window + 2) * self._window_seconds + KEPT_SECONDS
        connection.execute(
            "INSERT INTO counters (name, number, gone_at) VALUES (?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET number = number + excluded.number",
            (name, more, gone_at),
        )
        return int(connection.execute("SELECT number FROM counters WHERE name = ?", (name,)).fetchone()[0])
