"""The error index: which errors count, what each costs, how the index stood on a day.

The marketplace publishes the answers' fields and a table of bands, not its rules. What is assumed here, and only here:

- A posting is delayed when `shipment_date_without_delay` passes and it has not been handed over; being assembled is not
  enough. The error arises at that moment and stays, even if the date moves afterwards.
- A cancel counts if it is the seller's fault: the seller's own with a reason of type `seller`, or the marketplace's
  because the posting was overdue. `affect_cancellation_rating` tells so, whatever `cancellation_type` says. Partial
  cancels do not count.
- A posting has at most one error of each type. The index is the share of postings with an error among those that began
  processing in the period, plus those with an error in it; parents of a split are left out. Days are UTC.
- An error is charged once, when it arises, by the band of the index with it included. The price is the posting's at
  that moment. The cap is for all errors of a posting together.
- A forgiven posting (`has_grace_status`) does not count; what was charged for it is paid back.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from shipby_local.simulator import words
from shipby_local.simulator.model import Money, Posting, RatingError
from shipby_local.simulator.world import World

_DAY = timedelta(days=1)
Pay = Callable[..., Money]


@dataclass(frozen=True, slots=True)
class IndexDay:
    """The index (percent) at the end of a day, or now, and what was charged for the day's errors."""

    day: date
    index: Decimal
    costs: Decimal


def day_ends(first: date, last: date) -> list[tuple[date, datetime]]:
    """Each UTC day from `first` to `last` with its last millisecond."""
    days = [first + offset * _DAY for offset in range((last - first).days + 1)]
    return [(day, datetime.combine(day + _DAY, time(), UTC) - timedelta(milliseconds=1)) for day in days]


class RatingDesk:
    """Counts and charges errors. `pay` books money as `Market.pay` does. Call it inside `world.change()`."""

    def __init__(self, world: World, pay: Pay) -> None:
        self._world = world
        self._terms = world.settings.index
        self._pay = pay

    def errors(self, client_id: str) -> list[RatingError]:
        """All errors of a seller, oldest first."""
        return [error for error in self._world.rating_errors.all() if error.client_id == client_id]

    def begin(self, at: datetime) -> datetime:
        """When the period that ends at a time begins."""
        days, rest = divmod(timedelta(seconds=self._terms.period_seconds), _DAY)
        if rest or not days:
            return at - timedelta(seconds=self._terms.period_seconds)
        return datetime.combine(at.date() - (days - 1) * _DAY, time(), UTC)

    def index(self, client_id: str, at: datetime) -> Decimal:
        """The index at a time, in percent."""
        return self.history(client_id)(at)

    def history(self, client_id: str) -> Callable[[datetime], Decimal]:
        """A function from a time to the index; reads the books once."""
        counted = sorted(
            ((error.at, error.posting_number) for error in self.errors(client_id) if not error.grace),
            key=lambda pair: pair[0],
        )
        moments = [at for at, _ in counted]
        began = {
            posting.number: posting.in_process_at
            for posting in self._world.postings.all()
            if posting.client_id == client_id and posting.history and posting.status != words.SPLIT
        }
        starts = sorted(began.values())
        before = self._world.count(f"handled_before:{client_id}")

        def at_time(at: datetime) -> Decimal:
            begin = self.begin(at)
            wrong = {number for _, number in counted[bisect_left(moments, begin) : bisect_right(moments, at)]}
            handled = bisect_right(starts, at) - bisect_left(starts, begin) + before
            handled += sum(not begin <= began.get(number, begin) <= at for number in wrong)
            return Decimal(len(wrong) * 100) / Decimal(handled) if handled else Decimal(0)

        return at_time

    def days(self, client_id: str) -> list[IndexDay]:
        """Every day of the present period, earliest first; costs are those in the seller's currency."""
        now, index, seller = self._world.now(), self.history(client_id), self._world.sellers.get(client_id)
        begin = self.begin(now)
        costs: dict[date, Decimal] = defaultdict(Decimal)
        for error in self.errors(client_id):
            if error.at >= begin and seller is not None and error.currency == seller.currency:
                costs[error.at.date()] += error.charge
        return [IndexDay(day, index(min(now, end)), costs[day]) for day, end in day_ends(begin.date(), now.date())]

    @property
    def first_band(self) -> Decimal:
        """Above this index errors cost money; 0 if they never do."""
        return min((above for above, percent in self._terms.bands if percent > 0), default=Decimal(0))

    def percent(self, index: Decimal) -> Decimal:
        """What an error costs at an index, in percent of the posting's price."""
        return max((percent for above, percent in self._terms.bands if index > above), default=Decimal(0))

    def blame(self, posting: Posting, kind: str, at: datetime) -> None:
        """Enters an error of the seller and charges it; a second one of the same type changes nothing."""
        known = [error for error in self.errors(posting.client_id) if error.posting_number == posting.number]
        if any(error.type == kind for error in known):
            return
        error = self._world.rating_errors.put(
            RatingError(
                self._world.next_id("rating_error"),
                posting.client_id,
                posting.number,
                kind,
                at,
                posting.scheme,
                posting.total,
                posting.currency,
                grace=posting.grace,
            )
        )
        error.index = self.index(posting.client_id, at)
        if error.grace:
            return
        error.percent = self.percent(error.index)
        charge = words.cents(posting.total * error.percent / 100)
        cap = self._terms.caps.get(posting.currency)
        if cap is not None:
            charge = min(charge, cap - sum((one.charge for one in known), Decimal(0)))
        if charge > 0:
            error.charge = charge
            self._book(posting, error, "marketplace")

    def forgive(self, posting: Posting, forgiven: bool) -> None:
        """Gives the posting its grace or takes it from errors to come; forgiven charges are paid back."""
        posting.grace = forgiven
        self._world.postings.put(posting)
        for error in self.errors(posting.client_id):
            if not forgiven or error.posting_number != posting.number or error.grace:
                continue
            if error.charge > 0:
                self._book(posting, error, "seller")
            error.grace, error.charge, error.percent = True, Decimal(0), Decimal(0)
            self._world.rating_errors.put(error)

    def _book(self, posting: Posting, error: RatingError, paid_to: str) -> None:
        kind = words.INDEX_CHARGES[error.type]
        self._pay(posting, kind=kind, amount=error.charge, executed_by="marketplace", paid_to=paid_to)
