"""What has changed in the emulator since it was last asked, how to take it back and how to do it again.

With `private_names` the only module that touches names ministack does not publish. Three things change all the time and
are told here by their effects, never by the request that had them: rows of tables, stream records, messages of queues.
Everything else (tables and queues themselves, parameters, functions, roles) changes rarely and is told by a snapshot.
Call everything on the event loop, where ministack's own operations run.
"""

from dataclasses import dataclass, replace
from typing import Any

from shipby_local.stack.emulation import private_names as ministack

NAMES = {
    "ministack.services.dynamodb": ["_set_item", "_remove_item", "_txn_token_store", "_txn_idempotency"],
    "ministack.services.sqs": ["_queues", "_ensure_msg_fields"],
}
Key = tuple[str, str, str]
"""Account, region and name of a table or address of a queue, as ministack keeps them."""


class UnfitError(Exception):
    """A record names a table, stream position or queue that the restored state does not have."""


@dataclass(frozen=True, slots=True)
class _Row:
    table: Key
    partition: Any
    sort: Any
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class _Message:
    """A message and those of its fields that change: handle, time of visibility, times received, first time."""

    fields: dict[str, Any]
    state: tuple[Any, ...]


_STATE = ("receipt_handle", "visible_at", "receive_count", "first_receive_at")
_Queues = dict[Key, dict[str, _Message]]


@dataclass(frozen=True, slots=True)
class Baseline:
    """Tables and queues at the moment of a snapshot, and how many held rows it made known."""

    tables: set[Key]
    positions: dict[Key, int]
    queues: _Queues
    held: int


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes between two moments: as text for the journal, and what is needed to take them back.

    `text` is None when nothing has changed. `held` says that rows or messages were left out because their table or
    queue is younger than the last snapshot: they are durable with the next one.
    """

    text: bytes | None
    held: bool
    rows: tuple[_Row, ...]
    positions: dict[Key, int]
    queues: _Queues
    tokens: tuple[Key, ...]


class Recorder:
    """Notes every change from `start` on."""

    def __init__(self) -> None:
        self._dynamodb = ministack.module("ministack.services.dynamodb")
        self._sqs = ministack.module("ministack.services.sqs")
        self._set, self._remove = self._dynamodb._set_item, self._dynamodb._remove_item
        self._rows: list[_Row] = []
        self._tokens: list[Key] = []
        self._tables: set[Key] = set()
        self._positions: dict[Key, int] = {}
        self._queues: _Queues = {}
        self.queues_touched = False
        """Set by whoever lets a queue operation run: queues are compared with their last look, not watched."""

    def start(self) -> None:
        """Watch from now on; the present state counts as known."""
        self.adopt(self.baseline())
        store = self._dynamodb._txn_token_store

        def set_item(table: Any, partition: Any, sort: Any, item: Any) -> Any:
            old = self._set(table, partition, sort, item)
            self._rows.append(_Row(_key_of(table), partition, sort, old, item))
            return old

        def remove_item(table: Any, partition: Any, sort: Any) -> Any:
            old = self._remove(table, partition, sort)
            if old is not None:
                self._rows.append(_Row(_key_of(table), partition, sort, old, None))
            return old

        def store_token(token: str, entry: Any) -> None:
            store(token, entry)
            self._tokens.append(self._dynamodb._txn_idempotency._scoped(token))

        self._dynamodb._set_item, self._dynamodb._remove_item = set_item, remove_item
        self._dynamodb._txn_token_store = store_token

    @property
    def pending(self) -> bool:
        """Whether there may be changes that `take` has not told yet."""
        return bool(self._rows) or self.queues_touched

    def baseline(self) -> Baseline:
        """What a snapshot of this very moment knows more than the last one; `take` must just have been called."""
        tables = set(self._dynamodb._tables._data)
        queues = {key: self._look(queue) for key, queue in self._sqs._queues._data.items() if key not in self._queues}
        return Baseline(tables, {table: self._end(table) for table in tables - self._tables}, queues, len(self._rows))

    def adopt(self, baseline: Baseline) -> None:
        """The snapshot of that moment is complete: changes of its tables and queues are told from now on."""
        self._tables = baseline.tables
        self._positions = {**self._positions, **baseline.positions}
        self._queues = {**self._queues, **baseline.queues}
        del self._rows[: baseline.held]

    def take(self) -> Changes:
        """The changes since the last call, which thereby become known."""
        with ministack.dynamodb_lock():
            rows, self._rows = self._rows, []
            tokens, self._tokens = self._tokens, []
            positions, queues = self._positions, self._queues
            told = [row for row in rows if row.table in self._tables]
            self._rows = [row for row in rows if row.table not in self._tables and row.table in self._all_tables()]
            content: dict[str, Any] = {}
            if told:
                tables = list(dict.fromkeys(row.table for row in told))
                content["tables"] = tables
                content["rows"] = [[tables.index(row.table), row.partition, row.sort, row.new] for row in told]
                content["sequence"] = self._dynamodb._stream_seq_counter
            if streams := self._take_streams():
                content["streams"] = streams
        if self.queues_touched:
            self.queues_touched = False
            if messages := self._take_messages():
                content["queues"] = messages
        younger = (queue for key, queue in self._sqs._queues._data.items() if key not in self._queues)
        held = bool(self._rows) or any(queue["messages"] for queue in younger)
        changes = Changes(None, held, tuple(told), positions, queues, tuple(tokens))
        try:
            return replace(changes, text=ministack.encode(content).encode()) if content else changes
        except BaseException:
            self.take_back(changes)
            raise

    def take_back(self, changes: Changes) -> None:
        """Undo what has happened since `changes` were begun to be noted, them included: as if nobody had asked."""
        later, self._rows = self._rows, []
        for row in (*reversed(later), *reversed(changes.rows)):
            table = self._all_tables().get(row.table)
            if table is not None and row.old is not None:
                self._set(table, row.partition, row.sort, row.old)
            elif table is not None:
                self._remove(table, row.partition, row.sort)
        for table, position in changes.positions.items():
            records = self._dynamodb._stream_records._data.get(table)
            if records is not None:
                del records[max(0, position - self._dynamodb._stream_trimmed._data.get(table, 0)) :]
        for key, messages in changes.queues.items():
            queue = self._sqs._queues._data.get(key)
            if queue is not None:
                for message in messages.values():
                    message.fields.update(zip(_STATE, message.state, strict=True))
                queue["messages"] = [message.fields for message in messages.values()]
        # A repeated request must not be answered by a success that was taken back.
        for token in (*changes.tokens, *self._tokens):
            self._dynamodb._txn_idempotency._data.pop(token, None)
        self._tokens = []
        self._positions, self._queues = changes.positions, changes.queues

    def redo(self, text: bytes) -> None:
        """Do again what a record of the journal tells. Raises UnfitError if it does not fit the present state."""
        content = ministack.decode_state(text.decode())
        tables = [tuple(key) for key in content.get("tables", ())]
        for index, partition, sort, item in content.get("rows", ()):
            table = self._all_tables().get(tables[index])
            if table is None:
                raise UnfitError(f"it changes the table {tables[index][2]}, which the snapshot does not have")
            if item is None:
                self._remove(table, partition, sort)
            else:
                self._set(table, partition, sort, item)
        for listed, start, records in content.get("streams", ()):
            self._redo_stream(tuple(listed), start, records)
        self._dynamodb._stream_seq_counter = max(self._dynamodb._stream_seq_counter, content.get("sequence", 0))
        for listed, gone, new, moved in content.get("queues", ()):
            self._redo_messages(tuple(listed), set(gone), new, moved)

    def _take_streams(self) -> list[Any]:
        told = []
        self._positions = dict(self._positions)
        for table in self._tables:
            known, end = self._positions.get(table, 0), self._end(table)
            if end == known:
                continue
            # An end before the known place is another stream: it was switched off and on again.
            start = known if end > known else 0
            trimmed = self._dynamodb._stream_trimmed._data.get(table, 0)
            records = self._dynamodb._stream_records._data.get(table) or []
            told.append([table, start, records[max(0, start - trimmed) :]])
            self._positions[table] = end
        return told

    def _redo_stream(self, table: Key, start: int, records: list[Any]) -> None:
        end = self._end(table)
        if start not in (0, end):
            raise UnfitError(f"it continues the stream of {table[2]} at {start}, which ends at {end}")
        streams, trimmed = self._dynamodb._stream_records._data, self._dynamodb._stream_trimmed._data
        if start != end:
            streams[table], trimmed[table] = [], 0
        streams.setdefault(table, []).extend(records)

    def _take_messages(self) -> list[Any]:
        told, looks = [], dict(self._queues)
        for key, before in self._queues.items():
            queue = self._sqs._queues._data.get(key)
            if queue is None or not (before or queue["messages"]):
                continue
            now = looks[key] = self._look(queue)
            gone = [identity for identity in before if identity not in now]
            new = [message.fields for identity, message in now.items() if identity not in before]
            moved = [
                [identity, *message.state]
                for identity, message in now.items()
                if identity in before and message.state != before[identity].state
            ]
            if gone or new or moved:
                told.append([key, gone, new, moved])
        self._queues = looks
        return told

    def _redo_messages(self, key: Key, gone: set[str], new: list[Any], moved: list[Any]) -> None:
        queue = self._sqs._queues._data.get(key)
        if queue is None:
            raise UnfitError(f"it changes the queue {key[2]}, which the snapshot does not have")
        states = {identity: state for identity, *state in moved}
        queue["messages"] = [message for message in queue["messages"] if message["id"] not in gone] + new
        for message in queue["messages"] if states else ():
            if message["id"] in states:
                message.update(zip(_STATE, states[message["id"]], strict=True))

    def _look(self, queue: Any) -> dict[str, _Message]:
        looks = {}
        for message in queue["messages"]:
            if "visible_at" not in message:  # sent by another service, and not looked at yet
                self._sqs._ensure_msg_fields(message)
            looks[message["id"]] = _Message(message, tuple(message.get(name) for name in _STATE))
        return looks

    def _end(self, table: Key) -> int:
        records = self._dynamodb._stream_records._data.get(table) or ()
        return int(self._dynamodb._stream_trimmed._data.get(table, 0)) + len(records)

    def _all_tables(self) -> dict[Key, Any]:
        tables: dict[Key, Any] = self._dynamodb._tables._data
        return tables


def _key_of(table: Any) -> Key:
    _arn, _partition, _service, region, account, resource = table["TableArn"].split(":", 5)
    return account, region, resource.removeprefix("table/")
