"""What the marketplace's offered actions of an rFBS return mean: the only place where their names are read.

Official are the ids -1, -10 (reject) and 1020 (compensate) alone; every other id is undocumented and matched by the
name it is offered with. A name that is not one of these in full is shown as it is and taken by its id: a part of a name
proves nothing ("return a part of the money", "do not return the money"). Sources: /v1/returns/rfbs/action/set; the
methods it replaced in August 2026 (verify, receive-return, return-money).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from shipby.domain.returns.return_case import COMPENSATE_ACTION, REJECT_ACTIONS, OfferedAction


class ActionKind(StrEnum):
    """What an action does."""

    REJECT = "reject"
    COMPENSATE = "compensate"
    """The buyer keeps the goods and gets a part of the price."""
    TAKE_BACK = "take_back"
    """Ask for the goods, to look at them."""
    CONFIRM_RECEIPT = "confirm_receipt"
    """Say that the goods have come; decides nothing."""
    REFUND = "refund"
    """The whole price."""
    UNKNOWN = "unknown"


_NAMES: Mapping[ActionKind, re.Pattern[str]] = {
    ActionKind.REJECT: re.compile(
        r"(отклонить|отказать)( заявку| возврат)?( после проверки)?|reject( after inspection)?"
    ),
    ActionKind.TAKE_BACK: re.compile(
        r"(запросить|принять|взять) (товар|возврат) на проверку|одобрить и (запросить|принять) товар"
        r"|request (the )?goods( for inspection)?|approve and take (the )?goods for inspection"
    ),
    ActionKind.CONFIRM_RECEIPT: re.compile(
        r"(товар|возврат) получен|(подтвердить|подтверждаю) получение( товара| возврата)?|я получил (товар|возврат)"
        r"|(goods|return) received|confirm receipt"
    ),
    ActionKind.REFUND: re.compile(
        r"(вернуть|возвратить) (все )?(деньги|средства)( покупателю| полностью)?|возврат (денег|средств)( покупателю)?"
        r"|(подтвердить|одобрить) возврат (денег|средств)|refund( money| the buyer)?|return money|full refund"
    ),
}


def kind_of(action: OfferedAction) -> ActionKind:
    """What an offered action means: by its id where that is official, else by its whole name."""
    if action.id in REJECT_ACTIONS:
        return ActionKind.REJECT
    if action.id == COMPENSATE_ACTION:
        return ActionKind.COMPENSATE
    name = " ".join(action.name.casefold().replace("ё", "е").rstrip(".! ").split())
    return next((kind for kind, pattern in _NAMES.items() if pattern.fullmatch(name)), ActionKind.UNKNOWN)


def of_kind(actions: Iterable[OfferedAction], kind: ActionKind) -> tuple[OfferedAction, ...]:
    """The offered actions of one kind, in their order."""
    return tuple(action for action in actions if kind_of(action) is kind)


def decision_asked(actions: Iterable[OfferedAction]) -> bool:
    """Whether the marketplace waits for a decision: saying that the goods have come is none."""
    return any(kind_of(action) is not ActionKind.CONFIRM_RECEIPT for action in actions)


def speaks_against(state: str, state_name: str, *, payment: bool) -> bool:
    """Whether a return's state says in words that money was not given back (or, of a rejection, that it was).

    The set of states is not published, so words prove nothing that was done. They are enough not to believe it: a
    return that nothing is offered for any more may have been rejected or withdrawn by somebody else, or be in dispute.
    """
    said = f"{state} {state_name}".casefold().replace("ё", "е")
    return (_REJECTED if payment else _PAID).search(said) is not None or _NOT_OURS.search(said) is not None


_REJECTED = re.compile(
    r"reject|declin|refus|denied|cancel|withdr|revok|disput|arbitra|expir|отклон|отказ|отмен|отозв|спор|арбитраж|истек"
)
_PAID = re.compile(r"refund|money.?return|compens|approv|paid|вернул|возвращен|возмещ|компенс|одобр|выплач")
_NOT_OURS = re.compile(
    r"by.?(ozon|marketplace|platform|system)|(ozon|маркетплейс|площадк)|decompens|moving|moved|in.?transit|utili[sz]|dispos|scrap"
    r"|written.?off|lost|утил|списан|утер|перемещ|в пути"
)
"""Something else became of the goods, or somebody else paid."""
_SHOWN: Mapping[ActionKind, re.Pattern[str]] = {
    ActionKind.REFUND: re.compile(
        r"refunded|money.?(was.?)?(returned|refunded)|return.?money|(деньги|средства)\W*(возвращены|вернули)"
        r"|возврат (денег|средств) (выполнен|подтвержден|произведен)"
    ),
    ActionKind.COMPENSATE: re.compile(r"compensated|partial.?(refund|compens)|компенсирован|компенсация выплачена"),
    ActionKind.REJECT: re.compile(r"reject|declin|refus|denied|отклон|отказ"),
}


def shows(state: str, state_name: str, kind: ActionKind) -> bool:
    """Whether a return's state says in so many words that a decision of this kind was carried out.

    No set of states is published, so these are the words of the actions themselves; any other state without actions
    may be anything: paid by the marketplace, withdrawn, scrapped, on its way to somewhere else.
    """
    said = f"{state} {state_name}".casefold().replace("ё", "е")
    pattern = _SHOWN.get(kind)
    return pattern is not None and pattern.search(said) is not None and not _NOT_OURS.search(said)
