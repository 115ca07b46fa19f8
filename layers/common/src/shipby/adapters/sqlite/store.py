"""The whole store over one SQLite file."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.dynamodb import index_keys, keys, rows
from shipby.adapters.dynamodb.alarms.due import SHARDS
from shipby.adapters.dynamodb.changes import Seen
from shipby.adapters.dynamodb.keys import Key
from shipby.adapters.dynamodb.operation import Meaning, Operation, check, told
from shipby.adapters.dynamodb.operations import operations
from shipby.adapters.dynamodb.store import Records
from shipby.adapters.dynamodb.values import Item, item_to_wire, to_wire
from shipby.adapters.sqlite.database import Database
from shipby.adapters.sqlite.rows import Rows, remove, save, stored
from shipby.application.ports.writes import SaveDetail, Write
from shipby.domain.errors import AlreadyExistsError, InvalidInputError, NotFoundError
from shipby.domain.labels.prints import PrintState
from shipby.domain.postings.inbox import PushRow, PushState, PushToken
from shipby.domain.postings.words import KEPT, words_of
from shipby.domain.sellers.keys import USE_NOTED_EVERY

if TYPE_CHECKING:
    from shipby.application.ports.clock import Clock
    from shipby.domain.alarm import AlarmRef
    from shipby.domain.json_types import Json
    from shipby.domain.notices.digest_entry import DigestEntry

_REPLAYED = frozenset({keys.POSTING, keys.RETURN})
_TOKENS_KEPT = timedelta(minutes=10)


class SQLiteStore(Records):
    """Implements `shipby.application.ports.store.Store`; safe to share between threads.

    What is read and how rows look is shared with every store of these rows (`Records`); the transaction, the lists and
    the single writes are this one's own. Reads see every change that was acknowledged: no list lags behind.
    """

    def __init__(self, database: Database, *, alarm_shards: int = SHARDS, clock: Clock | None = None) -> None:
        super().__init__(None, "items", alarm_shards)
        self._database = database
        self._rows = Rows(database)
        self._clock = clock or SystemClock()
        self._seen = Seen()

    @property
    def _client(self) -> Rows:  # type: ignore[override]  # lists are asked of the rows, not of AWS
        return self._rows

    def read_ahead(self, alarms: Iterable[AlarmRef]) -> None:
        """Nothing is gained: a read costs microseconds here."""

    # Reads -------------------------------------------------------------------------------------------------------

    def _get(self, key: Key) -> Item | None:
        item = self._rows.get(key)
        if item is not None and key.sk in _REPLAYED:
            self._seen.note(key, item)
        return item

    def _get_many(self, wanted: Sequence[Key], columns: Sequence[str] = ()) -> dict[Key, Item]:  # noqa: ARG002 - a whole row costs the same
        return self._rows.get_many(wanted)

    def push_token(self, sha256: str) -> PushToken | None:
        return self._read(rows.inbox.push_tokens(), keys.push_token(sha256))

    # Changes -----------------------------------------------------------------------------------------------------

    def commit(self, writes: Sequence[Write], *, token: str = "") -> None:
        """Apply all writes or none; see the port for what is raised.

        Raises InvalidInputError in addition for a change that no store takes: two writes of one item, more than 100
        items or 4 MB, or a token that was used for another change.
        """
        now = self._clock.now()
        wanted = operations(writes, shards=self._shards, now=now, seen=Seen() if token else self._seen)
        check(wanted, token)
        words = self._words(writes, now)
        digest = hashlib.sha256(repr(list(writes)).encode()).hexdigest() if token else ""

        def change(connection: sqlite3.Connection) -> None:
            if token and _repeated(connection, token, digest, now):
                return
            # Words stand whatever becomes of the change: one that leads nowhere is passed over.
            _apply(connection, wanted)
            for key, item in words:
                save(connection, key, item, fresh=False)

        if wanted or words:
            self._database.write(change)
        for operation in wanted:
            if operation.key.sk in _REPLAYED and operation.action == "Put":
                self._seen.note(operation.key, operation.body["Item"])

    def _words(self, writes: Sequence[Write], now: datetime) -> list[tuple[Key, Item]]:
        """A row for each word that a posting is found by."""
        ttl = int((now + KEPT).timestamp())
        found = []
        for write in writes:
            if isinstance(write, SaveDetail):
                for word in words_of(write.detail) if write.words is None else write.words:
                    key = keys.word(write.seller, word.text, word.kind, word.number)
                    found.append((key, item_to_wire({"PK": key.pk, "SK": key.sk, "schema": 1, "ttl": ttl})))
        return found

    def _update(self, key: Key, change: Callable[[Item], Item | None]) -> bool:
        """Put what `change` makes of a row in its place; False, and nothing written, where it makes None of it."""

        def run(connection: sqlite3.Connection) -> bool:
            stands = stored(connection, key)
            made = change(stands)
            if made is None:
                return False
            save(connection, key, made, fresh=not stands)
            return True

        return self._database.write(run)

    # Single writes -----------------------------------------------------------------------------------------------

    def put_push(self, push: PushRow) -> bool:
        """Write a push row; False if the same body is already there in the same window."""
        item = rows.inbox.push_item(push)
        return self._update(_key(item), lambda stands: None if stands else item)

    def mark_synced(self, seller: str, number: str, read_at: datetime) -> None:
        """Raise synced_at to `read_at`; nothing happens where it is later already or the posting is not there."""
        at = keys.micros(read_at)

        def later(stands: Item) -> Item | None:
            if not stands or int(stands["synced_at"]["N"]) >= at:
                return None
            return stands | {"synced_at": to_wire(at)}

        self._update(keys.posting(seller, number), later)

    def note_progress(self, seller: str, job: str, done: int) -> None:
        """Raise a waiting print job's `done`; nothing happens where it has ended or is further already."""

        def further(stands: Item) -> Item | None:
            if (
                stands.get("state") != to_wire(str(PrintState.WAITING))
                or int(stands.get("done", {"N": "-1"})["N"]) >= done
            ):
                return None
            return stands | {"done": to_wire(done)}

        self._update(keys.print_job(seller, job), further)

    def drop_digest_entries(self, entries: Sequence[DigestEntry]) -> None:
        """Forget entries that were told; those that are gone already do no harm."""
        gone = [rows.notices.digest_key(entry) for entry in entries]

        def change(connection: sqlite3.Connection) -> None:
            for key in gone:
                remove(connection, key)

        if gone:
            self._database.write(change)

    def quarantine_push(self, push: PushRow, problem: str) -> None:
        """Mark a stored push QUARANTINED. Raises NotFoundError if it is not stored."""
        key = keys.push(push.seller, push.received_at, push.type, push.digest, push.window)
        marks = {"state": to_wire(str(PushState.QUARANTINED)), "problem": to_wire(problem)}
        if not self._update(key, lambda stands: stands | marks if stands else None):
            raise NotFoundError(f"push {push.digest[:16]} of {push.received_at} is not stored for seller {push.seller}")

    def save_report(self, seller: str, kind: str, day: date, body: Mapping[str, Json]) -> None:
        """Keep the newest report of a kind for a day; the one before is replaced."""
        key = keys.report(seller, kind, day)
        item = item_to_wire({"PK": key.pk, "SK": key.sk, "schema": 1, "body": body})
        self._update(key, lambda _: item)

    def save_push_token(self, token: PushToken) -> None:
        """Write or replace a token. Raises AlreadyExistsError if another seller has it."""
        key = keys.push_token(token.sha256)
        item = rows.inbox.push_tokens().item(key, token)
        own = to_wire(token.seller)
        if not self._update(key, lambda stands: item if not stands or stands["seller"] == own else None):
            raise AlreadyExistsError("another seller has this PUSHTOKEN", what="PUSHTOKEN")

    def note_key_use(self, seller: str, identifier: str, at: datetime) -> None:
        """Raise a key's `used_at`, unless it was noted within USE_NOTED_EVERY or the key is not there."""
        key = self.api_key(identifier)
        if key is None or key.seller != seller or (key.used_at and at - key.used_at < USE_NOTED_EVERY):
            return
        # A key of an older release is in no list yet: its own time of making puts it there.
        columns = index_keys.api_keys(seller, key.created_at, identifier)
        noted = item_to_wire({"used_at": keys.micros(at), "DK": columns["DK"], "DS": columns["DS"]})
        before = keys.micros(at - USE_NOTED_EVERY)

        def use(stands: Item) -> Item | None:
            free = bool(stands) and ("used_at" not in stands or int(stands["used_at"]["N"]) <= before)
            return stands | noted if free else None

        self._update(keys.api_key(identifier), use)

    def note_session_use(self, sha256: str, at: datetime) -> None:
        """Raise a session's `seen_at`; nothing happens where it is closed, gone, or later already."""

        def seen(stands: Item) -> Item | None:
            if not stands or "closed_at" in stands or int(stands["seen_at"]["N"]) >= keys.micros(at):
                return None
            return stands | {"seen_at": to_wire(keys.micros(at))}

        self._update(keys.session(sha256), seen)

    def set_alarm_aside(self, alarm: AlarmRef, reason: str, at: datetime) -> bool:
        """Take an alarm that cannot be fired out of `due_alarms`; False if its item has moved on meanwhile."""
        return self._move_alarm(alarm, {"aside_reason": to_wire(reason), "aside_at": to_wire(keys.micros(at))})

    def bring_alarm_back(self, alarm: AlarmRef) -> bool:
        """Put an alarm that was set aside among the due ones again; False if it is not aside."""
        return self._move_alarm(alarm, None)

    def _move_alarm(self, alarm: AlarmRef, notes: Item | None) -> bool:
        key = index_keys.alarm_item(alarm)
        columns = index_keys.alarm(key, alarm.due, self.alarm_shards)
        due, hidden, sort = to_wire(columns["AK"]), to_wire(keys.ASIDE), to_wire(columns["AS"])

        def move(stands: Item) -> Item | None:
            if stands.get("AS") != sort or stands.get("AK") != (due if notes is not None else hidden):
                return None
            if notes is not None:
                return stands | notes | {"AK": hidden}
            return {name: value for name, value in stands.items() if not name.startswith("aside_")} | {"AK": due}

        return self._update(key, move)

    def try_write(self) -> None:
        """Raise StoreUnavailableError unless the file takes writes: a row that is written and taken away again."""

        def change(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO notes (name, value) VALUES ('health', '')")

        self._database.write(change)


def _key(item: Item) -> Key:
    return Key(item["PK"]["S"], item["SK"]["S"])


def _repeated(connection: sqlite3.Connection, token: str, digest: str, now: datetime) -> bool:
    """Whether the change of this token was made within ten minutes. Raises InvalidInputError if it was another one."""
    oldest = keys.micros(now - _TOKENS_KEPT)
    connection.execute("DELETE FROM tokens WHERE at <= ?", (oldest,))
    found = connection.execute("SELECT digest FROM tokens WHERE token = ?", (token,)).fetchone()
    if found is None:
        connection.execute("INSERT INTO tokens (token, digest, at) VALUES (?, ?, ?)", (token, digest, keys.micros(now)))
        return False
    if found[0] != digest:
        raise InvalidInputError("the token of this change was used for another change within ten minutes")
    return True


def _apply(connection: sqlite3.Connection, wanted: Sequence[Operation]) -> None:
    """Write everything under all conditions, held against what stands. Raises the refusal of the first that fails."""
    stand = [stored(connection, operation.key) for operation in wanted]
    failed = [(each, stands) for each, stands in zip(wanted, stand, strict=True) if not _holds(each, stands)]
    refused = [(each, stands) for each, stands in failed if each.meaning is not Meaning.RELEASE]
    if refused:
        raise told(refused)
    # A value that points elsewhere by now leaves nothing to release: the rest stands without it.
    passed = [each for each, _ in failed]
    for operation, stands in zip(wanted, stand, strict=True):
        if operation in passed or operation.action == "ConditionCheck":
            continue
        if operation.action == "Delete":
            remove(connection, operation.key)
        else:
            save(connection, operation.key, _made(operation, stands), fresh=not stands)


def _holds(operation: Operation, stands: Item) -> bool:
    if operation.holds is not None:
        return operation.holds(stands)
    if "ConditionExpression" in operation.body:
        raise TypeError(
            f"the write of {operation.key.sk} has a condition that is said to DynamoDB only: give it `holds`"
        )
    return True


def _made(operation: Operation, stands: Item) -> Item:
    if operation.action == "Put":
        item: Item = operation.body["Item"]
        return item
    if operation.becomes is None:
        raise TypeError(f"the update of {operation.key.sk} is said to DynamoDB only: give it `becomes`")
    return operation.becomes(stands)
