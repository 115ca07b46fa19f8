"""Sends pushes: own threads, the marketplace's retries (growing gaps, then dropped) and pauses."""

from __future__ import annotations

import heapq
import logging
import threading
from collections import defaultdict, deque
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final

from shipby_local.simulator.pushes.client import Outcome, PushClient
from shipby_local.simulator.pushes.model import Delivery, Push
from shipby_local.simulator.pushes.planning import Outbox
from shipby_local.simulator.world import World

RETRY_GAPS: Final = (5, 15, 45, 120, 300, 600, 600, 600, 600, 600, 600)
"""Seconds: the first after a few, growing to 10 minutes, then five more every 10 minutes, then dropped. The figures
between are not published. All are multiplied by `push_time_scale`."""
PAUSE_SECONDS: Final = 600
"""How long sending pauses is not published."""
_WINDOW: Final = 20
_LOG: Final = logging.getLogger(__name__)


class PushSender:
    """Takes pushes from the outbox after each commit. One push per subject is under way at a time, so order is kept
    unless a fault or a retry breaks it."""

    def __init__(self, world: World, outbox: Outbox) -> None:
        self._world = world
        self._outbox = outbox
        self._client = PushClient(world.settings.push_timeout)
        self._wake = threading.Condition()
        self._waiting: list[tuple[datetime, int]] = []
        self._busy: dict[tuple[int, str], list[tuple[datetime, int]]] = {}
        self._recent: dict[int, deque[bool]] = defaultdict(lambda: deque(maxlen=_WINDOW))
        self._stopped = False
        self._pool = ThreadPoolExecutor(world.settings.push_workers, thread_name_prefix="simulator-push")
        self._thread = threading.Thread(target=self._loop, name="simulator-push-clock", daemon=True)

    def start(self) -> None:
        """Takes up what a former run left waiting."""
        with self._world.change():
            self._outbox.take_new()
            waiting = [(push.due, push.id) for push in self._world.pushes.all() if push.state == "waiting"]
        with self._wake:
            self._waiting = waiting
            heapq.heapify(self._waiting)
        self._thread.start()

    def notify(self) -> None:
        """Takes over what the outbox wrote; call it after the commit."""
        with self._wake:
            for push in self._outbox.take_new():
                if push.state == "waiting":
                    heapq.heappush(self._waiting, (push.due, push.id))
            self._wake.notify()

    def stop(self) -> None:
        """Stops; a push under way is finished first."""
        with self._wake:
            self._stopped = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(5)
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._client.close()

    def idle(self) -> bool:
        """Whether nothing is due or under way (pushes that wait for a later time do not count)."""
        with self._wake:
            return not self._busy and (not self._waiting or self._waiting[0][0] > self._world.now())

    def next_due(self) -> datetime | None:
        """When the next push is due, by the marketplace's time; None if none waits."""
        with self._wake:
            return self._waiting[0][0] if self._waiting else None

    def wake(self) -> None:
        """Send what is due by now, whatever the clock said a moment ago."""
        with self._wake:
            self._wake.notify()

    def _loop(self) -> None:
        while True:
            with self._wake:
                if self._stopped:
                    return
                now = self._world.now()
                while self._waiting and self._waiting[0][0] <= now:
                    self._dispatch(heapq.heappop(self._waiting))
                pause = 0.2
                if self._waiting:
                    pause = min(pause, max(0.005, (self._waiting[0][0] - now).total_seconds()))
                self._wake.wait(pause)

    def _dispatch(self, entry: tuple[datetime, int]) -> None:
        push = self._world.pushes.get(str(entry[1]))
        if push is None or push.state != "waiting":
            return
        subject = (push.endpoint_id, push.subject)
        if subject in self._busy:
            self._busy[subject].append(entry)
            return
        self._busy[subject] = []
        self._pool.submit(self._run, push, subject)

    def _run(self, push: Push, subject: tuple[int, str]) -> None:
        try:
            self._send(push)
        except Exception:
            _LOG.exception("push %s could not be sent", push.id)
            with self._world.change():
                self._world.tally("internal_errors")
        finally:
            with self._wake:
                for entry in self._busy.pop(subject):
                    heapq.heappush(self._waiting, entry)
                self._wake.notify()

    def _send(self, push: Push) -> None:
        world = self._world
        with world.change():
            endpoint = world.endpoints.get(str(push.endpoint_id))
            if endpoint is None or not endpoint.enabled:
                push.state = "dropped"
                world.pushes.put(push)
                return
            if endpoint.paused_until is not None and world.now() < endpoint.paused_until:
                self._again(push, endpoint.paused_until)
                return
            url = endpoint.url
        started = world.now()
        outcome = self._client.deliver(url, push.body)
        with world.change():
            # By the marketplace's own clock: where that is stepped, a slow machine is no slow answer.
            self._record(push, started, outcome, (world.now() - started).total_seconds())

    def _record(self, push: Push, started: datetime, outcome: Outcome, took: float) -> None:
        world = self._world
        push.deliveries.append(Delivery(started, outcome.status, round(took * 1000), outcome.error))
        world.pushes.put(push)
        recent = self._recent[push.endpoint_id]
        recent.append(outcome.status == 200)
        if not outcome.error:
            push.state = "delivered"
        elif len(push.deliveries) > len(RETRY_GAPS) or push.type == "TYPE_PING":
            push.state = "dropped"
        else:
            gap = RETRY_GAPS[len(push.deliveries) - 1] * world.settings.push_time_scale
            self._again(push, world.later(gap))
        mostly_bad = len(recent) == _WINDOW and sum(recent) * 2 < _WINDOW
        if mostly_bad or took > world.settings.push_slow_seconds:
            self._pause(push)
            recent.clear()

    def _pause(self, push: Push) -> None:
        endpoint = self._world.endpoints.get(str(push.endpoint_id))
        if endpoint is not None:
            pause = timedelta(seconds=PAUSE_SECONDS * self._world.settings.push_time_scale)
            endpoint.paused_until = self._world.now() + pause
            self._world.endpoints.put(endpoint)
            self._world.tally(f"push:pauses:{push.client_id}")

    def _again(self, push: Push, at: datetime) -> None:
        push.due = at
        self._world.pushes.put(push)
        with self._wake:
            heapq.heappush(self._waiting, (at, push.id))
            self._wake.notify()
