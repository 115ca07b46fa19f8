"""Clocks that step, and what the proof and the audit say of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from shipby.application.proof.audit_open_orders import audit_open_orders
from shipby.application.proof.report import Finding
from tests.support import builders as a
from tests.unit.world_support import World

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
STEPS = (DAY, -DAY)


@contextmanager
def off_by(world: World, step: timedelta) -> Iterator[None]:
    """While it lasts, the clock of whoever works is wrong by so much."""
    world.clock.time += step
    try:
        yield
    finally:
        world.clock.time -= step


def clock_findings(world: World) -> list[Finding]:
    return [finding for finding in world.proof().findings if finding.check == "clock"]


def audited(world: World) -> set[str]:
    """Rules that the audit finds broken."""
    return set(audit_open_orders(a.SELLER, store=world.store, clock=world.clock).by_rule)
