"""The nothing-lost proof: what the marketplace lists against our rows, histories without gaps, money that adds up.

Set A is every posting that the marketplace lists for the window; set B is every posting of ours that began in the same
window. It is red when anything differs, and says which id and why.

A run is a walk that may be cut short at any point: where it stands is a row, and the next stint goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial

from shipby.application.cases.odd_entries import Listed, Noted, noting, open_odd_cases, set_aside_of
from shipby.application.ports.clock import Clock
from shipby.application.ports.marketplace import Marketplace
from shipby.application.ports.pages import Page
from shipby.application.ports.store import Store
from shipby.application.proof.check_matters import Matters
from shipby.application.proof.check_postings import Accepted, Postings, Read
from shipby.application.proof.report import Proof
from shipby.application.proof.walk import GRACE, WINDOW, Walk, begin
from shipby.domain.postings.posting import MarketplacePosting
from shipby.domain.proof.content import Differs
from shipby.domain.skew import LOOK_AHEAD

REPORT = "proof"
MOST_LISTED = 2_000
"""Entries of the marketplace's list that are held at once; a busier stretch of time is cut in two."""
SHORTEST = timedelta(minutes=1)
REFUNDS_BACK = timedelta(days=31)
"""Returns opened so long before the window still wait for the accruals of their refunds."""


class CutShortError(Exception):
    """Time is up in the middle of a step; where it stands is noted."""


def prove(
    seller: str,
    *,
    store: Store,
    marketplace: Marketplace,
    clock: Clock,
    window: timedelta = WINDOW,
    grace: timedelta = GRACE,
    changed_since: datetime | None = None,
) -> Proof:
    """Hold everything that began in the window, up to `grace` ago, against the marketplace and against itself.

    With `changed_since`, of what the marketplace lists only what began or changed its status since then.
    """
    walk = begin(seller, now=clock.now(), window=window, grace=grace, changed_since=changed_since)
    _Prover(walk, store, marketplace, clock, lambda: False).run()
    return walk.proof


def go_on(walk: Walk, *, store: Store, marketplace: Marketplace, clock: Clock, time_is_up: Callable[[], bool]) -> bool:
    """Walk until the end (True) or until time is up (False): then `keep` it, and go on later.

    Whatever the marketplace's reads raise is raised; what was looked at by then is not looked at again.
    """
    try:
        _Prover(walk, store, marketplace, clock, time_is_up).run()
    except CutShortError:
        return False
    return True


# The walk -----------------------------------------------------------------------------------------------------------


class _Prover:
    """One stint of a run."""

    def __init__(
        self, walk: Walk, store: Store, marketplace: Marketplace, clock: Clock, time_is_up: Callable[[], bool]
    ) -> None:
        self._walk, self._store, self._marketplace, self._clock = walk, store, marketplace, clock
        self._time_is_up = time_is_up
        seller = walk.proof.seller
        accepted = Accepted(seller, store, walk.proof.since - 2 * REFUNDS_BACK)
        self._postings = Postings(store, accepted, walk.grace, Read())
        self._matters = Matters(store, marketplace, self._postings, walk.grace)

    def run(self) -> None:
        """Raises CutShortError."""
        walk = self._walk
        walk.proof.at = self._clock.now()
        steps = (
            self._changed,
            self._listed,
            self._listed_returns,
            self._kept,
            self._returns,
            self._refunds,
            self._pushes,
            self._rest,
        )
        while walk.step < len(steps):
            steps[walk.step]()
            walk.step += 1
            walk.day = walk.cursor = walk.after = ""
            walk.at = None
        walk.proof.at = self._clock.now()

    def _pause(self) -> None:
        if self._time_is_up():
            raise CutShortError

    # -- what the marketplace lists

    def _changed(self) -> None:
        """Postings of the window whose status has changed since the last whole look."""
        since = self._walk.proof.changed_since
        if since is not None:
            self._stretches(self._walk.proof.since, changed_from=since)

    def _listed(self) -> None:
        since = self._walk.proof.changed_since
        self._stretches(max(since, self._walk.proof.since) if since else self._walk.proof.since)
        self._walk.proof.counts["marketplace_postings"] = len(self._walk.seen)

    def _stretches(self, since: datetime, *, changed_from: datetime | None = None) -> None:
        """Stretch of time by stretch of time; a stretch that was cut short is listed again and gone on with."""
        walk = self._walk
        start = walk.at or since
        while start < walk.proof.until:
            self._pause()
            end = min(start + walk.stretch, walk.proof.until)
            found = self._list(start, end, changed_from)
            if found is None:
                walk.stretch = max((end - start) / 2, SHORTEST)
                continue
            for number in sorted(found):
                if number <= walk.after:
                    continue
                if walk.sees(number):
                    self._look_at(number, found[number], is_listed=True)
                walk.after = number
                self._pause()  # after it: a stint whose list took all its time has still moved on
            start = walk.at = end
            walk.after = ""
            if len(found) < MOST_LISTED // 4:
                walk.stretch = min(walk.stretch * 2, WINDOW)

    def _list(
        self, start: datetime, end: datetime, changed_from: datetime | None
    ) -> dict[str, MarketplacePosting | None] | None:
        """What began in a stretch; None where it is more than is held at once."""
        found: dict[str, MarketplacePosting | None] = {}
        cursor: str | None = ""
        listing = self._marketplace.postings
        if changed_from is not None:
            listing = partial(listing, changed_from=changed_from)
        with noting() as odd:
            while cursor is not None:
                page = listing(since=start, to=end, cursor=cursor)
                found |= {facts.number: facts for facts in page.items}
                cursor = page.cursor
                if len(found) > MOST_LISTED and cursor is not None and end - start > SHORTEST:
                    return None
        # An entry that cannot be read is listed all the same.
        found |= dict.fromkeys((one for one in set_aside_of(odd, Listed.POSTING) if one), None)
        self._note_odd(odd)
        return found

    def _note_odd(self, odd: Noted) -> None:
        self._walk.odd_fields += sum(entry.kept for entry in odd)
        self._walk.aside |= {entry.subject: entry.problem for entry in odd if not entry.kept}

    def _look_at(self, number: str, listed: MarketplacePosting | None, *, is_listed: bool) -> None:
        differs = False

        def look(proof: Proof) -> None:
            nonlocal differs
            differs = self._postings.check(number, listed, proof, is_listed=is_listed)

        self._twice(look)
        if differs and listed is not None:
            self._status(number, listed)

    def _status(self, number: str, listed: MarketplacePosting) -> None:
        """Another status than ours is a finding once the marketplace has had it for longer than the grace."""
        known = self._store.posting(self._walk.proof.seller, number)
        if known is None or known.status == listed.status or known.synced_at > listed.read_at:
            return
        if self._walk.young is None:
            self._walk.young = self._changed_lately()
        if number in self._walk.young:
            self._walk.proof.counts["not_yet"] += 1
            return
        text = f"{listed.status} at the marketplace, {known.status} here, read {known.synced_at:%Y-%m-%d %H:%M} UTC"
        self._walk.proof.find(Differs.STATUS, number, text)

    def _changed_lately(self) -> set[str]:
        proof, cursor = self._walk.proof, ""
        found: set[str] = set()
        while True:
            page = self._marketplace.postings(
                since=proof.since, to=proof.until, changed_from=self._clock.now() - self._walk.grace, cursor=cursor
            )
            found.update(facts.number for facts in page.items)
            if page.cursor is None:
                return found
            cursor = page.cursor

    def _listed_returns(self) -> None:
        self._pause()
        with noting() as odd:
            self._matters.listed_returns(self._walk.proof)
            self._matters.waiting_requests(self._walk.proof)
        self._note_odd(odd)

    # -- what we keep

    def _kept(self) -> None:
        """Our postings that the marketplace did not list: all that came in the window, by the day they came."""
        if self._walk.proof.changed_since is not None:
            return
        self._days(
            self._proof_days(),
            lambda day, cursor: self._store.received_on(self._walk.proof.seller, day, cursor=cursor),
            lambda number: None if self._walk.has_seen(number) else self._look_at(number, None, is_listed=False),
        )

    def _returns(self) -> None:
        self._days(self._proof_days(), self._returns_on, lambda one: self._twice(partial(self._matters.return_of, one)))

    def _refunds(self) -> None:
        if self._walk.proof.changed_since is not None:
            return
        first = self._walk.proof.since.date()
        days = [first - timedelta(days=back) for back in range(REFUNDS_BACK.days, 0, -1)]
        self._days(days, self._returns_on, lambda one: self._twice(partial(self._matters.money_of, one)))

    def _returns_on(self, day: date, cursor: str | None) -> Page[str]:
        return self._store.returns_opened_on(self._walk.proof.seller, day, cursor=cursor)

    def _days(
        self,
        days: list[date],
        listing: Callable[[date, str | None], Page[str]],
        look: Callable[[str], None],
    ) -> None:
        """Day by day, page by page; goes on where the walk stands."""
        walk = self._walk
        for day in days:
            if day.isoformat() < walk.day:
                continue
            walk.day, more = day.isoformat(), True
            while more:
                self._pause()
                page = listing(day, walk.cursor or None)
                for one in page.items:
                    if one <= walk.after:
                        continue
                    look(one)
                    walk.after = one
                    self._pause()
                walk.cursor, more = page.cursor or "", page.cursor is not None
            walk.after = ""

    def _proof_days(self) -> list[date]:
        proof = self._walk.proof
        # Days to come hold what a clock that stood ahead has written.
        first, last = proof.since.date(), (proof.at + LOOK_AHEAD).date()
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]

    # -- the rest

    def _pushes(self) -> None:
        """A day at a time."""
        walk = self._walk
        since = walk.proof.changed_since
        for day in self._proof_days():
            if day.isoformat() <= walk.day or (since is not None and day < since.astimezone(UTC).date()):
                continue
            self._pause()
            self._matters.pushes(iter([day]), walk.proof)
            walk.day = day.isoformat()

    def _rest(self) -> None:
        walk, proof = self._walk, self._walk.proof
        self._pause()
        self._matters.open_intents(proof)
        self._matters.matters(proof, twice=self._twice)
        # What cannot be read proves nothing: it is a finding until it can be, or a person has closed its case.
        proof.counts["odd_fields"] = walk.odd_fields
        aside = walk.aside | {case.subject: case.reason for case in open_odd_cases(proof.seller, store=self._store)}
        for subject, problem in sorted(aside.items()):
            proof.find("odd_entry", subject, problem)
        if proof.green and proof.counts["marketplace_postings"] != proof.counts["our_postings"]:
            listed, ours = proof.counts["marketplace_postings"], proof.counts["our_postings"]
            proof.find("counts", proof.seller, f"the marketplace lists {listed} postings of the window, we keep {ours}")

    def _twice(self, check: Callable[[Proof], None]) -> None:
        """Rows of one item are read one after the other while others write: only what is wrong twice is a finding."""
        for last in (False, True):
            own = self._walk.proof.blank()
            check(own)
            if own.green or last:
                self._walk.proof.take(own)
                return
