"""The backstop for lost pushes: hold the marketplace's own lists against the store and ask for what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from shipby.application.cases.odd_entries import (
    Listed,
    OddEntry,
    close_readable,
    keep_odd_entries,
    noting,
    set_aside_of,
)
from shipby.application.polling.list_memory import VERIFY_ENDED, ListMemory
from shipby.application.polling.slow_lane import unlisted
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.messages import WorkQueue
from shipby.application.ports.pages import Page
from shipby.application.ports.store import Store
from shipby.application.shared.messages import sync_message
from shipby.application.shared.troubles import Troubles
from shipby.domain.cases.case import Case
from shipby.domain.money import Money
from shipby.domain.postings.odd_reads import for_a_person
from shipby.domain.postings.posting import BEFORE_HAND_OVER, FINAL, MarketplacePosting, Posting, Stage
from shipby.domain.skew import times_ahead

LOOK_BACK = timedelta(days=14)
READ_AGAIN = timedelta(hours=12)
"""After this long a posting in the house is read whole again, even if the lists show nothing new of it."""
ODD_AGAIN = timedelta(minutes=15)
"""How often a posting whose entry in a list cannot be read is read by itself, which may say more."""
CHANGED_BACK = timedelta(days=360)
"""Of postings that began before `LOOK_BACK`, how old those are that are asked for by the time of their last change: the
marketplace lists a year at most."""
AHEAD = timedelta(days=30)
"""Cut-offs of unfulfilled postings lie at most this far ahead."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one round saw: postings listed, and postings that differed and were queued."""

    listed: int
    queued: int


def is_stale(known: Posting | None, now: datetime) -> bool:
    """Whether a posting that is still in the house was last read whole so long ago that it is read again unasked, or
    any posting has times that lie ahead: a read puts them right.

    The lists do not say everything; the audit of open orders expects a read a day.
    """
    if known is not None and times_ahead(known, now):
        return True
    if known is None or now - known.synced_at < READ_AGAIN:
        return False
    return known.stage in BEFORE_HAND_OVER or known.stage in (Stage.BLOCKED, Stage.EXPIRED)


def _stale_at(known: Posting, now: datetime) -> datetime:
    """When it has to be looked at again although nothing changes."""
    in_the_house = known.stage in BEFORE_HAND_OVER or known.stage in (Stage.BLOCKED, Stage.EXPIRED)
    return known.synced_at + READ_AGAIN if in_the_house else now + VERIFY_ENDED


def differs(known: Posting | None, facts: MarketplacePosting) -> bool:
    """Whether the list shows something of a posting that the store does not know, and that a read brings."""
    return (
        known is None
        or known.status != facts.status
        or known.substatus != facts.substatus
        or (facts.shipment_date is not None and known.shipment_date != facts.shipment_date)
        or bool(facts.tracking_number and known.tracking_number != facts.tracking_number)
    )


_ENDED = FINAL | {Stage.DELIVERED}
_AS_TOLD = (
    "order_number",
    "in_process_at",
    "delivering_date",
    "tariff_steps",
    "actions",
    "requirements",
    "optional_marks",
    "cancellation",
    "parent_number",
    "related_numbers",
    "integration",
    "flow",
    "legal",
    "traceable",
    "code_verified_at",
    "scanit",
)
"""Fields of which a list's word counts wherever it says something else than the last read did."""
_WHERE_KNOWN = ("warehouse_id", "delivery_method_id", "carrier", "barcodes")
"""Those that a read may leave out: only another value is a difference."""


def differs_in_detail(known: Posting, detail: MarketplacePosting | None, facts: MarketplacePosting) -> bool:
    """Whether the list shows anything else than the last read did: goods, prices, dates, tariff, offers, duties,
    places, relatives, a cancellation.

    A list may leave out what a posting's own read has: nothing is no difference.
    """
    if detail is None:
        return True
    of_posting = (
        (facts.without_delay, known.without_delay),
        (facts.delivery_by, known.delivery_by),
        (facts.delivery_schema, known.delivery_schema),
    )
    told = [(getattr(facts, name), getattr(detail, name)) for name in _AS_TOLD]
    kept = [(getattr(facts, name), getattr(detail, name)) for name in _WHERE_KNOWN]
    return (
        any(new and new != old for new, old in (*of_posting, *told))
        or any(new and old and new != old for new, old in kept)
        or bool(facts.lines and _goods(facts) != _goods(detail))
        or _priced_anew(facts, detail)
    )


def _goods(facts: MarketplacePosting) -> Counter[tuple[str, str]]:
    pieces: Counter[tuple[str, str]] = Counter()
    for line in facts.lines:
        pieces[line.sku, line.offer_id] += line.quantity
    return pieces


def _priced_anew(facts: MarketplacePosting, detail: MarketplacePosting) -> bool:
    """Whether the list has prices for all goods, and others than the last read, or that had none for some."""
    if not facts.lines or any(line.price is None for line in facts.lines):
        return False
    return _prices(facts) != _prices(detail)


def _prices(facts: MarketplacePosting) -> set[tuple[str, Money | None]]:
    return {(line.sku, line.price) for line in facts.lines}


def reconcile(
    seller: str,
    *,
    store: Store,
    marketplace: Marketplace,
    queue: WorkQueue,
    clock: Clock,
    look_back: timedelta = LOOK_BACK,
    troubles: Troubles | None = None,
    memory: ListMemory | None = None,
) -> Reconciled:
    """One polling round of a seller. Postings are only queued here: they are read one by one by the sync worker.

    What is open and in no list any more is read again once a day: see `slow_lane`. What fails stops nothing beside it.
    It is added to `troubles`; without them the first is raised at the end.
    """
    now = clock.now()
    own = Troubles()
    round_ = _Round(seller, store, queue, now, own, memory or ListMemory())

    # First what still has to be sent, which is what a deadline hangs on; then everything else.
    def unfulfilled(cursor: str) -> Page[MarketplacePosting]:
        return marketplace.unfulfilled(cutoff_from=now - look_back, cutoff_to=now + AHEAD, cursor=cursor)

    def began(cursor: str) -> Page[MarketplacePosting]:
        return marketplace.postings(since=now - look_back, to=now, cursor=cursor)

    with noting() as odd:
        round_.go_through("postings to send", unfulfilled)
        round_.go_through("postings", began)
    whole = not own.found
    with own.of("odd postings"):
        round_.ask_for(set_aside_of(odd, Listed.POSTING))
        keep_odd_entries(seller, odd, store=store, now=now)
        if whole:
            close_readable(seller, odd, odd.whole, store=store, now=now, still=round_.is_still_odd)
            round_.ask_again()
    with own.of("open postings"):
        round_.ask_for_unlisted()
    if troubles is None:
        own.settle()
    else:
        troubles.found += own.found
    return Reconciled(len(round_.seen), round_.queued)


def ask_for_changed(
    seller: str,
    since: datetime,
    *,
    store: Store,
    marketplace: Marketplace,
    queue: WorkQueue,
    clock: Clock,
    look_back: timedelta,
    memory: ListMemory,
) -> int:
    """Queue postings that began before `look_back` and whose status has changed since; returns how many.

    No other list shows them, and the walk through the boards comes to each but once a day.
    """
    now, own = clock.now(), Troubles()
    round_ = _Round(seller, store, queue, now, own, memory)

    def older(cursor: str) -> Page[MarketplacePosting]:
        return marketplace.postings(since=now - CHANGED_BACK, to=now - look_back, changed_from=since, cursor=cursor)

    with noting() as odd:
        round_.go_through("older postings that changed", older)
    round_.ask_for(set_aside_of(odd, Listed.POSTING))
    keep_odd_entries(seller, odd, store=store, now=now)
    own.settle()
    return round_.queued


class PartTooLargeError(Exception):
    """A part of the lists takes longer than a visit has for it; what was seen by then is queued."""


@dataclass(frozen=True, slots=True)
class Part:
    """What began in a span of time, or (`to_send`) what has its cut-off in it and still has to be sent."""

    since: datetime
    to: datetime
    to_send: bool = False


def reconcile_part(
    seller: str,
    part: Part,
    *,
    store: Store,
    marketplace: Marketplace,
    queue: WorkQueue,
    clock: Clock,
    memory: ListMemory,
    time_is_up: Callable[[], bool],
) -> Reconciled:
    """A part of what `reconcile` looks at.

    Raises PartTooLargeError once time is up, and what failed; what was seen by then is queued.
    """
    now, own = clock.now(), Troubles()
    round_ = _Round(seller, store, queue, now, own, memory)

    def listing(cursor: str) -> Page[MarketplacePosting]:
        if cursor and time_is_up():
            raise PartTooLargeError
        if part.to_send:
            return marketplace.unfulfilled(cutoff_from=part.since, cutoff_to=part.to, cursor=cursor)
        return marketplace.postings(since=part.since, to=part.to, cursor=cursor)

    with noting() as odd:
        round_.go_through("postings to send" if part.to_send else "postings", listing)
    whole = not own.found
    with own.of("odd postings"):
        round_.ask_for(set_aside_of(odd, Listed.POSTING))
        keep_odd_entries(seller, odd, store=store, now=now)
        if whole:

            def still(case: Case) -> bool:
                return case.subject not in odd.readable or round_.is_still_odd(case)

            close_readable(seller, odd, odd.whole, store=store, now=now, still=still)
            round_.ask_again()
    own.settle()
    return Reconciled(len(round_.seen), round_.queued)


def ask_for_unlisted(seller: str, listed: Collection[str], *, store: Store, queue: WorkQueue, clock: Clock) -> int:
    """Queue open postings that no list has shown and nobody has read for a day, a part a visit; returns how many."""
    round_ = _Round(seller, store, queue, clock.now(), Troubles(), ListMemory())
    round_.seen.update(listed)
    round_.ask_for_unlisted()
    return round_.queued


class _Round:
    """What one round of a seller has seen and queued so far."""

    def __init__(
        self, seller: str, store: Store, queue: WorkQueue, now: datetime, troubles: Troubles, memory: ListMemory
    ) -> None:
        self._seller, self._store, self._queue, self._now, self._troubles = seller, store, queue, now, troubles
        self._memory = memory
        self.seen: set[str] = set()
        self.queued = 0
        self._again: list[str] = []
        self._sent: set[str] = set()
        self._schemas: dict[str, str] = {}

    def go_through(self, what: str, listing: Callable[[str], Page[MarketplacePosting]]) -> None:
        """Queue what differs, page by page: a round that is cut short later has still mended what it saw."""
        cursor: str | None = ""
        while cursor is not None:
            following = None
            with self._troubles.of(what):
                page = listing(cursor)
                following = page.cursor
                self._look(page)
            cursor = following

    def _look(self, page: Page[MarketplacePosting]) -> None:
        fresh = {facts.number: facts for facts in page.items if facts.number not in self.seen}
        self.seen.update(fresh)
        self._schemas |= {number: facts.delivery_schema for number, facts in fresh.items() if facts.delivery_schema}
        self._send([number for number, facts in fresh.items() if self._is_wanted(number, facts)])

    def _is_wanted(self, number: str, facts: MarketplacePosting) -> bool:
        if self._memory.has_matched(self._seller, facts, self._now):
            return False
        with self._troubles.of(f"posting {number}"):
            known = self._store.posting(self._seller, number)
            if known is None or differs(known, facts) or is_stale(known, self._now):
                return True
            if not differs_in_detail(known, self._store.detail(self._seller, number, of=known), facts):
                ended = known.stage in _ENDED
                self._memory.note_match(self._seller, facts, _stale_at(known, self._now), ended=ended)
                return False
            if self._memory.was_read_for(self._seller, facts, known.synced_at, self._now):
                return False
            self._memory.note_ask(self._seller, facts, self._now)
            return True
        return False

    def ask_for_unlisted(self) -> None:
        """Open postings that no list shows any more. Where a list could not be read to its end, what it would have
        shown counts as well: a list that never works must not be the last that anybody hears of them."""
        self._send(unlisted(self._seller, self.seen, store=self._store, now=self._now))

    def ask_for(self, odd: dict[str, OddEntry]) -> None:
        """Postings whose entries could not be read are read by themselves, which may say more."""
        wanted = []
        for number in odd:
            known = self._store.posting(self._seller, number) if number else None
            if number and number not in self.seen and (known is None or self._now - known.synced_at >= ODD_AGAIN):
                wanted.append(number)
        self._send(wanted)

    def is_still_odd(self, case: Case) -> bool:
        """The lists show it readable; its own read must have been too, since the case was opened."""
        number = case.subject.removeprefix(f"{Listed.POSTING} ")
        if number == case.subject or " " in number:
            return False  # the case of many, or of one without a name
        posting, detail = self._store.posting(self._seller, number), self._store.detail(self._seller, number)
        if posting is None or detail is None:
            return True  # still to come: it is asked for as long as it is listed
        still = posting.synced_at <= case.opened_at or bool(for_a_person(detail))
        if still and self._now - posting.synced_at >= ODD_AGAIN:
            self._again.append(number)
        return still

    def ask_again(self) -> None:
        """Have postings read by themselves whose case hangs on nothing else any more."""
        self._send(self._again)

    def _send(self, numbers: list[str]) -> None:
        """Each number once a round, whoever asks for it."""
        numbers = [number for number in dict.fromkeys(numbers) if number not in self._sent]
        self._queue.send(
            sync_message(self._seller, number, hinted_at=self._now, why="poll", schema=self._schemas.get(number, ""))
            for number in numbers
        )
        self._sent.update(numbers)
        self.queued += len(numbers)
