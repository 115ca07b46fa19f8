"""What a buyer's message is about, by closed lists of words; what no list knows, or two know, is a person's.

The numbers that a message names find its order: a posting's, an order's, a tracking number's, a former one's too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from shipby.domain.messages.letters import READ_UP_TO, clauses, folded

MOST_NUMBERS = 10


class Topic(StrEnum):
    """What it is about; `person` where no rule says so."""

    LOGISTICS = "logistics"
    QUALITY = "quality"
    CANCEL = "cancel"
    ADDRESS = "address"
    THANKS = "thanks"
    PERSON = "person"


_THREAT = re.compile(
    r" (?:суд|суде|судом|прокур\w*|роспотреб\w*|полици\w*|убью|убьем|адвокат\w*|юрист\w*|sue|court|lawyer|police|kill"
    r"|арыз\w*|шагым\w*) |投诉|举报|起诉|报警|法院"
)
_TOPICS: Sequence[tuple[Topic, re.Pattern[str]]] = (
    (
        Topic.CANCEL,
        re.compile(
            r" (?:отмен\w*|передума\w*|верните|возврат\w*|вернуть|cancel\w*|refund\w*|money back|бас тарт\w*"
            r"|кайтарын\w*"
            r"|болдырма\w*) |取消|退款|退货|退钱|不想要"
        ),
    ),
    (
        Topic.ADDRESS,
        re.compile(r" (?:адрес\w*|переех\w*|пункт\w* выдачи|пвз|address\w*|pick ?up point|мекенжай\w*) |地址|自提点"),
    ),
    (
        Topic.QUALITY,
        re.compile(
            r" (?:брак\w*|сломан\w*|слома\w*|разбит\w*|поврежд\w*|не работает|не тот|не та|не то|дефект\w*"
            r"|качеств\w*|трещин\w*"
            r"|царапин\w*|не хватает|broken|damaged|defect\w*|wrong item|does not work|doesnt work|not working"
            r"|quality|missing"
            r"|сынган|бузыл\w*|жарамсыз|сапа\w*) |坏了|破损|质量|不能用|发错|少了|瑕疵|损坏"
        ),
    ),
    (
        Topic.LOGISTICS,
        re.compile(
            r" (?:где|когда|трек\w*|отслеж\w*|достав\w*|отправ\w*|посылк\w*|не приш\w*|не получ\w*|задерж\w*"
            r"|застря\w*|where|when"
            r"|track\w*|deliver\w*|ship\w*|parcel|not arrived|delay\w*|late|кашан|кайда|жетк\w*|салемдеме\w*) "
            r"|什么时候|到哪|物流|快递|发货|单号|没收到|还没到|多久"
        ),
    ),
)
_THANKS = re.compile(r" (?:спасибо\w*|благодар\w*|thanks?|thank|рахмет\w*|все отлично|супер) |谢谢|感谢|很好|满意")
_NAMED = re.compile(
    r"(?<![0-9A-Za-z-])[0-9]{5,12}-[0-9]{3,5}(?:-[0-9]{1,3})?(?![0-9A-Za-z-])"
    r"|(?<![0-9A-Za-z])[0-9A-Z]{8,30}(?![0-9A-Za-z])"
)


def triage(text: str) -> Topic:
    """The one topic that the words name. Never raises."""
    whole = "".join(part.words for part in clauses(folded(text)))
    if len(text) > READ_UP_TO or _THREAT.search(whole):
        return Topic.PERSON
    found = [topic for topic, words in _TOPICS if words.search(whole)]
    if len(found) == 1:
        return found[0]
    if found:
        # "Where is it? If late, cancel": what costs most is looked at first, and only a cancel outweighs the rest.
        return Topic.CANCEL if Topic.CANCEL in found else Topic.PERSON
    return Topic.THANKS if _THANKS.search(whole) else Topic.PERSON


def numbers_in(text: str) -> Sequence[str]:
    """What may be a posting's, an order's or a tracking number, in the order of the text; at most ten.

    A telephone number may look like one: it finds nothing, and is kept nowhere.
    """
    found = _NAMED.findall(text[:READ_UP_TO].upper())
    return tuple(dict.fromkeys(one for one in found if any(sign.isdigit() for sign in one)))[:MOST_NUMBERS]
