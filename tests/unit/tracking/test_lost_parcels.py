"""Lost parcels are found by silence: a simulated year with known truth, and what is learned from the seller's own."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bench.lost_parcels import LANES, MIN_RECALL, MOST_FALSE, good, main, truth, watch
from shipby.domain.tracking.journeys import Journey
from shipby.domain.tracking.scans import Scan, ScanStatus
from shipby.domain.tracking.silence import (
    BEYOND,
    FEW_MARGIN,
    FIRST_SCAN,
    LOST_MARGIN,
    MOVING,
    SilenceLimits,
    default_limits,
    learned,
    of_lane,
    silences,
)
from tests.support import builders as a

DAY = timedelta(days=1)


def test_most_lost_parcels_of_a_year_are_found_and_few_others_called_lost() -> None:
    ours, fixed = watch(list(truth(1, 5_000)))
    assert ours.lost > 30
    assert ours.recall >= MIN_RECALL
    assert ours.false_alarms <= MOST_FALSE
    assert ours.median_days < fixed.median_days
    assert good(ours, fixed)


def test_the_year_is_the_same_for_a_seed_and_its_truth_is_in_no_scan() -> None:
    first, again, other = (list(truth(seed, 300)) for seed in (3, 3, 4))
    assert first == again != other
    assert {one.lane for one in first} == set(LANES)
    assert all(one.scans[-1].status is ScanStatus.DELIVERED for one in first if not one.lost)
    assert all(ScanStatus.EXCEPTION not in {scan.status for scan in one.scans} for one in first)


def test_the_bench_ends_with_an_error_where_its_gate_is_missed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["lost_parcels", "--parcels", "400"])
    monkeypatch.setattr("bench.lost_parcels.MIN_RECALL", 1.01)
    assert main() == 1
    assert "fixed 30 days" in capsys.readouterr().out


@pytest.mark.parametrize(("count", "margin"), [(300, FEW_MARGIN), (2_999, FEW_MARGIN), (3_001, LOST_MARGIN)])
def test_a_few_journeys_lie_beyond_the_quantile_however_many_there_are(count: int, margin: float) -> None:
    lengths = [timedelta(hours=index) for index in range(1, count + 1)]
    own = learned(lengths, default_limits(MOVING, date(2026, 3, 2)))
    beyond = own.lost / margin
    assert sum(length >= beyond for length in lengths) in range(BEYOND, BEYOND + 3)


def test_the_silence_of_a_phase_is_counted_without_weekends() -> None:
    monday = a.NOW.replace(hour=0)
    assert monday.isoweekday() == 1
    scans = (
        Scan(at=monday + 3 * DAY, status=ScanStatus.ACCEPTED),
        Scan(at=monday + 8 * DAY, status=ScanStatus.IN_TRANSIT),
        Scan(at=monday + 9 * DAY, status=ScanStatus.DELIVERED),
    )
    assert silences(Journey(index=1, scans=scans), monday) == {FIRST_SCAN: 3 * DAY, MOVING: 3 * DAY}


def test_a_lane_that_is_not_known_goes_by_its_carrier_and_an_unknown_carrier_by_the_default() -> None:
    lane, whole = (SilenceLimits(delayed=days * DAY, lost=2 * days * DAY, source="x", samples=300) for days in (2, 4))
    limits = {("c", "7", MOVING): lane, ("c", "", MOVING): whole}
    assert [of_lane(limits, "c", "7", MOVING), of_lane(limits, "c", "8", MOVING)] == [lane, whole]
    assert of_lane(limits, "c", "7", FIRST_SCAN) is None
    assert of_lane(limits, "d", "7", MOVING) is None
