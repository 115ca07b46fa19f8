"""A parcel that is late or lost: until when it can be claimed from its carrier, and the words to carrier and buyer."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shipby.domain.tracking.silence import Silence


class Remedy(StrEnum):
    """What is done about a lost parcel: one of the two, never both by accident."""

    COMPENSATION = "compensation"
    """The carrier pays for it, and the buyer is paid back."""
    RESHIP = "reship"
    """Another parcel goes to the buyer under a new number of the same posting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimPeriod:
    """For how many months from posting a claim is taken."""

    months: int
    source: str


_POST_OF_RUSSIA = ClaimPeriod(
    months=6, source="Federal law 176-FZ on postal services, article 37: six months from the day of posting"
)
_UPU = ClaimPeriod(
    months=6, source="UPU Convention, inquiries: six months from the day after posting; the post of dispatch takes them"
)
PERIODS: Mapping[str, ClaimPeriod] = {
    "russian_post": _POST_OF_RUSSIA,
    "china_post": _UPU,
    "belpost": _UPU,
    "kazpost": _UPU,
    "uzpost": _UPU,
    "s10": _UPU,
}
"""By the carrier's code. Every other carrier's period is in the seller's contract with it: nothing is guessed."""


def claim_by(carrier: str, posted_on: date) -> tuple[date, str] | None:
    """The last day for a claim and where that is written; None where only the seller's contract says it."""
    period = PERIODS.get(carrier)
    if period is None:
        return None
    month = posted_on.month - 1 + period.months
    year, month = posted_on.year + month // 12, month % 12 + 1
    day = min(posted_on.day, calendar.monthrange(year, month)[1])
    return date(year, month, day), period.source


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """What both letters are about. No personal data: support and carrier find a parcel by its numbers."""

    posting_number: str
    tracking_number: str
    says: Silence
    since: date
    posted_on: date
    last_words: str = ""


_CARRIER: Mapping[str, tuple[str, ...]] = {
    "ru": (
        "Розыск отправления {number}",
        "Прошу разыскать отправление {number}, сданное {posted}. Последнее сообщение о нём: {since} ({words}).",
        "Сообщите, где оно находится, и пришлите результат розыска. Если оно утрачено, примите это письмо как "
        "претензию и сообщите, какие документы нужны.",
        "сканирований нет",
    ),
    "zh": (
        "查询运单 {number}",
        "请查询 {posted} 交寄的运单 {number}。最后一条信息：{since}（{words}）。",
        "请告知包裹位置及查询结果。如已丢失，请将本信视为索赔并告知所需文件。",
        "没有扫描记录",
    ),
    "en": (
        "Tracing parcel {number}",
        "Please trace parcel {number}, handed over on {posted}. The last that was heard of it: {since} ({words}).",
        "Tell us where it is and what the search has shown. If it is lost, take this letter as a claim and say which "
        "documents you need.",
        "no scan at all",
    ),
}
_BUYER: Mapping[str, Mapping[bool, str]] = {
    "ru": {
        False: "Посылка {number} задерживается в пути: последнее сообщение перевозчика от {since}. Мы запрашиваем у "
        "него розыск и напишем, как только получим ответ.",
        True: "Посылка {number}, похоже, утеряна: перевозчик не сообщает о ней с {since}. Мы решаем, отправить ли её "
        "снова или вернуть вам деньги, и сразу сообщим вам об этом.",
    },
    "zh": {
        False: "您的包裹 {number} 在途延误：承运商最后一条信息为 {since}。我们正在要求查询，收到答复会立即告知您。",
        True: "您的包裹 {number} 可能已丢失：承运商自 {since} 起没有消息。我们正在决定重新发货或退款，并会立即告知您。",
    },
    "en": {
        False: "Your parcel {number} is late: the carrier's last word is of {since}. We are asking for a search and "
        "will write as soon as we know more.",
        True: "Your parcel {number} seems to be lost: the carrier has said nothing since {since}. We are deciding "
        "whether to send it again or to have you paid back, and will tell you at once.",
    },
}


def to_carrier(silent: Silent, language: str) -> tuple[str, str]:
    """Subject and text; English where the language has no words here."""
    subject, ask, claim, nothing = _CARRIER.get(language, _CARRIER["en"])
    words = ask.format(
        number=silent.tracking_number,
        posted=silent.posted_on.isoformat(),
        since=silent.since.isoformat(),
        words=silent.last_words or nothing,
    )
    return subject.format(number=silent.tracking_number), f"{words}\n{claim}"


def to_buyer(silent: Silent, language: str) -> str:
    """The text; English where the language has no words here. It promises nothing that is not decided yet."""
    texts = _BUYER.get(language, _BUYER["en"])
    return texts[silent.says is Silence.LOST].format(number=silent.tracking_number, since=silent.since.isoformat())
