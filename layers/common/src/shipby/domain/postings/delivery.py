"""What the seller tells the marketplace of a parcel that their own carrier brings.

Only such postings (`non_integrated`) have nobody else who tells it: until it is told, the marketplace waits, and in the
end cancels. Sources: ozon Seller API, section Process; /v2/fbs/posting/delivering, /last-mile, /delivered.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

MOVING = frozenset({"delivering", "driver_pickup"})
"""Statuses of what is on its way."""
DELIVERED = "delivered"
_LAST_MILE = frozenset(
    {"posting_in_courier_service", "posting_conditionally_delivered", "posting_received", "posting_delivered"}
)


class DeliveryStage(StrEnum):
    """What can be told, in this order; `last_mile` may be left out."""

    DELIVERING = "delivering"
    LAST_MILE = "last_mile"
    DELIVERED = "delivered"


OFFERED: Mapping[DeliveryStage, str] = {
    DeliveryStage.DELIVERING: "non_int_delivering",
    DeliveryStage.LAST_MILE: "non_int_last_mile",
    DeliveryStage.DELIVERED: "non_int_delivered",
}
"""Which of `available_actions` allows it. Source: /v3/posting/fbs/get."""


def shows(stage: DeliveryStage, status: str, substatus: str) -> bool:
    """Whether the marketplace shows the stage, or a later one."""
    if status == DELIVERED:
        return True
    if stage is DeliveryStage.DELIVERING:
        return status in MOVING
    return stage is DeliveryStage.LAST_MILE and status in MOVING and substatus in _LAST_MILE
