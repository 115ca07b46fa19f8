"""The store as the alarm worker uses it: the same contract, and far less work per alarm.

A worker handles ten alarms per run, mostly of few sellers, and each changes little of its item. So the items of all ten
are read in one request, the policy of a seller is kept for half a minute, and of a posting only what changed is sent.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from shipby.adapters.dynamodb import changes, index_keys, keys
from shipby.adapters.dynamodb.alarms.aside import NOTES
from shipby.adapters.dynamodb.changes import Seen
from shipby.adapters.dynamodb.client import call
from shipby.adapters.dynamodb.keys import Key
from shipby.adapters.dynamodb.operation import Meaning, Operation
from shipby.adapters.dynamodb.operations import Told, operations
from shipby.adapters.dynamodb.rows import postings as posting_rows
from shipby.adapters.dynamodb.store import DynamoDBStore
from shipby.adapters.dynamodb.upcast import current_schema, upcast
from shipby.adapters.dynamodb.values import Item, item_from_wire, to_wire
from shipby.application.ports.writes import RequireAutomation, SavePosting, SpendCap, Write
from shipby.domain.alarm import AlarmRef
from shipby.domain.errors import VersionConflictError
from shipby.domain.events import Ref, posting_ref
from shipby.domain.postings.posting import Posting, Rung
from shipby.domain.sellers.settings import SellerSettings

POLICY_KEPT = timedelta(seconds=30)
_MOST = 100
"""Items of one BatchGetItem."""


class AlarmStore(DynamoDBStore):
    """For one thread. Everything it answers is as strongly consistent as the version check makes it:

    - An item that was read ahead is handed out once. If it has changed since, the commit of what was decided on it
      fails with VersionConflictError, and the next read of it goes to the table.
    - A policy that is up to 30 s old decides when to remind and what to say. It never decides an automatic action: a
      commit that spends a cap or asks for the kill switch is refused with VersionConflictError unless the settings were
      read for this very decision, and the transaction checks counter and switch themselves, as always.
    """

    def __init__(self, *arguments: Any, seconds: Callable[[], float] = time.monotonic, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._seconds = seconds
        self._ahead: dict[Key, Item] = {}
        self._read_postings: dict[Key, tuple[Posting, Mapping[str, Any]]] = {}
        """With their attributes as they were stored, in plain values."""
        self._policies: dict[str, tuple[float, SellerSettings | None]] = {}
        self._from_memory: set[str] = set()
        self._refused: set[str] = set()

    def read_ahead(self, alarms: Iterable[AlarmRef]) -> None:
        """Read the items of these alarms in one request. What was read ahead before is forgotten.

        What the database leaves out (it may, under load) is read when it is asked for. Raises StoreUnavailableError,
        InvalidInputError for an alarm that no item can have.
        """
        self._ahead.clear()
        self._read_postings.clear()
        wanted = list(dict.fromkeys(index_keys.alarm_item(alarm) for alarm in alarms))[:_MOST]
        if len(wanted) < 2:
            return
        request: dict[str, Any] = {self._table: {"Keys": [key.wire for key in wanted], "ConsistentRead": True}}
        answer = call(self._client.batch_get_item, RequestItems=request)
        items: list[Item] = answer["Responses"].get(self._table, [])
        self._ahead = {Key(item["PK"]["S"], item["SK"]["S"]): item for item in items}

    def _get(self, key: Key) -> Item | None:
        item = self._ahead.pop(key, None)
        if item is None:
            return super()._get(key)
        self._seen.note(key, item)
        return item

    def posting(self, seller: str, number: str) -> Posting | None:
        key = keys.posting(seller, number)
        item = self._get(key)
        if item is None:
            return None
        attributes = item_from_wire(item)
        found = posting_rows.postings().record.decode(upcast("POSTING", attributes))
        if attributes["schema"] == current_schema("POSTING"):
            self._read_postings[key] = found, changes.without_place(attributes)
        return found

    def settings(self, seller: str) -> SellerSettings | None:
        """A seller's policy, at most 30 s old; see the class for what it may decide."""
        now = self._seconds()
        read_at, known = self._policies.get(seller, (now - 2 * POLICY_KEPT.total_seconds(), None))
        # One decision may ask several times: after a refusal each of its reads goes to the table until it is committed.
        if now - read_at <= POLICY_KEPT.total_seconds() and seller not in self._refused:
            self._from_memory.add(seller)
            return known
        found = super().settings(seller)
        self._policies[seller] = (now, found)
        self._from_memory.discard(seller)
        return found

    def commit(self, writes: Sequence[Write], *, token: str = "") -> None:
        """As the port says; VersionConflictError also where an automatic action was decided on a remembered policy."""
        acting = {write.seller for write in writes if isinstance(write, SpendCap | RequireAutomation)}
        if remembered := acting & self._from_memory:
            self._refused |= remembered
            raise VersionConflictError(f"the settings of {', '.join(sorted(remembered))} must be read again to act")
        changed: list[Operation] = []
        others: list[Write] = []
        told: dict[tuple[Ref, int], Told] = {}
        for write in writes:
            update = self._update(write, told) if isinstance(write, SavePosting) else None
            if update is None:
                others.append(write)
            else:
                changed.append(update)
        seen = Seen() if token else self._seen
        made = operations(others, shards=self.alarm_shards, now=self._clock.now(), seen=seen, besides=told)
        self._committer.run([*changed, *made], token)
        self._refused -= acting

    def _update(self, write: SavePosting, told: dict[tuple[Ref, int], Told]) -> Operation | None:
        """Only what changed since the posting was read, and what its event row keeps of that, into `told`; None where
        it was not read by this store, or not lately."""
        key = keys.posting(write.posting.seller, write.posting.number)
        before, stored = self._read_postings.pop(key, (None, {}))
        if before is None or before.version != write.posting.version - 1 or write.over is not None:
            return None
        if before.received_at != write.posting.received_at:
            return None
        changed, removed = posting_rows.postings().record.changes(before, write.posting)
        place = posting_ref(write.posting.number), write.posting.version
        told[place] = partial(changes.moved, stored, changed, removed)
        return posting_update(key, before, write.posting, shards=self.alarm_shards, differing=(changed, removed))


PLAIN_NAMES = frozenset(
    {"version", "rungs", "fired", "late", "overdue", "late_price", "at_risk", "alarm_at", "alarm_kind", "AK", *NOTES}
)
"""Attributes that an expression may name as they are. Others might be reserved words, and go by a placeholder, which
costs botocore as much work as a value."""


def posting_update(
    key: Key,
    before: Posting,
    after: Posting,
    *,
    shards: int,
    differing: tuple[Mapping[str, Any], Sequence[str]] | None = None,
) -> Operation:
    """What turns the item of `before` into the item of `after`, under the same conditions as writing all of it.

    `differing` is what is set and what removed, where the codec's `changes` told it before. The day of receipt is not
    among the conditions: it is the caller's to see that it is the same, for a version pins it.
    """
    settled = differing or posting_rows.postings().record.changes(before, after)
    changed, removed = dict(settled[0]), list(settled[1])
    if after.next_alarm is None:
        removed += ["AK", "AS"]
    else:
        # Both always: the item may have been set aside since it was read, and every change brings its alarm back.
        changed |= index_keys.alarm(key, after.next_alarm.due, shards)
    if (before.stage, before.cut_off) != (after.stage, after.cut_off):
        changed |= index_keys.worklist(after.seller, after.stage, after.cut_off, after.number)
    removed += NOTES
    names: dict[str, str] = {}
    values: Item = {":before": {"N": str(before.version)}, ":synced": {"N": str(keys.micros(after.synced_at))}}

    def name(attribute: str) -> str:
        if attribute in PLAIN_NAMES:
            return attribute
        placeholder = f"#{len(names)}"
        names[placeholder] = attribute
        return placeholder

    passed = _left_out(before.rungs, after.rungs) if "rungs" in changed else ()
    if passed:
        # Rungs that have passed are taken out one by one, the last first: DynamoDB counts all of them in the list as it
        # was, while the emulator counts each in what the one before has left.
        del changed["rungs"]
    sets, removals = [], [f"{name('rungs')}[{index}]" for index in reversed(passed)]
    for index, (attribute, value) in enumerate(changed.items()):
        values[f":{index}"] = to_wire(value)
        sets.append(f"{name(attribute)} = :{index}")
    removals += [name(attribute) for attribute in removed]
    body: dict[str, Any] = {
        "UpdateExpression": f"SET {', '.join(sets)} REMOVE {', '.join(removals)}",
        "ConditionExpression": "version = :before AND synced_at <= :synced",
        "ExpressionAttributeValues": values,
    }
    if names:
        body["ExpressionAttributeNames"] = names
    return Operation(
        action="Update",
        key=key,
        body=body,
        meaning=Meaning.VERSION,
        error=lambda _: VersionConflictError(
            f"posting {after.number} was changed by somebody else before its version {after.version} was written: "
            "read it again"
        ),
    )


def _left_out(before: Sequence[Rung], after: Sequence[Rung]) -> tuple[int, ...]:
    """Places of what `after` leaves out of `before`; empty if it is not `before` with some left out."""
    kept = iter(after)
    wanted = next(kept, None)
    missing = []
    for index, rung in enumerate(before):
        if rung == wanted:
            wanted = next(kept, None)
        else:
            missing.append(index)
    return tuple(missing) if wanted is None else ()
