"""Leases, delays, fair turns and dead letters of queues that are rows."""

import json
import threading
from datetime import timedelta

import pytest

from shipby.adapters.sqlite.database import Database
from shipby.adapters.sqlite.queues import SQLiteQueue
from shipby.application.ports.messages import QueueMessage
from shipby.domain.errors import InvalidInputError
from tests.support import builders as a


def queue_of(database: Database, clock: a.FixedClock, name: str = "sync") -> SQLiteQueue:
    return SQLiteQueue(name, database, clock, lease_seconds=40, tries=3)


def message(name: str, group: str = "s1", delay: int = 0) -> QueueMessage:
    return QueueMessage(body={"seller": group, "posting": name}, group=group, delay_seconds=delay)


def claimed(queue: SQLiteQueue, most: int = 10) -> list[str]:
    return [json.loads(one.body)["posting"] for one in queue.claim(most)]


def test_a_message_is_claimed_once_until_its_lease_is_over(database: Database, clock: a.FixedClock) -> None:
    queue = queue_of(database, clock)
    queue.send([message("p1")])
    (first,) = queue.claim(10)
    assert queue.claim(10) == []  # somebody has it
    clock.advance(timedelta(seconds=40))
    (again,) = queue.claim(10)
    assert (first.attempts, again.attempts) == (1, 2)
    queue.done([first])  # its lease is lost: the message is somebody else's
    assert queue.waiting() == 1
    queue.done([again])
    assert queue.waiting() == 0


def test_a_delayed_message_waits_for_its_second(database: Database, clock: a.FixedClock) -> None:
    queue = queue_of(database, clock)
    queue.send([message("p1", delay=30)])
    clock.advance(timedelta(seconds=29))
    assert claimed(queue) == []
    clock.advance(timedelta(seconds=1))
    assert claimed(queue) == ["p1"]


def test_sellers_take_turns(database: Database, clock: a.FixedClock) -> None:
    queue = queue_of(database, clock)
    queue.send([message(f"a{n}", "big") for n in range(5)] + [message("b0", "small"), message("c0", "new")])
    assert claimed(queue, 4) == ["a0", "b0", "c0", "a1"]


def test_what_fails_too_often_dies_and_stays_in_sight(database: Database, clock: a.FixedClock) -> None:
    queue, other = queue_of(database, clock), queue_of(database, clock, "labels")
    queue.send([message("bad")])
    other.send([message("good")])
    for _ in range(3):
        (one,) = queue.claim(10)
        queue.hold(one.lease, 5)
        assert queue.claim(10) == []
        clock.advance(timedelta(seconds=5))
    assert queue.claim(10) == []
    assert (queue.waiting(), queue.dead(), other.waiting(), other.dead()) == (0, 1, 1, 0)


def test_one_impossible_message_keeps_all_of_them_out(database: Database, clock: a.FixedClock) -> None:
    queue = queue_of(database, clock)
    with pytest.raises(InvalidInputError, match="0 to 900"):
        queue.send([message("p1"), message("p2", delay=901)])
    assert queue.waiting() == 0


def test_workers_never_share_a_message(database: Database, clock: a.FixedClock) -> None:
    queue = queue_of(database, clock)
    queue.send(message(f"p{n}") for n in range(60))
    found: list[str] = []

    def work() -> None:
        while part := claimed(queue, 3):
            found.extend(part)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(f"p{n}" for n in range(60))
