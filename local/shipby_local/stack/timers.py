"""Invokes a scheduled function more often than its schedule does.

The emulator fires a schedule for the first time after about 70 seconds, too late for a demo whose deadlines are
seconds apart.
"""

import json
import logging
import threading
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

logger = logging.getLogger(__name__)


class Timer:
    """Invokes `function` every `interval` seconds, one invocation at a time, until `stop`."""

    def __init__(
        self, functions: Any, name: str, function: str, interval: float, *, payload: Mapping[str, str] | None = None
    ) -> None:
        self._functions = functions
        self._name = name
        self._function = function
        self._interval = interval
        self._payload = json.dumps({"source": "shipby.local", **(payload or {})}).encode()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"timer-{name}", daemon=True)
        self.invocations = 0
        self.failures = 0

    def start(self) -> None:
        """Begin; the first invocation comes after one interval."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """End after the invocation under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stopping.wait(self._interval):
            try:
                answer = self._functions.invoke(FunctionName=self._function, Payload=self._payload)
            except (BotoCoreError, ClientError) as error:
                if self._stopping.is_set():
                    return
                self._failed(str(error))
                continue
            self.invocations += 1
            # Read whatever it says: an answer that is left unread keeps its connection until the garbage is collected.
            said = answer["Payload"].read()
            if answer.get("FunctionError"):
                self._failed(str(json.loads(said or b"null")))

    def _failed(self, reason: str) -> None:
        self.failures += 1
        logger.warning("%s failed when the local timer invoked it: %s", self._name, reason)
