"""A small burst through the deployed handlers: races, crashes and lost answers, and nothing lost or doubled."""

import os
from collections.abc import Iterator

import pytest

from bench.parts import burst
from bench.parts.burst import Burst
from bench.parts.claims import measure_sweep
from bench.parts.stand import Stand


@pytest.fixture
def stand() -> Iterator[Stand]:
    from functions.deadline_sweep.wiring import parts
    from functions.deadline_sweep.worker_wiring import parts as worker_parts
    from shipby.adapters.aws import clients
    from shipby.adapters.dynamodb.client import dynamodb_client
    from shipby.observability import logger

    kept = dict(os.environ)
    caches = (parts, worker_parts, clients.sqs, dynamodb_client, logger)
    for cache in caches:
        cache.cache_clear()
    made = Stand()
    made.connect()
    yield made
    for cache in caches:
        cache.cache_clear()
    os.environ.clear()
    os.environ.update(kept)


def test_overlap_races_and_crashes_lose_and_double_nothing(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(burst, "RACE", 0.3)
    monkeypatch.setattr(burst, "CRASH", 0.05)
    monkeypatch.setattr(burst, "LOST", 0.05)
    proof = Burst(stand, 120, seed=5).run()
    assert min(proof.happened.values()) > 0
    assert set(proof.happened) == {
        "deliveries",
        "races",
        "crashes before a commit",
        "crashes after a commit",
        "answers lost",
    }
    assert proof.sent >= 2 * proof.alarms
    assert proof.clean


def test_the_proof_sees_an_alarm_that_fired_twice_and_one_that_never_fired(stand: Stand) -> None:
    judged = Burst(stand, 20, seed=5)
    engine, serve = stand.engine, stand.engine.call

    def broken(operation: str, body: dict[str, object]) -> dict[str, object]:
        answer = serve(operation, body)
        items = [item for item in engine.items if item[1].startswith("EVENT#")]
        if len(items) == 1:
            (pk, sk) = items[0]
            engine.load({**engine.items[pk, sk], "SK": {"S": sk.replace("#00", "#01")}})
        return answer

    stand.engine.call = broken  # type: ignore[method-assign,assignment]  # a database that writes what nobody asked for
    proof = judged.run()
    assert proof.doubled == 1
    assert not proof.clean


def test_the_sweep_reads_and_queues_everything_due(stand: Stand) -> None:
    assert measure_sweep(stand, 50).own > 0
