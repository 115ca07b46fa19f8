"""What a carrier says of a number: scans in one set of words, with the carrier's own words beside them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ScanStatus(StrEnum):
    """Where a parcel is, in the order of a good journey; what is out of that order stands behind."""

    LABEL_MADE = "label_made"
    """The number exists; nobody has the parcel yet."""
    ACCEPTED = "accepted"
    """The carrier has it: the first scan."""
    IN_TRANSIT = "in_transit"
    CUSTOMS = "customs"
    ARRIVED = "arrived"
    """In the country or city of the buyer."""
    OUT_FOR_DELIVERY = "out_for_delivery"
    READY_FOR_PICKUP = "ready_for_pickup"
    DELIVERED = "delivered"
    FAILED_ATTEMPT = "failed_attempt"
    RETURNING = "returning"
    """On its way back to the sender."""
    RETURNED = "returned"
    EXCEPTION = "exception"
    """Damaged, lost, held: a person has to look."""
    UNKNOWN = "unknown"
    """The carrier said something that has no word here; it is a sign of life all the same."""


PROGRESS = {status: index for index, status in enumerate(list(ScanStatus)[:8])}
"""How far along a good journey a status is."""
BEGINS = frozenset({ScanStatus.LABEL_MADE, ScanStatus.ACCEPTED})
"""Statuses with which a journey begins."""
ENDS = frozenset({ScanStatus.DELIVERED, ScanStatus.RETURNED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One thing that a carrier said. Two with the same time and words are the same one, whoever told us."""

    at: datetime
    status: ScanStatus
    words: str = ""
    """The carrier's own words, in its language, cut at 200 signs."""
    place: str = ""
    source: str = ""
    """Who told us: csv, 17track …"""
    eta: datetime | None = None
    """When the carrier means to deliver, where it says so."""

    @property
    def id(self) -> str:
        told = "\0".join((self.at.isoformat(), self.status, self.words, self.place))
        return hashlib.sha256(told.encode()).hexdigest()[:16]


_WORDS: tuple[tuple[ScanStatus, str], ...] = (
    (ScanStatus.RETURNED, "returned to sender|вручено отправителю|возвращено отправителю|退件签收|已退回"),
    (ScanStatus.RETURNING, "return|возврат|обратно|退回|退件"),
    (ScanStatus.EXCEPTION, "damag|lost|утрач|поврежд|утер|破损|丢失|seized|изъят|confiscat"),
    (ScanStatus.FAILED_ATTEMPT, "attempt|неудачн|не удалось|not delivered|undeliver|refused|отказ|投递失败|未妥投"),
    (ScanStatus.READY_FOR_PICKUP, "ready for pick|pickup point|ожидает|готов к выдаче|в пункте выдачи|待取|自提"),
    (ScanStatus.OUT_FOR_DELIVERY, "out for delivery|передано курьеру|у курьера|with courier|派送|派件"),
    (ScanStatus.DELIVERED, "delivered|вручен|доставлен|получено адресатом|签收|妥投"),
    (ScanStatus.CUSTOMS, "customs|таможен|таможн|海关|清关"),
    (ScanStatus.ARRIVED, "arrived at destination|прибыло в страну|прибыло в город|прибыло в место|到达目的"),
    (ScanStatus.ACCEPTED, "accepted|picked up|received by carrier|принято|принят в отдел|прием|приём|揽收|收寄"),
    (ScanStatus.LABEL_MADE, "label|pre-advice|information received|присвоен|зарегистрирован|下单|预报"),
    (ScanStatus.IN_TRANSIT, "transit|depart|arriv|sorted|покинуло|сортиров|в пути|прибыло|离开|到达|运输|发往"),
)
"""Words that carriers use, in the order in which they are looked for: "not delivered" is no delivery."""


def status_of(words: str) -> ScanStatus:
    """The status that a carrier's words speak of; UNKNOWN where none of them is known."""
    said = words.casefold()
    return next(
        (status for status, known in _WORDS if any(word in said for word in known.split("|"))), ScanStatus.UNKNOWN
    )
