"""The words on pick lists and packing slips, in the four languages of the warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shipby.domain.errors import InvalidInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperWords:
    """One language."""

    pick_list: str
    slip: str
    page: str
    """With {page} and {pages}."""
    no_bin: str
    continued: str
    made: str
    warehouse: str
    cut_off: str
    products: str
    postings: str
    pieces: str
    order: str
    boxes: str
    inserts: str
    notes: str
    nothing: str
    when: str
    """strftime pattern."""


WORDS: Final[dict[str, PaperWords]] = {
    "ru": PaperWords(
        pick_list="Лист подбора",
        slip="Комплектация",
        page="стр. {page} из {pages}",
        no_bin="без ячейки",
        continued="продолжение",
        made="Составлен",
        warehouse="Склад",
        cut_off="Отгрузить до",
        products="Товаров",
        postings="Отправлений",
        pieces="Всего штук",
        order="Заказ",
        boxes="Мест",
        inserts="Вложить",
        notes="Упаковщику",
        nothing="Собирать нечего",
        when="%d.%m.%Y %H:%M",
    ),
    "zh": PaperWords(
        pick_list="拣货单",
        slip="装箱单",
        page="第 {page} 页，共 {pages} 页",
        no_bin="无库位",
        continued="续",
        made="制表时间",
        warehouse="仓库",
        cut_off="发货截止",
        products="商品数",
        postings="货件数",
        pieces="总件数",
        order="订单",
        boxes="箱数",
        inserts="附件",
        notes="打包说明",
        nothing="没有需要拣的商品",
        when="%Y-%m-%d %H:%M",
    ),
    "en": PaperWords(
        pick_list="Pick list",
        slip="Packing slip",
        page="page {page} of {pages}",
        no_bin="no bin",
        continued="continued",
        made="Made",
        warehouse="Warehouse",
        cut_off="Ship by",
        products="Products",
        postings="Postings",
        pieces="Pieces in all",
        order="Order",
        boxes="Boxes",
        inserts="Put in",
        notes="For the packer",
        nothing="Nothing to pick",
        when="%Y-%m-%d %H:%M",
    ),
    "kk": PaperWords(
        pick_list="Жинау парағы",
        slip="Жинақтау парағы",
        page="{page}-бет, барлығы {pages}",
        no_bin="ұяшықсыз",
        continued="жалғасы",
        made="Жасалған",
        warehouse="Қойма",
        cut_off="Жөнелту мерзімі",
        products="Тауар түрі",
        postings="Жөнелтілім",
        pieces="Барлығы дана",
        order="Тапсырыс",
        boxes="Орын",
        inserts="Салу керек",
        notes="Қаптаушыға",
        nothing="Жинайтын ештеңе жоқ",
        when="%d.%m.%Y %H:%M",
    ),
}


def paper_words(language: str) -> PaperWords:
    """The words of a language. Raises InvalidInputError for one we have none in."""
    try:
        return WORDS[language]
    except KeyError:
        raise InvalidInputError(
            f"papers have no language {language!r}; take one of {', '.join(WORDS)}", errors=[("language", "unknown")]
        ) from None
