"""Older items, read as if they had been written today. Readers upcast; writers only ever write the current schema.

To change how a kind is stored: raise its number in `CURRENT`, and register the step from the number before.
"""

from collections.abc import Callable, Mapping
from typing import Any

from shipby.domain.errors import UnreadableItemError

Attributes = dict[str, Any]
Step = Callable[[Attributes], Attributes]

CURRENT: Mapping[str, int] = {"POSTING": 3, "SETTINGS": 2}
"""Schema of each kind of row that is no longer at 1."""


def _posting_2(old: Attributes) -> Attributes:
    """Schema 1 kept the alarm in one map, which the worklist index cannot project as columns."""
    new = dict(old)
    alarm = new.pop("next_alarm", None)
    if alarm is not None:
        new |= {"alarm_at": alarm["due"], "alarm_kind": alarm["kind"]}
    return new


def _posting_3(old: Attributes) -> Attributes:
    """Schema 2 wrote the kinds of clocks in full; the codec reads both, an older release only that."""
    return dict(old)


def _settings_2(old: Attributes) -> Attributes:
    """Schema 1 knew one reminder before the cut-off, not a list of them."""
    return {**old, "remind_before": [old["remind_before"]]} if "remind_before" in old else dict(old)


_STEPS: Mapping[tuple[str, int], Step] = {
    ("POSTING", 1): _posting_2,
    ("POSTING", 2): _posting_3,
    ("SETTINGS", 1): _settings_2,
}


def current_schema(kind: str) -> int:
    """The number a new item of this kind is written with."""
    return CURRENT.get(kind, 1)


def upcast(kind: str, attributes: Attributes) -> Attributes:
    """The attributes as the current schema has them.

    Raises UnreadableItemError for an item of a newer release: during a deployment the new code will read it.
    """
    schema, current = attributes.get("schema", 1), current_schema(kind)
    if schema > current:
        raise UnreadableItemError(
            f"a {kind} item has schema {schema} and this release reads up to {current}: finish the deployment"
        )
    while schema < current:
        attributes = _STEPS[(kind, schema)](attributes)
        schema += 1
    return attributes
