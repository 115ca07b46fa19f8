"""A task of the poll's round that fails ends no other: neither of its seller, nor of another, nor proof and audit."""

from __future__ import annotations

import logging
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipby.adapters.ozon import OzonClient, methods
from shipby.application.polling.rounds import RoundFailedError, Task, Tools, run_round
from shipby.application.ports.writes import SaveSettings
from tests.support import builders as a
from tests.support.fake_marketplace import FakeMarketplace, FakeMarketplaces, Fault
from tests.support.fakes import RecordingQueue
from tests.support.memory_store import MemoryStore
from tests.unit.ozon.cases.odd_lists import GOOD, LISTS, scripted
from tests.unit.ozon.stub_marketplace import sample
from tests.unit.ozon.test_ozon_odd_entries import ODD, good_of, paths, spoilt

OTHER = "seller-2"
LOG = logging.getLogger("poll")
CALLS = {
    "unfulfilled": "postings to send",
    "postings": "postings",
    "returns": "returns",
    "goods_returns": "returns",
    "key_info": "key",
    "error_index": "error index",
    "cancellations.waiting": "cancel requests",
}
"""Call of the marketplace -> the task that the end of the round names."""


class Office:
    """Two sellers with a posting each, and the poll."""

    def __init__(self) -> None:
        clock = a.FixedClock()
        self.store = MemoryStore(clock=clock)
        self.markets = {}
        for seller in (a.SELLER, OTHER):
            self.store.commit([SaveSettings(a.settings(seller=seller))])
            self.markets[seller] = FakeMarketplace(clock)
            self.markets[seller].put(a.detail(number=f"{seller}-1"))
        self.queue = RecordingQueue()
        marketplaces = FakeMarketplaces(self.markets)
        self.parts = Tools(self.store, marketplaces, self.queue, clock, timedelta(days=14), LOG)
        self.clock = clock

    def poll(self, task: Task | None = None) -> dict[str, Any]:
        return run_round(task or Task(), self.parts, lambda: False)

    def queued(self) -> set[object]:
        return {message.body["posting"] for message in self.queue.messages}


@pytest.fixture
def office() -> Office:
    return Office()


def called(office: Office, seller: str = a.SELLER) -> set[str]:
    return set(office.markets[seller].calls)


def test_a_round_without_trouble_does_everything(office: Office) -> None:
    summary = office.poll()
    assert set(summary["sellers"]) == set(summary["proofs"]) == set(summary["audits"]) == {a.SELLER, OTHER}
    assert summary["sellers"][a.SELLER]["odd_entries"] == 0
    assert set(CALLS) <= called(office)


@pytest.mark.parametrize("call", CALLS)
def test_a_task_that_fails_ends_no_other_one(office: Office, call: str, caplog: pytest.LogCaptureFixture) -> None:
    office.poll()
    office.clock.advance(timedelta(days=1))
    before = {name: office.markets[a.SELLER].calls[name] for name in (*CALLS, "chats.listed")}
    # Proof reads two of the lists as well: it comes after the poll, so it finds them well again.
    office.markets[a.SELLER].fail(call, Fault.UNAVAILABLE)
    with pytest.raises(RoundFailedError) as caught:
        office.poll()
    assert f"{a.SELLER} ({CALLS[call]}: marketplace_unavailable)" in str(caught.value)
    assert OTHER not in str(caught.value)
    missing = [name for name in (*CALLS, "chats.listed") if office.markets[a.SELLER].calls[name] == before[name]]
    assert missing == []
    today = office.clock.now().date()
    assert office.store.report(a.SELLER, "proof", today) is not None
    assert office.store.report(a.SELLER, "open-orders", today) is not None
    assert office.store.report(OTHER, "proof", today) is not None


def test_every_failure_of_a_seller_is_named(office: Office) -> None:
    office.markets[a.SELLER].fail("returns", Fault.UNAVAILABLE)
    office.markets[a.SELLER].fail("error_index", Fault.RATE_LIMIT)
    with pytest.raises(RoundFailedError) as caught:
        office.poll()
    assert "returns: marketplace_unavailable; error index: rate_limited" in str(caught.value)
    assert office.queued() == {f"{a.SELLER}-1", f"{OTHER}-1"}


def test_a_proof_that_fails_does_not_keep_the_audit_from_running(office: Office) -> None:
    office.markets[a.SELLER].fail("postings", *[Fault.UNAVAILABLE] * 3)
    with pytest.raises(RoundFailedError, match="postings: marketplace_unavailable; proof: marketplace_unavailable"):
        office.poll()
    assert office.store.report(a.SELLER, "open-orders", office.clock.now().date()) is not None


def test_a_rejected_key_ends_the_visit_at_once(office: Office) -> None:
    office.parts = Tools(
        office.store,
        FakeMarketplaces({OTHER: office.markets[OTHER]}),
        office.queue,
        office.clock,
        timedelta(days=14),
        LOG,
    )
    summary = office.poll()
    assert summary["rejected"] == [a.SELLER]
    assert set(summary["proofs"]) == {OTHER}
    assert set(summary["audits"]) == {a.SELLER, OTHER}


READ_BY_THE_POLL = {
    "postings": methods.POSTING_LIST,
    "unfulfilled": methods.POSTING_UNFULFILLED,
    "returns": methods.RETURNS_LIST,
    "goods returns": methods.GOODS_RETURNS_LIST,
    "cancel requests": methods.CANCEL_REQUEST_LIST,
    "chats": methods.CHAT_LIST,
    "chat messages": methods.CHAT_HISTORY,
    "index errors": methods.INDEX_POSTINGS,
    "days of the index": methods.INDEX_INFO,
    "ratings": methods.RATING_HISTORY,
    "roles": methods.ROLES,
    "push addresses": methods.PUSH_URLS,
}
BY_NAME = {listed.name: listed for listed in LISTS}


class Scripted:
    """The real client of one marketplace for every seller."""

    def __init__(self, answers: dict[str, Any], clock: a.FixedClock) -> None:
        self._client = scripted(answers, clock.now)

    def of(self, seller: str) -> OzonClient:
        return self._client


def whole_market() -> dict[str, Any]:
    """An answer to everything that a round reads, with one good entry of each list."""
    answers = {method.path: BY_NAME[name].wrap([good_of(BY_NAME[name])]) for name, method in READ_BY_THE_POLL.items()}
    answers[methods.RETURNS_GET.path] = deepcopy(sample("returns_rfbs_get.response"))
    return answers


def round_with(answers: dict[str, Any]) -> MemoryStore:
    """One whole round; everything that is good must be in the store or asked for after it."""
    clock, queue = a.FixedClock(), RecordingQueue()
    store = MemoryStore(clock=clock)
    store.commit([SaveSettings(a.settings())])
    run_round(Task(), Tools(store, Scripted(answers, clock), queue, clock, timedelta(days=14), LOG), lambda: False)
    assert GOOD in {message.body["posting"] for message in queue.messages}
    assert store.return_case(a.SELLER, "fbs-11") is not None
    assert store.cancel_request(a.SELLER, "11") is not None
    for watch in ("marketplace-key", "push-health", "error-index", "support-chats"):
        assert store.watch(a.SELLER, watch) is not None
    assert store.report(a.SELLER, "proof", clock.now().date()) is not None
    return store


@pytest.mark.parametrize("name", READ_BY_THE_POLL)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_whatever_one_entry_holds_the_round_does_the_rest(name: str, data: st.DataObject) -> None:
    listed, answers = BY_NAME[name], whole_market()
    bad = listed.of(listed.bad)
    path = data.draw(st.sampled_from(paths(bad)))
    entry = spoilt(bad, path, deepcopy(data.draw(st.sampled_from(ODD))))
    answers[READ_BY_THE_POLL[name].path] = listed.wrap([entry, good_of(listed)])
    assert round_with(answers).return_case(a.SELLER, "11") is not None


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_whatever_a_returns_own_read_holds_the_round_does_the_rest(data: st.DataObject) -> None:
    answers = whole_market()
    found = answers[methods.RETURNS_GET.path]["returns"]
    path = data.draw(st.sampled_from(paths(found)))
    spoilt_one = spoilt(found, path, deepcopy(data.draw(st.sampled_from(ODD))))
    answers[methods.RETURNS_GET.path] = {"returns": spoilt_one}
    round_with(answers)
