"""Text that fits: cleaning, measuring, wrapping. Widths come from the fonts; nothing is guessed.

What is not a drawable character, by class:
- white space of any kind (tab, line break, ideographic space) becomes a space, repeated ones become one;
- invisible format characters (Unicode category Cf: bidi marks, zero-width joiners, soft hyphens, byte order marks) and
  variation selectors are removed: they have no ink, and the rest of the text stays what it was;
- every other control character, emoji, right-to-left letter or character in no font of ours is a problem that names it:
  a box in its place could send a parcel to the wrong door. Texts that only help (names of goods) cost no paper: signs
  without a glyph are left out of them, and letters become question marks.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

from shipby.adapters.labels.fonts import EM, Fonts, Typeface

ELLIPSIS = "…"

_SPACES = re.compile(r"[\s\x1c-\x1f\x85\u3000]+")
_REPEATED = re.compile(" {2,}")
_NO_BREAK = {0x202F: 0xA0, 0x2007: 0xA0}
_SELECTORS = re.compile("[\u034f\u180b-\u180f\ufe00-\ufe0f]")
# Where a line may end: after a space, after / or a hyphen that no digit follows, and on either side of a hanzi; never
# before closing punctuation or after opening punctuation.
_CLOSING = frozenset("，。、）》〉」』】〕：；！？％”’…,.;:!?)»%")
_OPENING = frozenset("（《〈「『【〔“‘(«")


@dataclass(slots=True)
class Line:
    """One line and its width in thousandths of an em. Never changed; frozen, it would take longer to make."""

    text: str
    width: int


def clean(fonts: Fonts, text: str) -> tuple[str, str]:
    """The text as it is drawn, and what is wrong with it ("" if nothing)."""
    if not fonts.drawable.issuperset(text):
        text = unicodedata.normalize("NFC", text).translate(_NO_BREAK)
        text = "".join(
            character
            for character in _SELECTORS.sub("", text)
            if character.isspace() or unicodedata.category(character) != "Cf"
        )
        text = _SPACES.sub(lambda found: "\xa0" if found[0] == "\xa0" else " ", text)
        for character in dict.fromkeys(text):
            if character not in fonts.drawable:
                if not fonts.has(character):
                    return "", _missing(character)
                fonts.drawable.add(character)
    return (_REPEATED.sub(" ", text) if "  " in text else text).strip(), ""


def readable(fonts: Fonts, text: str) -> str:
    """A text that only helps, as it is drawn: what no font has is left out if it is a sign, or a `?` if it is a letter
    or a digit."""
    text = unicodedata.normalize("NFC", text)
    cleaned, problem = clean(fonts, text)
    if not problem:
        return cleaned
    return clean(fonts, "".join(letter if _is_drawn(fonts, letter) else _instead(letter) for letter in text))[0]


def _is_drawn(fonts: Fonts, letter: str) -> bool:
    # Invisible characters are taken out afterwards; surrogates have no category of text at all.
    return letter.isspace() or unicodedata.category(letter) == "Cf" or fonts.has(letter.translate(_NO_BREAK))


def _instead(letter: str) -> str:
    return "?" if unicodedata.category(letter)[0] in "LN" else ""


def _missing(character: str) -> str:
    code = f"U+{ord(character):04X}"
    if unicodedata.category(character) == "Cc":
        return f"control character {code} cannot be printed; remove it"
    name = unicodedata.name(character, "")
    shown = f"{character} ({code}{', ' + name if name else ''})" if character.isprintable() else code
    return f"no label font has {shown}; write it in Cyrillic, Latin or Chinese characters"


class Measured:
    """A cleaned text in one weight, measured once however often it is wrapped."""

    __slots__ = ("_sums", "_wrapped", "text", "typeface")

    def __init__(self, typeface: Typeface, text: str) -> None:
        self.text = text
        self.typeface = typeface
        self._sums = [0, *accumulate(map(typeface.__getitem__, text))]
        self._wrapped: dict[int, list[Line]] = {}

    @property
    def width(self) -> int:
        """In thousandths of an em."""
        return self._sums[-1]

    def line(self) -> Line:
        """All of it on one line."""
        return Line(self.text, self._sums[-1])

    def wrap(self, limit: int) -> list[Line]:
        """Lines of at most `limit` thousandths of an em; a word longer than a line is broken between characters."""
        if self._sums[-1] <= limit:
            return [Line(self.text, self._sums[-1])] if self.text else []
        found = self._wrapped.get(limit)
        if found is None:
            found = self._wrapped[limit] = self._wrap(limit)
        return found

    def _wrap(self, limit: int) -> list[Line]:
        text, sums, count = self.text, self._sums, len(self.text)
        lines: list[Line] = []
        start = 0
        while start < count:
            end = max(bisect_right(sums, sums[start] + limit, start) - 1, start + 1)
            if end < count and text[end] != " ":
                cut = end
                while cut > start and not _may_break(text[cut - 1], text[cut]):
                    cut -= 1
                end = cut if cut > start else end
            stop = end
            while text[stop - 1] == " ":
                stop -= 1
            lines.append(Line(text[start:stop], sums[stop] - sums[start]))
            start = end
            while start < count and text[start] == " ":
                start += 1
        return lines

    def shorten(self, limit: int) -> Line:
        """One line, cut with an ellipsis if it is wider than `limit` thousandths of an em."""
        if self._sums[-1] <= limit:
            return self.line()
        dots = self.typeface[ELLIPSIS]
        end = max(bisect_right(self._sums, limit - dots) - 1, 0)
        kept = self.text[:end].rstrip(" ")
        return Line(kept + ELLIPSIS, self._sums[len(kept)] + dots)


def _may_break(before: str, after: str) -> bool:
    if after in _CLOSING or before in _OPENING:
        return False
    if before in "-/":
        return not after.isdigit()  # a phone or house number stays in one piece
    return before == " " or "\u2e80" <= before <= "\uffef" or "\u2e80" <= after <= "\uffef"


def largest(text: Measured, width: float, sizes: tuple[float, ...]) -> float | None:
    """The first of `sizes` (largest first, in dots) at which the text fits on one line of `width` dots."""
    for size in sizes:
        if text.width * size <= width * EM:
            return size
    return None
