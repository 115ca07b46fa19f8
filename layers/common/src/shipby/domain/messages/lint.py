"""What must not stand in a message to a buyer: contact data, links elsewhere, asking for a mark, too much text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST = 1_000
"""Characters of one message. Source: Ozon Seller API, /v1/chat/send/message."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, by its code, and what to do."""

    code: str
    hint: str


_PHONE = re.compile(r"(?<![\w-])(?:\+[\s(-]*\d(?:[\s().-]*\d){9,12}|[78][\s(-]*\d(?:[\s().-]*\d){9})(?![\w-])")
_MAIL = re.compile(r"[\w.+-]+\s*(?:@|\(at\)|\[at\])\s*[\w-]+\.\w{2,}", re.IGNORECASE)
_MESSENGER = re.compile(
    r"\b(?:whats?\s?app|telegram|viber|we\s?chat|instagram|t\.me|wa\.me|vk\.com|вотсап\w*|ватсап\w*|вацап\w*"
    r"|телеграм\w*"
    r"|вайбер\w*|инстаграм\w*)\b|(?<![\w.])@\w{4,}|微信|加我",
    re.IGNORECASE,
)
_LINK = re.compile(r"(?:https?://|www\.)(?P<host>[^\s/:?#]+)", re.IGNORECASE)
_OWN_HOST = re.compile(r"(?:[\w-]+\.)*ozon\.(?:ru|kz|by|com|global)", re.IGNORECASE)
_OUTSIDE = re.compile(
    r"переве(?:ди|сти)\w*\s+(?:на\s+)?карт|оплат\w+\s+на\s+карт|мимо\s+(?:озон|площадк)|без\s+озон"
    r"|outside\s+(?:of\s+)?ozon|pay\s+me\s+direct"
    r"|私下|线下交易",
    re.IGNORECASE,
)
_MARKS = re.compile(
    r"(?:5|пять)\s*(?:зв[её]зд|балл)|положительн\w+\s+отзыв|five\s+stars?|5\s*stars?|positive\s+review|五星|好评|5\s*星",
    re.IGNORECASE,
)
_RULES = (
    ("phone", _PHONE, "a telephone number may not stand in a message: take it out"),
    ("mail", _MAIL, "an e-mail address may not stand in a message: take it out"),
    ("messenger", _MESSENGER, "buyers may not be led to another messenger: take it out"),
    ("outside", _OUTSIDE, "payment and dealing outside the marketplace are forbidden: take it out"),
    ("marks", _MARKS, "a good review may not be asked for: take it out"),
)


def lint(text: str, *, allowed_hosts: Sequence[str] = ()) -> Sequence[Fault]:
    """What is wrong with a text to a buyer, in a fixed order; empty: it may be sent.

    `allowed_hosts`: pages of carriers. A rule that hits too often costs a second look; one that fails, the account.
    """
    found: list[Fault] = []
    if not text.strip():
        found.append(Fault("empty", "write something"))
    if len(text) > LONGEST:
        found.append(Fault("long", f"a message has at most {LONGEST} characters; this has {len(text)}"))
    if any(ord(sign) < 32 and sign not in "\n\t" for sign in text):
        found.append(Fault("signs", "it holds control characters: write it anew"))
    found += [Fault(code, hint) for code, pattern, hint in _RULES if pattern.search(text)]
    hosts = [link["host"].casefold().rstrip(".") for link in _LINK.finditer(text)]
    if any(not _OWN_HOST.fullmatch(host) and host not in allowed_hosts for host in hosts):
        found.append(Fault("link", "only links to the marketplace and to a carrier's page may stand in it"))
    return found
