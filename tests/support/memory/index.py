"""An index of the store in memory, and how its rows are read back."""

from bisect import bisect_left, insort
from collections.abc import Mapping

from shipby.adapters.dynamodb import index_keys
from shipby.adapters.dynamodb.keys import Key
from shipby.domain.alarm import AlarmRef


class Index:
    """One index: partition -> sorted (sort key, item)."""

    def __init__(self, partition: str, sort: str) -> None:
        self.names = (partition, sort)
        self._rows: dict[str, list[tuple[str, str, str]]] = {}

    def move(self, key: Key, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        partition, sort = self.names
        if (old.get(partition), old.get(sort)) == (new.get(partition), new.get(sort)):
            return
        if partition in old:
            rows = self._rows[old[partition]]
            rows.pop(bisect_left(rows, (old[sort], key.pk, key.sk)))
        if partition in new:
            insort(self._rows.setdefault(new[partition], []), (new[sort], key.pk, key.sk))

    def between(self, partition: str, after: tuple[str, str, str], before: str) -> list[tuple[str, str, str]]:
        rows = self._rows.get(partition, [])
        first = bisect_left(rows, (*after[:2], after[2] + "\0")) if any(after) else 0
        return rows[first : bisect_left(rows, (before, "", ""))]


def worklist_id(sort: str, _: Key) -> str:
    return index_keys.worklist_id(sort)


def alarm_ref(sort: str, key: Key) -> AlarmRef:
    return index_keys.alarm_ref({"PK": key.pk, "SK": key.sk, "AS": sort})
