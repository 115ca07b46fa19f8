"""Fixtures: a shop, whose answers a test may change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shipby_local.simulator import Simulator
from shipby_local.simulator.faults import FaultBook
from tests.pilot.pilot_support import Json, Shop, changing, settings


@pytest.fixture(scope="module")
def running() -> Iterator[Shop]:
    with Simulator(settings()) as simulator:
        yield Shop(simulator)


@pytest.fixture(scope="module")
def unchanged(running: Shop) -> Json:
    """The report of a round in which nothing was changed."""
    return running.report()


@pytest.fixture
def shop(running: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """The shop as it was built: nothing that a test does changes it but for `changes`, which are taken back."""
    monkeypatch.setattr(FaultBook, "spoil", changing(running))
    yield running
    running.changes.clear()
    running.control("faults/clear", {})
