"""What lateness and cancels cost, posting by posting and rung by rung."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipby.domain.deadlines.loss_audit import (
    CANCEL,
    CUT_OFF,
    DELAY,
    DISCOUNT,
    OVERDUE_CANCEL,
    Loss,
    compare,
    estimate_tariff,
    explain_error,
    lines,
    totals,
    uncounted,
)
from shipby.domain.deadlines.policy import Move
from shipby.domain.money import Money
from shipby.domain.postings.posting import Cancellation, MarketplacePosting, Scheme, TariffStep
from shipby.domain.rating.standing import ErrorIndex, IndexDay, IndexedPosting, IndexErrorKind
from shipby.domain.sellers.settings import LatePolicy, SellerSettings
from tests.support import builders as a

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OVERDUE = a.CUT_OFF + 2 * DAY
NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
DEFAULT = SellerSettings(seller=a.SELLER)


def step(until: datetime, charge: str, minimum: str = "0") -> TariffStep:
    return TariffStep(until=until, rate=Decimal(1), minimum=a.rub(minimum), charge=a.rub(charge))


STEPS = (step(a.CUT_OFF, "0"), step(a.CUT_OFF + DAY, "10.01", "50"), step(OVERDUE, "120.02", "100"), step(NEVER, "300"))


def facts(**changes: Any) -> MarketplacePosting:
    """A posting that went into delivery three hours after its date without delay."""
    base = a.detail(status="delivering", without_delay=OVERDUE, delivering_date=OVERDUE + 3 * HOUR, tariff_steps=STEPS)
    return replace(base, **changes)


def cancelled(by: str = "seller", reason: int = 402, affects: bool = True) -> Cancellation:
    return Cancellation(reason_id=reason, reason="x", type=by, after_ship=False, affects_rating=affects)


def row(**changes: Any) -> IndexedPosting:
    base = IndexedPosting(
        number=a.NUMBER,
        kind=IndexErrorKind.SELLER_DELAY,
        at=OVERDUE,
        charge=a.rub("33.33"),
        charge_percent=Decimal(3),
        product_price=a.rub("1111"),
        scheme="FBS",
        grace=False,
        raw_kind="SELLER_DELAY",
    )
    return replace(base, **changes)


CANCEL_ROW = row(kind=IndexErrorKind.SELLER_CANCELLATION, at=a.CUT_OFF + 5 * HOUR, raw_kind="SELLER_CANCELLATION")


# Charges of the index


def test_a_delay_is_explained_and_the_earliest_reminder_is_named_with_the_time_it_would_have_left() -> None:
    loss = explain_error(row(), facts(), DEFAULT)

    assert (loss.rung, loss.cost, loss.unexplained, loss.cost_at) == (DELAY, a.rub("33.33"), "", OVERDUE)
    assert loss.reminder is not None
    assert (loss.reminder.before, loss.reminder.at) == (4 * HOUR, a.CUT_OFF - 4 * HOUR)
    assert loss.reminder.lead == 2 * DAY + 4 * HOUR
    assert loss.move is Move.PRIORITISE


def test_a_reminder_that_lies_before_the_posting_appeared_never_came() -> None:
    loss = explain_error(row(), facts(in_process_at=a.CUT_OFF - 2 * HOUR), DEFAULT)

    assert loss.reminder is not None
    assert loss.reminder.before == HOUR


def test_a_posting_that_came_after_every_reminder_is_out_of_reach_and_its_choices_are_shown() -> None:
    settings = replace(DEFAULT, buyer_chat=False)

    loss = explain_error(row(), facts(in_process_at=a.CUT_OFF - timedelta(minutes=5)), settings)

    assert (loss.reminder, loss.move, loss.unexplained) == (None, Move.SHOW_CHOICES, "")


def test_a_seller_with_a_chat_asks_the_buyer_before_that() -> None:
    loss = explain_error(row(), facts(in_process_at=a.CUT_OFF - timedelta(minutes=5)), DEFAULT)

    assert loss.move is Move.ASK_BUYER


def test_cross_border_sellers_who_deliver_themselves_move_the_date() -> None:
    settings = replace(DEFAULT, policy=LatePolicy.CROSS_BORDER_RFBS, remind_before=())
    own_delivery = facts(scheme=Scheme.RFBS, integration="non_integrated")

    assert explain_error(row(), own_delivery, settings).move is Move.MOVE_DATE
    assert explain_error(row(), facts(), settings).move is Move.ASK_BUYER


def test_a_cancel_long_after_the_cut_off_could_have_been_prevented_by_a_reminder() -> None:
    loss = explain_error(CANCEL_ROW, facts(status="cancelled", cancellation=cancelled()), DEFAULT)

    assert (loss.rung, loss.unexplained, loss.move) == (CANCEL, "", Move.PRIORITISE)
    assert loss.reminder is not None
    assert loss.reminder.lead == 9 * HOUR


@pytest.mark.parametrize(
    ("reason", "at"), [(352, a.CUT_OFF + 5 * HOUR), (400, a.CUT_OFF + 5 * HOUR), (402, a.CUT_OFF - HOUR)]
)
def test_no_reminder_helps_a_cancel_for_lack_of_stock_or_before_the_cut_off(reason: int, at: datetime) -> None:
    loss = explain_error(replace(CANCEL_ROW, at=at), facts(cancellation=cancelled(reason=reason)), DEFAULT)

    assert (loss.reminder, loss.move) == (None, Move.SHOW_CHOICES)


def test_a_cancel_by_the_marketplace_that_counts_is_a_rung_of_its_own() -> None:
    loss = explain_error(CANCEL_ROW, facts(cancellation=cancelled(by="ozon")), DEFAULT)

    assert (loss.rung, loss.unexplained) == (OVERDUE_CANCEL, "")
    assert loss.reminder is not None


@pytest.mark.parametrize(
    ("charged", "known", "why"),
    [
        (row(), None, "cannot be read"),
        (row(), facts(without_delay=None), "no date without delay"),
        (row(), facts(without_delay=OVERDUE + DAY), "moved afterwards"),
        (row(), facts(delivering_date=OVERDUE - HOUR), "before its date without delay"),
        (CANCEL_ROW, None, "cannot be read"),
        (CANCEL_ROW, facts(), "not cancelled"),
        (CANCEL_ROW, facts(cancellation=cancelled(by="client", affects=False)), "does not count"),
        (row(kind=IndexErrorKind.OTHER, raw_kind="SELLER_MOOD"), facts(), "SELLER_MOOD"),
        (row(kind=IndexErrorKind.OTHER, raw_kind=""), facts(), "nothing named"),
    ],
)
def test_a_charge_that_the_facts_do_not_explain_keeps_its_money_and_says_why(
    charged: IndexedPosting, known: MarketplacePosting | None, why: str
) -> None:
    loss = explain_error(charged, known, DEFAULT)

    assert why in loss.unexplained
    assert (loss.cost, loss.reminder, loss.move) == (a.rub("33.33"), None, None)


# Estimates of the tariff


@pytest.mark.parametrize(
    ("left", "rung", "cost"),
    [
        (a.CUT_OFF, None, None),
        (a.CUT_OFF + timedelta(seconds=1), CUT_OFF, "50"),
        (a.CUT_OFF + DAY, CUT_OFF, "50"),
        (a.CUT_OFF + DAY + HOUR, "tariff_step_2", "120.02"),
        (OVERDUE + HOUR, "tariff_step_3", "300"),
    ],
)
def test_the_step_in_force_when_it_left_is_what_lateness_cost(left: datetime, rung: str | None, cost: str) -> None:
    found = estimate_tariff(facts(delivering_date=left), DEFAULT)

    assert [(loss.rung, loss.cost, loss.estimated) for loss in found] == ([(rung, a.rub(cost), True)] if rung else [])


@pytest.mark.parametrize(("hours", "rung", "cost"), [(1, CUT_OFF, "15"), (25, "tariff_step_2", "30")])
def test_what_leaving_in_time_would_have_cost_all_the_same_is_no_loss(hours: int, rung: str, cost: str) -> None:
    steps = (step(a.CUT_OFF, "10"), step(a.CUT_OFF + DAY, "5", "25"), step(NEVER, "40"))

    (found,) = estimate_tariff(facts(tariff_steps=steps, delivering_date=a.CUT_OFF + hours * HOUR), DEFAULT)

    assert (found.rung, found.cost) == (rung, a.rub(cost))


def test_a_list_that_begins_after_the_cut_off_hides_what_leaving_in_time_would_have_cost() -> None:
    steps = (step(a.CUT_OFF + DAY, "25"), step(NEVER, "40"))

    (found,) = estimate_tariff(facts(tariff_steps=steps, delivering_date=a.CUT_OFF + 25 * HOUR), DEFAULT)

    assert found.cost == a.rub("40")


def test_a_lost_discount_is_an_estimate_of_its_own() -> None:
    steps = (step(a.CUT_OFF - 12 * HOUR, "-30"), step(a.CUT_OFF, "-10"), step(NEVER, "50"))
    early, in_time, late = (
        estimate_tariff(facts(tariff_steps=steps, delivering_date=a.CUT_OFF + by), DEFAULT)
        for by in (-13 * HOUR, -HOUR, HOUR)
    )

    assert early == ()
    assert [(loss.rung, loss.cost) for loss in in_time] == [(DISCOUNT, a.rub("20"))]
    assert [(loss.rung, loss.cost) for loss in late] == [(CUT_OFF, a.rub("50")), (DISCOUNT, a.rub("30"))]


@pytest.mark.parametrize(
    "changes",
    [
        {"delivering_date": None},
        {"cancellation": cancelled()},
        {"tariff_steps": ()},
        {"shipment_date": None},
    ],
)
def test_nothing_is_estimated_where_nothing_left_or_no_step_is_named(changes: dict[str, Any]) -> None:
    assert estimate_tariff(facts(**changes), DEFAULT) == ()


def test_a_posting_that_should_count_and_does_not_is_named() -> None:
    late, cancel = uncounted(facts()), uncounted(facts(cancellation=cancelled(by="ozon")))

    assert late is not None
    assert cancel is not None
    assert uncounted(facts(delivering_date=OVERDUE)) is None
    assert uncounted(facts(cancellation=cancelled(by="client", affects=False))) is None


# Sums


def loss(cost: Money, **changes: Any) -> Loss:
    return replace(Loss(number=a.NUMBER, rung=DELAY, at=a.NOW, cost=cost), **changes)


def test_currencies_are_never_added_and_what_is_forgiven_is_no_cost() -> None:
    found = [loss(a.rub("1.01")), loss(Money(500, "CNY")), loss(a.rub("2.02")), loss(a.rub("9"), grace=True)]

    assert [(line.rung, line.total.postings, line.total.cost) for line in lines(found)] == [
        (DELAY, 1, Money(500, "CNY")),
        (DELAY, 2, a.rub("3.03")),
    ]
    assert totals(found) == {"CNY": Money(500, "CNY"), "RUB": a.rub("12.03")}


def index(costs: str, *days: tuple[int, str]) -> ErrorIndex:
    return ErrorIndex(
        period_from=date(2026, 3, 1),
        period_to=date(2026, 3, 14),
        index=Decimal(5),
        costs=a.rub(costs),
        days=tuple(IndexDay(day=date(2026, 3, day), index=Decimal(5), costs=a.rub(cost)) for day, cost in days),
    )


def at(day: int, hour: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def test_the_first_and_the_last_day_of_the_period_count_whole_and_the_days_around_it_do_not() -> None:
    rows = [row(at=at(28, 23, 2)), row(at=at(1)), row(at=at(14, 23)), row(at=at(15))]

    found = compare(index("66.66"), rows)

    assert (found.listed, found.difference, found.equal) == (a.rub("66.66"), a.rub("0"), True)


def test_a_kopeck_is_a_difference_and_its_day_is_named() -> None:
    found = compare(index("33.34", (2, "0"), (3, "33.34")), [row(at=at(3))])

    assert (found.difference, found.equal) == (a.rub("0.01"), False)
    assert [(day.day.day, day.marketplace, day.listed) for day in found.days] == [(3, a.rub("33.34"), a.rub("33.33"))]


def test_forgiven_charges_are_kept_apart() -> None:
    found = compare(index("33.33"), [row(at=at(3)), row(at=at(4), grace=True)])

    assert (found.equal, found.forgiven) == (True, a.rub("33.33"))


def test_a_charge_in_another_currency_is_never_equal() -> None:
    found = compare(index("33.33"), [row(at=at(3)), row(at=at(3), charge=Money(1, "CNY"))])

    assert (found.difference.minor, found.equal, found.other_currencies) == (0, False, {"CNY": Money(1, "CNY")})


CHARGES = st.lists(
    st.tuples(st.sampled_from(["RUB", "CNY"]), st.integers(0, 10**6), st.booleans(), st.booleans()), max_size=40
)


@given(CHARGES)
def test_the_lines_of_the_report_add_up_to_its_totals(charges: list[tuple[str, int, bool, bool]]) -> None:
    found = [
        loss(Money(minor, currency), estimated=estimated, move=Move.PRIORITISE if known else None, number=str(n))
        for n, (currency, minor, estimated, known) in enumerate(charges)
    ]

    summed: dict[str, int] = {}
    for line in lines(found):
        summed[line.total.cost.currency] = summed.get(line.total.cost.currency, 0) + line.total.cost.minor
        parts = [*line.reminders.values(), line.out_of_reach]
        assert sum(share.cost.minor for share in parts) == line.total.cost.minor
        assert sum(share.postings for share in parts) == line.total.postings

    assert summed == {currency: money.minor for currency, money in totals(found).items()}
