"""What a posting has of a pool: how much of each line it wants, how much it holds, and what changing that moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from shipby.domain.stock.item import Movement, MovementKind
from shipby.domain.stock.pool import PoolRef


class ReservationState(StrEnum):
    """Where it stands."""

    HELD = "held"
    CONSUMED = "consumed"
    """The goods left the house."""
    RELEASED = "released"
    """The posting was cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLine:
    """Pieces of one SKU as the posting names it."""

    sku: str
    wanted: int
    held: int = 0
    """Reserved now. While parts of a split posting are not read it may be more than wanted: the rest is theirs."""
    picked: int = 0
    """Of those held, what has left its shelf."""
    gone: int = 0
    """What left the house with the posting."""
    parts: Mapping[str, int] = field(default_factory=dict)
    """Plain SKU -> pieces in one, as they were when it was first wanted; of a SKU that is no kit, itself."""
    listed: str = ""
    """The marketplace's SKU of the line."""

    @property
    def short(self) -> int:
        return max(0, self.wanted - self.held - self.gone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What one posting has of one pool; it stands beside the posting."""

    seller: str
    posting_number: str
    version: int
    owner: str
    pool: str
    state: ReservationState = ReservationState.HELD
    lines: tuple[HeldLine, ...] = ()

    @property
    def pool_ref(self) -> PoolRef:
        return PoolRef(self.owner, self.pool)

    @property
    def short(self) -> int:
        """Pieces that are wanted and not held."""
        return sum(line.short for line in self.lines)

    def line(self, sku: str) -> HeldLine | None:
        return next((line for line in self.lines if line.sku == sku), None)

    @property
    def lacking(self) -> frozenset[str]:
        """Plain SKUs that lines which lack pieces are made of."""
        return frozenset(part for line in self.lines if line.short for part in line.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """A line that a posting wants of the pool."""

    sku: str
    count: int
    parts: Mapping[str, int]
    listed: str = ""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces of one plain SKU."""

    held: int = 0
    picked: int = 0
    gone: int = 0


_NONE = Pieces()


def pieces_of(lines: Iterable[HeldLine]) -> dict[str, Pieces]:
    """Plain SKU -> its pieces in lines."""
    found: dict[str, Pieces] = {}
    for line in lines:
        for part, each in line.parts.items():
            had = found.get(part, _NONE)
            found[part] = Pieces(
                had.held + line.held * each, had.picked + line.picked * each, had.gone + line.gone * each
            )
    return {part: pieces for part, pieces in found.items() if pieces != _NONE}


def settle(
    lines: Sequence[HeldLine], wants: Sequence[Want], free: Mapping[str, int], *, keep: bool = False
) -> tuple[HeldLine, ...]:
    """The lines as the posting wants them now: what it wants no more is let go, what it lacks is taken of what is free.

    What was picked is let go last. A kit is taken whole or not at all; a line may be taken in part. `keep`: nothing is
    let go, because it may belong to a part of the posting that nobody has read yet.
    """
    wanted = {want.sku: want for want in wants}
    kept: list[HeldLine] = []
    for line in lines:
        count = wanted[line.sku].count if line.sku in wanted else 0
        held = line.held if keep else min(line.held, max(0, count - line.gone))
        kept.append(replace(line, wanted=count, held=held, picked=min(line.picked, held)))
    known = {line.sku for line in kept}
    kept += [
        HeldLine(sku=want.sku, wanted=want.count, parts=want.parts, listed=want.listed)
        for want in wants
        if want.sku not in known
    ]
    before, after = pieces_of(lines), pieces_of(kept)
    left = {part: count + before.get(part, _NONE).held - after.get(part, _NONE).held for part, count in free.items()}
    settled: list[HeldLine] = []
    for line in kept:
        more = min([line.short, *(left.get(part, 0) // each for part, each in line.parts.items())])
        for part, each in line.parts.items():
            left[part] = left.get(part, 0) - more * each
        settled.append(replace(line, held=line.held + more))
    return tuple(line for line in settled if line.wanted or line.held or line.gone)


def picked(lines: Sequence[HeldLine]) -> tuple[HeldLine, ...]:
    """Everything held has left its shelf."""
    return tuple(replace(line, picked=line.held) for line in lines)


def put_back(lines: Sequence[HeldLine]) -> tuple[HeldLine, ...]:
    """Everything held lies on its shelf again."""
    return tuple(replace(line, picked=0) for line in lines)


def trimmed(lines: Sequence[HeldLine]) -> tuple[HeldLine, ...]:
    """The lines without what was kept for parts that have taken theirs by now."""
    return settle(lines, [Want(sku=line.sku, count=line.wanted, parts=line.parts) for line in lines], {})


def sent(lines: Sequence[HeldLine]) -> tuple[HeldLine, ...]:
    """The lines once the goods have left the house: what was held of what was wanted is gone."""
    found: list[HeldLine] = []
    for line in lines:
        gone = min(line.held, line.wanted - line.gone)
        left = line.held - gone
        found.append(replace(line, held=left, picked=min(line.picked, left), gone=line.gone + gone))
    return tuple(found)


def movements(before: Iterable[HeldLine], after: Iterable[HeldLine]) -> dict[str, Movement]:
    """Plain SKU -> what changing the lines moves; what moves nothing is left out."""
    old, new = pieces_of(before), pieces_of(after)
    found: dict[str, Movement] = {}
    for part in sorted({*old, *new}):
        was, now = old.get(part, _NONE), new.get(part, _NONE)
        reserved, gone = now.held - was.held, now.gone - was.gone
        kind = MovementKind.RESERVE if reserved > 0 else MovementKind.RELEASE if reserved else MovementKind.PICK
        movement = Movement(
            kind=MovementKind.CONSUME if gone else kind,
            on_hand=-gone,
            reserved=reserved,
            picked=now.picked - was.picked,
        )
        if not movement.nothing:
            found[part] = movement
    return found


def within(before: Sequence[HeldLine], after: Sequence[HeldLine], *, most: int) -> tuple[tuple[HeldLine, ...], bool]:
    """As many of the changed lines as move at most so many SKUs, and whether that is all of them. A line moves at least
    as it was, so that a part of the change is a whole one."""
    old, new = {line.sku: line for line in before}, {line.sku: line for line in after}
    parts: set[str] = set()
    found: list[HeldLine] = []
    whole = True
    for sku in {**new, **old}:
        was, now = old.get(sku), new.get(sku)
        wanted = parts | movements([was] if was else [], [now] if now else []).keys()
        if len(wanted) <= most:
            parts = wanted
            found += [now] if now else []
        else:
            whole = False
            kept = was or (replace(now, held=0, picked=0, gone=0) if now else None)
            found += [replace(kept, wanted=now.wanted if now else 0)] if kept else []
    return tuple(found), whole


def taken_over(
    lines: Sequence[HeldLine], wants: Sequence[Want], *, read_since: bool
) -> tuple[tuple[HeldLine, ...], tuple[HeldLine, ...]]:
    """What the lines of a posting keep, and what a part that was split from it takes over: no piece becomes free.

    `read_since`: the posting was read after the split, so that its lines want only what it kept.
    """
    wanted = {want.sku: want for want in wants}
    kept: list[HeldLine] = []
    taken: list[HeldLine] = []
    for line in lines:
        want = wanted.get(line.sku)
        count = want.count if want is not None else 0
        still = line.wanted if read_since else max(line.gone, line.wanted - count)
        moves = min(count, max(0, line.held - (still - line.gone)))
        off_shelf = min(moves, line.picked)
        kept.append(replace(line, wanted=still, held=line.held - moves, picked=line.picked - off_shelf))
        if moves:
            taken.append(replace(line, wanted=count, held=moves, picked=off_shelf, gone=0))
    return tuple(line for line in kept if line.wanted or line.held or line.gone), tuple(taken)
