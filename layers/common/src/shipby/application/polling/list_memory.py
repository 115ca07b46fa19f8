"""What a warm process remembers of the marketplace's lists, so that a visit reads only what they show anew.

Nothing hangs on it: a process without memory reads every listed posting once more. What matched is held against the
store again after `VERIFY_EVERY` (`VERIFY_ENDED`) all the same, so a row that changed by itself does not stay unnoticed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

from shipby.domain.postings.posting import MarketplacePosting

VERIFY_EVERY = timedelta(hours=6)
VERIFY_ENDED = timedelta(days=1)
"""The same of postings that are delivered, closed or cancelled: nobody here moves them, and the proof reads all of them
once a day."""
_MOST = 200_000
"""Postings that are remembered; beyond that all is forgotten, which costs reads and nothing else."""
_Memory = dict[tuple[str, str], tuple[bytes, datetime]]


def fingerprint(facts: MarketplacePosting) -> bytes:
    """Eight bytes of all that an entry of a list says, apart from when it was read."""
    said = [getattr(facts, name) for name in MarketplacePosting.__slots__ if name != "read_at"]
    return blake2b(repr(said).encode("utf-8", "surrogatepass"), digest_size=8).digest()


@dataclass(slots=True)
class ListMemory:
    """Of one process; all sellers."""

    _matched: _Memory = field(default_factory=dict)
    _asked: _Memory = field(default_factory=dict)

    def has_matched(self, seller: str, facts: MarketplacePosting, now: datetime) -> bool:
        """Whether the store was seen to know just this, not long ago."""
        mark, until = self._matched.get((seller, facts.number), (b"", now))
        return now < until and mark == fingerprint(facts)

    def known(self, seller: str) -> set[str]:
        """Numbers that the lists showed lately, and that the store was seen to know."""
        return {number for of, number in self._matched if of == seller}

    def note_match(self, seller: str, facts: MarketplacePosting, until: datetime, *, ended: bool) -> None:
        """The store knows all that the entry says; not looked at again before `until`, unless the entry changes.

        `ended`: it is delivered, closed or cancelled.
        """
        verify = VERIFY_ENDED if ended else VERIFY_EVERY
        self._remember(self._matched, seller, facts, min(until, facts.read_at + verify))

    def was_read_for(self, seller: str, facts: MarketplacePosting, synced_at: datetime, now: datetime) -> bool:
        """Whether the posting was read since it was asked for because of this very entry: the list and the posting's
        own read do not agree, and reading it again would not make them."""
        mark, at = self._asked.get((seller, facts.number), (b"", now))
        return mark == fingerprint(facts) and at <= synced_at and now - at < VERIFY_EVERY

    def note_ask(self, seller: str, facts: MarketplacePosting, now: datetime) -> None:
        """The posting is asked for because of this entry."""
        self._matched.pop((seller, facts.number), None)
        mark, at = self._asked.get((seller, facts.number), (b"", now))
        if mark != fingerprint(facts) or now - at >= VERIFY_EVERY:
            self._remember(self._asked, seller, facts, now)

    @staticmethod
    def _remember(where: _Memory, seller: str, facts: MarketplacePosting, at: datetime) -> None:
        if len(where) >= _MOST:
            where.clear()
        where[seller, facts.number] = fingerprint(facts), at
