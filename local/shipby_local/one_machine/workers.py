"""The threads of the shop: the router, the workers of each queue, the clocks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from shipby.application.shared.loggable import error_fields
from shipby.observability import logger
from shipby_local.one_machine.backup import Backups
from shipby_local.one_machine.machine import QUEUES, Machine

_IDLE_SECONDS = 0.1
_MINUTE = 60.0
_HOUR = 3600.0
_ROUTED_TOGETHER = 100
_AFTER_A_FAILURE = 1.0
_LONGEST_END = 10.0

Handler = Callable[[Mapping[str, Any], Any], Any]


class RunTime:
    """The context of a handler: how much is left of its time."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int(1000 * (self._until - time.monotonic())))


class Workers:
    """Runs until `stop`, which lets everything that was begun end."""

    def __init__(self, machine: Machine, backups: Backups | None = None) -> None:
        self._machine = machine
        self._backups = backups
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start every thread."""
        from functions.deadline_sweep import handler as sweep
        from functions.deadline_sweep import worker as alarms
        from functions.label_generation import handler as labels
        from functions.marketplace_poll import handler as poll
        from functions.notifications import handler as notices
        from functions.posting_sync import handler as sync
        from functions.refunds import handler as intents
        from functions.tracking import handler as tracking

        handlers: Mapping[str, Handler] = {
            "sync": sync.handler,
            "alarms": alarms.handler,
            "labels": labels.handler,
            "intents": intents.handler,
            "tracking": tracking.handler,
            "notices": notices.handler,
        }
        self._run("router", self.route)
        for queue, handler in handlers.items():
            for number in range(QUEUES[queue].workers):
                self._run(f"{queue}-{number}", partial(self.work, queue, handler))
        self._every("sweep", _MINUTE, lambda: sweep.handler({}, RunTime(50)))
        self._every("poll", _MINUTE, lambda: poll.handler({}, RunTime(300)))
        self._every("cleaning", _HOUR, self._machine.forget_what_is_over)
        if self._backups is not None:
            self._every("backup", _MINUTE, self._backups.make)

    def stop(self) -> None:
        """Begin nothing more, and wait a moment for what was begun; what does not end in time comes again later."""
        self._stop.set()
        until = time.monotonic() + _LONGEST_END
        for thread in self._threads:
            thread.join(timeout=max(0.0, until - time.monotonic()))

    def route(self) -> bool:
        """Send on what was inserted, in the order of its commits; whether there was anything."""
        from functions.stream_router.handler import PoisonError
        from functions.stream_router.handler import handler as router

        outbox = self._machine.outbox
        records = outbox.records(_ROUTED_TOGETHER)
        if not records:
            return False
        numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
        try:
            failed = router({"Records": records}, RunTime(30))["batchItemFailures"]
        except PoisonError:
            # Alone, so that none of the sound ones behind it waits.
            failed = router({"Records": records[:1]}, RunTime(30))["batchItemFailures"]
            numbers = numbers[:1]
        if not failed:
            outbox.routed(numbers[-1])
            return True
        first = int(failed[0]["itemIdentifier"])
        if first > numbers[0]:
            outbox.routed(first - 1)
            return True
        if _unreadable(records[0]):
            outbox.set_aside(first)
            return True
        return False

    def work(self, queue: str, handler: Handler) -> bool:
        """Work off one batch; whether there was one."""
        terms = QUEUES[queue]
        claimed = self._machine.queues[queue].claim(terms.batch)
        if not claimed:
            return False
        records = [
            {
                "messageId": str(one.id),
                "receiptHandle": one.lease,
                "body": one.body,
                "attributes": {"ApproximateReceiveCount": str(one.attempts)},
            }
            for one in claimed
        ]
        failed = {
            each["itemIdentifier"]
            for each in handler({"Records": records}, RunTime(terms.run_seconds))["batchItemFailures"]
        }
        self._machine.queues[queue].done(one for one in claimed if str(one.id) not in failed)
        return True

    def _run(self, name: str, once: Callable[[], bool]) -> None:
        def loop() -> None:
            while not self._stop.is_set():
                try:
                    busy = once()
                except Exception as error:  # whatever it is: what was begun comes again, and the others go on
                    logger().warning("worker failed", extra={"worker": name, **error_fields(error)})
                    self._stop.wait(_AFTER_A_FAILURE)
                    continue
                if not busy:
                    self._stop.wait(_IDLE_SECONDS)

        self._start(name, loop)

    def _every(self, name: str, seconds: float, once: Callable[[], object]) -> None:
        def loop() -> None:
            while True:
                began = time.monotonic()
                try:
                    once()
                except Exception as error:  # the next round tries again
                    logger().warning("round failed", extra={"round": name, **error_fields(error)})
                if self._stop.wait(max(0.0, seconds - (time.monotonic() - began))):
                    return

        self._start(name, loop)

    def _start(self, name: str, loop: Callable[[], None]) -> None:
        thread = threading.Thread(target=loop, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()


def _unreadable(record: Mapping[str, Any]) -> bool:
    from shipby.adapters.aws_lambda.stream import read_record

    try:
        read_record(record)
    except Exception:
        return True
    return False
