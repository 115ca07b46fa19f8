"""What people write on labels, per script: normal as in real orders, extreme as in the worst of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Script(StrEnum):
    """The writing of names, addresses and goods."""

    RU = "ru"
    ZH = "zh"
    EN = "en"
    KK = "kk"
    MIXED = "mixed"
    RARE_HANZI = "rare_hanzi"
    """In the label fonts, though in few others."""
    NO_GLYPH = "no_glyph"
    """In no label font: an honest refusal is the only right answer where such a text would be printed."""


class Length(StrEnum):
    """How much text there is."""

    EMPTY = "empty"
    NORMAL = "normal"
    EXTREME = "extreme"


@dataclass(frozen=True, slots=True)
class Wording:
    """The texts of one label."""

    name: str
    address: str
    goods: str
    note: str
    carrier: str


NORMAL = {
    Script.RU: Wording(
        "Щербакова Анастасия Владимировна",
        "197022, г. Санкт-Петербург, ул. Льва Толстого, д. 15, кв. 42",
        "Чайник электрический «Уют», 1,7 л",
        "Звонить за час: 1 250,00 ₽ наличными",
        "Деловые Линии",
    ),
    Script.ZH: Wording(
        "欧阳晓燕",
        "广东省深圳市南山区科技园南路12号鑫源大厦3栋1502室",
        "304不锈钢保温杯 500毫升 樱花粉",
        "请轻放，送货前电话联系",
        "顺丰速运",
    ),
    Script.EN: Wording(
        "Oliver Featherstonehaugh-Smythe",
        "Flat 3, 221B Baker Street, Marylebone, London NW1 6XE",
        "Stainless kettle 1.7 l, brushed",
        "Ring twice & leave with the porter",
        "Royal Mail",
    ),
    Script.KK: Wording(
        "Әбдірахманова Гүлнұр Қайратқызы",
        "050000, Алматы қ., Бостандық ауданы, Төле би көш., 59-үй, 12-пәтер",
        "Жүн көрпе, өлшемі 200×220 см, көгілдір",
        "Есік алдында қоңырау шалыңыз, төлемі 15 000 ₸",
        "Қазпошта",
    ),
    Script.MIXED: Wording(
        "Ли Вэй 李伟 (Li Wei)",
        "Москва, Ленинградский пр-т 80к2, 莫斯科 80号, entrance B, Ғали қ.",
        "Чехол 手机壳 iPhone 15 Pro — «Ұшқын» №7",
        "Код/Code/代码: ÄÖß-éè 25 €",
        "СДЭК Express",
    ),
    Script.RARE_HANZI: Wording(
        "邓喆龘",
        "浙江省杭州市西湖区鼎祥里朤楼4号",
        "陶瓷罐 朤 犇骉 2件",
        "堃喆 代收",
        "圆通 犇",
    ),
    Script.NO_GLYPH: Wording(
        "Петров 𓀀 Пётр",
        "Москва, ул. Правды 🏠, 24",
        "Кружка ☕︎ 🎁",
        "Не звонить 🔕",
        "Почта 📮",
    ),
}

_LONG_WORD = {
    Script.RU: "Превысокомногорассмотрительствующая",
    Script.ZH: "吉祥如意福寿康宁万事顺遂" * 3,
    Script.EN: "Taumatawhakatangihangakoauauotamateaturipukakapikimaungahoronukupokaiwhenua",
    Script.KK: "Қанағаттандырылмағандықтарыңыздан",
    Script.MIXED: "Ли李Weiқызы" * 5,
    Script.RARE_HANZI: "龘犇骉朤堃" * 7,
    Script.NO_GLYPH: "ᚠᚢᚦᚨᚱᚲ" * 5,
}


def wording(script: Script, length: Length) -> Wording:
    """Texts in this script. The extreme ones are two to five times as long, with a word that has nowhere to break."""
    normal = NORMAL[script]
    if length is Length.NORMAL:
        return normal
    if length is Length.EMPTY:
        return Wording("", "", "", "", "")
    word = _LONG_WORD[script]
    return Wording(
        name=f"{normal.name} {word} {normal.name}",
        address=f"{normal.address}, {word}, {normal.address}; {normal.address}",
        goods=f"{normal.goods} / {word} / {normal.goods} {normal.goods}",
        note=f"{normal.note}. {word}. {normal.note}",
        carrier=f"{normal.carrier} {word}",
    )
