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

    def pieces(self) -> dict[str, tuple[int, int]]:
        """Plain SKU -> pieces reserved and picked of it."""
        return pieces_of(self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """A line that a posting wants of the pool."""

    sku: str
    count: int
    parts: Mapping[str, int]
    listed: str = ""


def pieces_of(lines: Iterable[HeldLine]) -> dict[str, tuple[int, int]]:
    """Plain SKU -> pieces reserved and picked by lines."""
    found: dict[str, tuple[int, int]] = {}
    for line in lines:
        for part, each in line.parts.items():
            held, picked = found.get(part, (0, 0))
            found[part] = held + line.held * each, picked + line.picked * each
    return {part: pieces for part, pieces in found.items() if any(pieces)}


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
    left = {part: count + before.get(part, (0, 0))[0] - after.get(part, (0, 0))[0] for part, count in free.items()}
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


def movements(before: Sequence[HeldLine], after: Sequence[HeldLine]) -> dict[str, Movement]:
    """Plain SKU -> what changing the lines moves."""
    old, new = pieces_of(before), pieces_of(after)
    found: dict[str, Movement] = {}
    for part in sorted({*old, *new}):
        reserved = new.get(part, (0, 0))[0] - old.get(part, (0, 0))[0]
        off_shelf = new.get(part, (0, 0))[1] - old.get(part, (0, 0))[1]
        if reserved or off_shelf:
            kind = MovementKind.RESERVE if reserved > 0 else MovementKind.RELEASE if reserved else MovementKind.PICK
            found[part] = Movement(kind=kind, reserved=reserved, picked=off_shelf)
    return found


def sent(lines: Sequence[HeldLine]) -> tuple[HeldLine, ...]:
    """The lines once the goods have left the house: what was held of what was wanted is gone."""
    found: list[HeldLine] = []
    for line in lines:
        gone = min(line.held, line.wanted - line.gone)
        left = line.held - gone
        found.append(replace(line, held=left, picked=min(line.picked, left), gone=line.gone + gone))
    return tuple(found)


def consumed(before: Sequence[HeldLine], lines: Sequence[HeldLine]) -> dict[str, Movement]:
    """Plain SKU -> what leaves the house where `lines` are sent. They may hold more than was reserved in `before`:
    goods went out that nobody had reserved."""
    old, held, left = pieces_of(before), pieces_of(lines), pieces_of(sent(lines))
    nothing = (0, 0)
    found = {
        part: Movement(
            kind=MovementKind.CONSUME,
            on_hand=left.get(part, nothing)[0] - held.get(part, nothing)[0],
            reserved=left.get(part, nothing)[0] - old.get(part, nothing)[0],
            picked=left.get(part, nothing)[1] - old.get(part, nothing)[1],
        )
        for part in sorted({*old, *held})
    }
    return {part: movement for part, movement in found.items() if not movement.nothing}


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
