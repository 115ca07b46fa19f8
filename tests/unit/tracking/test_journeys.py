"""Scans folded into journeys, and what silence says."""

import itertools
import random
from datetime import date, datetime, timedelta

import pytest

from shipby.domain.tracking.journeys import Journey, journeys_of
from shipby.domain.tracking.scans import Scan, ScanStatus, status_of
from shipby.domain.tracking.silence import (
    DEFAULTS,
    LEARNED_FROM,
    MOVING,
    Silence,
    default_limits,
    heard,
    learned,
    longest_silence,
    weekend_days,
)
from tests.support import builders as a

DAY = timedelta(days=1)


def scan(status: str, days: float = 0, **more: object) -> Scan:
    return Scan(at=a.NOW + days * DAY, status=ScanStatus(status), source="csv", **more)  # type: ignore[arg-type]  # fields by name


GOOD = (
    scan("label_made", 0),
    scan("accepted", 1, eta=a.NOW + 9 * DAY),
    scan("in_transit", 2),
    scan("customs", 4),
    scan("arrived", 6, eta=a.NOW + 8 * DAY),
    scan("out_for_delivery", 7),
    scan("delivered", 7.2),
)


def states(journeys: tuple[Journey, ...]) -> list[tuple[str, int]]:
    return [(one.status, len(one.scans)) for one in journeys]


def test_a_good_journey_is_told_step_by_step() -> None:
    [journey] = journeys_of(GOOD[:5])
    assert (journey.status, journey.accepted_at, journey.eta) == ("arrived", GOOD[1].at, a.NOW + 8 * DAY)
    assert 0 < journey.progress < 100
    [done] = journeys_of(GOOD)
    assert (done.status, done.progress, done.delivered_at, done.eta) == ("delivered", 100, GOOD[-1].at, None)


def test_every_order_of_events_makes_the_same_journeys() -> None:
    """A second journey begins after the first has ended, whatever comes first, twice or late."""
    again = (scan("accepted", 40), scan("in_transit", 41), scan("delivered", 45))
    late = scan("in_transit", 3, words="told late")
    scans = [*GOOD, *again, late, GOOD[0]]
    draw, expected = random.Random(3), journeys_of(scans)
    assert states(expected) == [("delivered", 8), ("delivered", 3)]
    for _ in range(1000):
        draw.shuffle(scans)
        assert journeys_of(scans) == expected
    for order in itertools.permutations(again):
        assert journeys_of(order)[0].status == "delivered"


def test_a_late_shipped_never_undoes_delivered() -> None:
    assert journeys_of([*GOOD, scan("in_transit", 7.4)])[0].status == "delivered"
    assert journeys_of([*GOOD, scan("accepted", 7.5)])[0].status == "delivered"
    assert states(journeys_of([*GOOD, scan("accepted", 8.3)])) == [("delivered", 7), ("accepted", 1)]


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (("accepted", "returning", "in_transit"), "returning"),
        (("accepted", "returning", "returned"), "returned"),
        (("accepted", "out_for_delivery", "failed_attempt"), "failed_attempt"),
        (("out_for_delivery", "failed_attempt", "out_for_delivery"), "out_for_delivery"),
        (("accepted", "unknown"), "accepted"),
        (("in_transit", "accepted"), "in_transit"),
        (("exception", "in_transit"), "in_transit"),
        (("unknown",), "unknown"),
    ],
)
def test_the_status_goes_forward_and_aside(told: tuple[str, ...], status: str) -> None:
    [journey] = journeys_of(scan(one, index) for index, one in enumerate(told))
    assert journey.status == status


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("Вручение адресату: вручено", ScanStatus.DELIVERED),
        ("Вручено отправителю", ScanStatus.RETURNED),
        ("Неудачная попытка вручения", ScanStatus.FAILED_ATTEMPT),
        ("Прием в отделении связи", ScanStatus.ACCEPTED),
        ("Прибыло в сортировочный центр", ScanStatus.IN_TRANSIT),
        ("Ожидает адресата в месте вручения", ScanStatus.READY_FOR_PICKUP),
        ("已签收", ScanStatus.DELIVERED),
        ("退件签收", ScanStatus.RETURNED),
        ("快件已揽收", ScanStatus.ACCEPTED),
        ("Delivery attempt: not delivered", ScanStatus.FAILED_ATTEMPT),
        ("Delivered", ScanStatus.DELIVERED),
        ("Kiinni tullissa", ScanStatus.UNKNOWN),
    ],
)
def test_carriers_words_are_known_in_three_languages(words: str, status: ScanStatus) -> None:
    assert status_of(words) is status


# Silence


def says(journey: tuple[Journey, ...], days: float, **more: object) -> Silence:
    return heard(journey[0] if journey else None, a.NOW, a.NOW + days * DAY, **more).silence  # type: ignore[arg-type]  # fields by name


def test_silence_is_fine_then_delayed_then_lost() -> None:
    moving = journeys_of(GOOD[:3])
    limits = default_limits(MOVING, a.NOW.date())
    assert says(moving, 2 + limits.delayed.days - 0.1) is Silence.FINE
    assert says(moving, 2 + limits.delayed.days) is Silence.DELAYED
    assert says(moving, 2 + limits.lost.days) is Silence.LOST
    assert says(moving, 2 + limits.delayed.days, days_off=1) is Silence.FINE, "a day off does not count"
    assert says(journeys_of(GOOD), 100) is Silence.FINE


def test_what_was_never_scanned_is_not_accepted_and_customs_have_patience() -> None:
    assert says((), 3) is Silence.NOT_ACCEPTED
    assert says(journeys_of(GOOD[:1]), 3) is Silence.NOT_ACCEPTED
    assert says((), 10) is Silence.LOST
    assert says(journeys_of(GOOD[:4]), 4 + 9) is Silence.FINE
    assert says(journeys_of(GOOD[:4]), 4 + 10) is Silence.DELAYED


def test_found_again_is_not_lost_and_the_way_back_is_told() -> None:
    assert says(journeys_of([*GOOD[:3], scan("in_transit", 30)]), 31) is Silence.FINE
    assert says(journeys_of([*GOOD[:3], scan("returning", 3)]), 4) is Silence.GOING_BACK
    assert says(journeys_of([*GOOD[:3], scan("returning", 3), scan("returned", 9)]), 40) is Silence.GOING_BACK
    assert says(journeys_of([*GOOD[:3], scan("exception", 3)]), 4) is Silence.HELD


def test_limits_are_learned_once_the_sample_is_large_enough() -> None:
    default = default_limits(MOVING, date(2026, 3, 2))
    draw = random.Random(5)
    sample = [timedelta(hours=draw.expovariate(1 / 30)) for _ in range(LEARNED_FROM)]
    assert learned(sample[:-1], default) is default
    own = learned(sample, default)
    assert own.samples == LEARNED_FROM
    assert own.delayed < own.lost < default.lost
    beyond = sum(silence > own.lost for silence in sample)
    assert beyond <= 3
    assert learned([timedelta(0)] * LEARNED_FROM, default).lost >= DAY


def test_every_default_has_a_source() -> None:
    assert all(limits.source and limits.delayed < limits.lost for one in DEFAULTS for limits in one.limits.values())


def test_weekends_and_silences_are_counted() -> None:
    friday, monday = datetime.fromisoformat("2026-03-06T10:00+00:00"), datetime.fromisoformat("2026-03-09T10:00+00:00")
    assert weekend_days(friday, monday) == 2
    assert weekend_days(monday, monday) == 0
    assert longest_silence(journeys_of(GOOD)[0]) == 2 * DAY
