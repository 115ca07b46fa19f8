"""Goods on their way back (/v1/returns/list): what each of the marketplace's published states asks of the seller.

Source: Ozon Seller API /v1/returns/list, the values of `visual_status_name`. A state that is not in the table is new:
its return stays open and is shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from shipby.domain.returns.return_case import ReturnCase


class Whereabouts(StrEnum):
    """What a state means for the seller's own work."""

    DECIDE = "decide"
    """A request that the seller has to decide, in the cabinet: no method does it."""
    COMING = "coming"
    WAITING = "waiting"
    """At the return point: storage may cost, and after a time the goods are scrapped."""
    HANDED_OUT = "handed_out"
    """The seller has them: they are received by a scan, looked at, and put somewhere."""
    DISPUTED = "disputed"
    """Between seller, buyer and marketplace; nothing to do here."""
    KEPT = "kept"
    """The marketplace keeps the goods: they go to its own warehouse and are sold from there, or were lost and are paid
    for. Nothing is waited for and nothing is put into stock; see `compensation_status`."""
    OVER = "over"
    """Nothing comes back to the seller any more."""
    OTHER = "other"


_STATES: Mapping[Whereabouts, frozenset[str]] = {
    Whereabouts.DECIDE: frozenset(
        {
            "OnSellerApproval",
            "OnSellerClarification",
            "OnSellerClarificationAfterPartialCompensation",
            "CompensationOffered",
        }
    ),
    Whereabouts.COMING: frozenset(
        {
            "Approved",
            "ApprovedByOzon",
            "MovingToSeller",
            "ReturnMoneyApproved",
            "ReturningToSellerByCourier",
            "WaitingShipment",
        }
    ),
    Whereabouts.KEPT: frozenset({"MovingToOzon", "ReturnedToOzon"}),
    Whereabouts.WAITING: frozenset({"ArrivedAtReturnPlace"}),
    Whereabouts.HANDED_OUT: frozenset({"ReceivedBySeller"}),
    Whereabouts.DISPUTED: frozenset(
        {
            "DisputeOpened",
            "DisputeOpening",
            "DisputeYouOpened",
            "OfferedPartialCompensation",
            "PartialCompensationInProcess",
            "SendingError",
            "Utilizing",
            "WaitingCompensation",
        }
    ),
    Whereabouts.OVER: frozenset(
        {
            "Cancelled",
            "CancelledDisputeNotOpen",
            "CompensationRejected",
            "CompensationRejectedBySeller",
            "CompensationRejectedBySla",
            "CrmRejected",
            "MoneyReturned",
            "MoneyReturnedBySystem",
            "PartialCompensationReturned",
            "Rejected",
            "Utilized",
        }
    ),
}
"""`MoneyReturned` and `MoneyReturnedBySystem` name the buyer's money and no goods, so nothing is waited for; goods that
come all the same are received by a scan in any state. Which state ends which way is inferred from its title."""

NOT_COMING = frozenset({Whereabouts.KEPT, Whereabouts.OVER})
"""Nothing of it comes to the seller. Since 1 October 2025 returns without a claim about quality go to the marketplace's
own warehouse by default (Vedomosti, 19 September 2025; klerk.ru 662219): a state that names Ozon is no way home."""

STORAGE_EVERY = timedelta(days=7)
"""How often goods that wait at the return point are told of."""
BEFORE_SCRAPPING = (timedelta(days=3), timedelta(days=1))


def whereabouts(state: str) -> Whereabouts:
    """What a state asks for."""
    return next((place for place, names in _STATES.items() if state in names), Whereabouts.OTHER)


def fetch_reminder(case: ReturnCase, now: datetime) -> datetime | None:
    """When people are told next that goods wait to be fetched; None once they are here, or do not wait."""
    if whereabouts(case.state) is not Whereabouts.WAITING or case.received_at is not None:
        return None
    weeks = max((now - case.opened_at) // STORAGE_EVERY, 0) + 1
    marks = [case.opened_at + STORAGE_EVERY * weeks]
    if case.scrapped_at is not None:
        marks += [case.scrapped_at - before for before in BEFORE_SCRAPPING]
    return min(mark for mark in marks if mark > now)
