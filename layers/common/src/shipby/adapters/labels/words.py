"""The words on our papers that are ours, in the four languages of the warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from shipby.domain.errors import InvalidInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language."""

    to: str
    sender: str
    posting: str
    tracking: str
    box: str
    """With {box} and {boxes}."""
    more: str
    """With {count}."""
    one_more: str
    cash: str
    day: str
    """strftime pattern."""

    def box_of(self, box: int, boxes: int) -> str:
        """Such as "Box 1 of 2"."""
        return self.box.format(box=box, boxes=boxes)

    def more_lines(self, count: int) -> str:
        """Such as "+ 5 more lines"."""
        return self.one_more if count == 1 else self.more.format(count=count)

    def date(self, day: date) -> str:
        """The day as the language writes it in figures."""
        return day.strftime(self.day)


WORDS: Final[dict[str, Words]] = {
    "ru": Words(
        to="Кому",
        sender="От кого",
        posting="Отправление",
        tracking="Трек-номер",
        box="Место {box} из {boxes}",
        more="+ ещё позиций: {count}",
        one_more="+ ещё 1 позиция",
        cash="Наложенный платёж",
        day="%d.%m.%Y",
    ),
    "zh": Words(
        to="收件人",
        sender="寄件人",
        posting="货件编号",
        tracking="运单号",
        box="第 {box} 箱，共 {boxes} 箱",
        more="+ 另有 {count} 项",
        one_more="+ 另有 1 项",
        cash="货到付款",
        day="%Y-%m-%d",
    ),
    "en": Words(
        to="To",
        sender="From",
        posting="Posting",
        tracking="Tracking",
        box="Box {box} of {boxes}",
        more="+ {count} more lines",
        one_more="+ 1 more line",
        cash="Cash on delivery",
        day="%Y-%m-%d",
    ),
    "kk": Words(
        to="Кімге",
        sender="Кімнен",
        posting="Жөнелтілім",
        tracking="Трек-нөмір",
        box="Орын: {box} / {boxes}",
        more="+ тағы {count} атау",
        one_more="+ тағы 1 атау",
        cash="Алған кезде төлеу",
        day="%d.%m.%Y",
    ),
}


def words(language: str) -> Words:
    """The words of a language. Raises InvalidInputError for one we have none in."""
    try:
        return WORDS[language]
    except KeyError:
        raise InvalidInputError(
            f"labels have no language {language!r}; take one of {', '.join(WORDS)}", errors=[("language", "unknown")]
        ) from None
