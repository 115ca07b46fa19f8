"""The emulator's own sense of time and of work under way: names that it does not publish, as in `private_names`.

`private_names.check` vouches for them. This module runs inside the emulator's process.
"""

import asyncio
import threading
import time
import types
from collections.abc import Callable
from datetime import datetime
from typing import Any

from shipby_local.stack.emulation.private_names import module

LONGEST_REST_SECONDS = 0.25
_REST_PAUSE_SECONDS = 0.004


def follow_clock(now: Callable[[], datetime]) -> None:
    """Delays, visibility and retention of queues, expiry of rows and age of stream records go by `now`.

    A schedule fires when the stepper says so. A long poll answers at once: where time stands still it would wait for
    ever. All else, signatures and signed links among it, stays on real time.
    """
    shim = types.SimpleNamespace(**vars(time))
    shim.time = lambda: now().timestamp()
    for name in ("ministack.services.sqs", "ministack.services.dynamodb"):
        module(name).time = shim
    module("ministack.services.scheduler")._tick_schedules = lambda: None
    queues = module("ministack.services.sqs")
    receive = queues._act_receive_message
    # Both ways to it: the table of actions, and the name that the module itself looks up.
    at_once = _without_wait(receive)
    queues._act_receive_message = at_once
    for table in (value for value in vars(queues).values() if isinstance(value, dict)):
        table.update({action: at_once for action, handler in table.items() if handler is receive})


def _without_wait(receive: Callable[..., Any]) -> Callable[..., Any]:
    async def at_once(data: dict[str, Any], *rest: Any) -> Any:
        return await receive({**data, "WaitTimeSeconds": 0}, *rest)

    return at_once


class WorkUnderWay:
    """Counts what the emulator is doing: invocations of functions, and batches between a queue and their end.

    `started` only grows: two equal looks mean that nothing began in between.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._invocations = 0
        self._batched: set[str] = set()
        self.started = 0

    def install(self) -> None:
        """Count from now on. Call after `private_names.serialise_queue_mappings`, whose receiving this wraps."""
        worker = module("ministack.core.lambda_runtime").Worker
        queues, functions = module("ministack.services.sqs"), module("ministack.services.lambda_svc")
        invoke, receive, run = worker.invoke, queues._receive_messages_for_esm, functions._run_sqs_batch

        def counted_invoke(*arguments: Any, **named: Any) -> Any:
            self._begin(started=1)
            try:
                return invoke(*arguments, **named)
            finally:
                self._end()

        def noted_receive(url: str, number: int) -> Any:
            # Counted before the messages turn invisible: there is no moment at which they are seen nowhere.
            self._begin()
            try:
                batch = receive(url, number)
                with self._lock:
                    self._batched.update(message["id"] for message in batch)
                    self.started += len(batch)
                return batch
            finally:
                self._end()

        def noted_run(esm: Any, function: Any, event: Any, batch: Any, *rest: Any) -> Any:
            try:
                return run(esm, function, event, batch, *rest)
            finally:
                with self._lock:
                    self._batched.difference_update(message["id"] for message in batch)

        worker.invoke, queues._receive_messages_for_esm, functions._run_sqs_batch = (
            counted_invoke,
            noted_receive,
            noted_run,
        )

    def _begin(self, started: int = 0) -> None:
        with self._lock:
            self._invocations += 1
            self.started += started

    def _end(self) -> None:
        with self._lock:
            self._invocations -= 1

    async def at_rest(self) -> dict[str, Any]:
        """The report once nothing is under way, or after `LONGEST_REST_SECONDS`: whoever asks need not ask again and
        again."""
        asked = time.monotonic()
        while True:
            report = self.report()
            resting = not report["busy"] and not report["waiting"]
            if resting or time.monotonic() - asked > LONGEST_REST_SECONDS:
                return report
            await asyncio.sleep(_REST_PAUSE_SECONDS)

    def report(self) -> dict[str, Any]:
        """What is under way, and when the next message shows itself. Call on the event loop.

        `waiting`: messages that a function could take now; wakes the mapping that takes them. `next_visible`: seconds
        since 1970 at which the next delayed or hidden message of such a queue shows itself, or None. `streams`: ARN of
        each stream with the sequence number of its newest record.
        """
        queues = module("ministack.services.sqs")
        now = queues.time.time()
        waiting, following = 0, []
        for queue in _fed_queues():
            for message in queue["messages"]:
                if message["visible_at"] <= now:
                    waiting += 1
                else:
                    following.append(message["visible_at"])
        if waiting:
            module("ministack.core.concurrency").esm_wake.set()
        with self._lock:
            busy = self._invocations + len(self._batched)
            started = self.started
        streams = module("ministack.services.dynamodb")._stream_records._data.values()
        last = [records[-1] for records in streams if records]
        return {
            "busy": busy,
            "started": started,
            "waiting": waiting,
            "next_visible": min(following, default=None),
            "streams": {record["eventSourceARN"]: record["dynamodb"]["SequenceNumber"] for record in last},
        }


def give_back_what_workers_held() -> int:
    """Show messages again that a function had taken when the emulator ended: its workers ended with it, nobody holds
    them. Delayed messages that nobody has taken yet keep their delay. Returns how many. Call after a restore."""
    held = [message for queue in _fed_queues() for message in queue["messages"] if message["receive_count"]]
    for message in held:
        message["visible_at"] = 0.0
    return len(held)


def _fed_queues() -> list[dict[str, Any]]:
    """Queues that an enabled mapping brings to a function."""
    functions, queues = module("ministack.services.lambda_svc"), module("ministack.services.sqs")
    fed = {esm["EventSourceArn"] for _, _, esm in functions._iter_all_esms() if esm.get("Enabled", True)}
    return [
        queue for queue in list(queues._queues._data.values()) if queue.get("attributes", {}).get("QueueArn") in fed
    ]
