"""Periods the marketplace's pages disagree on: dated, sourced, and business days that end in the seller's zone."""

from datetime import UTC, date, datetime, timedelta
from itertools import groupby

import pytest

from shipby.domain.deadlines.periods import PERIODS, PeriodKind, decide_return_by, period
from shipby.domain.market import Market
from tests.support import builders as a

DAY = date(2026, 11, 22)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_every_kind_has_a_period_in_both_markets_with_a_source_that_can_be_looked_up() -> None:
    for kind in PeriodKind:
        for market in (Market.RU, Market.GLOBAL):
            found = period(kind, market, DAY)
            assert found.length > timedelta(0)
            assert found.source
            assert found.certain or found.note


def test_no_two_entries_hold_from_the_same_day() -> None:
    key = [(entry.kind, str(entry.market), entry.valid_from) for entry in PERIODS]
    assert all(len(list(same)) == 1 for _, same in groupby(sorted(key)))


@pytest.mark.parametrize(
    ("kind", "on", "days"),
    [
        (PeriodKind.KEY_LIFETIME, date(2026, 8, 31), 181),
        (PeriodKind.KEY_LIFETIME, date(2026, 9, 1), 89),
        (PeriodKind.OVERDUE_DELIVERY, date(2026, 8, 13), 24),
        (PeriodKind.OVERDUE_DELIVERY, date(2026, 8, 14), 20),
    ],
)
def test_the_newest_period_that_holds_on_the_day_counts(kind: PeriodKind, on: date, days: int) -> None:
    assert period(kind, Market.RU, on).length == timedelta(days=days)


def test_the_period_of_the_own_market_goes_before_that_of_every_market() -> None:
    assert period(PeriodKind.DECIDE_RETURN, Market.RU, DAY).length == timedelta(hours=24)
    assert period(PeriodKind.DECIDE_RETURN, Market.GLOBAL, DAY).length == timedelta(days=3)
    assert period(PeriodKind.PASSPORT, Market.GLOBAL, DAY) is period(PeriodKind.PASSPORT, Market.RU, DAY)


def test_a_period_nobody_knows_is_an_error_and_not_a_guess() -> None:
    cross_border = [entry for entry in PERIODS if entry.market is Market.GLOBAL]
    with pytest.raises(LookupError):
        period(PeriodKind.DECIDE_RETURN, Market.GLOBAL, date(2020, 12, 31), table=cross_border)


@pytest.mark.parametrize(
    ("since", "zone", "end"),
    [
        ("2026-11-24T10:00", "Europe/Moscow", "2026-11-25T21:00"),  # Tuesday: the end of Wednesday
        ("2026-11-27T10:00", "Europe/Moscow", "2026-11-30T21:00"),  # Friday: the end of Monday
        ("2026-11-28T10:00", "Europe/Moscow", "2026-11-30T21:00"),  # Saturday: Sunday is none, the end of Monday
        ("2026-11-26T22:00", "Europe/Moscow", "2026-11-30T21:00"),  # already Friday in Moscow
        ("2026-11-26T15:00", "Asia/Vladivostok", "2026-11-30T14:00"),  # already Friday in Vladivostok
        ("2026-12-31T09:00", "Asia/Shanghai", "2027-01-01T16:00"),  # over the year's end
        ("2026-03-27T12:00", "Europe/Berlin", "2026-03-30T22:00"),  # summer time begins on Sunday
        ("2026-10-23T12:00", "Europe/Berlin", "2026-10-26T23:00"),  # and ends
    ],
)
def test_the_next_business_day_ends_at_midnight_of_the_sellers_zone(since: str, zone: str, end: str) -> None:
    assert period(PeriodKind.CANCEL_NOT_PACKED, Market.GLOBAL, DAY).end(at(since), zone) == at(end)


def test_a_return_waits_as_long_as_the_market_or_the_seller_says() -> None:
    opened = at("2026-11-22T10:00")
    assert decide_return_by(opened, a.settings()) == opened + timedelta(hours=24)
    assert decide_return_by(opened, a.settings(market=Market.GLOBAL)) == opened + timedelta(days=3)
    own = a.settings(market=Market.GLOBAL, decide_return_within=timedelta(hours=5))
    assert decide_return_by(opened, own) == opened + timedelta(hours=5)
