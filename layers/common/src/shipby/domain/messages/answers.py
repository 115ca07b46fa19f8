"""Whether a buyer's words are a yes, a no, or neither: closed rules, in Russian, Chinese, English and Kazakh.

What was asked is always whether something is still wanted or right. A wrong decision is worse than none: whatever
speaks for both, asks, threatens, sets a condition, or wants something else is UNCLEAR, and a person reads it. How
often the rules are right is measured (`python -m tools.answers`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from shipby.domain.messages.letters import READ_UP_TO, clauses, folded

MOST_WORDS = 40
"""A longer message says more than yes or no."""
MOST_LINES = 8


class Answer(StrEnum):
    """What a buyer's words come to."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


_DOUBT = re.compile(
    # Conditions, choices, not knowing; sarcasm; another wish; threats.
    r" (?:если|или|либо|наверн\w*|наверняка|возможно|может|можт|мб|смотря|зависит|подума\w*|думаю|посмотр\w*|хз"
    r"|пока|щас"
    r"|да ладно|да ну|не знаю|не уверен\w*|сомнева\w*|все равно|без разницы"
    r"|друг(?:ой|ая|ую|ое|ого|ие|их)|вместо|замен\w*|помен\w*|измени\w*|размер\w*|цвет\w*|адрес\w*|перенес\w*"
    r"|част[ьи]\w*|был[аои]?"
    r"|суд|суде|судом|прокур\w*|роспотреб\w*|полици\w*|жалоб\w*|жалова\w*|убью|убьем|мошенник\w*|адвокат\w*|юрист\w*"
    r"|if|or|maybe|perhaps|depends|unless|not sure|dont know|unsure|possibly|might|cant wait|why not|whatever|dont care"
    r"|another|different|instead|exchange|size|colou?r|address|change the|change it|only one|part of"
    r"|sue|court|lawyer|police|kill|fraud|scam\w*|report you|complain\w*"
    r"|мумкин\w*|билмейм\w*|егер|алде|немесе|ойлан\w*|баска\w*|ауыстыр\w*|мекенжай\w*|озгерт\w*|болса|арыз\w*"
    r"|шагым\w*|сотка) "
    r"|如果|要是|或者|还是|可能|也许|不知道|不确定|随便|看情况|考虑|不一定|等不及|等一下|不是不|要不然|都行|无所谓|换|改|地址|颜色|尺寸|尺码"
    r"|另外|投诉|举报|起诉|报警|法院|骗子|一部分|要么|再说|早就"
)
_IDIOMS: Sequence[tuple[str, str]] = (
    # In this order: each takes its words out, so that the shorter ones below do not see them.
    # N: no. Y: yes. W: agreement, which a no beside it outweighs. Z: nothing.
    (r" (?:no problem|no worries|not a problem|не проблема|нет проблем|без проблем|не страшно|ничего страшного) ", "W"),
    (
        r" (?:no rush|no hurry|не спешите|не торопитесь|не за что|не вопрос|нет вопросов|no need to (?:hurry|rush)) ",
        "Z",
    ),
    (r"没问题|没关系", "W"),
    (r"你好|您好|不好意思|对不起|不着急|不急|别的|别人|别家|别处|不错|不客气|重要|主要|要求", "Z"),
    (
        r" (?:не (?:надо |нужно |стоит |хочу |буду |хотим |будем |собираюсь )?(?:его |ничего |заказ "
        r"|пожалуйста )?(?:отмен\w+|отказыва\w+|отказ)"
        r"|жду не дождусь|не против(?: подождать)?|не возража\w+|отмен\w+ не (?:надо|нужно|нужна|буду|хочу)"
        r"|(?:please )?(?:dont|do not|never|not to|not) (?:want to |wanna )?cancel\w*(?: it| my order"
        r"| the order| order)?|no need to cancel|wont cancel"
        r"|бас тарт(?:пайм\w*|кым келмейди)|тоқтатпан\w*|токтатпан\w*) ",
        "Y",
    ),
    (r"(?:先|请|千万)?(?:不要|别|不用|不必|不想|不会|没有|没想|不需要|无需|不)取消", "Y"),
    (r"不(?:着急)?要?紧", "W"),
    (
        r" (?:не (?:\w+ )?(?:нуж[еоа]?н?\w*|надо|хочу|хотим|буду|будем|жду|ждем|актуал\w*|требуется|готов\w*"
        r"|могу ждать|интерес\w*|подходит|устраивает|присыла\w*|отправля\w*|высыла\w*|шлите|везите|пригод\w*"
        r"|потребуется|возьму|заберу)"
        r"|не(?:нуж|ужен|надо|акту)\w*|нинуж\w*|нинад\w*|не (?:над|нада|нкжен|нжен)"
        r"|(?:больше|уже|ждать) не (?:жду|могу|буду|надо|хочу)|ждать не (?:буду|могу|хочу|готов\w*|собираюсь)"
        r"|(?:уже )?(?:купил\w*|заказал\w*|нашел|нашла|взял\w*)(?: уже)?(?: в| на)? (?:друг\w+|мест\w+"
        r"|соседн\w+)(?: мест\w+| магазин\w*| продав\w+)?"
        r"|(?:уже )(?:купил\w*|заказал\w*|приобрел\w*)|передума\w*|обойдусь|откаж\w*|отказыва\w*|отказ) ",
        "N",
    ),
    (
        r" (?:(?:please )?cancel\w*(?: it| my order| the order| order)?|(?:i )?(?:really )?(?:dont|do not|didnt"
        r"|no longer|not|no more) (?:really )?(?:want\w*|need\w*|wait\w*|interested|require\w*|send|ship)(?: it"
        r"| this| that)?(?: any ?more)?"
        r"|(?:wont|will not|cannot|can not|not going to|not willing to) (?:be )?wait\w*|refund\w*"
        r"|chang\w* my mind|money back|forget it|too late"
        r"|(?:already )?(?:bought|ordered|found|got)(?: it| one)? (?:elsewhere|somewhere else|in another \w+"
        r"|another one)|already bought(?: it| one)?) ",
        "N",
    ),
    (
        r" (?:(?:енди |маган )?(?:керек|кажет) (?:емес|жок|имес)|(?:енди )?керег\w* жок|кажет\w* жок|кутпейм\w*"
        r"|кут\w* алмайм\w*|алмайм\w*|бас тарт\w*"
        r"|токтатын\w*|болдырма\w*|кайтарын\w*|кайтарып берин\w*|жиберме\w*|кутким келмейди|алгым келмейди"
        r"|сатып алдым) ",
        "N",
    ),
    (r"(?:我)?(?:想|需)?要?(?:取消|退款|退货|退钱)", "N"),
    (
        r"不想?再?要了?|不想买\w?|不需要了?|不用了?|不等了?|不买了?|不想等了?|不愿意?等|不能(?:再)?等了?|等不了|算了|别发\w?|不要发\w?|不必了?|没必要|已经买了"
        r"|别寄\w?|不收了?|放弃",
        "N",
    ),
    (
        r" (?:отмен[аияеу]\w*|отмен|отмнеит\w*|отмените|отменте|атмен\w*|аннулир\w*|верните|вернуть|возврат\w*"
        r"|снимайте|нет|неа|не а|неет|не ту|ниет|нит|нетт|net|ne nuzhno|ne nado|ne zhdu|otmenit\w*|otmena) ",
        "N",
    ),
    (r" (?:no|nope|nah|noo|nop|never ?mind|жок|жокк) ", "N"),
    (
        r" (?:да|дп|дв|даа|ага|угу|агась|дада|ждю|жду|ждем|ждемс|подожду|подождем|дождусь|дождемся|буду ждать"
        r"|будем ждать|готов\w* (?:по)?ждать|могу (?:по)?ждать|согласн\w*(?: (?:по)?ждать)?"
        r"|нужен|нужна|нужно|нужны|нужн|нужон|нужин|нжен|надо|хочу|хотим|актуальн\w*|актуал|конечно|канешно"
        r"|конешно|разумеется|обязательно|безусловно|точно|верно|правильно|подтвержда\w*"
        r"|отправля\w*|отправьте|отправте|высылай\w*|присыла\w*|шлите|везите|жд[её]м|ждет\w*|ждут|в силе|da"
        r"|zhdu|jdu|nuzhen|nuzhno|konechno) ",
        "Y",
    ),
    (
        r" (?:yes|yep|yeah|yea|yup|yess|yees|ye|yse|sure|of course|ofc|absolutely|definitely|certainly|correct"
        r"|confirm\w*|right"
        r"|(?:i )?(?:still )?(?:want|need) (?:it|this|that|them|my order|the order|my parcel)"
        r"|(?:i )?still (?:want|need|wait\w*)|(?:am |im |ill |i will |will |can )?(?:still )?wait(?:ing)?"
        r"|(?:please )?(?:send|ship) (?:it|the order|my order|please|asap)|please (?:send|ship)|keep (?:it"
        r"|the order|my order)|go ahead) ",
        "Y",
    ),
    (
        r" (?:ия|иа|ие|ийа|йа|ияа|арине|керек\w{0,3}|кажет|кутем\w*|кутудем\w*|кутип \w+|кутип|тосам\w*"
        r"|жибер(?:ин\w*|е берин\w*|индер)|алам\w*|дурыс|растайм\w*) ",
        "Y",
    ),
    (
        r"是的|对的|没错|还要|还想要|想要|需要|要的|继续等|愿意等|可以等|在等|等着|我等|会等|能等|发货吧|请发\w?|尽快发\w?|快点发\w?|赶紧发\w?|快发\w?|发吧|当然|确认|正确"
        r"|一定要|我要|肯定要|必须要",
        "Y",
    ),
    (r" (?:ок|окей|окк|хорошо|ладно|хор|ok|okay|okey|fine|alright|good|жарайды|макул|болады|жаксы) ", "W"),
    (r"好的|好吧|好呀|好|可以|嗯嗯|嗯|行|恩", "W"),
)
_SARCASM = re.compile(r" (?:(?:ну да|ага|да да) конечно|да конечно ага|конечно ага|да не[ет]?|да уж|ага щас) ")
"""Said over a comma as well."""
_RULES = tuple((re.compile(pattern), mark) for pattern, mark in _IDIOMS)
_ONE_SIGN = re.compile(r"[是对要等]")
_PARTICLES = re.compile(r"[啊呀哦的了吧嘛我们它呐哈嗯请谢谢您你]")
_NEGATION = re.compile(r" (?:не|ни|not|dont|never|none|cant|емес) |[不没别]")
_ASKS = re.compile(
    r" (?:когда|почему|где|сколько|зачем|можно|ли|when|where|why|how|could|can you|кашан|неге|кайда|[мбп][ае]) "
    r"|吗|呢|什么时候|为什么|多久|怎么|能不能|要不要|是不是|好不好|可不可以"
)
_CHOICE = re.compile(r"要不要|是不是|能不能")
_PLUS = re.compile(r"[+＋]+[!.\s]*")


def read_answer(text: str) -> Answer:
    """Yes, no or unclear. Never raises; any text may come, of any length."""
    if _PLUS.fullmatch(text.strip()):
        return Answer.YES
    if len(text) > READ_UP_TO or text.strip().count("\n") >= MOST_LINES:
        return Answer.UNCLEAR
    plain = folded(text)
    parts = clauses(plain)
    whole = "".join(part.words for part in parts).replace("  ", " ")
    if not parts or len(whole.split()) > MOST_WORDS:
        return Answer.UNCLEAR
    if _SARCASM.search(whole):
        return Answer.UNCLEAR
    marks: set[str] = set()
    for part in parts:
        marks |= _judged(part.words, asks=part.asks)
    if "D" in marks or ("Y" in marks and "N" in marks):
        return Answer.UNCLEAR
    if "N" in marks:
        return Answer.NO
    return Answer.YES if marks & {"Y", "W"} else Answer.UNCLEAR


def read_answers(texts: Sequence[str]) -> Answer:
    """What several messages come to, as they were written: two that differ are no answer."""
    found = {read_answer(text) for text in texts} or {Answer.UNCLEAR}
    if len(found) == 1:
        return found.pop()
    decided = found - {Answer.UNCLEAR}
    silent = all(_says_nothing(text) for text in texts if read_answer(text) is Answer.UNCLEAR)
    return decided.pop() if len(decided) == 1 and silent else Answer.UNCLEAR


def _says_nothing(text: str) -> bool:
    """Thanks, a greeting, a picture of a hand: it takes nothing away from a yes or a no beside it."""
    words = "".join(part.words for part in clauses(folded(text))).split()
    return all(word in _POLITE for word in words)


_POLITE = frozenset(
    [
        "здравствуйте",
        "привет",
        "добрый",
        "день",
        "вечер",
        "утро",
        "спасибо",
        "пожалуйста",
        "hello",
        "hi",
        "thanks",
        "thank",
        "you",
        "please",
        "рахмет",
        "салеметсиз",
        "бе",
        "你好",
        "您好",
        "谢谢",
        "谢谢您",
    ]
)


def _judged(words: str, *, asks: bool) -> set[str]:
    """The marks of one clause: Y, N, W; D where it may not be decided."""
    first = _after(words)
    marks = set(re.findall(r"[YNW]", first))
    left = re.sub(r"[A-Z]", " ", first)
    asking = asks or bool(_ASKS.search(words))
    rest = _PARTICLES.sub("", left).replace(" ", "")
    if (
        not asking
        and not marks & {"Y", "N"}
        and _ONE_SIGN.search(rest)
        and len(rest) <= 2
        and not _NEGATION.search(left)
    ):
        marks.add("Y")
    if _DOUBT.search(words if "N" not in marks else left):
        return {"D"}
    if asking:
        # A question with a no in it may be a wish; one with a yes in it says nothing.
        return {"D"} if "N" in marks or _CHOICE.search(words) else set()
    if words.strip() in ("не", "ни", "不", "no"):
        return {"N"}
    if marks and _NEGATION.search(left):
        return {"D"}
    return marks


def _after(words: str) -> str:
    for pattern, mark in _RULES:
        before = ""
        while before != words:  # neighbours share the space between them
            before, words = words, pattern.sub(f" {mark} ", words)
    return words
