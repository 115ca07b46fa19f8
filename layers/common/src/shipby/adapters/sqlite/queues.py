"""Queues as rows: leases, delays, fair turns and dead letters, in the file that everything else is in."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shipby.adapters.dynamodb.keys import micros
from shipby.adapters.sqlite.database import Database
from shipby.application.ports.clock import Clock
from shipby.application.ports.messages import QueueMessage
from shipby.domain.errors import InvalidInputError

_SECOND = 1_000_000
_LONGEST_DELAY = 900


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that a worker has until its lease ends."""

    id: int
    lease: str
    body: str
    attempts: int
    """Deliveries with this one."""


class SQLiteQueue:
    """Implements `WorkQueue` for one queue, and what its workers need. Safe to share between threads.

    A message that its worker neither finished nor held comes again when its lease is over, and is among the dead
    letters after `tries` deliveries. Sellers take turns: of each the oldest message, then of each the next.
    """

    def __init__(self, name: str, database: Database, clock: Clock, *, lease_seconds: int = 60, tries: int = 5) -> None:
        self.name = name
        self._database = database
        self._clock = clock
        self._lease = lease_seconds * _SECOND
        self._tries = tries

    def send(self, messages: Iterable[QueueMessage]) -> None:
        """Send all or none. Raises StoreUnavailableError, InvalidInputError for an impossible one."""
        now = micros(self._clock.now())
        rows = []
        for message in messages:
            if not 0 <= message.delay_seconds <= _LONGEST_DELAY:
                raise InvalidInputError(f"a message can wait 0 to 900 seconds, not {message.delay_seconds}")
            body = json.dumps(message.body, separators=(",", ":"), sort_keys=True)
            rows.append((self.name, message.group, body, now + message.delay_seconds * _SECOND))
        if rows:
            insert = "INSERT INTO messages (queue, seller, body, visible_at) VALUES (?, ?, ?, ?)"
            self._database.write(lambda connection: connection.executemany(insert, rows))

    def claim(self, most: int) -> Sequence[Claimed]:
        """Messages that are due, each for the time of a lease. What was delivered too often dies instead."""
        now = micros(self._clock.now())
        due = "SELECT 1 FROM messages WHERE queue = ? AND visible_at <= ? LIMIT 1"
        if not self._database.read(due, (self.name, now)):
            return []

        def change(connection: sqlite3.Connection) -> list[Claimed]:
            where = (self.name, now, self._tries)
            connection.execute(
                "INSERT OR REPLACE INTO dead_letters (id, queue, seller, body, attempts, died_at) "
                "SELECT id, queue, seller, body, attempts, ? FROM messages "
                "WHERE queue = ? AND visible_at <= ? AND attempts >= ?",
                (now, *where),
            )
            connection.execute("DELETE FROM messages WHERE queue = ? AND visible_at <= ? AND attempts >= ?", where)
            found = connection.execute(
                "SELECT id, body, attempts FROM (SELECT id, body, attempts, row_number() OVER "
                "(PARTITION BY seller ORDER BY id) AS turn FROM messages WHERE queue = ? AND visible_at <= ?) "
                "ORDER BY turn, id LIMIT ?",
                (self.name, now, most),
            ).fetchall()
            claimed = [Claimed(id, uuid.uuid4().hex, body, attempts + 1) for id, body, attempts in found]
            connection.executemany(
                "UPDATE messages SET lease = ?, attempts = attempts + 1, visible_at = ? WHERE id = ?",
                [(one.lease, now + self._lease, one.id) for one in claimed],
            )
            return claimed

        return self._database.write(change)

    def done(self, claimed: Iterable[Claimed]) -> None:
        """Delete what was worked off; a message that somebody else has by now stays theirs."""
        gone = [(one.id, one.lease) for one in claimed]
        delete = "DELETE FROM messages WHERE id = ? AND lease = ?"
        if gone:
            self._database.write(lambda connection: connection.executemany(delete, gone))

    def hold(self, receipt: str, seconds: int) -> None:
        """Let a claimed message come again in `seconds`: implements `Visibility`. A lost lease holds nothing."""
        at = micros(self._clock.now()) + seconds * _SECOND
        update = "UPDATE messages SET visible_at = ? WHERE queue = ? AND lease = ?"
        self._database.write(lambda connection: connection.execute(update, (at, self.name, receipt)))

    def waiting(self) -> int:
        """Messages that are not worked off."""
        return int(self._database.read("SELECT count(*) FROM messages WHERE queue = ?", (self.name,))[0][0])

    def dead(self) -> int:
        """Messages that were given up."""
        return int(self._database.read("SELECT count(*) FROM dead_letters WHERE queue = ?", (self.name,))[0][0])
