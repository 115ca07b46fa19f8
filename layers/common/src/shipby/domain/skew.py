"""Wall clocks may be wrong: which stored times can be believed, and which count as unknown.

Order comes from versions. Where only wall clocks say what came first, a time that lies ahead of the reader's clock by
more than `CLOCK_SKEW` says nothing: a worker whose clock stood ahead wrote it, or the reader's own stands behind. What
hangs on it is done again (read, polled, proven), which costs a call; to believe it would cost the item.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from shipby.domain.postings.posting import ONCE, MarketplacePosting, Posting

CLOCK_SKEW = timedelta(minutes=2)
"""How far a time may lie ahead and still be believed. Machines that keep time differ by milliseconds, a laptop that
woke up catches up within a minute; and whatever is believed wrongly is over when these two minutes are."""

LOOK_AHEAD = timedelta(days=2)
"""How many days to come are searched for what a wrong clock has put there."""


def ahead(when: datetime, now: datetime) -> bool:
    """Whether a time that should have passed lies so far ahead that it counts as unknown."""
    return when > now + CLOCK_SKEW


def age(when: datetime, now: datetime) -> timedelta:
    """How long ago something was done; `timedelta.max` where its time is unknown, so that it is done again."""
    return timedelta.max if ahead(when, now) else now - when


def read_time(read_at: datetime, last: datetime | None, now: datetime) -> datetime:
    """When a read began, as far as that can be believed; `last` is the read that was folded in before.

    A clock that stepped back while the read ran says nothing of its beginning. It counts, and covers nothing that
    came after the last one: then a push is read for once more.
    """
    if not ahead(read_at, now):
        return read_at
    return last if last is not None and not ahead(last, now) else now - CLOCK_SKEW


def times_ahead(posting: Posting, now: datetime) -> dict[str, datetime]:
    """The times of a posting that another read puts right, by their name; its day of receipt never moves, and what is
    tried once stays tried."""
    read = {"synced_at": posting.synced_at} | _since(posting)
    rang = {f"fired {kind}": due for kind, due in posting.fired.items() if kind not in ONCE}
    return {name: when for name, when in (read | rang).items() if ahead(when, now)}


def told(times: Mapping[str, datetime]) -> str:
    """What is wrong with such times, in words; the same from day to day."""
    listed = ", ".join(f"{name} {when:%Y-%m-%d %H:%M} UTC" for name, when in sorted(times.items()))
    return f"a clock was wrong, these times lie ahead: {listed}"


def _since(posting: Posting) -> dict[str, datetime]:
    """Times of ours that clocks start from."""
    found = {
        "assembled_at": posting.assembled_at,
        "passport_since": posting.passport_since,
        "tracking_asked_at": posting.tracking_asked_at,
    }
    return {name: when for name, when in found.items() if when is not None}


def runs_behind(facts: MarketplacePosting, now: datetime) -> bool:
    """Whether it is this worker's clock that is wrong: the marketplace names as past what it holds for to come."""
    past = (facts.in_process_at, facts.delivering_date, facts.delivered_at)
    return any(ahead(when, now) for when in past if when is not None)
