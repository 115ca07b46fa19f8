"""What each version changed, in memory: kept as the two items, and worked out only when somebody asks."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from shipby.adapters.dynamodb import changes, keys
from shipby.adapters.dynamodb.keys import Key
from shipby.adapters.dynamodb.rows import events as event_rows
from shipby.adapters.dynamodb.rows import postings as posting_rows
from shipby.adapters.dynamodb.rows import returns as return_rows
from shipby.adapters.dynamodb.values import Item
from shipby.application.ports.writes import AppendEvents, SavePosting, SaveReturn, Write
from shipby.domain.events import AggregateKind, Event, Ref
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Posting
from shipby.domain.proof.replay import ItemChange
from shipby.domain.returns.return_case import ReturnCase

R = TypeVar("R")
Replayed: TypeAlias = Posting | ReturnCase
Kept: TypeAlias = tuple[Replayed | None, Replayed, AppendEvents]


class MemoryReplay:
    """The other half gives it rows."""

    if TYPE_CHECKING:
        _rows: dict[Key, Any]
        _changes: dict[Key, Kept]

        def _get(self, key: Key, kind: type[R]) -> R | None: ...

    def _note_changes(self, writes: Sequence[Write]) -> None:
        """Before the change is done: both items of every version that has an event."""
        saved: dict[tuple[AggregateKind, str, int], Replayed] = {}
        for write in writes:
            if isinstance(write, SavePosting):
                saved[AggregateKind.POSTING, write.posting.number, write.posting.version] = write.posting
            elif isinstance(write, SaveReturn):
                saved[AggregateKind.RETURN, write.case.id, write.case.version] = write.case
        for write in writes:
            if isinstance(write, AppendEvents) and write.events:
                after = saved.get((write.ref.kind, write.ref.id, write.version))
                if after is not None:
                    stands = self._rows.get(_place(write.seller, write.ref))
                    self._changes[keys.event(write.seller, write.ref, write.version, 0)] = (stands, after, write)

    def item_changes(self, seller: str, ref: Ref) -> list[ItemChange]:
        pk = keys.aggregate_pk(seller, ref)
        found = sorted((key.sk, kept) for key, kept in self._changes.items() if key.pk == pk and key in self._rows)
        return [self._change(*kept) for _, kept in found]

    def _change(self, before: Replayed | None, after: Replayed, write: AppendEvents) -> ItemChange:
        """Sealed with the events as they were written, and told with those that stand now."""
        written = [_event(write, index, event) for index, event in enumerate(write.events)]
        kept = changes.change(None if before is None else _item(before), _item(after), written)
        stand = [
            _event(write, index, self._rows[key].event)
            for index in range(len(write.events))
            if (key := keys.event(write.seller, write.ref, write.version, index)) in self._rows
        ]
        found = changes.read([stand[0] | {keys.CHANGE: kept}, *stand[1:]], after.version)
        assert found is not None
        return found

    def stored_item(self, seller: str, ref: Ref) -> Mapping[str, Json] | None:
        place = _place(seller, ref)
        item = self._get(place, Posting) if ref.kind is AggregateKind.POSTING else self._get(place, ReturnCase)
        return None if item is None else changes.plain(_item(item))


def _place(seller: str, ref: Ref) -> Key:
    return Key(keys.aggregate_pk(seller, ref), str(ref.kind))


def _item(record: Replayed) -> Item:
    return posting_rows.posting_item(record, 4) if isinstance(record, Posting) else return_rows.return_item(record, 4)


def _event(write: AppendEvents, index: int, event: Event) -> Item:
    return event_rows.event_item(write.seller, write.ref, write.version, index, event, count=len(write.events))
