"""A text as words are looked for in it: one case, one script a word, no invisible signs. In memory only."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

READ_UP_TO = 2_000
"""Characters that are judged: no rule may run for ever over what somebody else wrote."""
_KAZAKH = str.maketrans("әғқңөұүһіё", "агкноуухие")
"""Kazakh is often typed on a Russian keyboard: both spellings are one."""
_CYRILLIC = str.maketrans("aceopxykmthb", "асеорхукмтнв")
"""Latin letters that look like Cyrillic ones, for a word that mixes both."""
_MIXED = re.compile(r"(?=\w*[а-я])(?=\w*[a-z])\w+")
_LONG = re.compile(r"([^\W\d_])\1{2,}")
_ENDS = re.compile(r"[,.;:!\n。，！；、…()«»\"]+|\s[-–—]+\s|(?<=[?？])")


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence. `words` begins and ends with a space, and has one between two words."""

    words: str
    asks: bool
    """It ends with a question mark."""


def folded(text: str) -> str:
    """Lower case, Kazakh letters as Russian ones, mixed words in Cyrillic, no invisible signs, `daaaa` as `da`."""
    plain = unicodedata.normalize("NFKC", text[:READ_UP_TO]).casefold()
    plain = "".join(sign for sign in plain if unicodedata.category(sign) != "Cf").translate(_KAZAKH)
    plain = re.sub(r"['’`ʼ]", "", plain)
    plain = _LONG.sub(r"\1", plain)
    return _MIXED.sub(lambda found: found[0].translate(_CYRILLIC), plain)


def clauses(text: str) -> Sequence[Clause]:
    """The parts of a text that is folded, in order; what has no word is left out."""
    found = []
    for part in _ENDS.split(text):
        words = " ".join(re.findall(r"[^\W_]+", part))
        if words:
            found.append(Clause(f" {words} ", part.rstrip().endswith(("?", "？"))))
    return found
