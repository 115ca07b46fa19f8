"""300 seeds of the whole intent machinery under faults; `make simulate SEEDS=10000` plays more."""

import multiprocessing

import pytest

from tests.simulation.play import play
from tests.simulation.runner import explain

SEEDS = 300
GROUP = 25


@pytest.mark.parametrize("first", range(1, SEEDS + 1, GROUP))
def test_all_invariants_hold_in_every_seed(first: int) -> None:
    for seed in range(first, first + GROUP):
        outcome = play(seed)
        if outcome.violation is not None:
            pytest.fail(explain(outcome))


def test_the_seeds_see_every_kind_of_trouble() -> None:
    figures: dict[str, int] = {}
    for seed in range(1, 41):
        for name, figure in play(seed).figures.items():
            figures[name] = figures.get(name, 0) + figure
    assert all(
        figures[name] > 0 for name in ("lost", "doubled", "late", "calls", "crashes", "stepped", "unknown", "conflicts")
    ), figures


def test_a_seed_plays_the_same_in_another_process() -> None:
    """Otherwise a failing seed could not be looked at."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply(_trace, (7,))
    assert there == _trace(7)
    assert len(there) > 10


def _trace(seed: int) -> list[str]:
    return play(seed, trace=True).trace
