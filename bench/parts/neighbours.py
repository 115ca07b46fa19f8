"""A queue of two sellers and its workers in simulated time: one seller is noisy, the other sends a message at times.

The queue follows Amazon SQS Developer Guide, "How Amazon SQS fair queues work", by its second measure, processing time
share: a group whose recent share of all consumer processing time is above a tenth is noisy, and messages of the others
are then delivered first. (Its first measure needs 30 messages in flight, which few workers never have.) A worker takes
a batch and goes through it one by one; nothing is begun when less than half of its time is left, as in `SqsBatch`.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass
from enum import Enum

LOUD, QUIET = "loud", "quiet"
SHARE = 0.1
RECENT = 60.0
FAST_FAIL = 0.02
"""Seconds of a message whose call is refused at once, here or by the marketplace."""
WAITS = (10.0, 40.0, 160.0, 640.0)
"""Between the tries of a message that failed, as `wait_seconds` has it."""
EVERY = 17.3
"""Seconds between the quiet seller's messages: no multiple of what a batch takes."""
QUIET_MESSAGES = 15


class Neighbour(Enum):
    """What the loud seller's marketplace does."""

    HANGS = "hangs"
    FLOODS = "floods"
    FAILS = "fails"


@dataclass(frozen=True, slots=True)
class Rules:
    """What is switched on."""

    name: str
    fair: bool
    pauses: bool
    """Whether an account whose call hung is left alone for a while by that worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One queue's workers, and what things take in seconds."""

    workers: int
    batch: int
    timeout: float
    good: float
    hang: float
    pauses: tuple[float, ...]


@dataclass(slots=True)
class _Worker:
    paused_until: float = float("-inf")
    hung: int = 0
    """Calls in a row that hung."""


@dataclass(order=True, slots=True)
class _Message:
    visible: float
    order: int
    seller: str
    sent: float
    tries: int = 0
    asked: float = 0.0
    """Seconds until the account's pause is over, where that turned it away."""


class _Simulation:
    def __init__(self, shop: Shop, rules: Rules, neighbour: Neighbour, noisy: int) -> None:
        self._shop, self._rules, self._neighbour = shop, rules, neighbour
        self._count = 0
        self._waiting: list[_Message] = []
        self._spent: list[tuple[float, str, float]] = []
        self.delays: list[float] = []
        for _ in range(noisy):
            self._put(LOUD, 0.0)
        # The quiet ones come when every worker has been at the loud seller's for a while.
        for number in range(1, QUIET_MESSAGES + 1):
            self._put(QUIET, number * EVERY)

    def _put(self, seller: str, at: float) -> None:
        self._count += 1
        self._waiting.append(_Message(at, self._count, seller, at))

    def run(self) -> float:
        free = [(0.0, index) for index in range(self._shop.workers)]
        workers = [_Worker() for _ in free]
        while len(self.delays) < QUIET_MESSAGES:
            now, index = heapq.heappop(free)
            batch = self._receive(now)
            if not batch:
                heapq.heappush(free, (min(message.visible for message in self._waiting), index))
                continue
            heapq.heappush(free, (self._work(workers[index], batch, now), index))
        return max(self.delays)

    def _receive(self, now: float) -> list[_Message]:
        ready = [message for message in self._waiting if message.visible <= now]
        noisy = self._noisy(now) if self._rules.fair else set()
        ready.sort(key=lambda message: (message.seller in noisy, message.visible, message.order))
        batch = ready[: self._shop.batch]
        for message in batch:
            self._waiting.remove(message)
        return batch

    def _noisy(self, now: float) -> set[str]:
        spent: dict[str, float] = defaultdict(float)
        self._spent = [entry for entry in self._spent if entry[0] > now - RECENT]
        for _, seller, seconds in self._spent:
            spent[seller] += seconds
        total = sum(spent.values())
        return {seller for seller, seconds in spent.items() if seconds > SHARE * total}

    def _work(self, worker: _Worker, batch: list[_Message], began: float) -> float:
        at = began
        for place, message in enumerate(batch):
            if place and at - began > self._shop.timeout / 2:
                message.visible = at
                self._waiting.append(message)
                continue
            seconds, done = self._one(worker, message, at)
            at += seconds
            self._spent.append((at, message.seller, seconds))
            if done and message.seller == QUIET:
                self.delays.append(at - message.sent)
            if not done and message.tries < len(WAITS):
                message.visible = at + self._wait(message)
                message.tries += 1
                self._waiting.append(message)
        return max(at, began + FAST_FAIL)

    def _wait(self, message: _Message) -> float:
        """As `aws_lambda.batch.wait_seconds`: what was turned away by a pause waits for its end at least."""
        asked, message.asked = message.asked, 0.0
        if not asked:
            return WAITS[message.tries]
        return max(asked, WAITS[message.tries - 1] if message.tries else 0.0)

    def _one(self, worker: _Worker, message: _Message, at: float) -> tuple[float, bool]:
        """Seconds that it takes, and whether it is done."""
        if message.seller == QUIET or self._neighbour is Neighbour.FLOODS:
            return self._shop.good, True
        if self._neighbour is Neighbour.FAILS:
            return FAST_FAIL, False
        if self._rules.pauses and at < worker.paused_until:
            message.asked = worker.paused_until - at
            return FAST_FAIL, False
        pause = self._shop.pauses[min(worker.hung, len(self._shop.pauses) - 1)]
        worker.paused_until, worker.hung = at + self._shop.hang + pause, worker.hung + 1
        return self._shop.hang, False


def worst_delay(shop: Shop, rules: Rules, neighbour: Neighbour, *, noisy: int) -> float:
    """Seconds from sending a message of the quiet seller until it is done, the worst of all."""
    return _Simulation(shop, rules, neighbour, noisy).run()
