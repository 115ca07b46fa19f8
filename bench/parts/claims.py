"""One alarm's claim in three ways, in blocks: bare, the worker's requests alone, and the worker."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore import xform_name

from bench import load
from bench.parts.engine import Engine
from bench.parts.stand import BATCH, QUEUE_URL, TABLE, Stand, quiet
from shipby.adapters.dynamodb import index_keys, keys
from shipby.domain.alarm import AlarmRef
from shipby.domain.events import posting_ref

SELLERS = 20
BLOCK = 100
"""Alarms of one block."""
Request = tuple[str, Mapping[str, Any]]


def last_minute() -> datetime:
    """The begin of the minute before this one: a cut-off that has just passed."""
    return datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=1)


class Claims:
    """Postings for blocks of claims. Each block takes postings that no other has touched."""

    def __init__(self, stand: Stand) -> None:
        self._stand = stand
        self._cut_off = last_minute()
        self._next = 0
        self._event = load.event_item(load.posting(0, self._cut_off, sellers=SELLERS), self._cut_off)
        for item in load.settings_items(SELLERS):
            stand.engine.load(item)

    def bare_block(self, count: int = BLOCK) -> Callable[[], None]:
        """Per alarm one transaction of an Update with a condition and a Put, written by hand; nothing is read."""
        from shipby.adapters.dynamodb.client import dynamodb_client

        client, numbers = dynamodb_client(), self._take(count)
        following = self._cut_off + timedelta(hours=12)

        def run() -> None:
            for number in numbers:
                key = keys.posting(load.seller_of(number, SELLERS), load.name_of(number))
                sort = index_keys.alarm(key, following, load.SHARDS)["AS"]
                update: Any = {
                    "TableName": TABLE,
                    "Key": key.wire,
                    "UpdateExpression": "SET version = :new, alarm_at = :at, alarm_kind = :kind, #sort = :sort",
                    "ConditionExpression": "version = :old",
                    "ExpressionAttributeNames": {"#sort": "AS"},
                    "ExpressionAttributeValues": {
                        ":old": {"N": str(load.VERSION)},
                        ":new": {"N": str(load.VERSION + 1)},
                        ":at": {"N": str(keys.micros(following))},
                        ":kind": {"S": "tariff_step"},
                        ":sort": {"S": sort},
                    },
                }
                put: Any = {
                    "TableName": TABLE,
                    "Item": {**self._event, "PK": {"S": key.pk}},
                    "ConditionExpression": "attribute_not_exists(PK)",
                }
                client.transact_write_items(TransactItems=[{"Update": update}, {"Put": put}])

        return run

    def worker_block(self, count: int = BLOCK) -> tuple[Callable[[], None], Callable[[], Callable[[], None]]]:
        """The alarm worker's handler over messages as the sweep sends them, ten per invocation.

        The second result is called afterwards: it puts the postings back and returns the same requests without any of
        our code between them.
        """
        numbers = self._take(count)
        records = self._records(numbers)
        sent: list[Request] = []

        def run() -> None:
            self._stand.database.after = lambda operation, body: sent.append((operation, body))
            for start in range(0, len(records), BATCH):
                self._stand.work(records[start : start + BATCH])
            self._stand.database.after = None
            if self._stand.queue.waiting:
                raise AssertionError(f"{len(self._stand.queue.waiting)} messages of a quiet block come again")

        def requests() -> Callable[[], None]:
            self._restore(numbers)
            return _replay(sent)

        return run, requests

    def _take(self, count: int) -> range:
        numbers = range(self._next, self._next + count)
        self._next += count
        for item in load.posting_items(count, self._cut_off, sellers=SELLERS, first=numbers.start):
            self._stand.engine.load(item)
        return numbers

    def _restore(self, numbers: range) -> None:
        for number in numbers:
            key = keys.posting(load.seller_of(number, SELLERS), load.name_of(number))
            self._stand.engine.drop(key.pk)
        for item in load.posting_items(len(numbers), self._cut_off, sellers=SELLERS, first=numbers.start):
            self._stand.engine.load(item)

    def _records(self, numbers: range) -> list[dict[str, Any]]:
        from shipby.adapters.aws.queue import SqsWorkQueue
        from shipby.application.shared.alarm_messages import alarm_message

        alarms = [
            AlarmRef(
                seller=load.seller_of(number, SELLERS),
                ref=posting_ref(load.name_of(number)),
                intent_id="",
                due=self._cut_off,
            )
            for number in numbers
        ]
        SqsWorkQueue(QUEUE_URL).send(alarm_message(alarm, datetime.now(UTC)) for alarm in alarms)
        return self._stand.queue.receive(len(alarms))


def _replay(sent: list[Request]) -> Callable[[], None]:
    from shipby.adapters.dynamodb.client import dynamodb_client

    client = dynamodb_client()
    calls = [
        # Each transaction gets a token of its own from botocore, as the worker's did.
        (getattr(client, xform_name(operation)), {k: v for k, v in body.items() if k != "ClientRequestToken"})
        for operation, body in sent
    ]

    def run() -> None:
        for call, arguments in calls:
            call(**arguments)

    return run


# What they cost -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds per alarm: all of it, and without what was spent behind the wire."""

    whole: float
    own: float


Costs = Mapping[str, list[Cost]]


def measure(stand: Stand, alarms: int) -> Costs:
    """CPU per alarm of every block. The ways take turns, so that a noisy machine disturbs all alike; garbage is
    collected between the blocks."""
    claims = Claims(stand)
    costs: dict[str, list[Cost]] = {"bare": [], "requests": [], "worker": []}
    with quiet():
        _warm_up(claims)
        for _ in range(-(-alarms // BLOCK)):
            costs["bare"].append(_cost(stand, claims.bare_block()))
            worker, requests = claims.worker_block()
            costs["worker"].append(_cost(stand, worker))
            costs["requests"].append(_cost(stand, requests()))
    return costs


def _warm_up(claims: Claims) -> None:
    """Models, codecs and clients are made on first use: that is a cold start, not a cost per alarm."""
    claims.bare_block(BATCH)()
    worker, requests = claims.worker_block(BATCH)
    worker()
    requests()()


def _cost(stand: Stand, work: Callable[[], None]) -> Cost:
    gc.collect()
    gc.disable()
    behind, began = stand.behind, time.process_time()
    work()
    whole, behind = time.process_time() - began, stand.behind - behind
    gc.enable()
    return Cost(whole / BLOCK, (whole - behind) / BLOCK)


def measure_sweep(stand: Stand, alarms: int) -> Cost:
    """CPU per alarm that the sweep reads and queues, over `alarms` of them in a fresh table."""
    stand.engine = Engine()
    for item in load.posting_items(alarms, last_minute(), sellers=SELLERS):
        stand.engine.load(item)
    with quiet():
        behind, began = stand.behind, time.process_time()
        sent = stand.sweep()
        whole, behind = time.process_time() - began, stand.behind - behind
    if sent != alarms:
        raise AssertionError(f"the sweep sent {sent} of {alarms} alarms")
    stand.queue.receive(sent)
    return Cost(whole / alarms, (whole - behind) / alarms)


def ratio(costs: Costs, of: str) -> float:
    """Median over the blocks of how many times the bare transaction a way costs, without what is behind the wire."""
    pairs = zip(costs[of], costs["bare"], strict=True)
    return statistics.median(one.own / bare.own for one, bare in pairs)
