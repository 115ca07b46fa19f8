"""Workers that die at any step, two at once, and scans meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest

from shipby.application.alarms.mend_alarms import mend_alarms
from shipby.domain.carriages import (
    SETTLE_AFTER,
    CarriageState,
)
from shipby.domain.errors import (
    StoreUnavailableError,
)
from tests.support import builders as a
from tests.unit.carriages.carriage_support import Ramp


@pytest.fixture
def ramp() -> Ramp:
    return Ramp()


class CrashError(Exception):
    """The worker dies."""


def _until_done(ramp: Ramp, identifier: str, work: Callable[[], object]) -> int:
    """Messages and alarms go on until the carriage has its papers; how often the worker died."""
    crashes = 0
    for _ in range(60):
        if ramp.row(identifier).state is CarriageState.DOCUMENTED:
            return crashes
        try:
            work()
        except (CrashError, StoreUnavailableError):
            crashes += 1
            ramp.clock.advance(SETTLE_AFTER)
        row = ramp.row(identifier)
        if row.state is CarriageState.OPEN and not row.asked and not row.sent and row.numbers:
            ramp.approve(identifier, accept_difference=True, reason="no scanner")
    raise AssertionError(f"it never ends: {ramp.row(identifier)}")


@pytest.mark.parametrize("after", range(1, 14))
@pytest.mark.parametrize("where", ["before a commit", "after a commit"])
def test_a_worker_that_dies_at_any_commit_makes_one_carriage_and_approves_it_once(
    ramp: Ramp, after: int, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier = ramp.asks("n-1", "n-2")
    commit, count = ramp.store.commit, 0

    def dying(writes: Any, *, token: str = "") -> None:
        nonlocal count
        count += 1
        if count == after and where == "before a commit":
            raise StoreUnavailableError("the database did not answer")
        commit(writes, token=token)
        if count == after:
            raise CrashError

    def work() -> None:
        with monkeypatch.context() as patched:
            patched.setattr(ramp.store, "commit", dying)
            ramp.work(identifier)

    crashes = _until_done(ramp, identifier, work)
    assert crashes <= 1
    assert len(ramp.books.books) == 1
    assert ramp.books.approvals == ["9001"]
    assert ramp.row(identifier).numbers == ("n-1", "n-2")


@pytest.mark.parametrize("after", range(1, 22))
def test_a_worker_that_dies_at_any_call_makes_one_carriage_and_approves_it_once(ramp: Ramp, after: int) -> None:
    identifier = ramp.asks("n-1", "n-2")
    count = 0

    def dying(_: str) -> None:
        nonlocal count
        count += 1
        if count == after:
            raise CrashError

    ramp.market.on_call = dying
    crashes = _until_done(ramp, identifier, lambda: ramp.work(identifier))
    assert crashes == (1 if after <= count else 0)
    assert len(ramp.books.books) == 1
    assert ramp.books.approvals == ["9001"]


@pytest.mark.parametrize("call", ["carriages.create", "carriages.set_postings", "carriages.approve"])
def test_two_workers_at_once_send_once(ramp: Ramp, call: str) -> None:
    """The second one starts while the first one's call is on its way."""
    identifier = ramp.asks("n-1")
    outcomes: list[str] = []

    def meanwhile(name: str) -> None:
        if name == call and not outcomes:
            outcomes.append("")
            outcomes[0] = ramp.work(identifier)

    ramp.market.on_call = meanwhile
    ramp.work(identifier)
    ramp.approve(identifier, accept_difference=True, reason="no scanner")
    ramp.work(identifier)
    assert outcomes == ["carriage_unknown"]
    assert ramp.market.calls[call] == 1
    assert ramp.books.approvals == ["9001"]


def test_a_scan_while_the_worker_talks_to_the_marketplace_is_not_lost(ramp: Ramp) -> None:
    identifier = ramp.asks()
    ramp.market.on_call = lambda name: ramp.scans(identifier, "n-2") if name == "carriages.create" else None
    ramp.work(identifier)
    assert ramp.row(identifier).scanned == ("n-2",)
    assert ramp.row(identifier).state is CarriageState.OPEN


def test_an_open_carriage_that_waits_for_a_person_is_looked_at_once_a_day(ramp: Ramp) -> None:
    first, second = ramp.asks("n-1"), ramp.asks("n-2", method="2020005003107121")
    for identifier in (first, second):
        ramp.work(identifier)
        assert ramp.row(identifier).next_alarm is None
    assert mend_alarms(a.SELLER, store=ramp.store, clock=ramp.clock) == 2
    assert mend_alarms(a.SELLER, store=ramp.store, clock=ramp.clock) == 0
    gone = ramp.row(second).marketplace_id
    ramp.market.carriages.cancel(gone)
    for identifier in (first, second):
        ramp.rings(identifier)
    assert (ramp.row(first).state, ramp.row(second).state) == (CarriageState.OPEN, CarriageState.CANCELLED)
    assert mend_alarms(a.SELLER, store=ramp.store, clock=ramp.clock) == 1, "the one that is still open"
