"""Rebuild an item from the changes that its event rows keep, and say where it differs from the stored one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256

from shipby.domain.json_types import Json

SYNCED_AT = "synced_at"
"""Raised by every read of the marketplace that changes nothing, without a version of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChange:
    """What one version did to its item, in the item's own attributes as they are stored."""

    version: int
    whole: bool
    """True: `values` is the whole item. False: only what is new."""
    values: Mapping[str, Json]
    gone: tuple[str, ...] = ()
    """Attributes that were there and are not any more."""
    events: tuple[Mapping[str, Json], ...] = ()
    """The event rows of the version as they are stored now."""
    seal: str = ""
    """`seal` of the item and of the event rows as they were written."""


def canonical(value: object) -> bytes:
    """The same bytes for the same stored content, whatever order it came in."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_number).encode()


def _number(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    raise TypeError(f"{type(value).__name__} is never stored")


def seal(item: Mapping[str, Json], events: Sequence[Mapping[str, Json]]) -> str:
    """Tells whether a version is as it was written: the item after it together with its event rows.

    It finds mistakes and edits by hand. It is no signature: who can write rows can make a new one.
    """
    return sha256(canonical([item, list(events)])).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The item as it was after a version, and which attributes that version changed: name -> (before, after)."""

    version: int
    item: Mapping[str, Json]
    intact: bool = True
    """Item and event rows of the version are those that were sealed."""
    changed: Mapping[str, tuple[Json, Json]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """Every version that can be rebuilt, oldest first; `missing` are those that cannot."""

    steps: tuple[Step, ...]
    missing: tuple[int, ...]

    @property
    def item(self) -> Mapping[str, Json] | None:
        """After the newest version; None where that one cannot be rebuilt."""
        last = self.steps[-1] if self.steps else None
        return last.item if last is not None and last.version > max(self.missing, default=0) else None


def rebuild(changes: Iterable[ItemChange], versions: Sequence[int]) -> Rebuilt:
    """Fold changes over each other. `versions` are all versions that the history tells of.

    After a version whose change is missing nothing can be rebuilt until one that holds the whole item.
    """
    known = {change.version: change for change in changes}
    steps: list[Step] = []
    missing: list[int] = []
    item: dict[str, Json] | None = None
    for version in sorted(set(versions) | set(known)):
        change = known.get(version)
        if change is None or (item is None and not change.whole):
            missing.append(version)
            item = None
            continue
        before = item or {}
        if change.whole:
            after = dict(change.values)
        else:
            after = {name: value for name, value in before.items() if name not in change.gone} | dict(change.values)
        intact = change.seal == seal(after, change.events)
        steps.append(Step(version=version, item=after, intact=intact, changed=_changed(before, after)))
        item = after
    return Rebuilt(steps=tuple(steps), missing=tuple(missing))


def _changed(before: Mapping[str, Json], after: Mapping[str, Json]) -> dict[str, tuple[Json, Json]]:
    names = sorted(set(before) | set(after))
    return {
        name: (before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name) and name != "version"
    }


def differences(rebuilt: Mapping[str, Json], stored: Mapping[str, Json]) -> dict[str, tuple[Json, Json]]:
    """Attributes that are not the same: name -> (rebuilt, stored).

    A later `synced_at` of the stored item is no difference: the marketplace was read again and showed nothing new.
    """
    found = {
        name: (rebuilt.get(name), stored.get(name))
        for name in sorted(set(rebuilt) | set(stored))
        if rebuilt.get(name) != stored.get(name)
    }
    before, after = found.get(SYNCED_AT, (None, None))
    if isinstance(before, int) and isinstance(after, int) and before < after:
        del found[SYNCED_AT]
    return found
