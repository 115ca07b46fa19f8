"""Many at once on one item: nothing lost, nothing done twice, nothing overspent."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveMoney, SavePosting, SpendCap
from shipby.domain.errors import CapReachedError, OverRefundError, VersionConflictError
from shipby.domain.events import EventType, posting_ref
from shipby.domain.postings.posting import Posting, Stage
from tests.contract.store.conftest import SAFE_ENGINES
from tests.support import builders as a

THREADS = 8
REF = posting_ref(a.NUMBER)

pytestmark = pytest.mark.parametrize("engine", SAFE_ENGINES, indirect=True)


def at_once(work: Callable[[int], int]) -> list[int]:
    """Run `work` in all threads, started together; its result per thread."""
    gate = threading.Barrier(THREADS)

    def run(number: int) -> int:
        gate.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_no_update_of_a_posting_is_lost(store: Store, seller: str) -> None:
    store.commit([SavePosting(a.posting(seller=seller)), AppendEvents(seller, REF, 1, (a.event(),))])

    def work(number: int) -> int:
        successes = 0
        for attempt in range(12):
            posting = store.posting(seller, a.NUMBER)
            assert posting is not None
            version = posting.version + 1
            reason = f"{number}/{attempt}"
            try:
                store.commit(
                    [
                        SavePosting(replace(posting, version=version, intent_count=posting.intent_count + 1)),
                        AppendEvents(seller, REF, version, (a.event(reason=reason), a.event(reason=reason))),
                    ]
                )
            except VersionConflictError:
                continue
            successes += 1
        return successes

    done = sum(at_once(work))
    posting = store.posting(seller, a.NUMBER)
    assert posting is not None
    assert done >= 12
    assert posting.version == 1 + done
    assert posting.intent_count == done
    history = store.events(seller, REF)
    assert [(e.version, e.index) for e in history] == [(1, 0)] + [(v, i) for v in range(2, done + 2) for i in (0, 1)]
    # Both events of a version come from one and the same change.
    for first, second in zip(history[1::2], history[2::2], strict=True):
        assert first.event.reason == second.event.reason


def test_an_alarm_fires_once(store: Store, seller: str) -> None:
    for number in range(6):
        name = f"p{number}"
        posting = a.posting(seller=seller, number=name)
        store.commit([SavePosting(posting)])

        def fire(_: int, posting: Posting = posting) -> int:
            fired = replace(posting, version=2, next_alarm=None, stage=Stage.CONFIRMED)
            event = a.event(type=EventType.POSTING_REMINDED)
            try:
                store.commit([SavePosting(fired), AppendEvents(seller, posting_ref(posting.number), 2, (event,))])
            except VersionConflictError:
                return 0
            return 1

        assert sum(at_once(fire)) == 1
        assert len(store.events(seller, posting_ref(name))) == 1


def test_never_more_is_reserved_than_was_paid(store: Store, seller: str) -> None:
    store.commit([SaveMoney(a.ledger(seller=seller, paid=1000, lines={}))])

    def work(number: int) -> int:
        reserved = 0
        for attempt in range(20):
            ledger = store.money(seller, a.NUMBER)
            assert ledger is not None
            try:
                store.commit([SaveMoney(ledger.reserve(f"i{number}.{attempt}", a.rub("0.90")))])
            except VersionConflictError:
                continue
            except OverRefundError:
                break
            reserved += 1
        return reserved

    reserved = sum(at_once(work))
    ledger = store.money(seller, a.NUMBER)
    assert ledger is not None
    assert ledger.reserved == 90 * reserved == sum(entry.minor for entry in ledger.entries.values())
    assert ledger.reserved <= ledger.paid
    assert reserved == 11


def test_a_cap_is_never_exceeded(store: Store, seller: str) -> None:
    day, limit = a.NOW.date() + timedelta(days=1), 11

    def work(number: int) -> int:
        spent = 0
        for attempt in range(6):
            event = a.event(reason=f"{number}/{attempt}")
            try:
                store.commit(
                    [
                        SpendCap(seller, "cancel", day, limit),
                        AppendEvents(seller, posting_ref(f"p{number}-{attempt}"), 1, (event,)),
                    ]
                )
            except (CapReachedError, VersionConflictError):
                continue
            spent += 1
        return spent

    spent = sum(at_once(work))
    assert spent == limit == store.cap_used(seller, "cancel", day)
