"""The rising shipping tariff: nothing until the shipping date, then percent steps with a minimum each.

The ladder is the one of the official example of `/v3/posting/fbs/get`; a step lasts 12 hours there. With discounts it
begins as in the official example of `/v4/posting/fbs/unfulfilled/list`: steps of type `discount`, whose rate and charge
are positive numbers too. What moves the shipping date moves every step; while there is no date there are no steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from shipby_local.simulator.model import Posting
from shipby_local.simulator.settings import TariffTerms
from shipby_local.simulator.words import Json, cents, plain, stamp

FOREVER: Final = "9999-12-31T23:59:59.999999900Z"
_FREE: Final = (Decimal(0), Decimal(0), "no_discount")
_LADDER: Final = tuple(
    (Decimal(rate), Decimal(minimum), "commission")
    for rate, minimum in ((1, 50), (1, 50), (2, 100), (2, 100), (3, 150))
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `until` None means for ever; `charge` is what handing over during the step costs, or gives back."""

    rate: Decimal
    minimum: Decimal
    charge: Decimal
    type: str
    until: datetime | None

    @property
    def cost(self) -> Decimal:
        """The charge with its sign: a discount is below zero."""
        return -self.charge if self.type == "discount" else self.charge


_WAITING: Final = Step(Decimal(0), Decimal(0), Decimal(0), "no_discount", None)
"""While there is no shipping date."""


def steps(posting: Posting, terms: TariffTerms) -> list[Step]:
    """The posting's ladder from the beginning; empty while it has no shipping date."""
    if posting.cutoff is None:
        return []
    before = [(rate, Decimal(0), "discount") for rate in terms.discounts] or [_FREE]
    rungs = (*before, *_LADDER)
    ladder = []
    for index, (rate, minimum, kind) in enumerate(rungs):
        last = index == len(rungs) - 1
        passed = index - len(before) + 1
        until = None if last else posting.cutoff + timedelta(seconds=terms.step_seconds * passed)
        charge = cents(max(minimum, posting.total * rate / 100))
        ladder.append(Step(rate, minimum, charge, kind, until))
    return ladder


def place(posting: Posting, at: datetime, terms: TariffTerms) -> tuple[Step, Step | None]:
    """The step in force at a time and the one after it."""
    ladder = steps(posting, terms)
    for index, step in enumerate(ladder):
        if step.until is None or at <= step.until:
            return step, ladder[index + 1] if index + 1 < len(ladder) else None
    return _WAITING, None


def cost_at(posting: Posting, at: datetime, terms: TariffTerms) -> Decimal:
    """What handing over at a time costs the seller, in the posting's currency; below zero if it is a discount."""
    return place(posting, at, terms)[0].cost


def steps_json(posting: Posting, terms: TariffTerms) -> list[Json]:
    """`tariffication_steps`, the same in v3 and v4."""
    return [
        {
            "min_charge": money(step.minimum, posting.currency) if step.minimum else None,
            "tariff_charge": money(step.charge, posting.currency),
            "tariff_deadline_at": stamp(step.until) if step.until else FOREVER,
            "tariff_rate": float(step.rate),
            "tariff_type": step.type,
        }
        for step in steps(posting, terms)
    ]


def v4_json(posting: Posting, at: datetime, terms: TariffTerms) -> Json:
    """`tariffication` of the v4 lists: charges as amount and currency."""
    current, following = place(posting, at, terms)
    currency = posting.currency
    return {
        "current_tariff_rate": float(current.rate),
        "current_tariff_type": current.type,
        "current_tariff_charge": money(current.charge, currency),
        "current_tariff_min_charge": money(current.minimum, currency),
        "next_tariff_rate": float(following.rate) if following else 0,
        "next_tariff_type": following.type if following else "",
        "next_tariff_charge": money(following.charge, currency) if following else None,
        "next_tariff_min_charge": money(following.minimum, currency) if following else None,
        "next_tariff_starts_at": stamp(current.until) if current.until else None,
    }


def v3_json(posting: Posting, at: datetime, terms: TariffTerms) -> Json:
    """`tariffication` of v3 get: charges as text, their currency beside them."""
    current, following = place(posting, at, terms)
    return {
        "current_tariff_rate": float(current.rate),
        "current_tariff_type": current.type,
        "current_tariff_charge": plain(current.charge) if current.charge else "",
        "current_tariff_charge_currency_code": posting.currency,
        "next_tariff_rate": float(following.rate) if following else 0,
        "next_tariff_type": following.type if following else "",
        "next_tariff_charge": plain(following.charge) if following else "",
        "next_tariff_starts_at": stamp(current.until) if current.until else None,
        "next_tariff_charge_currency_code": posting.currency,
    }


def money(amount: Decimal, currency: str) -> Json:
    """Money as the v4 family writes it."""
    return {"amount": plain(amount), "currency": currency}
