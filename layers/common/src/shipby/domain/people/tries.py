"""Wrong PINs: counted before they are looked at, and after a few nobody may try for a while."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

FREE = 5
"""Wrong answers in a row without a wait."""
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """Answers that were not right, in a row, of one person or at one bench."""

    seller: str
    subject: str
    """`person.<id>` or `station.<key id>`."""
    version: int = 0
    wrong: int = 0
    wait_until: datetime | None = None


def wait(tries: Tries, now: datetime) -> timedelta:
    """How long nobody may try; not at all: zero."""
    return max(tries.wait_until - now, timedelta()) if tries.wait_until else timedelta()


def one_more(tries: Tries, now: datetime) -> Tries:
    """An answer that is about to be looked at counts as wrong: eight at once are eight, however they end."""
    wrong = tries.wrong + 1
    over = wrong - FREE
    until = now + min(FIRST_WAIT * 2 ** min(over, 10), LONGEST_WAIT) if over >= 0 else None
    return replace(tries, version=tries.version + 1, wrong=wrong, wait_until=until)


def right(tries: Tries) -> Tries:
    """It was the right one: nothing is counted any more."""
    return replace(tries, version=tries.version + 1, wrong=0, wait_until=None)
