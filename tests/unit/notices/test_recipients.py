"""Who hears of an event, and when: filters, shifts over midnight and over the changes of clocks, what may disturb."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipby.domain.events import Event, EventType
from shipby.domain.notices.recipients import (
    EVERYBODY,
    is_urgent,
    next_shift,
    on_shift,
    recipient_named,
    recipients_of,
    tell_at,
    who_hears,
)
from shipby.domain.sellers.settings import Recipient
from tests.support import builders as a

MOSCOW, SHANGHAI, BERLIN, NEW_YORK = "Europe/Moscow", "Asia/Shanghai", "Europe/Berlin", "America/New_York"
DAY = Recipient(name="day", shift_from="09:00", shift_to="18:00")
NIGHT = Recipient(name="night", shift_from="22:00", shift_to="06:00")
PRICE = {"amount": "54.00", "currency": "RUB"}


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]  # year, month, day, hour, minute


def event(kind: EventType, at: datetime = a.NOW, **data: Any) -> Event:
    return Event(type=kind, at=at, actor="x", data=data)


LATE = event(EventType.POSTING_LATE, price=PRICE)
BLOCKED = event(EventType.POSTING_BLOCKED)


# Who


def test_a_seller_without_recipients_has_one_with_every_channel_round_the_clock() -> None:
    (only,) = who_hears(BLOCKED, a.settings())
    assert (only.channels, on_shift(only, a.NOW, MOSCOW)) == ((), True)


def test_recipients_hear_of_their_own_types_and_warehouses() -> None:
    late = Recipient(name="late", events=("posting.late",))
    north = Recipient(name="north", warehouses=("w-1",))
    all_of_it = Recipient(name="all")
    settings = a.settings(recipients=(late, north, all_of_it))
    assert who_hears(LATE, settings, warehouse="w-1") == (late, north, all_of_it)
    assert who_hears(LATE, settings, warehouse="w-2") == (late, all_of_it)
    assert who_hears(BLOCKED, settings, warehouse="w-2") == (all_of_it,)
    assert who_hears(event(EventType.KEY_REJECTED), settings) == (north, all_of_it)


def test_a_warehouse_that_nobody_names_is_everybodys() -> None:
    north, south = (Recipient(name=name, warehouses=(name,)) for name in ("north", "south"))
    settings = a.settings(recipients=(north, south))
    assert who_hears(BLOCKED, settings, warehouse="opened yesterday") == (north, south)


def test_a_type_that_nobody_names_is_told_to_nobody() -> None:
    settings = a.settings(recipients=(Recipient(name="late", events=("posting.late",)),))
    assert who_hears(BLOCKED, settings) == ()


def test_a_case_is_told_to_its_owner_and_to_everybody_if_the_owner_is_gone() -> None:
    anna, boris = Recipient(name="anna", events=("posting.late",)), Recipient(name="boris")
    settings = a.settings(recipients=(anna, boris))
    assert who_hears(event(EventType.CASE_OPENED, owner="anna"), settings) == (anna,)
    assert who_hears(event(EventType.CASE_OPENED, owner="vera"), settings) == (boris,)
    assert who_hears(event(EventType.CASE_OPENED, owner=""), settings) == (boris,)


def test_what_waits_for_somebody_who_is_gone_is_told_on_every_channel() -> None:
    settings = a.settings(recipients=(DAY,))
    assert recipient_named("day", settings) is DAY
    gone = recipient_named("gone", settings)
    assert (gone.name, gone.channels, gone.shift_from) == ("gone", (), "")
    assert recipients_of(a.settings()) == (EVERYBODY,)


# Shifts


@pytest.mark.parametrize(
    ("zone", "at", "begins"),
    [
        (MOSCOW, utc(2026, 3, 2, 5, 59), utc(2026, 3, 2, 6)),
        (MOSCOW, utc(2026, 3, 2, 15), utc(2026, 3, 3, 6)),
        (SHANGHAI, utc(2026, 3, 2, 0, 30), utc(2026, 3, 2, 1)),
        ("Asia/Vladivostok", utc(2026, 2, 28, 22), utc(2026, 2, 28, 23)),
        ("Europe/Kaliningrad", utc(2026, 12, 31, 20), utc(2027, 1, 1, 7)),
    ],
)
def test_outside_the_shift_it_waits_for_the_next_one(zone: str, at: datetime, begins: datetime) -> None:
    assert not on_shift(DAY, at, zone)
    assert next_shift(DAY, at, zone) == begins
    assert on_shift(DAY, begins, zone)


def test_the_shift_holds_its_beginning_and_not_its_end() -> None:
    assert on_shift(DAY, utc(2026, 3, 2, 6), MOSCOW)
    assert on_shift(DAY, utc(2026, 3, 2, 14, 59), MOSCOW)
    assert not on_shift(DAY, utc(2026, 3, 2, 15), MOSCOW)


def test_a_shift_over_midnight_belongs_to_the_day_it_begins_on() -> None:
    friday_night = Recipient(name="f", weekdays=(5,), shift_from="22:00", shift_to="06:00")
    saturday = utc(2026, 3, 7, 0)  # 03:00 on Saturday in Moscow
    assert on_shift(friday_night, saturday, MOSCOW)
    assert not on_shift(friday_night, saturday - timedelta(days=1), MOSCOW)
    assert next_shift(friday_night, saturday + timedelta(hours=4), MOSCOW) == utc(2026, 3, 13, 19)


def test_weekdays_without_hours_are_whole_days_in_the_sellers_zone() -> None:
    weekdays = Recipient(name="w", weekdays=(1, 2, 3, 4, 5))
    assert next_shift(weekdays, utc(2026, 3, 7, 12), MOSCOW) == utc(2026, 3, 8, 21)
    assert on_shift(weekdays, utc(2026, 3, 6, 20, 59), MOSCOW)
    assert not on_shift(weekdays, utc(2026, 3, 6, 21), MOSCOW)


def test_a_shift_begins_at_the_jump_where_the_clock_skips_its_hour() -> None:
    # Berlin, 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC.
    early = Recipient(name="e", shift_from="02:30", shift_to="08:00")
    assert next_shift(early, utc(2026, 3, 29, 0), BERLIN) == utc(2026, 3, 29, 1)
    assert not on_shift(early, utc(2026, 3, 29, 0, 59), BERLIN)
    assert next_shift(early, utc(2026, 3, 28, 12), BERLIN) == utc(2026, 3, 29, 1)
    # New York, 8 March 2026: 02:00 becomes 03:00 at 07:00 UTC.
    assert next_shift(early, utc(2026, 3, 8, 5), NEW_YORK) == utc(2026, 3, 8, 7)


def test_an_hour_that_comes_twice_is_worked_twice() -> None:
    # Berlin, 25 October 2026: 02:00-03:00 at 00:00-01:00 UTC, and again at 01:00-02:00 UTC.
    begins_in_it = Recipient(name="b", shift_from="02:30", shift_to="08:00")
    ends_in_it = Recipient(name="e", shift_from="20:00", shift_to="02:30")
    assert next_shift(begins_in_it, utc(2026, 10, 25, 0), BERLIN) == utc(2026, 10, 25, 0, 30)
    assert on_shift(begins_in_it, utc(2026, 10, 25, 1, 15), BERLIN)
    assert on_shift(ends_in_it, utc(2026, 10, 25, 1, 29), BERLIN)
    assert not on_shift(ends_in_it, utc(2026, 10, 25, 1, 30), BERLIN)


@given(
    st.integers(0, 365 * 24 * 3600).map(lambda seconds: utc(2026, 1, 1) + timedelta(seconds=seconds)),
    st.sampled_from([MOSCOW, SHANGHAI, BERLIN, NEW_YORK, "Asia/Vladivostok", "Europe/Kaliningrad", "Nowhere/Atall"]),
    st.sets(st.integers(1, 7)),
    st.tuples(st.integers(0, 23), st.integers(0, 23)).filter(lambda hours: hours[0] != hours[1]),
)
def test_the_next_shift_is_now_or_the_first_moment_of_one(
    at: datetime, zone: str, weekdays: set[int], hours: tuple[int, int]
) -> None:
    begins, ends = (f"{hour:02}:30" for hour in hours)
    recipient = Recipient(name="r", weekdays=tuple(weekdays), shift_from=begins, shift_to=ends)
    found = next_shift(recipient, at, zone)
    assert found >= at
    assert (found == at) == on_shift(recipient, at, zone)
    assert found - at <= timedelta(days=8)
    if found != at:
        assert on_shift(recipient, found, zone)
        assert not on_shift(recipient, found - timedelta(seconds=1), zone)


def test_a_zone_that_nobody_knows_is_utc() -> None:
    assert next_shift(DAY, utc(2026, 3, 2, 8), "Mars/Base") == utc(2026, 3, 2, 9)


# When

NIGHT_TIME = utc(2026, 3, 2, 20)  # 23:00 in Moscow
MORNING = utc(2026, 3, 3, 6)


def test_what_is_not_urgent_waits_for_the_shift_and_what_is_urgent_does_not() -> None:
    assert tell_at(DAY, BLOCKED, NIGHT_TIME, MOSCOW) == MORNING
    assert tell_at(DAY, LATE, NIGHT_TIME, MOSCOW) == NIGHT_TIME
    assert tell_at(NIGHT, BLOCKED, NIGHT_TIME, MOSCOW) == NIGHT_TIME


def test_where_nobody_may_be_disturbed_the_earliest_shift_hears_of_it_and_nothing_is_lost() -> None:
    early = Recipient(name="early", shift_from="07:00", shift_to="15:00", urgent_any_time=False)
    late = Recipient(name="late", shift_from="09:00", shift_to="18:00", urgent_any_time=False)
    settings = a.settings(recipients=(late, early))
    times = {one.name: tell_at(one, LATE, NIGHT_TIME, MOSCOW) for one in who_hears(LATE, settings)}
    assert times == {"early": utc(2026, 3, 3, 4), "late": MORNING}


def test_a_deadline_before_the_next_shift_cannot_wait_for_it() -> None:
    near = event(EventType.RETURN_REMINDED, decide_by=utc(2026, 3, 3, 5).isoformat())
    far = event(EventType.RETURN_REMINDED, decide_by=utc(2026, 3, 3, 9).isoformat())
    assert tell_at(DAY, near, NIGHT_TIME, MOSCOW) == NIGHT_TIME
    assert tell_at(DAY, far, NIGHT_TIME, MOSCOW) == MORNING
    calm = Recipient(name="calm", shift_from="09:00", shift_to="18:00", urgent_any_time=False)
    assert tell_at(calm, near, NIGHT_TIME, MOSCOW) == MORNING


@pytest.mark.parametrize(
    ("told", "urgent"),
    [
        (LATE, True),
        (event(EventType.POSTING_LATE), False),
        (event(EventType.POSTING_OVERDUE, price=PRICE), True),
        (event(EventType.POSTING_PRIORITISED, price=PRICE), True),
        (event(EventType.INTENT_NEEDS_PERSON), True),
        (event(EventType.ALARM_SET_ASIDE), True),
        (event(EventType.KEY_REJECTED), True),
        (event(EventType.KEY_EXPIRES_SOON, expired=False), False),
        (event(EventType.KEY_EXPIRES_SOON, expired=True), True),
        (event(EventType.PUSH_UNHEALTHY, state="RED"), False),
        (event(EventType.PUSH_UNHEALTHY, state="DISABLED"), True),
        (event(EventType.POSTING_RECEIVED), False),
        (BLOCKED, False),
    ],
)
def test_what_may_disturb(told: Event, urgent: bool) -> None:
    assert is_urgent(told) is urgent


@pytest.mark.parametrize(
    ("old", "new", "urgent"),
    [(24, 3, True), (24, 5, False), (2, 3, False), (None, 3, True), (24, None, False)],
)
def test_a_cut_off_that_came_near_may_disturb(old: int | None, new: int | None, urgent: bool) -> None:
    def at(hours: int | None) -> str | None:
        moscow = timezone(timedelta(hours=3))
        return (a.NOW + timedelta(hours=hours)).astimezone(moscow).isoformat() if hours is not None else None

    assert is_urgent(event(EventType.POSTING_CUT_OFF_MOVED, old=at(old), new=at(new))) is urgent
