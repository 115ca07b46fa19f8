"""All parts of one simulator, wired."""

from __future__ import annotations

from shipby_local.simulator.desks.returns import ReturnDesk
from shipby_local.simulator.engine import Engine
from shipby_local.simulator.faults import FaultBook
from shipby_local.simulator.gateway import Gateway
from shipby_local.simulator.generate import Factory
from shipby_local.simulator.market import Market
from shipby_local.simulator.pushes.planning import Outbox
from shipby_local.simulator.pushes.sender import PushSender
from shipby_local.simulator.sellers import Sellers
from shipby_local.simulator.settings import SimulatorSettings
from shipby_local.simulator.world import World


class Parts:
    """Builds every part in order; starts and stops those that have threads."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self.world = World(settings)
        self.outbox = Outbox(self.world)
        self.faults = FaultBook(self.world)
        self.market = Market(self.world, self.outbox, self.faults)
        self.desk = ReturnDesk(self.market)
        self.engine = Engine(self.market, self.desk)
        self.factory = Factory(self.market)
        self.sellers = Sellers(self.market)
        self.sender = PushSender(self.world, self.outbox)
        self.gateway = Gateway(self.market, self.desk, self.engine)
        self.world.on_commit.append(self.sender.notify)
        with self.world.change():
            if not any(due.kind == "push_night" for due in self.world.due.all()):
                self.world.schedule(self.world.later(settings.push_health_period_seconds), "push_night", "all")

    def start(self) -> None:
        """Lets time pass and pushes go."""
        self.sender.start()
        self.engine.start()

    def stop(self) -> None:
        """Stops all threads, then closes the file."""
        self.engine.stop()
        self.sender.stop()
        self.gateway.close()
        self.world.close()
