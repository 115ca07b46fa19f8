"""The order of work: what the next dated step of a posting costs, and how much money a minute of work saves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from shipby.domain.deadlines.ladder import charge_of
from shipby.domain.money import Money
from shipby.domain.postings.posting import (
    BEFORE_HAND_OVER,
    Line,
    Posting,
    Rung,
    RungKind,
    Stage,
    TariffStep,
    paid_for,
)
from shipby.domain.sellers.settings import SellerSettings

STEPS = (RungKind.SHIPMENT_DATE, RungKind.TARIFF_STEP, RungKind.WITHOUT_DELAY)
"""The dates that cost something: the cut-off, each later tariff step, and the line of the error index."""
MINUTES = 5
"""Minutes of work of a stage that the seller's settings do not name."""


class CostKind(StrEnum):
    """Why passing a date costs money."""

    DISCOUNT_LOST = "discount_lost"
    """The marketplace's discount for early hand-over ends or shrinks (tariff type `discount`)."""
    SURCHARGE = "surcharge"
    """The tariff rises (tariff type `commission`)."""
    LATE_SHIPMENT_CHARGE = "late_shipment_charge"
    """The charge for a delay in the error index: an estimate, the marketplace works it out later."""
    ERROR_INDEX = "error_index"
    """The posting counts as SELLER_DELAY in the error index; not money by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One thing a step costs. `stated` is False for an estimate; `amount` is None where it is not money."""

    kind: CostKind
    amount: Money | None
    stated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The next date of a posting that costs something."""

    due: datetime
    rung: RungKind
    costs: tuple[Cost, ...] = ()

    @property
    def at_risk(self) -> Money | None:
        """What leaving before it saves; None where nothing has a price."""
        amounts = [cost.amount for cost in self.costs if cost.amount is not None]
        same = [amount for amount in amounts if amount.currency == amounts[0].currency]
        return sum(same[1:], same[0]) if same else None

    @property
    def stated(self) -> bool:
        """Whether the marketplace itself states every amount in it."""
        return all(cost.stated for cost in self.costs if cost.amount is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPosting:
    """Of a posting, as much as the order of work needs; its fields are those of `Posting`."""

    number: str
    stage: Stage
    rungs: tuple[Rung, ...] = ()
    warehouse_id: str = ""
    late: bool = False
    overdue: bool = False
    late_price: Money | None = None
    blocked_from: Stage | None = None
    blocked_reason: str = ""
    parent_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedPrices:
    """Of what the marketplace says of a posting, the same; its fields are those of `MarketplacePosting`."""

    tariff_steps: tuple[TariffStep, ...] = ()
    lines: tuple[Line, ...] = ()

    @property
    def paid(self) -> Money | None:
        """What the buyer paid for all lines."""
        return paid_for(self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A posting with a step ahead and the work left until hand-over."""

    posting: OpenPosting | Posting
    step: Step
    minutes: int

    @property
    def per_minute(self) -> Fraction:
        """Minor units of its own currency saved by one minute of work."""
        money = self.step.at_risk
        return Fraction(money.minor if money else 0, self.minutes)


def working_stage(posting: OpenPosting | Posting) -> Stage:
    """Where its work stands: a blocked posting keeps the stage it was blocked in."""
    return posting.blocked_from or posting.stage if posting.stage is Stage.BLOCKED else posting.stage


def minutes_of(stage: Stage, settings: SellerSettings) -> int:
    """Minutes of work left until hand-over, by the seller's settings; at least one."""
    return max(1, settings.minutes_per_posting.get(stage, MINUTES))


def next_step(
    posting: OpenPosting | Posting,
    now: datetime,
    *,
    tariff: Sequence[TariffStep] = (),
    delay_charge: Money | None = None,
) -> Step | None:
    """The next date after `now` that costs something, with everything it costs; None if there is none.

    The price of a rung is what passing it adds (see `ladder`). `tariff` are the marketplace's steps as last read: they
    tell a lost discount from a surcharge. `delay_charge` is an estimate of the charge for a delay.
    """
    if posting.stage is not Stage.BLOCKED and posting.stage not in BEFORE_HAND_OVER:
        return None
    ahead = [rung for rung in posting.rungs if rung.kind in STEPS and rung.due > now]
    if not ahead or working_stage(posting) not in BEFORE_HAND_OVER:
        return None
    due = min(rung.due for rung in ahead)
    here = {rung.kind: rung for rung in ahead if rung.due == due}
    costs = [cost for rung in here.values() if rung.price for cost in _tariff_costs(rung.price, tariff, due)]
    if RungKind.WITHOUT_DELAY in here:
        if delay_charge is not None:
            costs.append(Cost(kind=CostKind.LATE_SHIPMENT_CHARGE, amount=delay_charge, stated=False))
        costs.append(Cost(kind=CostKind.ERROR_INDEX, amount=None, stated=True))
    return Step(due=due, rung=next(kind for kind in STEPS if kind in here), costs=tuple(costs))


def _tariff_costs(price: Money, tariff: Sequence[TariffStep], due: datetime) -> list[Cost]:
    """The price of a step as discount lost and surcharge; all of it a surcharge where the tariff does not tell."""
    ending = next((step for step in tariff if step.until == due), None)
    discount = -charge_of(ending).minor if ending is not None and ending.charge.currency == price.currency else 0
    lost = min(max(discount, 0), price.minor)
    parts = ((CostKind.DISCOUNT_LOST, lost), (CostKind.SURCHARGE, price.minor - lost))
    return [Cost(kind=kind, amount=Money(minor, price.currency), stated=True) for kind, minor in parts if minor > 0]


def main_currency(currencies: Iterable[str]) -> str:
    """The currency that most of them have; the first by name among equals, empty where there is none."""
    counted = Counter(currency for currency in currencies if currency)
    return min(counted, key=lambda currency: (-counted[currency], currency), default="")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the order of work, so that a page can go on after it."""

    group: int
    currency: str
    saves: Fraction
    due: datetime
    number: str

    @property
    def rank(self) -> tuple[int, str, Fraction, datetime, str]:
        """Sorts: the smaller, the earlier."""
        return self.group, self.currency, -self.saves, self.due, self.number


def order_of_work(dues: Iterable[Due]) -> list[tuple[Place, Due]]:
    """Most money saved per minute first; then the earlier date, then the number.

    Currencies are never mixed or converted: the currency most postings have comes first, the others by name, and what
    has no price comes last.
    """
    found = list(dues)
    main = main_currency(money.currency for due in found if (money := due.step.at_risk) is not None)

    def place(due: Due) -> Place:
        money = due.step.at_risk
        group = 2 if money is None else int(money.currency != main)
        return Place(group, money.currency if money else "", due.per_minute, due.step.due, due.posting.number)

    return sorted(((place(due), due) for due in found), key=lambda placed: placed[0].rank)
