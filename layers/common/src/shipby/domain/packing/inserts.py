"""What may go into a parcel beside the goods: a lint that finds contact data.

assumption: the marketplace forbids sellers to lead its buyers away with contact data in the parcel; the rule is known
from sellers' practice, its wording was not found in the marketplace's own pages. So the lint is one place, and only
what people write into a card is looked at, never a file.
"""

from __future__ import annotations

import re
from typing import Final

FORBIDDEN: Final = "the marketplace forbids contact data in inserts"

_DOMAINS = "ru|su|рф|by|kz|uz|com|net|org|info|shop|store|online|site|me|io|link|cn|hk|club|pro|biz"
_FINDERS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("an e-mail address", re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]{2,}")),
    ("a web address", re.compile(rf"https?:|www\.|(?<![\w@])[\w-]+(\.[\w-]+)*\.({_DOMAINS})(?![\w.-]*\w)", re.I)),
    (
        "a phone number",
        # With a country code; or 11 digits of Russia and Kazakhstan, or of a Chinese mobile. A barcode has 8, 12, 13
        # or 14 digits and may stand in a text.
        re.compile(r"\+\s?\d(?:[\s().-]*\d){8,14}|(?<!\d)[78](?:[\s().-]*\d){10}(?!\d)|(?<!\d)1[3-9]\d{9}(?!\d)"),
    ),
    (
        "a messenger",
        re.compile(
            r"(?<![\w@])@\w{4,}|telegram|телеграм|whats\s?app|ватсап|вотсап|вацап|viber|вайбер|we\s?chat|weixin|微信"
            r"|instagram|инстаграм|вконтакте|(?<!\w)(?:qq|vk|тг|вк)(?!\w)",
            re.IGNORECASE,
        ),
    ),
)


def contact_in(text: str) -> str:
    """What kind of contact data a text holds, such as "a phone number"; empty if none was found."""
    return next((kind for kind, finder in _FINDERS if finder.search(text)), "")
