"""The simulator as a Python object."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

from shipby_local.simulator.books import books
from shipby_local.simulator.control import Control
from shipby_local.simulator.desks.charges import charges
from shipby_local.simulator.generate import PostingSpec
from shipby_local.simulator.model import Posting, SellerAccount
from shipby_local.simulator.parts import Parts
from shipby_local.simulator.sellers import SellerSpec
from shipby_local.simulator.server import ServerThread
from shipby_local.simulator.settings import SimulatorSettings
from shipby_local.simulator.words import Json


class Simulator:
    """A marketplace of its own. `start` raises OSError if the port is taken. Usable as a context manager."""

    def __init__(self, settings: SimulatorSettings | None = None) -> None:
        self.settings = settings or SimulatorSettings()
        self.rooms = Parts(self.settings)
        self._server: ServerThread | None = None

    @property
    def base_url(self) -> str:
        """Where it listens, for example `http://127.0.0.1:8090`."""
        if self._server is None:
            raise RuntimeError("the simulator is not running; call start() first")
        return self._server.base_url

    def start(self) -> Simulator:
        """Listens, lets time pass, sends pushes."""
        try:
            self._server = ServerThread(self.settings.port, self.rooms)
        except OSError:
            self.rooms.stop()
            raise
        self.rooms.start()
        self._server.start()
        return self

    def stop(self) -> None:
        """Stops everything; the data file can then be opened again."""
        if self._server is not None:
            self._server.stop()
        self.rooms.stop()

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def add_seller(self, **spec: Any) -> SellerAccount:
        """Makes a seller; the arguments are the fields of `SellerSpec`."""
        with self.rooms.world.change():
            return self.rooms.sellers.add(SellerSpec(**spec))

    def set_push_url(self, client_id: str, url: str) -> None:
        """Sends this seller's pushes to this address from now on."""
        with self.rooms.world.change():
            self.rooms.sellers.set_push_url(client_id, url)

    def push_url(self, client_id: str) -> str:
        """Where this seller's pushes go; empty if no address is connected."""
        with self.rooms.world.change():
            urls = [item.url for item in self.rooms.world.endpoints.all() if item.client_id == client_id]
        return urls[0] if urls else ""

    def sellers(self) -> list[SellerAccount]:
        """All sellers."""
        with self.rooms.world.change():
            return self.rooms.world.sellers.all()

    def add_posting(self, client_id: str, **spec: Any) -> str:
        """Makes a posting and gives its number; the arguments are the fields of `PostingSpec`."""
        with self.rooms.world.change():
            return self.rooms.factory.make(PostingSpec(client_id=client_id, **spec)).number

    def generate(self, client_ids: list[str], count: int, **common: Any) -> list[str]:
        """Makes a mixed batch from the seed and gives its numbers."""
        with self.rooms.world.change():
            return [posting.number for posting in self.rooms.factory.make_many(client_ids, count, **common)]

    def posting(self, number: str) -> Posting:
        """The marketplace's own record of a posting; do not change it. Raises KeyError."""
        with self.rooms.world.change():
            found = self.rooms.world.postings.get(number)
        if found is None:
            raise KeyError(number)
        return found

    def control(self, method: str, path: str, body: Json | bytes = b"") -> Json:
        """A control call without HTTP. Raises ValueError if it is refused."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        reply = Control(self.rooms).answer(method, path, raw)
        if reply.status != 200:
            raise ValueError(f"{method} {path}: {reply.value}")
        return reply.value

    def books(self) -> Json:
        """Everything the marketplace knows; the same as GET `/_sim/books`."""
        self.rooms.engine.run_due()
        return books(self.rooms.world)

    def charges(self, client_id: str = "") -> Json:
        """What lateness and cancels cost, by seller and posting; the same as GET `/_sim/charges`."""
        self.rooms.engine.run_due()
        return charges(self.rooms.world, client_id)

    def wake(self) -> None:
        """Does what is due by now; for whoever steps the clock of the settings."""
        self.rooms.engine.run_due()
        self.rooms.sender.wake()

    def quiet(self) -> bool:
        """Whether nothing is due by now and no push is under way."""
        due = self.rooms.world.next_due()
        return (due is None or due > self.settings.now()) and self.rooms.sender.idle()

    def next_due(self) -> datetime | None:
        """When something is due next by the clock of the settings: scheduled work or a push that waits."""
        pushes = self.rooms.sender.next_due()
        found = [self.rooms.world.next_due(), pushes and pushes - self.rooms.world.clock_offset]
        return min((moment for moment in found if moment is not None), default=None)

    def revision(self) -> int:
        """Grows with every change of what a seller can read."""
        return self.rooms.world.revision()

    def wait_for_pushes(self, timeout: float = 10.0) -> bool:
        """Waits until no push is due or under way; False if some still are after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.rooms.sender.idle():
                return True
            time.sleep(0.01)
        return False


def run(
    port: int = 8090,
    data_path: Path | None = None,
    *,
    sellers: int = 2,
    postings: int = 20,
    seed: int = 1,
    label_delay: float = 50.0,
    say: Callable[[str], None] = print,
    until: threading.Event | None = None,
) -> None:
    """Serves until SIGINT or SIGTERM (or `until`): says the base URL and each seller's Client-Id and keys first.

    An empty marketplace gets `sellers` sellers (the last one without the chat subscription) and `postings` postings.
    Raises OSError if the port is taken.
    """
    stop = until or threading.Event()
    if until is None:
        _stop_on_signals(stop)
    with Simulator(SimulatorSettings(port=port, data_path=data_path, seed=seed, label_delay=label_delay)) as simulator:
        if not simulator.sellers():
            made = [
                simulator.add_seller(chat_subscription=index < sellers - 1 or index == 0) for index in range(sellers)
            ]
            if made:
                simulator.generate([seller.client_id for seller in made], postings)
        say(f"Ozon simulator: {simulator.base_url}")
        for seller in simulator.sellers():
            chat = "yes" if seller.chat_subscription else "no"
            line = f"Client-Id: {seller.client_id}  Api-Key: {seller.api_key}  chat subscription: {chat}"
            say(f"{line}  read-only Api-Key: {seller.read_only_key}")
        stop.wait()


def _stop_on_signals(stop: threading.Event) -> None:
    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
