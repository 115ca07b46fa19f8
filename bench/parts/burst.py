"""Two sweeps and two sets of workers over one table, with races, crashes and lost answers drawn from a seed."""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bench import load
from bench.parts.claims import SELLERS, last_minute
from bench.parts.stand import BATCH, Stand, quiet
from bench.parts.wire import lost_answer
from shipby.adapters.dynamodb import index_keys, keys

RACE, CRASH, LOST = 0.02, 0.002, 0.002
"""How often a posting's read, and a commit, meets each of them."""


class CrashedError(BaseException):
    """A worker's process ends: not even an `except Exception` sees it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What happened in a burst and what came out."""

    alarms: int
    sent: int
    happened: Mapping[str, int]
    lost: int
    doubled: int
    wrong_next: int

    @property
    def clean(self) -> bool:
        """Whether every alarm fired exactly once and left its posting with the right next one."""
        return self.lost == self.doubled == self.wrong_next == 0


class Burst:
    """Set A's workers are interrupted between reading and writing: set B then handles its copy of the same messages, so
    that both stand on the same version, and the other way round. A crash ends an invocation before or after its commit
    took effect; none of its messages is deleted, so all come again.
    """

    def __init__(self, stand: Stand, count: int, seed: int) -> None:
        self._stand, self._count = stand, count
        self._random = random.Random(seed)
        self._cut_off = last_minute()
        self._sets: dict[str, list[dict[str, Any]]] = {"A": [], "B": []}
        self._nested = False
        self._happened: Counter[str] = Counter()
        for item in load.settings_items(SELLERS):
            stand.engine.load(item)
        for item in load.posting_items(count, self._cut_off, sellers=SELLERS):
            stand.engine.load(item)

    def run(self) -> Proof:
        """Sweep twice before anything fires, work until nothing is left, and sweep until a sweep finds nothing."""
        wire, sent = self._stand.database, 0
        wire.before, wire.after = self._before, self._after
        with quiet():
            for name in self._sets:
                sent += self._stand.sweep()
                self._fill(name)
            self._work_off()
            while again := self._stand.sweep():
                sent += again
                self._fill("A")
                self._work_off()
        wire.before = wire.after = None
        return self._judge(sent)

    def _fill(self, name: str) -> None:
        """All messages in an order of the seed: a standard queue promises none, and the sweep sends from threads."""
        found = sorted(self._stand.queue.receive(sys.maxsize), key=lambda record: str(record["body"]))
        self._random.shuffle(found)
        self._sets[name] += found

    def _work_off(self) -> None:
        while any(self._sets.values()):
            self._one_batch(self._random.choice([name for name, waiting in self._sets.items() if waiting]))

    def _one_batch(self, name: str) -> None:
        waiting = self._sets[name]
        batch = waiting[-BATCH:]
        del waiting[-BATCH:]
        self._happened["deliveries"] += len(batch)
        try:
            self._stand.work(batch, name)
        except CrashedError:
            self._stand.queue.back(batch)
        # What crashed or was reported as failed comes again, to either set.
        self._sets[self._random.choice("AB")] += self._stand.queue.receive(sys.maxsize)

    def _before(self, operation: str, _: Mapping[str, Any]) -> None:
        if operation == "TransactWriteItems" and self._random.random() < CRASH:
            self._happened["crashes before a commit"] += 1
            raise CrashedError

    def _after(self, operation: str, body: Mapping[str, Any]) -> None:
        if operation == "TransactWriteItems":
            if self._random.random() < CRASH:
                self._happened["crashes after a commit"] += 1
                raise CrashedError
            if self._random.random() < LOST:
                self._happened["answers lost"] += 1
                raise lost_answer()
        elif operation in _READS and not self._nested:
            for key in _READS[operation](body):
                if key["SK"]["S"] == keys.POSTING and self._random.random() < RACE:
                    self._race(key["PK"]["S"])

    def _race(self, pk: str) -> None:
        """The other set handles this posting right now, between this worker's read and its write."""
        number = f'"{pk.rpartition("#")[2]}"'
        for name, waiting in self._sets.items():
            place = next((n for n, one in enumerate(waiting) if number in one["body"]), None)
            if place is None:
                continue
            self._happened["races"] += 1
            waiting[place], waiting[-1] = waiting[-1], waiting[place]
            self._nested = True
            try:
                self._one_batch(name)
            finally:
                self._nested = False
            return

    def _judge(self, sent: int) -> Proof:
        """Counts the event rows of every posting and compares its row with the one right outcome."""
        fired: Counter[str] = Counter()
        first_new = keys.events_after(load.VERSION)[0]
        for pk, sk in self._stand.engine.items:
            fired[pk] += sk.startswith(keys.EVENT_PREFIX) and sk >= first_new
        following = self._cut_off + timedelta(hours=12)
        lost = doubled = wrong = 0
        for number in range(self._count):
            key = keys.posting(load.seller_of(number, SELLERS), load.name_of(number))
            row = self._stand.engine.items[key.pk, key.sk]
            lost += fired[key.pk] == 0
            doubled += fired[key.pk] > 1
            stands = (row["AK"]["S"], row["AS"]["S"], int(row["alarm_at"]["N"]), int(row["version"]["N"]))
            index = index_keys.alarm(key, following, load.SHARDS)
            wrong += stands != (index["AK"], index["AS"], keys.micros(following), load.VERSION + 1)
        return Proof(self._count, sent, dict(self._happened), lost, doubled, wrong)


_READS = {
    "GetItem": lambda body: [body["Key"]],
    "BatchGetItem": lambda body: [key for table in body["RequestItems"].values() for key in table["Keys"]],
}
