"""What the bench of pushes calls met and missed."""

from bench.pushed_soon import Case, Outcome, outcome_table, percentile


def outcome(*seconds: float, hit: int = 0) -> Outcome:
    return Outcome(Case("case", hit=hit), tuple(sorted(seconds)))


def test_the_percentile_is_the_value_that_this_share_does_not_exceed() -> None:
    hundred = [float(number) for number in range(1, 101)]
    assert (percentile(hundred, 0.99), percentile(hundred, 0.5), percentile([7.0], 0.99)) == (99.0, 50.0, 7.0)


def test_a_neighbour_of_what_was_hit_may_not_wait() -> None:
    assert outcome(1, 1, 50, hit=1).met
    assert not outcome(1, 16, 50, hit=1).met
    assert not outcome(1, 16).met


def test_what_never_came_misses_and_shows() -> None:
    lost = outcome(1, float("inf"), hit=5)
    assert not lost.met
    assert "| inf s | 1 (5 hit) | MISSED |" in outcome_table([lost])
