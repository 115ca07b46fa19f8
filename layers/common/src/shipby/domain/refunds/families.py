"""The money of a family: of all postings that splits made of one order, whichever of them was read first, and when.

What the buyer paid comes in once: with the first posting that was read while it held the goods. Whoever is read later
gets the money from there, or brings money of its own if no posting that we know can have held its goods before. Where
nobody can tell yet, the family has too little for the moment, never too much; a read that tells makes it up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from shipby.domain.postings.posting import CANCELLED, SPLIT, MarketplacePosting
from shipby.domain.refunds.ledger import OBSERVED_ITEMS, AccrualState, EntryState, LineBalance, MoneyLedger

MOVED_BY = timedelta(minutes=10)
"""A read that begins so long after a part was stored shows the posting without the part's goods. The marketplace
changes postings one after another and publishes no time for it; ours is on the safe side."""
AT_ONCE = timedelta(minutes=1)
"""As long as a read may take from its start until it is stored: two reads closer than that may have crossed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """A posting of a family: its ledger, and what its newest read says."""

    ledger: MoneyLedger
    facts: MarketplacePosting

    @property
    def number(self) -> str:
        return self.ledger.number

    @property
    def worth(self) -> dict[str, int] | None:
        """SKU -> what the goods cost that it holds; None where that cannot be told."""
        if self.facts.status == SPLIT:
            return {}
        found: dict[str, int] = {}
        for line in self.facts.lines:
            if line.price is None or line.price.currency != self.ledger.currency:
                return None
            found[line.sku] = found.get(line.sku, 0) + (line.price * line.quantity).minor
        return found or None

    @property
    def cancelled(self) -> bool:
        """What its goods cost is the buyer's again: what is left is of goods that went elsewhere."""
        return self.facts.status == CANCELLED

    @property
    def spare(self) -> dict[str, int]:
        """SKU -> minor units that are left beyond what its goods cost: of goods that went elsewhere."""
        whole, goods = max(self.ledger.available, 0), self.worth
        if goods is None:
            return {}
        kept: Mapping[str, int] = {} if self.cancelled else goods
        over = {sku: left - kept.get(sku, 0) for sku, left in self.ledger.left_of_lines().items()}
        return {sku: min(minor, whole) for sku, minor in over.items() if min(minor, whole) > 0}

    def spare_of(self, sku: str) -> int:
        """What it can give of a line without its own goods' money."""
        return self.spare.get(sku, 0)

    def left_of(self, sku: str) -> int:
        """What it can give of a line at most."""
        return min(self.ledger.left_of_lines().get(sku, 0), max(self.ledger.available, 0))

    @property
    def lacks(self) -> dict[str, int]:
        """SKU -> minor units of goods that it holds and has no money of."""
        paid = self.ledger.lines
        lacking = {sku: minor - (paid[sku].paid if sku in paid else 0) for sku, minor in (self.worth or {}).items()}
        return {sku: minor for sku, minor in lacking.items() if minor > 0}

    def plus(self, sku: str, minor: int, *, told_of: str = "") -> Relative:
        """With so much more paid for a line (less, where it is negative); `told_of` is accounted with from now on."""
        ledger = self.ledger
        line = ledger.lines.get(sku, LineBalance(paid=0))
        lines = {**ledger.lines, sku: replace(line, paid=line.paid + minor)}
        family = tuple(sorted({*ledger.family, *([told_of] if told_of else [])}))
        kept = {each: balance for each, balance in lines.items() if balance != LineBalance(paid=0)}
        return replace(self, ledger=replace(ledger, paid=ledger.paid + minor, lines=kept, family=family))

    def read_after(self, other: Relative, by: timedelta) -> bool:
        """Whether its newest read began so long after the other was first stored."""
        since = other.ledger.opened_at
        return since is not None and self.facts.read_at > since + by


@dataclass(frozen=True, slots=True)
class Family:
    """What is known of a family, by number."""

    members: Mapping[str, Relative]
    whole: bool = True
    """Whether everybody whom one of them names was read."""

    def above(self, number: str) -> list[str]:
        """What a posting was split from, its parent first; the last of them may not be known here."""
        found: list[str] = []
        while number in self.members and (parent := self.members[number].facts.parent_number):
            if parent in found:
                break
            found.append(parent)
            number = parent
        return found

    def below(self, number: str) -> list[Relative]:
        """What was split from a posting, at once or later."""
        return [each for each in self.members.values() if number in self.above(each.number)]

    def may_come_from(self, part: Relative, other: Relative) -> bool:
        """Whether the goods of a part may have been another's: split from it, or of its order by what they list."""
        line = self.above(part.number)
        if part.number == other.number or part.number in self.above(other.number):
            return False
        if other.number in line:
            return True
        if other.number in part.facts.related_numbers or part.number in other.facts.related_numbers:
            return True
        if not line or line[-1] not in self.members:
            # Nobody knows what its first known ancestor was split from; but not from a posting beside that.
            return bool(line) and line[-1] not in self.above(other.number)
        # A part of a part may name the first of the family: while that does not list it, nobody knows.
        unlisted = part.number not in self.members[line[0]].facts.related_numbers
        return unlisted and line[0] in self.above(other.number)

    def brought(self, other: Relative, part: Relative) -> bool:
        """Whether what was paid for a part's goods may have come in with another posting: it held them then."""
        if not self.may_come_from(part, other):
            return False
        # Older rows say only whom they are accounted with.
        named = other.ledger.family if other.ledger.opened_at is None else other.ledger.without
        return not self._way(other, part) & {*named}

    def _way(self, other: Relative, part: Relative) -> set[str]:
        """A part and what it was split from, as far as the other is not of it or above it."""
        return {part.number, *self.above(part.number)} - {other.number, *self.above(other.number)}

    def lists(self, other: Relative, part: Relative) -> bool:
        """Whether another's newest read names a part, or what that was split from: so it lies after the split."""
        return bool(self._way(other, part) & {*other.facts.related_numbers})

    def up_to_date(self, one: Relative) -> bool:
        """Whether the newest read of one shows no goods that parts have which we know of."""
        return one.facts.status == SPLIT or all(
            self.lists(one, part) or (one.number not in self.above(part.number) and one.read_after(part, AT_ONCE))
            for part in self.members.values()
            if self.may_come_from(part, one)
        )

    def emptied(self, number: str) -> bool:
        """Whether a split ended a posting and all of its parts are known: what it has left is nobody's of its own."""
        facts = self.members[number].facts
        parts = {*facts.related_numbers} - {facts.parent_number}
        return facts.status == SPLIT and parts <= {*self.members}

    def told_apart(self) -> bool:
        """Whether every newest read lies after the splits that we know of: what each holds is its own.

        What a posting was split from has to name it as well: times alone are no proof, a clock may have been wrong.
        """
        return self.whole and all(
            other.facts.status == SPLIT
            or part.number in other.ledger.without
            or (
                other.read_after(part, MOVED_BY)
                and (self.lists(other, part) or other.number not in self.above(part.number))
            )
            for other in self.members.values()
            for part in self.members.values()
            if self.may_come_from(part, other)
        )


def joined(family: Family, number: str) -> Family:
    """A family with a ledger that was opened just now: its money is in one of them only.

    What may have come in with another comes from there: from what that has beyond its goods, else from its goods where
    its newest read may still show those of the new one. If that is not enough, the new one has no more.
    """
    found = dict(family.members)
    own = found[number]
    sources = [name for name in _nearest_first(family, own) if family.brought(found[name], own)]
    for sku, free in own.ledger.left_of_lines().items():
        wanted = free
        had = [name for name in sources if sku in found[name].ledger.lines]
        unaware = [name for name in had if _unaware(found[name], own)]
        for name, gives in _in_turn(family, own, had, unaware):
            if part := min(wanted, gives(found[name], sku)):
                found[name], wanted = found[name].plus(sku, -part, told_of=number), wanted - part
        if wanted == free and not unaware:
            wanted = min(wanted, _shown_twice(family, own, sku))
        if wanted:
            found[number] = found[number].plus(sku, -wanted)
    _account(found, own.facts.parent_number, number)
    for below in family.below(number):
        _account(found, below.facts.parent_number, below.number)
    family = replace(family, members=found)
    for below in family.below(number):
        family = handed_over(family, below.number)
    return family


def _account(found: dict[str, Relative], parent: str, part: str) -> None:
    """A parent is accounted with a part from now on."""
    if parent in found:
        ledger = found[parent].ledger
        family = tuple(sorted({*ledger.family, part}))
        found[parent] = replace(found[parent], ledger=replace(ledger, family=family))


def _nearest_first(family: Family, own: Relative) -> list[str]:
    line = family.above(own.number)
    return sorted(
        (name for name in family.members if name != own.number),
        key=lambda name: (line.index(name) if name in line else len(line), name),
    )


def _in_turn(
    family: Family, own: Relative, had: list[str], unaware: list[str]
) -> Iterator[tuple[str, Callable[[Relative, str], int]]]:
    """Whom a part's money is taken from, the likeliest first.

    What it was split from, the nearest first: from that one's goods too, unless its newest read lists the part. Then
    whoever has more than its goods cost, and last whoever may show the part's goods as its own.
    """
    line = family.above(own.number)
    for name in had:
        if name in line:
            yield name, Relative.spare_of
            if own.number not in family.members[name].facts.related_numbers:
                yield name, Relative.left_of
    yield from ((name, Relative.spare_of) for name in had)
    yield from ((name, Relative.left_of) for name in unaware)
    # A part that was read before those between may have taken another's: then that one's is left where all has moved.
    yield from ((name, Relative.spare_of) for name in _nearest_first(family, own) if family.emptied(name))


def _unaware(other: Relative, part: Relative) -> bool:
    """Whether another's newest read may still show the goods of a part as its own.

    What a part is named for may be listed before its goods are gone from there.
    """
    return part.number not in other.facts.related_numbers or other.number == part.facts.parent_number


def _shown_twice(family: Family, own: Relative, sku: str) -> int:
    """What parts brought in already that its first read, which does not name them, may show as its own."""
    crossed = [each.ledger for each in family.below(own.number) if not family.lists(own, each)]
    return sum(ledger.lines[sku].paid for ledger in crossed if sku in ledger.lines)


def handed_over(family: Family, number: str) -> Family:
    """A family in which a part brought its money in while nobody knew where it came from: who had it has it no more."""
    found = dict(family.members)
    part = found[number]
    had = [name for name in _nearest_first(family, part) if family.brought(found[name], part)]
    if any(number in found[name].ledger.family for name in had):
        return family
    for sku, minor in part.ledger.left_of_lines().items():
        left = minor
        for name in had:
            other = found[name]
            given = min(left, other.left_of(sku) if _unaware(other, part) else other.spare_of(sku))
            if sku in other.ledger.lines and given:
                found[name], left = other.plus(sku, -given, told_of=number), left - given
    return replace(family, members=found)


def evened(family: Family, number: str) -> Family:
    """A family after one of it was read: what one has beyond its goods goes to who holds those goods without money."""
    found = dict(family.members)
    found[number] = own = _not_gone(found[number])
    for name in family.members:
        if name == number:
            continue
        for sku, lacking in own.lacks.items() if family.up_to_date(own) else ():
            if moved := min(lacking, found[name].spare.get(sku, 0)):
                own, found[name] = own.plus(sku, moved), found[name].plus(sku, -moved, told_of=number)
        for sku, lacking in found[name].lacks.items() if family.up_to_date(found[name]) else ():
            if moved := min(lacking, own.spare.get(sku, 0)):
                own, found[name] = own.plus(sku, -moved, told_of=name), found[name].plus(sku, moved)
    found[number] = own
    return _made_up(replace(family, members=found))


def _made_up(family: Family) -> Family:
    """A family that has less than its goods cost, once every read tells whose they are."""
    lacking = [(name, sku, minor) for name, each in family.members.items() for sku, minor in each.lacks.items()]
    if not lacking or not family.told_apart() or any(each.worth is None for each in family.members.values()):
        return family
    found = dict(family.members)
    for name, sku, minor in lacking:
        cost = sum((each.worth or {}).get(sku, 0) for each in found.values())
        had = sum(_booked(each.ledger, sku) for each in found.values())
        if (more := min(minor, cost - had)) > 0:
            found[name] = found[name].plus(sku, more)
    return replace(family, members=found)


def _booked(ledger: MoneyLedger, sku: str) -> int:
    """What was paid for a line, without pieces that are gone and were paid back."""
    return (ledger.lines[sku].paid if sku in ledger.lines else 0) - _items_gone(ledger, sku)


def _not_gone(own: Relative) -> Relative:
    """Without what was booked as paid back for pieces that only moved: they turned up in a part, with their money.

    That shows where a posting holds more than its money and what was booked so allow. What the marketplace charged is
    no mistake of ours.
    """
    ledger = own.ledger
    for key, entry in ledger.entries.items():
        if not key.startswith(OBSERVED_ITEMS) or entry.state is not EntryState.REFUNDED or len(entry.lines) != 1:
            continue
        sku, minor = next(iter(entry.lines.items()))
        line = ledger.lines.get(sku)
        if line is None or entry.accrual is not AccrualState.NONE or line.refunded < minor:
            continue
        if (own.worth or {}).get(sku, 0) - (line.paid - _items_gone(ledger, sku)) >= minor:
            ledger = replace(
                ledger,
                refunded=ledger.refunded - minor,
                lines={**ledger.lines, sku: replace(line, refunded=line.refunded - minor)},
                entries={**ledger.entries, key: replace(entry, state=EntryState.RELEASED)},
            )
    return replace(own, ledger=ledger)


def _items_gone(ledger: MoneyLedger, sku: str) -> int:
    """What is booked as paid back for pieces of an SKU that are gone from the posting."""
    gone = [
        entry.lines.get(sku, 0)
        for key, entry in ledger.entries.items()
        if key.startswith(OBSERVED_ITEMS) and entry.state is EntryState.REFUNDED
    ]
    return sum(gone)
