"""The rising shipping tariff: nothing until the shipping date, then percent steps with a minimum each.

The ladder is the one of the official example of `/v3/posting/fbs/get`; a step lasts 12 hours there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from shipby_local.simulator.model import Posting
from shipby_local.simulator.words import Json, plain, stamp

FOREVER: Final = "9999-12-31T23:59:59.999999900Z"
_LADDER: Final = ((0, 0), (1, 50), (1, 50), (2, 100), (2, 100), (3, 150))


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `until` None means for ever; `charge` is what assembling during the step costs."""

    rate: int
    minimum: Decimal
    charge: Decimal
    until: datetime | None

    @property
    def type(self) -> str:
        return "commission" if self.rate else "no_discount"


def steps(posting: Posting, step_seconds: float) -> list[Step]:
    """The posting's ladder from the beginning."""
    ladder = []
    for index, (rate, minimum) in enumerate(_LADDER):
        last = index == len(_LADDER) - 1
        until = None if last else posting.shipment_date + timedelta(seconds=step_seconds * index)
        charge = max(Decimal(minimum), posting.total * rate / 100) if rate else Decimal(0)
        ladder.append(Step(rate, Decimal(minimum), charge, until))
    return ladder


def place(posting: Posting, at: datetime, step_seconds: float) -> tuple[Step, Step | None]:
    """The step in force at a time and the one after it."""
    ladder = steps(posting, step_seconds)
    for index, step in enumerate(ladder):
        if step.until is None or at <= step.until:
            return step, ladder[index + 1] if index + 1 < len(ladder) else None
    return ladder[-1], None


def charge_at(posting: Posting, at: datetime, step_seconds: float) -> Decimal:
    """What assembling at a time costs the seller, in the posting's currency."""
    return place(posting, at, step_seconds)[0].charge


def steps_json(posting: Posting, step_seconds: float) -> list[Json]:
    """`tariffication_steps`, the same in v3 and v4."""
    return [
        {
            "min_charge": money(step.minimum, posting.currency) if step.rate else None,
            "tariff_charge": money(step.charge, posting.currency),
            "tariff_deadline_at": stamp(step.until) if step.until else FOREVER,
            "tariff_rate": step.rate,
            "tariff_type": step.type,
        }
        for step in steps(posting, step_seconds)
    ]


def v4_json(posting: Posting, at: datetime, step_seconds: float) -> Json:
    """`tariffication` of the v4 lists: charges as amount and currency."""
    current, following = place(posting, at, step_seconds)
    currency = posting.currency
    return {
        "current_tariff_rate": current.rate,
        "current_tariff_type": current.type,
        "current_tariff_charge": money(current.charge, currency),
        "current_tariff_min_charge": money(current.minimum, currency),
        "next_tariff_rate": following.rate if following else 0,
        "next_tariff_type": following.type if following else "",
        "next_tariff_charge": money(following.charge, currency) if following else None,
        "next_tariff_min_charge": money(following.minimum, currency) if following else None,
        "next_tariff_starts_at": stamp(current.until) if current.until else None,
    }


def v3_json(posting: Posting, at: datetime, step_seconds: float) -> Json:
    """`tariffication` of v3 get: charges as text, their currency beside them."""
    current, following = place(posting, at, step_seconds)
    return {
        "current_tariff_rate": current.rate,
        "current_tariff_type": current.type,
        "current_tariff_charge": plain(current.charge) if current.charge else "",
        "current_tariff_charge_currency_code": posting.currency,
        "next_tariff_rate": following.rate if following else 0,
        "next_tariff_type": following.type if following else "",
        "next_tariff_charge": plain(following.charge) if following else "",
        "next_tariff_starts_at": stamp(current.until) if current.until else None,
        "next_tariff_charge_currency_code": posting.currency,
    }


def money(amount: Decimal, currency: str) -> Json:
    """Money as the v4 family writes it."""
    return {"amount": plain(amount), "currency": currency}
