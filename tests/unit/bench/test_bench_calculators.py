"""Small runs of the benches' calculators and models: what they print must be true of the product."""

from datetime import timedelta

import pytest

from bench.noisy_neighbour import QUEUES, RULES, shop_of
from bench.parts.engine import Engine
from bench.parts.fair_model import Simulation, Timing, Variant
from bench.parts.neighbours import Neighbour, worst_delay
from bench.parts.open_alarms import IndexClient, OpenAlarm, alarm_keys, posting_key, spread
from bench.parts.report import replaced, table
from bench.sweep_reads import DUE, NOW, Metered, sweep_once

TIMING = Timing(query=0.01, send=0.002, fire=0.05, workers=4, batch=10, look_ahead=60.0, budget=24.0)


class EngineClient:
    """The benches' general engine as a client."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def query(self, **call: object) -> object:
        return self._engine.call("Query", call)


@pytest.fixture(scope="module")
def engine() -> Engine:
    engine = Engine()
    at_once, later, gap = spread(5_000, DUE, NOW, seed=5_000)
    taken = {alarm.number for alarm in at_once}
    rest = [OpenAlarm(number, later + number * gap) for number in range(5_000) if number not in taken]
    for alarm in at_once + rest:
        columns = {name: {"S": value} for name, value in alarm_keys(alarm.number, alarm.due).items()}
        engine.load(posting_key(alarm.number).wire | columns)
    return engine


def test_the_index_of_numbers_answers_as_an_engine_that_stores_every_entry(engine: Engine) -> None:
    stored = sweep_once(Metered(EngineClient(engine)))
    numbers = sweep_once(IndexClient(5_000, DUE, NOW, seed=5_000))
    assert len(set(numbers.sent)) == DUE
    assert numbers.sent == stored.sent
    assert numbers.meter == stored.meter


def test_a_sweep_among_later_alarms_sends_none_and_reads_next_to_nothing() -> None:
    idle = sweep_once(IndexClient(5_000, DUE, NOW, seed=1), NOW - timedelta(hours=1))
    assert idle.sent == ()
    assert (idle.meter.items, idle.meter.units) == (0, 0.5 * idle.meter.queries)


def delays(*, mixed: bool, fair: bool) -> list[float]:
    variant = Variant(name="", mixed=mixed, fair=fair)
    return Simulation(variant, TIMING, loud=3_000, quiet=3, seed=7).run()


def test_fairness_keeps_a_burst_from_standing_in_front_of_another_seller() -> None:
    in_order, product = delays(mixed=False, fair=False), delays(mixed=True, fair=True)
    # 3,000 alarms of 50 ms over four workers are 37 s of work, and the three come last in their shards.
    assert min(in_order) > 20
    assert max(product) < 3


def test_every_alarm_of_the_model_fires_once_and_never_before_its_time() -> None:
    simulation = Simulation(Variant(name="", mixed=True, fair=True), TIMING, loud=500, quiet=3, seed=7)
    simulation.run()
    assert len(simulation.fired) == 503
    assert min(simulation.fired.values()) > 0


def test_a_table_replaces_only_the_section_of_its_bench() -> None:
    page = "before\n<!-- bench a begin -->\nold\n<!-- bench a end -->\nafter <!-- bench b begin --><!-- bench b end -->"
    changed = replaced(page, "a", table(("what", "n"), [("x", 1)]))
    assert "old" not in changed
    assert changed.startswith("before\n<!-- bench a begin -->")
    assert changed.endswith("after <!-- bench b begin --><!-- bench b end -->")
    assert "| x | 1 |" in changed
    with pytest.raises(ValueError, match="lacks the marks"):
        replaced(page, "c", "")


@pytest.mark.parametrize("neighbour", Neighbour)
@pytest.mark.parametrize("queue", QUEUES)
def test_no_neighbour_delays_another_seller_by_more_than_a_minute(queue: str, neighbour: Neighbour) -> None:
    plain, fair, product = (worst_delay(shop_of(queue), rules, neighbour, noisy=150) for rules in RULES)
    assert product <= 60
    assert product <= plain
    if neighbour is Neighbour.HANGS:
        assert plain > 60, "the model sees the trouble that the rules end"
        assert product < fair
