"""The directory of carriers: who they are, how they are reached, what their numbers look like, what they cost and since
when. Presets come with their source; a seller adds own ones, and may retire a preset by one of the same code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from shipby.domain.carriers.carrier import Carrier
from shipby.domain.carriers.formats import NumberFormat, known_formats


def as_regex(pattern: str) -> str:
    """A seller's pattern as a regular expression: nothing in it can repeat, so none takes long."""
    return "".join(_SIGNS.get(sign, re.escape(sign)) for sign in pattern)


_SIGNS = {"#": r"\d", "@": "[A-Z]", "*": "[A-Z0-9]"}


def formats_of(carrier: Carrier) -> tuple[NumberFormat, ...]:
    """What a carrier's numbers look like; nothing where that is not known."""
    own = tuple(
        NumberFormat(
            carrier=carrier.code, id=f"{carrier.code}_{index}", pattern=as_regex(one), source="seller", home=True
        )
        for index, one in enumerate(carrier.patterns, 1)
    )
    return own or tuple(one for one in known_formats() if one.carrier == carrier.code)


def _preset(code: str, ru: str, zh: str, en: str, source: str, **more: object) -> Carrier:
    return Carrier(code=code, names={"ru": ru, "zh": zh, "en": en}, source=source, **more)  # type: ignore[arg-type]  # typed per field


PRESETS: tuple[Carrier, ...] = (
    _preset(
        "russian_post",
        "Почта России",
        "俄罗斯邮政",
        "Russian Post",
        "pochta.ru",
        aliases=("почта", "pochta", "russianpost"),
        services=("parcel", "ems", "small_packet"),
        contacts={"site": "https://www.pochta.ru", "phone": "8 800 100-00-00"},
        tracking_url="https://www.pochta.ru/tracking?barcode={number}",
    ),
    _preset(
        "cdek",
        "СДЭК",
        "CDEK",
        "CDEK",
        "cdek.ru, API v2",
        aliases=("сдек", "sdek"),
        services=("warehouse", "door"),
        contacts={"site": "https://www.cdek.ru"},
        tracking_url="https://www.cdek.ru/ru/tracking/?order_id={number}",
    ),
    _preset(
        "boxberry",
        "Boxberry",
        "Boxberry",
        "Boxberry",
        "boxberry.ru",
        aliases=("боксберри",),
        contacts={"site": "https://boxberry.ru"},
        tracking_url="https://boxberry.ru/tracking-page?id={number}",
    ),
    _preset(
        "dpd",
        "DPD",
        "DPD",
        "DPD",
        "dpd.ru; numbers: tracking_number_data",
        aliases=("дпд",),
        contacts={"site": "https://www.dpd.ru"},
    ),
    _preset(
        "yandex",
        "Яндекс Доставка",
        "Yandex 配送",
        "Yandex Delivery",
        "dostavka.yandex.ru",
        aliases=("яндекс", "yandex go"),
        contacts={"site": "https://dostavka.yandex.ru"},
    ),
    _preset(
        "cainiao",
        "Cainiao",
        "菜鸟",
        "Cainiao",
        "global.cainiao.com",
        aliases=("aliexpress", "菜鸟网络"),
        contacts={"site": "https://global.cainiao.com"},
        tracking_url="https://global.cainiao.com/newDetail.htm?mailNoList={number}",
    ),
    _preset(
        "yanwen",
        "Yanwen",
        "燕文",
        "Yanwen",
        "yw56.com.cn",
        aliases=("燕文物流",),
        contacts={"site": "https://www.yw56.com.cn"},
        tracking_url="https://track.yw56.com.cn/cn/querydel?nums={number}",
    ),
    _preset(
        "yunexpress",
        "YunExpress",
        "云途",
        "YunExpress",
        "yuntrack.com; numbers: tracking_number_data",
        aliases=("云途物流", "yuntrack"),
        contacts={"site": "https://www.yunexpress.com"},
        tracking_url="https://www.yuntrack.com/parcelTracking?id={number}",
    ),
    _preset(
        "4px",
        "4PX",
        "递四方",
        "4PX",
        "track.4px.com",
        aliases=("4px express", "递四方速递"),
        contacts={"site": "https://www.4px.com"},
        tracking_url="https://track.4px.com/#/result/0/{number}",
    ),
    _preset(
        "sf",
        "SF Express",
        "顺丰",
        "SF Express",
        "sf-express.com",
        aliases=("顺丰速运", "sf express"),
        contacts={"site": "https://www.sf-express.com"},
        tracking_url="https://www.sf-express.com/chn/en/waybill/waybill-detail/{number}",
    ),
    _preset(
        "china_post",
        "Почта Китая",
        "中国邮政",
        "China Post",
        "UPU S10, country CN",
        aliases=("ems china", "chinapost"),
        contacts={"site": "https://www.ems.com.cn"},
    ),
    _preset("belpost", "Белпочта", "白俄罗斯邮政", "Belpost", "UPU S10, country BY"),
    _preset("kazpost", "Казпочта", "哈萨克斯坦邮政", "Kazpost", "UPU S10, country KZ"),
    _preset("uzpost", "Узбекистон почтаси", "乌兹别克斯坦邮政", "Uzbekiston Pochtasi", "UPU S10, country UZ"),
    _preset(
        "s10",
        "Почта другой страны",
        "其他国家邮政",
        "Another country's post",
        "UPU S10; the country's letters say whose",
    ),
)
"""Sites and tracking pages as their owners publish them; prices and pickup times are the seller's own contract."""
POSTS_BY_S10 = frozenset({"russian_post", "china_post", "belpost", "kazpost", "uzpost", "s10", "yanwen", "cainiao"})
"""Carriers whose parcels may have an S10 number of some post."""


def directory(own: Iterable[Carrier]) -> dict[str, Carrier]:
    """Presets, with the seller's own carriers beside or instead of them."""
    return {carrier.code: carrier for carrier in (*PRESETS, *own)}


def find(text: str, carriers: Mapping[str, Carrier]) -> Carrier | None:
    """The carrier that a person names by its code, a name or an alias; None for a name nobody knows.

    Carriers of whom no more is known than their formats are found by their code in the open data.
    """
    wanted = " ".join(text.split()).casefold()
    for carrier in carriers.values():
        names = (carrier.code, *carrier.names.values(), *carrier.aliases)
        if wanted in {" ".join(name.split()).casefold() for name in names}:
            return carrier
    if any(one.carrier == wanted for one in known_formats()):
        return Carrier(code=wanted, names={"en": wanted}, source="tracking_number_data")
    return None


def all_formats(carriers: Mapping[str, Carrier]) -> Sequence[NumberFormat]:
    """The seller's own formats before the known ones."""
    own = [one for carrier in carriers.values() if carrier.patterns for one in formats_of(carrier)]
    return (*own, *known_formats())
