"""What was inserted and not yet routed, in the order of its commits: in the place of a stream."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from shipby.adapters.sqlite.database import Database


class Outbox:
    """Pushes and events stand here from the commit on that made them, until `routed`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def records(self, most: int) -> Sequence[Mapping[str, Any]]:
        """The oldest rows, as the router reads a change."""
        found = self._database.read("SELECT seq, body FROM outbox ORDER BY seq LIMIT ?", (most,))
        return [
            {"eventName": "INSERT", "dynamodb": {"SequenceNumber": str(seq), "NewImage": json.loads(body)}}
            for seq, body in found
        ]

    def routed(self, until: int) -> None:
        """Forget all up to this one: everything that follows from them is in its queue."""
        self._database.write(lambda connection: connection.execute("DELETE FROM outbox WHERE seq <= ?", (until,)))

    def set_aside(self, seq: int) -> None:
        """Take out a row that can never be read; it stays among the dead letters of the queue `outbox`."""

        def change(connection: Any) -> None:
            connection.execute(
                "INSERT OR REPLACE INTO dead_letters (id, queue, seller, body, attempts, died_at) "
                "SELECT -seq, 'outbox', '', body, 1, 0 FROM outbox WHERE seq = ?",
                (seq,),
            )
            connection.execute("DELETE FROM outbox WHERE seq = ?", (seq,))

        self._database.write(change)

    def waiting(self) -> int:
        """Rows that are not routed."""
        return int(self._database.read("SELECT count(*) FROM outbox")[0][0])
