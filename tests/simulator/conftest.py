"""Fixtures: a quick marketplace with one seller, its caller, and a push receiver."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shipby_local.simulator import Simulator
from tests.simulator.sim_support import Caller, PushReceiver, quick


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(quick()) as running:
        yield running


@pytest.fixture
def call(simulator: Simulator) -> Iterator[Caller]:
    caller = Caller(simulator.base_url, simulator.add_seller(client_id="7001"))
    yield caller
    caller.close()


@pytest.fixture
def receiver() -> Iterator[PushReceiver]:
    made = PushReceiver()
    yield made
    made.close()
