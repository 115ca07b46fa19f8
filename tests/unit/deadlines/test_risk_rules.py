"""The chance to meet a cut-off: calibrated against a warehouse whose pace is known, and monotone in what helps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from math import exp
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipby.domain.deadlines.risk import (
    ENOUGH,
    PRIOR_HOURS,
    Backlog,
    Lamp,
    Risk,
    Throughput,
    lamp_of,
    measure,
    risks,
)

MOSCOW = ZoneInfo("Europe/Moscow")
HOUR = timedelta(hours=1)
NOW = datetime(2026, 3, 10, 6, 0, tzinfo=UTC)
"""Tuesday, 09:00 in Moscow."""
FIRST, LAST = date(2026, 3, 3), date(2026, 3, 9)
MINUTES = 8


def poisson(random: Random, mean: float) -> int:
    """Knuth's: multiply until below e^-mean."""
    limit, count, product = exp(-mean), 0, random.random()
    while product > limit:
        count, product = count + 1, product * random.random()
    return count


def a_week(random: Random, rate: float, *, spread: float = 0.0, zone: ZoneInfo = MOSCOW) -> list[datetime]:
    """Packed at a known rate an hour from 9 to 18, each day faster or slower by `spread`."""
    packed = []
    for number in range(7):
        day = FIRST + timedelta(days=number)
        pace = rate * max(0.1, random.gauss(1, spread))
        for hour in range(9, 18):
            count = poisson(random, pace)
            packed += [datetime(day.year, day.month, day.day, hour, random.randrange(60), tzinfo=zone)] * count
    return packed


def seen_at(rate: int, *, zone: ZoneInfo = MOSCOW) -> Throughput:
    """Exactly `rate` an hour, always."""
    packed = [
        datetime(2026, 3, day, hour, minute, tzinfo=zone)
        for day in range(3, 10)
        for hour in range(9, 18)
        for minute in range(rate)
    ]
    return measure(packed, first=FIRST, last=LAST, zone=zone)


def backlog(postings: int, hours: float, *, before: timedelta = timedelta(0), minutes: int | None = None) -> Backlog:
    cut_off = NOW + timedelta(hours=hours)
    work = postings * MINUTES if minutes is None else minutes
    return Backlog(cut_off=cut_off, pack_by=cut_off - before, postings=postings, minutes=work)


def one(
    seen: Throughput, wanted: Backlog, *, late: int = 0, speed: float = 1.0, seed: int = 1, runs: int = 400
) -> Risk:
    [risk] = risks([wanted], seen, now=NOW, per_posting=MINUTES, late_minutes=late, speed=speed, seed=seed, runs=runs)
    return risk


# Calibration -----------------------------------------------------------------------------------------------------


def reliability(rate: float, spread: float, trials: int, seed: int) -> list[tuple[float, float, int]]:
    """(mean chance told, how often it came true, number) by bands of the chance told."""
    random = Random(seed)
    bands: dict[int, list[tuple[float, bool]]] = {}
    for _ in range(trials):
        seen = measure(a_week(random, rate, spread=spread), first=FIRST, last=LAST, zone=MOSCOW)
        postings = max(1, int(rate * 6 * random.uniform(0.7, 1.3)))
        told = one(seen, backlog(postings, 6), seed=random.randrange(1_000_000), runs=100).chance
        pace = rate * max(0.1, random.gauss(1, spread))
        came_true = sum(poisson(random, pace) for _ in range(6)) >= postings
        bands.setdefault(min(3, int(told * 4)), []).append((told, came_true))
    return [
        (sum(told for told, _ in found) / len(found), sum(met for _, met in found) / len(found), len(found))
        for _, found in sorted(bands.items())
    ]


@pytest.mark.parametrize(("rate", "spread", "tolerance"), [(10, 0.0, 0.10), (4, 0.0, 0.10), (20, 0.1, 0.12)])
def test_what_is_told_to_happen_with_a_chance_happens_that_often(rate: float, spread: float, tolerance: float) -> None:
    bands = reliability(rate, spread, trials=1_000, seed=7)

    assert len(bands) == 4
    for told, happened, number in bands:
        assert number >= 100
        assert happened == pytest.approx(told, abs=tolerance), bands


def test_a_chance_told_from_the_wrong_pace_would_be_noticed() -> None:
    """The check above can fail: half the real pace gives other bands."""
    random = Random(3)
    told, met = 0.0, 0
    for _ in range(100):
        seen = measure(a_week(random, 10), first=FIRST, last=LAST, zone=MOSCOW)
        told += one(seen, backlog(60, 6), speed=0.5, seed=1, runs=100).chance
        met += sum(poisson(random, 10) for _ in range(6)) >= 60

    assert abs(told / 100 - met / 100) > 0.2


# What is seen ----------------------------------------------------------------------------------------------------


def test_working_hours_are_those_in_which_something_was_packed_in_the_sellers_zone() -> None:
    seen = measure(a_week(Random(1), 5), first=FIRST, last=LAST, zone=MOSCOW)
    elsewhere = measure(a_week(Random(1), 5), first=FIRST, last=LAST, zone=ZoneInfo("Asia/Vladivostok"))

    assert seen.hours == frozenset(range(9, 18))
    assert seen.weekdays == frozenset(range(1, 8))
    assert min(elsewhere.hours - {0}) == 16


def test_a_weekday_without_work_is_no_working_day() -> None:
    sunday = date(2026, 3, 8)
    packed = [moment for moment in a_week(Random(1), 5) if moment.date() != sunday]

    assert measure(packed, first=FIRST, last=LAST, zone=MOSCOW).weekdays == frozenset(range(1, 7))


def test_days_before_the_first_packing_tell_nothing_about_their_weekdays() -> None:
    begun = [moment for moment in a_week(Random(1), 9) if moment.date() >= date(2026, 3, 7)]

    assert measure(begun, first=FIRST, last=LAST, zone=MOSCOW).weekdays == frozenset(range(1, 8))


def test_an_hour_worked_once_a_week_is_no_working_hour() -> None:
    packed = [*a_week(Random(1), 5), datetime(2026, 3, 5, 23, 0, tzinfo=MOSCOW)]

    assert 23 not in measure(packed, first=FIRST, last=LAST, zone=MOSCOW).hours


def test_a_seller_who_packs_at_another_hour_every_day_still_gets_an_answer() -> None:
    packed = [datetime(2026, 3, 3 + day, 9 + day, 10, tzinfo=MOSCOW) for day in range(6) for _ in range(10)]

    seen = measure(packed, first=FIRST, last=LAST, zone=MOSCOW)
    (found,) = risks(
        [Backlog(cut_off=NOW + 5 * HOUR, pack_by=NOW + 4 * HOUR, postings=3, minutes=24)],
        seen,
        now=NOW,
        per_posting=MINUTES,
    )

    assert seen.hours == frozenset(range(9, 15)), "no hour stands out, so each of them counts"
    assert sum(sum(day) for day in seen.days) == 60
    assert 0 < found.chance < 1


def test_what_was_packed_today_or_long_ago_is_not_counted() -> None:
    outside = [NOW, datetime(2026, 3, 2, 12, 0, tzinfo=MOSCOW)] * ENOUGH

    assert measure(outside, first=FIRST, last=LAST, zone=MOSCOW).packed == 0


def test_too_little_data_falls_back_to_a_prior() -> None:
    few = [datetime(2026, 3, 5, 12, minute, tzinfo=MOSCOW) for minute in range(ENOUGH - 1)]

    seen = measure(few, first=FIRST, last=LAST, zone=MOSCOW)

    assert (seen.measured, seen.packed, seen.hours) == (False, ENOUGH - 1, PRIOR_HOURS)
    assert one(seen, backlog(1, 6)).lamp is Lamp.GREEN
    assert one(seen, backlog(500, 6)).lamp is Lamp.RED


# What comes out --------------------------------------------------------------------------------------------------


def test_a_steady_pace_meets_what_it_can_and_misses_what_it_cannot() -> None:
    seen = seen_at(10)

    assert one(seen, backlog(40, 4)).chance == 1
    missed = one(seen, backlog(50, 4))
    assert (missed.chance, missed.lamp) == (0, Lamp.RED)
    assert missed.missing == pytest.approx(10)


def test_the_hours_of_the_night_do_not_count() -> None:
    # Until 09:00 tomorrow there are the nine hours of today only.
    assert one(seen_at(10), backlog(90, 24)).chance == 1
    assert one(seen_at(10), backlog(91, 24)).chance == 0


def test_a_started_hour_counts_for_its_rest() -> None:
    assert one(seen_at(10), backlog(5, 0.5)).chance == 1
    assert one(seen_at(10), backlog(6, 0.5)).chance == 0


def test_late_postings_stand_in_the_way() -> None:
    assert one(seen_at(10), backlog(40, 4), late=MINUTES).chance == 0


def test_work_of_an_earlier_cut_off_comes_first() -> None:
    first, second = risks([backlog(40, 5), backlog(30, 3)], seen_at(10), now=NOW, per_posting=MINUTES, seed=1, runs=50)

    assert [first.backlog.postings, second.backlog.postings] == [30, 40]
    assert (first.chance, second.chance) == (1, 0)
    assert second.missing == pytest.approx(20)


def test_what_is_half_done_needs_less_time() -> None:
    assert one(seen_at(10), backlog(80, 4, minutes=80 * MINUTES // 2)).chance == 1


def test_after_the_courier_only_finished_work_is_in_time() -> None:
    assert one(seen_at(10), backlog(1, 1, before=2 * HOUR)).lamp is Lamp.RED
    assert one(seen_at(10), backlog(1, 1, before=2 * HOUR)).missing == 1


def test_nothing_to_do_is_green_and_no_cut_off_gives_no_answer() -> None:
    assert one(seen_at(10), backlog(0, 1)).lamp is Lamp.GREEN
    assert risks([], seen_at(10), now=NOW, per_posting=MINUTES) == []


@pytest.mark.parametrize(
    ("chance", "lamp"),
    [
        (1.0, Lamp.GREEN),
        (0.95, Lamp.GREEN),
        (0.949, Lamp.YELLOW),
        (0.7, Lamp.YELLOW),
        (0.699, Lamp.RED),
        (0.0, Lamp.RED),
    ],
)
def test_the_lamp_is_green_from_95_and_yellow_from_70_percent(chance: float, lamp: Lamp) -> None:
    assert lamp_of(chance) is lamp


def test_the_night_the_clocks_go_forward_has_an_hour_less_of_work() -> None:
    """Berlin's clocks go forward at 02:00 on 29 March 2026: that night has seven hours from 22:00 to 06:00."""
    berlin = ZoneInfo("Europe/Berlin")
    packed = [
        datetime(2026, 3, day, hour, minute, tzinfo=berlin)
        for day in range(21, 28)
        for hour in range(24)
        for minute in range(10)
    ]
    seen = measure(packed, first=date(2026, 3, 21), last=date(2026, 3, 27), zone=berlin)
    evening = datetime(2026, 3, 28, 22, 0, tzinfo=berlin).astimezone(UTC)
    morning = datetime(2026, 3, 29, 6, 0, tzinfo=berlin).astimezone(UTC)

    def chance(postings: int) -> float:
        wanted = Backlog(cut_off=morning, pack_by=morning, postings=postings, minutes=postings * MINUTES)
        [risk] = risks([wanted], seen, now=evening, per_posting=MINUTES, runs=20)
        return risk.chance

    assert (chance(70), chance(71)) == (1, 0)


# Properties ------------------------------------------------------------------------------------------------------

SEEN = [measure(a_week(Random(seed), rate), first=FIRST, last=LAST, zone=MOSCOW) for seed, rate in ((1, 3), (2, 12))]
SEEN.append(measure([], first=FIRST, last=LAST, zone=MOSCOW))
BACKLOGS = st.lists(
    st.builds(
        lambda postings, hours, before: backlog(postings, hours, before=timedelta(minutes=before)),
        st.integers(1, 120),
        st.integers(1, 40),
        st.integers(0, 90),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda one: one.cut_off,
)


def all_of(backlogs: Sequence[Backlog], seen: Throughput, *, speed: float = 1.0, seed: int = 1) -> list[Risk]:
    return risks(backlogs, seen, now=NOW, per_posting=MINUTES, speed=speed, seed=seed, runs=60)


@settings(deadline=None, max_examples=60)
@given(BACKLOGS, st.sampled_from(SEEN), st.integers(0, 99), st.floats(1, 4))
def test_more_packers_never_make_it_worse(wanted: list[Backlog], seen: Throughput, seed: int, speed: float) -> None:
    for less, more in zip(all_of(wanted, seen, seed=seed), all_of(wanted, seen, speed=speed, seed=seed), strict=True):
        assert more.chance >= less.chance
        assert more.missing <= less.missing + 1e-9


@settings(deadline=None, max_examples=60)
@given(BACKLOGS, st.sampled_from(SEEN), st.integers(0, 99), st.integers(0, 120))
def test_a_later_courier_never_makes_it_worse(wanted: list[Backlog], seen: Throughput, seed: int, minutes: int) -> None:
    later = [
        Backlog(
            cut_off=each.cut_off,
            pack_by=min(each.cut_off, each.pack_by + timedelta(minutes=minutes)),
            postings=each.postings,
            minutes=each.minutes,
        )
        for each in wanted
    ]
    for less, more in zip(all_of(wanted, seen, seed=seed), all_of(later, seen, seed=seed), strict=True):
        assert more.chance >= less.chance
        assert more.missing <= less.missing + 1e-9


@settings(deadline=None, max_examples=30)
@given(BACKLOGS, st.sampled_from(SEEN), st.integers(0, 99))
def test_the_same_seed_gives_the_same_answer_and_every_number_is_possible(
    wanted: list[Backlog], seen: Throughput, seed: int
) -> None:
    found = all_of(wanted, seen, seed=seed)

    assert found == all_of(list(reversed(wanted)), seen, seed=seed)
    for risk in found:
        assert 0 <= risk.chance <= 1
        assert 0 <= risk.missing <= risk.backlog.postings
