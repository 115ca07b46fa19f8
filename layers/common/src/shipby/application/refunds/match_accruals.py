"""Hold the movements of a ledger against the marketplace's accruals of the posting: which accrual is which movement.

An accrual belongs to one movement at most, and only to one whose marks it does not contradict
(`shipby.application.refunds.identity`). The order: the same kind and amount, then the amount among all kinds of refund,
then the amount among what has no known kind and names the movement's goods, pieces and day; then all that is left of a
kind, where it can be of one movement only (one refund may be charged in several lines). What may be of more than one is
nobody's, and what is in another currency is not compared at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shipby.application.ports.accruals import Accrual
from shipby.application.refunds.identity import Marks, Movement
from shipby.domain.refunds.ledger import AccrualState, CostBorneBy, Entry, EntryKind

DIFFERS_AFTER = timedelta(days=3)
"""Ours: an accrual may come in parts, so another amount is a difference only after that."""
MISSING_AFTER = timedelta(days=10)
"""Ours: the marketplace does not say when it charges; its books of a month are closed in the first days of the next."""

Kinds = Mapping[int, EntryKind | None]
Others = Sequence[Marks]
"""The marks of what somebody else may have been paid for."""


class Proof(StrEnum):
    """What accruals say of a call whose answer never came."""

    NONE = "none"
    PROVEN = "proven"
    AMBIGUOUS = "ambiguous"
    """There is an accrual that may be its own, and that may be another refund's as well."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What the accruals say of one movement."""

    state: AccrualState
    accrued: int = 0
    """Minor units of the ledger's currency."""

    def on(self, entry: Entry) -> Entry:
        """The entry with it: whoever was charged bore the cost; the marketplace's own refund without a charge is its
        own money. What cannot be compared leaves the marketplace's word for it open."""
        borne_by = entry.cost_borne_by
        if self.accrued > 0:
            borne_by = CostBorneBy.SELLER
        elif entry.kind is EntryKind.OBSERVED and self.state is AccrualState.MATCHES:
            borne_by = CostBorneBy.MARKETPLACE
        elif borne_by is CostBorneBy.MARKETPLACE and self.state in _OPEN:
            borne_by = CostBorneBy.UNCERTAIN
        return replace(entry, accrual=self.state, accrued=self.accrued, cost_borne_by=borne_by)


_PRICE = frozenset({EntryKind.REFUND, EntryKind.COMPENSATION})
_OPEN = frozenset({AccrualState.AMBIGUOUS, AccrualState.NOT_COMPARABLE})


class Comparison:
    """The accruals of one posting, each of which is given out once."""

    def __init__(self, movements: Sequence[Movement], accruals: Sequence[Accrual], kinds: Kinds, currency: str) -> None:
        self._movements, self._kinds = movements, kinds
        self._pool = _charged([one for one in accruals if one.amount.currency == currency], kinds)
        self._foreign = _charged([one for one in accruals if one.amount.currency != currency], kinds)
        self._found: dict[str, Compared] = {}
        self._vague: set[str] = set()

    @property
    def needs_others(self) -> bool:
        """Whether it matters who else was paid: something was charged that may be of a call of ours."""
        return any(one.own for one in self._movements) and bool(self._pool)

    def verdicts(self, others: Others, *, now: datetime) -> dict[str, Compared]:
        """The refunded movements that the accruals decide now; one that is missing here waits for its accrual."""
        self._exact(others)
        for one in self._left():
            verdict = self._of_parts(one, others, now)
            if verdict is not None:
                self._found[one.key] = verdict
        return self._found

    def proof(self, key: str, others: Others) -> Proof:
        """Whether an accrual is left for a reserved movement once every other refund that it may be of has its own."""
        [wanted] = [one for one in self._movements if one.key == key]
        self._exact(others)
        fitting = [
            one
            for one in self._pool
            if self._kinds.get(one.type_id) is wanted.group
            and -one.amount.minor == wanted.entry.minor
            and wanted.marks.may_be(one)
        ]
        named = [one for one in fitting if wanted.marks.named_by(one)]
        if not fitting:
            return Proof.NONE
        rivals = [
            one
            for one in self._movements
            if one.key not in (key, *self._found)
            and one.group is wanted.group
            and one.entry.minor == wanted.entry.minor
            and any(one.marks.may_be(each) for each in fitting)
        ]
        strangers = self._strangers(fitting, others)
        return Proof.PROVEN if len(named) > len(rivals) + strangers else Proof.AMBIGUOUS

    def _left(self) -> list[Movement]:
        return [one for one in self._movements if one.done and one.key not in self._found]

    def _exact(self, others: Others) -> None:
        """Give out the accruals whose amount is a movement's. What matched before stays with what it matched."""
        before = [one for one in self._movements if one.done and one.entry.accrual is AccrualState.MATCHES]
        self._rounds(before, ())
        self._rounds(self._left(), others)

    def _rounds(self, wanting: Sequence[Movement], others: Others) -> None:
        for fits in (self._same_kind, self._other_kind, self._named):
            for one in wanting:
                if one.key in self._found or one.entry.minor == 0:
                    continue
                mine = [each for each in self._pool if -each.amount.minor == one.entry.minor and fits(one, each)]
                if not mine:
                    continue
                rivals = self._strangers(mine, others) if one.own else 0
                twins = [
                    each
                    for each in wanting
                    if each.key not in self._found
                    and each.entry.minor == one.entry.minor
                    and any(fits(each, accrual) for accrual in mine)
                ]
                if rivals and len(mine) < len(twins) + rivals:
                    self._vague.add(one.key)
                    continue
                self._pool.remove(mine[0])
                self._found[one.key] = Compared(AccrualState.MATCHES, one.entry.minor)
                self._vague.discard(one.key)

    def _strangers(self, accruals: Sequence[Accrual], others: Others) -> int:
        """How many other refunds these accruals may be of: those that no charge of their own is left for."""
        wanting = [one for one in self._movements if one.key not in self._found]
        spare = [
            one
            for one in self._pool
            if self._kinds.get(one.type_id) in _PRICE and not any(-one.amount.minor == m.entry.minor for m in wanting)
        ]
        without = 0
        for other in (each for each in others if any(each.may_be(one) for one in accruals)):
            own = next((one for one in spare if other.may_be(one)), None)
            if own is not None:
                spare.remove(own)
            else:
                without += 1
        return without

    def _same_kind(self, one: Movement, accrual: Accrual) -> bool:
        return self._kinds.get(accrual.type_id) is one.group and one.marks.may_be(accrual)

    def _other_kind(self, one: Movement, accrual: Accrual) -> bool:
        return self._kinds.get(accrual.type_id) is not None and one.marks.may_be(accrual)

    def _named(self, one: Movement, accrual: Accrual) -> bool:
        return self._kinds.get(accrual.type_id) is None and one.marks.named_by(accrual)

    def _of_parts(self, one: Movement, others: Others, now: datetime) -> Compared | None:
        """What is left of a movement's kind, where it is nobody else's; then what its age says of it."""
        parts = self._of(one, self._pool)
        shared = any(
            one.key != each.key and not self._has_its_own(each) and each.group is one.group and self._of(each, parts)
            for each in self._movements
        ) or any(other.may_be(part, part=True) for other in (others if one.own else ()) for part in parts)
        charged = -sum(part.amount.minor for part in parts)
        whole = charged == one.entry.minor and (len(parts) > 1 or all(one.marks.may_be(part) for part in parts))
        vague = one.key in self._vague or shared or (charged == one.entry.minor and not whole)
        if parts and whole and not vague:
            for part in parts:
                self._pool.remove(part)
            return Compared(AccrualState.MATCHES, charged)
        if self._of(one, self._foreign):
            return Compared(AccrualState.NOT_COMPARABLE)
        age = now - one.entry.at if one.entry.at else MISSING_AFTER
        if vague or parts:
            if age < DIFFERS_AFTER:
                return None
            return Compared(AccrualState.AMBIGUOUS) if vague else Compared(AccrualState.DIFFERS, charged)
        return self._of_nothing(one) if age >= MISSING_AFTER else None

    def _has_its_own(self, one: Movement) -> bool:
        return one.key in self._found and self._found[one.key].state is AccrualState.MATCHES

    def _of_nothing(self, one: Movement) -> Compared:
        if any(-each.amount.minor == one.entry.minor and one.marks.may_be(each) for each in self._unknown(self._pool)):
            return Compared(AccrualState.AMBIGUOUS)
        if one.own:
            return Compared(AccrualState.MISSING)
        # The marketplace's own refund without a charge is no riddle: the seller was not charged. In another currency
        # nobody knows.
        elsewhere = any(one.marks.may_be(each, part=True) for each in self._unknown(self._foreign))
        return Compared(AccrualState.NOT_COMPARABLE if elsewhere else AccrualState.MATCHES)

    def _of(self, one: Movement, pool: Sequence[Accrual]) -> list[Accrual]:
        return [
            each for each in pool if self._kinds.get(each.type_id) is one.group and one.marks.may_be(each, part=True)
        ]

    def _unknown(self, pool: Sequence[Accrual]) -> list[Accrual]:
        return [each for each in pool if self._kinds.get(each.type_id) is None]


def _charged(accruals: Sequence[Accrual], kinds: Kinds) -> list[Accrual]:
    """What was charged; a charge that was credited again counts for nothing."""
    pool = [one for one in accruals if one.amount.minor < 0]
    for credit in (one for one in accruals if one.amount.minor > 0 and kinds.get(one.type_id) is not None):
        same = [
            one
            for one in pool
            if one.type_id == credit.type_id
            and one.amount.minor == -credit.amount.minor
            and one.amount.currency == credit.amount.currency
            and not (one.sku and credit.sku and one.sku != credit.sku)
        ]
        if same:
            pool.remove(min(same, key=lambda one: one.sku != credit.sku))
    return pool
