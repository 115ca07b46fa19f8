"""What a request for proof looks like in a chat: the only place where words of the marketplace are judged.

No method and no push of the marketplace tells of such a request (its API description has none), so its chat messages
are the only trace. Which words they use is published nowhere: the patterns below are an ASSUMPTION, made on the day
that stands beside each, from the subject of the marketplace's help pages about deviating deliveries and their Chinese
and English versions. A pattern that fails costs a claim that nobody sees until a person enters it by hand; one that
hits too often costs a person a look. The text itself is judged in memory and never kept: what stays is the name of a
pattern and the posting numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shipby.domain.evidence.claims import ClaimKind
from shipby.domain.initiators import latin

READ_UP_TO = 20_000
"""Characters of one message that are judged: no pattern may run for ever over what somebody else wrote."""
MOST_NUMBERS = 20
"""Posting numbers taken from one message; a message that lists more is a report, and a person looks at it."""

_SEEN = date(2026, 11, 22)
_PAGES = "docs.ozon.ru/global/{}/fulfillment/rfbs/refunds/deviation/ (its subject; the chat's words are not published)"

ASKING_CHATS: frozenset[str] = frozenset(
    {
        "SELLER_SUPPORT",
        "SELLER_NOTIFICATION",
        "SELLER_NOTIFICATION_LOGISTICS",
        "SELLER_PERSONAL_MANAGER_UNITY_CRM",
    }
)
"""Chats in which the marketplace speaks to the seller about postings. Chats with buyers are never read. Source: Ozon
Seller API, /v3/chat/list and TYPE_NEW_MESSAGE (which writes the same names as Seller_Support); that requests for proof
come in these is an assumption."""
OWN_WORDS: frozenset[str] = frozenset({"SELLER", "CUSTOMER"})
"""Senders whose words never are a request of the marketplace. Source: /v3/chat/history, `user.type`."""

POSTING_NUMBER = re.compile(r"(?<![0-9A-Za-z-])[0-9]{5,12}-[0-9]{3,5}-[0-9]{1,3}(?![0-9A-Za-z-])")
"""24219509-0020-2: an order's number, two groups and the part. Source: examples of the Seller API description."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordPattern:
    """Words that together ask for something, in one language and order."""

    name: str
    language: str
    kind: ClaimKind
    pattern: re.Pattern[str]
    noted_on: date
    """The day on which it was assumed; nothing is decided by it."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """A message that looks like a request for proof: what it asks for, of which postings, and which pattern says so."""

    kind: ClaimKind
    pattern: str
    posting_numbers: tuple[str, ...]


def _near(first: str, second: str, gap: str) -> str:
    """Both expressions in either order, not farther apart than the gap."""
    return f"(?:{first}){gap}(?:{second})|(?:{second}){gap}(?:{first})"


_WORDS = r"(?:\W+\w+){0,8}?\W+"
"""Up to eight words between two others."""
_SIGNS = r"[^。！？!?\n]{0,24}?"
"""Chinese has no spaces: up to 24 characters of the same sentence."""


def _packing(name: str, language: str, expression: str) -> WordPattern:
    return WordPattern(
        name=name,
        language=language,
        kind=ClaimKind.PACKING_EVIDENCE,
        pattern=re.compile(expression),
        noted_on=_SEEN,
        source=_PAGES.format({"zh": "zh-hans"}.get(language, language)),
    )


PATTERNS: tuple[WordPattern, ...] = (
    _packing(
        "ru.packing",
        "ru",
        _near(
            r"\b(?:видео\w*|фото\w*|запис[ьи]\w*|доказательств\w*)",
            r"\b(?:упаков\w*|комплектац\w*|сборк\w*|вложени\w*|взвешиван\w*)",
            _WORDS,
        ),
    ),
    _packing(
        "ru.complete",
        "ru",
        _near(r"\bподтвер\w+", r"\b(?:комплектност\w*|комплектаци\w*|вложени\w*)", _WORDS),
    ),
    _packing(
        "en.packing",
        "en",
        _near(
            r"\b(?:videos?|photos?|footage|recordings?|evidence|proof)",
            r"\b(?:pack(?:ing|aging|ed)?|assembl\w+|contents?|weighing)\b",
            _WORDS,
        ),
    ),
    _packing(
        "zh.packing",
        "zh",
        _near(r"视频|录像|影像|照片|凭证|证据|證據|視頻", r"打包|包装|包裝|装箱|裝箱|称重|稱重|内件|內件", _SIGNS),
    ),
)
"""Tried in this order; the first that fits names the claim. Texts are folded to small letters, ё to е."""


def read_hint(text: str, *, patterns: Sequence[WordPattern] = PATTERNS) -> Hint | None:
    """What a message asks for, as far as its words are known; None for anything else. Never raises."""
    folded = text[:READ_UP_TO].casefold().replace("ё", "е")
    for entry in patterns:
        if entry.pattern.search(folded):
            numbers = tuple(dict.fromkeys(POSTING_NUMBER.findall(folded)))
            return Hint(kind=entry.kind, pattern=entry.name, posting_numbers=numbers[:MOST_NUMBERS])
    return None


def asks_here(chat_type: str) -> bool:
    """Whether the marketplace speaks to the seller in chats of this type, however it is written."""
    return chat_type.upper() in ASKING_CHATS


def may_ask(sender: str) -> bool:
    """Whether a message of this sender may be a request of the marketplace."""
    return latin(sender).upper() not in OWN_WORDS
