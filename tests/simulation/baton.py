"""Threads that never run at once: one baton goes round, so that a seed decides every interleaving.

Each task is a real thread, because the use cases under test are plain functions that cannot be suspended any other way.
A task runs until it comes to a pause point (a store access, a call to the marketplace) and hands the baton back there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class Abandoned(BaseException):
    """Ends a task whose world is given up."""


class Task:
    """A job under way. `error` is whatever it ended with, `result` what it returned."""

    def __init__(self, name: str, job: Callable[[], object]) -> None:
        self.name = name
        self.job = job
        self.alive = True
        self.result: object = None
        self.error: BaseException | None = None
        self.runner: _Runner | None = None


class _Runner:
    """A thread that runs one task after another; kept for the next one, as making threads is slow."""

    def __init__(self) -> None:
        self.go = threading.Lock()
        self.back = threading.Lock()
        self.go.acquire()
        self.back.acquire()
        self.task: Task | None = None
        threading.Thread(target=self._loop, name="simulated-worker", daemon=True).start()

    def _loop(self) -> None:
        while True:
            self.go.acquire()
            task = self.task
            if task is None:
                continue
            try:
                task.result = task.job()
            except BaseException as error:  # a crash is a BaseException, too: the driver judges it
                task.error = error
            task.alive = False
            self.back.release()


_idle: list[_Runner] = []


class Baton:
    """Hands the right to run to one task at a time."""

    def __init__(self) -> None:
        self.running: Task | None = None
        self._ending = False

    def start(self, name: str, job: Callable[[], object]) -> Task:
        """A new task; it does not run before its first `step`."""
        task = Task(name, job)
        task.runner = _idle.pop() if _idle else _Runner()
        task.runner.task = task
        return task

    def step(self, task: Task) -> None:
        """Let a task run to its next pause, or to its end."""
        runner = task.runner
        assert runner is not None
        self.running = task
        runner.go.release()
        runner.back.acquire()
        self.running = None
        if not task.alive:
            runner.task = None
            task.runner = None
            _idle.append(runner)

    def pause(self) -> None:
        """Called by a task: hand the baton back, and wait for it. Raises Abandoned when the world ends."""
        task = self.running
        assert task is not None
        assert task.runner is not None
        runner = task.runner
        runner.back.release()
        runner.go.acquire()
        if self._ending:
            raise Abandoned

    def abandon(self, tasks: list[Task]) -> None:
        """End tasks that are still under way; what they do on their way out no longer counts."""
        self._ending = True
        for task in tasks:
            while task.alive:
                self.step(task)
