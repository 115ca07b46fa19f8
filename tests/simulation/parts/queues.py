"""Our queues: at least once, in no order, with dead letters after five tries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from shipby.application.ports.messages import QueueMessage
from shipby.domain.json_types import Json
from tests.simulation.chance import Weather
from tests.simulation.clocks import Time

TRIES = 5
VISIBILITY = timedelta(seconds=60)
"""How long a message that somebody has taken stays hidden: as long as a worker may run."""


@dataclass(slots=True)
class Letter:
    """A message under way. `taken` counts deliveries."""

    serial: int
    queue: str
    body: Mapping[str, Json]
    visible: datetime
    taken: int = 0


class Queues:
    """All queues. Lost messages are lost for good: alarms and polls have to find what they were about."""

    def __init__(self, time: Time, rng: Random) -> None:
        self._time = time
        self._rng = rng
        self._serial = 0
        self.weather = Weather()
        self.letters: dict[int, Letter] = {}
        self.counts: dict[str, int] = {"sent": 0, "lost": 0, "doubled": 0, "late": 0, "dead": 0}

    def put(self, queue: str, message: QueueMessage) -> None:
        """Send one message: it may get lost, come twice, or come late."""
        self.counts["sent"] += 1
        if self._rng.random() < self.weather.message_lost:
            self.counts["lost"] += 1
            return
        copies = 2 if self._rng.random() < self.weather.message_doubled else 1
        self.counts["doubled"] += copies - 1
        for _ in range(copies):
            delay = float(message.delay_seconds)
            if self._rng.random() < self.weather.message_late:
                delay += self._rng.choice((3, 20, 90, 400))
                self.counts["late"] += 1
            self._serial += 1
            visible = self._time.now + timedelta(seconds=delay)
            self.letters[self._serial] = Letter(self._serial, queue, message.body, visible)

    def ready(self) -> list[Letter]:
        now = self._time.now
        return [letter for letter in self.letters.values() if letter.visible <= now]

    def next_visible(self) -> datetime | None:
        return min((letter.visible for letter in self.letters.values()), default=None)

    def take(self, letter: Letter) -> None:
        """Hide it while somebody works on it; if they die it comes back."""
        letter.taken += 1
        letter.visible = self._time.now + VISIBILITY
        if letter.taken > TRIES:
            self.delete(letter)
            self.counts["dead"] += 1

    def delete(self, letter: Letter) -> None:
        self.letters.pop(letter.serial, None)

    def hold(self, letter: Letter, seconds: float) -> None:
        """It failed: when it comes again."""
        letter.visible = self._time.now + timedelta(seconds=seconds)
        if letter.taken >= TRIES:
            self.delete(letter)
            self.counts["dead"] += 1


@dataclass(frozen=True, slots=True)
class Outlet:
    """One queue as the use cases see it."""

    queues: Queues
    name: str

    def send(self, messages: Iterable[QueueMessage]) -> None:
        for message in messages:
            self.queues.put(self.name, message)
