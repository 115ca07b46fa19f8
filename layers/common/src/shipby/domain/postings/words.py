"""The words that people find postings by: its number and parts of it, SKUs and articles; and what nearly is one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from shipby.domain.postings.posting import MarketplacePosting

LEAST = 3
"""Signs of a part: fewer are found in most postings."""
_LONGEST = 60
_MOST = 40
"""Words of a posting: twenty lines. The rest of a larger one is found by its number."""
KEPT = timedelta(days=400)
"""How long a posting is found by parts and goods; by its whole number it always is."""


class WordKind(StrEnum):
    """What a word is of a posting; one letter, for each posting has several rows of them."""

    NUMBER = "n"
    PART = "p"
    """The number from its second or a later segment on."""
    SKU = "s"
    ARTICLE = "a"
    """The seller's own id: `offer_id`."""


class Word(NamedTuple):
    text: str
    """As `plain_word` makes it."""
    kind: WordKind
    number: str


def plain_word(text: str) -> str:
    """A word as it is kept and looked for: without blanks and signs that nobody sees, without regard of case."""
    seen = (sign for sign in unicodedata.normalize("NFKC", text) if sign.isprintable() and not sign.isspace())
    return "".join(sign for sign in seen if sign != "#").casefold()[:_LONGEST]


def words_of(facts: MarketplacePosting) -> tuple[Word, ...]:
    """Every word of a posting, each once."""
    return tuple(dict.fromkeys(_words(facts)))[:_MOST]


def new_words(before: MarketplacePosting | None, facts: MarketplacePosting) -> tuple[Word, ...]:
    """Those that it had not before."""
    had = frozenset(words_of(before)) if before is not None else frozenset()
    return tuple(word for word in words_of(facts) if word not in had)


def _words(facts: MarketplacePosting) -> Iterator[Word]:
    yield Word(plain_word(facts.number), WordKind.NUMBER, facts.number)
    segments = facts.number.split("-")
    for at in range(1, len(segments)):
        part = plain_word("-".join(segments[at:]))
        if len(part) >= LEAST:
            yield Word(part, WordKind.PART, facts.number)
    for line in facts.lines:
        for text, kind in ((line.sku, WordKind.SKU), (line.offer_id, WordKind.ARTICLE)):
            if word := plain_word(text):
                yield Word(word, kind, facts.number)


def nearly_begins(word: str, typed: str) -> bool:
    """Whether a word begins as typed, but for one sign: wrong, missing, too many or changed with its neighbour."""
    at = 0
    while at < min(len(word), len(typed)) and word[at] == typed[at]:
        at += 1
    if at == len(typed):
        return True
    rest, ahead = typed[at + 1 :], word[at:]
    if ahead[1:].startswith(rest) and ahead:
        return True
    if ahead.startswith(rest) or ahead[1:].startswith(typed[at:]):
        return True
    swapped = typed[at : at + 2][::-1]
    return len(swapped) == 2 and ahead.startswith(swapped + typed[at + 2 :])
