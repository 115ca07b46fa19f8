"""What tells one refund of a posting from another: its return, its goods, how many of them, and when it was asked for.

An accrual names neither our call nor the return. Equal amounts are therefore no proof: a mark that an accrual names and
that is another one rules it out, and where more than one refund remains for it, nobody but a person knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from shipby.application.ports.accruals import Accrual
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.store import Store
from shipby.domain.errors import ShipbyError
from shipby.domain.intents import Intent, IntentState
from shipby.domain.postings.posting import MarketplacePosting
from shipby.domain.refunds.ledger import Entry, EntryKind, EntryState, MoneyLedger, intent_of
from shipby.domain.returns.return_case import REJECT_ACTIONS, MarketplaceReturn
from shipby.domain.skew import ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What is known of the goods of a refund; what is empty or 0 is not known."""

    skus: frozenset[str] = frozenset()
    quantity: int = 0
    since: date | None = None
    """The first day on which it can have been charged."""

    def may_be(self, accrual: Accrual, *, part: bool = False) -> bool:
        """Whether nothing that an accrual names is another refund's. A `part` of a refund may be of fewer pieces."""
        if accrual.sku and self.skus and accrual.sku not in self.skus:
            return False
        if self.since is not None and accrual.on is not None and accrual.on < self.since:
            return False
        return part or not (accrual.quantity and self.quantity) or abs(accrual.quantity) == self.quantity

    def named_by(self, accrual: Accrual) -> bool:
        """Whether an accrual names all that is known of it: goods, pieces where they count, and a day."""
        named = bool(accrual.sku and self.skus and accrual.on) and (accrual.quantity or not self.quantity)
        return bool(named) and self.may_be(accrual)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """An entry of a ledger that is not released, with its marks."""

    key: str
    entry: Entry
    marks: Marks

    @property
    def group(self) -> EntryKind:
        """What kind of accrual it has: the marketplace's own refund is a refund too."""
        return EntryKind.REFUND if self.entry.kind is EntryKind.OBSERVED else self.entry.kind

    @property
    def done(self) -> bool:
        return self.entry.state is EntryState.REFUNDED

    @property
    def own(self) -> bool:
        """Whether it was given back by our call, that is for a return."""
        return self.entry.kind is not EntryKind.OBSERVED


def movements(ledger: MoneyLedger, store: Store, now: datetime) -> tuple[Movement, ...]:
    """The entries of a ledger that an accrual may belong to, oldest first."""
    found = [
        Movement(key=key, entry=entry, marks=_marks(key, entry, ledger, store, now))
        for key, entry in ledger.entries.items()
        if entry.state is not EntryState.RELEASED
    ]
    return tuple(sorted(found, key=lambda one: (one.marks.since or date.min, one.key)))


def _marks(key: str, entry: Entry, ledger: MoneyLedger, store: Store, now: datetime) -> Marks:
    if entry.kind is EntryKind.OBSERVED:
        # The marketplace moved it by itself; when, our reading does not tell.
        return Marks(skus=frozenset(entry.lines))
    intent = store.intent(ledger.seller, intent_of(key))
    if intent is None:
        return Marks(skus=frozenset(entry.lines))
    case = store.return_case(ledger.seller, intent.ref.id)
    goods = {*entry.lines, *([case.sku] if case is not None and case.sku else [])}
    # A compensation and the postage are amounts of their own: pieces say nothing of them.
    pieces = _pieces(entry, goods, store.detail(ledger.seller, ledger.number)) if entry.kind is EntryKind.REFUND else 0
    return Marks(skus=frozenset(goods), quantity=pieces, since=asked_on(intent, now))


def _pieces(entry: Entry, goods: set[str], detail: MarketplacePosting | None) -> int:
    """How many pieces an amount is the price of, by the posting's lines; 0 where they do not tell.

    The marketplace names no number of pieces of an rFBS return.
    """
    counts = {
        entry.minor // line.price.minor
        for line in (detail.lines if detail is not None else ())
        if line.sku in goods
        and line.price is not None
        and line.price.minor > 0
        and entry.minor % line.price.minor == 0
        and entry.minor <= (line.price * line.quantity).minor
    }
    return counts.pop() if len(counts) == 1 else 0


def asked_on(intent: Intent, now: datetime) -> date | None:
    """The day (UTC) of its call, or the first on which it may have been made; None where the clock was wrong."""
    since = intent.sent_at or intent.let_go_at
    return None if ahead(since, now) else since.date()


class OtherReturns:
    """Returns of a posting that no movement of our ledger is for, and that somebody else may have refunded.

    The marketplace's list is read when it is first asked for, once for all postings of a round.
    """

    def __init__(self, seller: str, store: Store, marketplace: Marketplace) -> None:
        self._seller, self._store, self._marketplace = seller, store, marketplace
        self._failed: ShipbyError | None = None

    def marks(self, number: str, movements: tuple[Movement, ...]) -> tuple[Marks, ...]:
        """The marks of each. Raises what the marketplace's lists raise."""
        ours = {self._return_of(one.key) for one in movements if one.own}
        others = [found for found in self._listed.get(number, ()) if found.id not in ours]
        return tuple(
            Marks(skus=frozenset([found.sku] if found.sku else [])) for found in others if self._may_be_paid(found)
        )

    @cached_property
    def _listed(self) -> Mapping[str, list[MarketplaceReturn]]:
        if self._failed is not None:
            raise self._failed
        found: dict[str, list[MarketplaceReturn]] = {}
        try:
            for each in self._pages():
                found.setdefault(each.posting_number, []).append(each)
        except ShipbyError as error:
            # Not once more for each posting of the round: they wait for the next one.
            self._failed = error
            raise
        return found

    def _pages(self) -> Iterator[MarketplaceReturn]:
        last_id = 0
        while True:
            page = self._marketplace.returns(last_id=last_id)
            yield from page.items
            if page.cursor is None:
                return
            last_id = int(page.cursor)

    def _return_of(self, key: str) -> str:
        intent = self._store.intent(self._seller, intent_of(key))
        return intent.ref.id if intent is not None else ""

    def _may_be_paid(self, found: MarketplaceReturn) -> bool:
        """Not what is offered still, and not what was rejected by our own call."""
        case = self._store.return_case(self._seller, found.id)
        if case is not None and case.decision in {str(action) for action in REJECT_ACTIONS}:
            return False
        try:
            return not self._marketplace.return_details(found.id).actions
        except ShipbyError:
            return True


def waits_for_proof(intent: Intent | None) -> bool:
    """Whether only the marketplace knows what became of its call."""
    return intent is not None and intent.state is IntentState.UNKNOWN
