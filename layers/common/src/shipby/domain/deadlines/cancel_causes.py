"""Why a posting is cancelled by itself, and which of the offered reasons says so truthfully.

The reason goes to the marketplace, which shows it to the buyer and counts it. An automatic cancel therefore gives one
that is true of what happened, or none at all: then it is not made, and a person decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

OUT_OF_STOCK, ONLY_DEFECTIVE, ARBITRATION, OTHER_OF_SELLER = 352, 400, 401, 402
NOT_COLLECTED, NO_DELIVERY, LOST_BY_CARRIER = 665, 666, 667
"""Ids with a published meaning; 402 wants a message. Source: Ozon Seller API /v2/posting/fbs/cancel."""
_PUBLISHED = frozenset(
    {OUT_OF_STOCK, ONLY_DEFECTIVE, ARBITRATION, OTHER_OF_SELLER, NOT_COLLECTED, NO_DELIVERY, LOST_BY_CARRIER}
)
_SELLER, _BUYER = "seller", "buyer"
_BUYER_DECLINES = re.compile(
    r"передумал|отказал|отменил|не нужен|не хочет|changed (their|his|her) mind|declined|cancelled"
)
"""Words of an unpublished reason of the buyer's that say that the buyer does not want it any more. inferred."""


class CancelCause(StrEnum):
    """What happened."""

    NOT_SENT = "not_sent"
    """The seller has not sent it and does not any more: given up by the policy, or by what the marketplace shows."""
    BUYER = "buyer"
    """The buyer does not want it any more, and it was still in time."""
    BUYER_AS_LATE = "buyer_as_late"
    """The buyer does not want it any more after the seller was late."""


@dataclass(frozen=True, slots=True)
class OfferedReason:
    """A reason that the marketplace takes for a posting; `by` is seller or buyer."""

    id: int
    title: str
    by: str


@dataclass(frozen=True, slots=True)
class TrueReason:
    """The reason to give, and the text that goes with it."""

    id: int
    message: str


_TEXTS: dict[CancelCause, str] = {
    CancelCause.NOT_SENT: "Продавец не отправил заказ",
    CancelCause.BUYER: "Покупатель отказался от заказа",
    CancelCause.BUYER_AS_LATE: "Продавец опоздал с отправкой, и покупатель отказался от заказа",
}
_BLAMES_SELLER = re.compile(r"вин[аеуы] продавца|по вине|seller's fault|fault of the seller")


def true_reason(
    cause: CancelCause, offered: Iterable[OfferedReason], *, preferred: int | None = None
) -> TrueReason | None:
    """The offered reason that is true of a cause; None where there is none.

    `preferred` is the seller's own choice. It counts where it may be true: a reason with a published meaning says only
    that, while one without is taken at the seller's word as far as it blames the side that it happened to.
    """
    known = {reason.id: reason for reason in offered}
    own = known.get(preferred) if preferred is not None and preferred not in _PUBLISHED else None
    blamed = _SELLER if cause is CancelCause.NOT_SENT else _BUYER
    if own is not None and own.by == blamed:
        return TrueReason(own.id, own.title)
    if cause is not CancelCause.NOT_SENT:
        for reason in known.values():
            words = reason.title.casefold()
            if reason.by == _BUYER and reason.id not in _PUBLISHED and _BUYER_DECLINES.search(words):
                return TrueReason(reason.id, reason.title)
    other = known.get(OTHER_OF_SELLER)
    # What the buyer did in time is not the seller's fault, where the reason says in words that it is.
    if other is None or (cause is CancelCause.BUYER and _BLAMES_SELLER.search(other.title.casefold())):
        return None
    return TrueReason(other.id, _TEXTS[cause])
