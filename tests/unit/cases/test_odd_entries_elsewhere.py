"""An odd entry of returns, wishes to cancel, accruals and chats; what the proof and a worker make of odd entries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shipby.adapters.ozon import methods
from shipby.application.cancels.sync import sync_cancel_requests
from shipby.application.cases.odd_entries import keeping, open_odd_cases
from shipby.application.evidence.claim_hints import watch_chats
from shipby.application.refunds.compare_accruals import compare_accruals
from shipby.application.returns.poll import poll_returns
from shipby.domain.cancels.requests import CancelRequestState
from shipby.domain.errors import ActionNotOfferedError, StoreUnavailableError
from shipby.domain.postings.posting import Scheme
from tests.support import builders as a
from tests.unit.cases.odd_support import BAD, GOOD, MINUTES, THIRD, Market
from tests.unit.ozon.cases.cancellations import listed as cancel_request
from tests.unit.ozon.cases.odd_lists import scripted
from tests.unit.ozon.stub_marketplace import sample
from tests.unit.world_support import World


@pytest.fixture
def market() -> Market:
    return Market()


# -- returns, cancel requests, accruals, chats


def rfbs(return_id: int, **changes: Any) -> dict[str, Any]:
    return {**sample("returns_rfbs_get.response")["returns"], "return_id": return_id, **changes}


def test_a_return_that_cannot_be_read_is_never_closed_by_it_and_stops_no_other(market: Market) -> None:
    paths = (methods.RETURNS_LIST.path, methods.RETURNS_GET.path)
    market.answers[paths[0]] = {"returns": [rfbs(11)]}
    market.answers[paths[1]] = {"returns": rfbs(11)}
    poll(market)
    market.answers[paths[0]] = {"returns": [rfbs(11, state={"state": "NEXT"})]}
    market.answers[paths[1]] = {"returns": rfbs(11, available_actions="none")}
    goods = {"id": 7, "schema": "FBS", "posting_number": GOOD, "visual": {"status": {"sys_name": "Returning"}}}
    market.answers[methods.GOODS_RETURNS_LIST.path] = {"returns": [goods], "has_next": False}
    poll(market)
    case = market.store.return_case(a.SELLER, "11")
    assert case is not None
    assert case.open
    assert market.store.return_case(a.SELLER, "fbs-7") is not None
    assert market.subjects() == ["return 11"]
    market.answers[paths[1]] = {"returns": rfbs(11)}
    poll(market)
    assert market.subjects() == []


def poll(market: Market) -> None:
    market.clock.advance(MINUTES)
    poll_returns(a.SELLER, store=market.store, marketplace=market.client, queue=market.queue, clock=market.clock)


def test_a_return_whose_entry_is_odd_is_read_by_itself(market: Market) -> None:
    market.answers[methods.RETURNS_LIST.path] = {"returns": [rfbs(11, created_at="soon")]}
    market.answers[methods.RETURNS_GET.path] = {"returns": rfbs(11)}
    poll(market)
    assert market.store.return_case(a.SELLER, "11") is not None
    assert market.subjects() == ["return 11"]


def test_an_odd_entry_of_goods_is_looked_at_again_in_the_next_round(market: Market) -> None:
    goods = {"id": 7, "schema": "FBS", "visual": {"status": {"sys_name": "Returning"}, "change_moment": "soon"}}
    market.answers[methods.GOODS_RETURNS_LIST.path] = {"returns": [goods], "has_next": False}
    poll(market)
    assert market.subjects() == ["goods return 7"]
    assert market.store.report(a.SELLER, "goods_returns", market.clock.now().date()) is None
    goods["visual"] = {"status": {"sys_name": "Returning"}, "change_moment": "2026-10-01T12:00:00Z"}
    poll(market)
    assert market.subjects() == []
    assert market.store.return_case(a.SELLER, "fbs-7") is not None
    assert market.store.report(a.SELLER, "goods_returns", market.clock.now().date()) is not None


def test_one_return_that_fails_stops_no_other(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    state = {"status": {"sys_name": "Returning"}}
    entries = [{"id": n, "schema": "FBS", "visual": state} for n in (5, 6, 7)]
    market.answers[methods.GOODS_RETURNS_LIST.path] = {"returns": entries, "has_next": False}
    whole = market.store.return_case

    def broken(seller: str, return_id: str) -> Any:
        if return_id == "fbs-5":
            raise StoreUnavailableError("a row that nobody can read")
        return whole(seller, return_id)

    monkeypatch.setattr(market.store, "return_case", broken)
    with pytest.raises(StoreUnavailableError):
        poll(market)
    assert whole(a.SELLER, "fbs-7") is not None
    assert market.store.report(a.SELLER, "goods_returns", market.clock.now().date()) is None


def pleas(market: Market, *entries: dict[str, Any]) -> None:
    market.clock.advance(MINUTES)
    market.answers[methods.CANCEL_REQUEST_LIST.path] = {"result": list(entries), "last_id": 0}
    sync_cancel_requests(a.SELLER, store=market.store, marketplace=market.client, clock=market.clock)


@pytest.mark.parametrize("change", [{"auto_approve_date": "soon"}, {"state": None}, {"cancellation_id": None}])
def test_a_wish_to_cancel_that_cannot_be_read_was_not_withdrawn(market: Market, change: dict[str, Any]) -> None:
    first, second = cancel_request(), cancel_request(cancellation_id=5)
    pleas(market, first, second)
    pleas(market, first | change, second, cancel_request(cancellation_id=6))
    for identifier in ("90000001", "5", "6"):
        found = market.store.cancel_request(a.SELLER, identifier)
        assert found is not None
        assert found.state is CancelRequestState.ON_APPROVAL
    assert len(market.subjects()) == 1
    pleas(market, first)
    assert market.subjects() == []
    gone = market.store.cancel_request(a.SELLER, "5")
    assert gone is not None
    assert not gone.open


def test_a_charge_that_cannot_be_read_is_not_a_missing_one() -> None:
    world = World()
    world.arrives(status="delivered", actions=(), scheme=Scheme.RFBS, integration="aggregator")
    world.return_opens(quantity=2)
    intent = world.decide()
    world.settle(intent)
    odd = {"posting_number": a.NUMBER, "accruals": [{"accrued": {"amount": "1 234,50", "currency": "RUB"}}]}
    client = scripted({methods.ACCRUALS.path: {"posting_accruals": [odd]}})
    for days in (1, 60):
        world.clock.advance(timedelta(days=days))
        done = compare_accruals(a.SELLER, store=world.store, marketplace=client, clock=world.clock)
        assert (done.differing, done.waiting) == (0, 1)
    assert [case.subject for case in open_odd_cases(a.SELLER, store=world.store)] == [f"accruals of posting {a.NUMBER}"]


def test_a_message_that_cannot_be_read_is_not_behind_us(market: Market) -> None:
    now = market.clock.now()
    chat = {"chat": {"chat_id": "c", "chat_type": "SELLER_SUPPORT"}, "last_message_id": "2"}
    at = now.isoformat().replace("+00:00", "Z")
    messages = [
        {"message_id": "2", "user": {"type": "Support"}, "created_at": at, "data": ["thank you"]},
        {"message_id": "1", "user": {"type": "Support"}, "created_at": at, "data": {"odd": "words"}},
    ]
    market.answers[methods.CHAT_LIST.path] = {"chats": [chat], "has_next": False}
    market.answers[methods.CHAT_HISTORY.path] = {"messages": messages, "has_next": False}

    def look() -> list[str]:
        market.clock.advance(timedelta(minutes=15))
        done = watch_chats(a.SELLER, store=market.store, chats=market.client.chats, clock=market.clock)
        assert done.state == "read"
        watch = market.store.watch(a.SELLER, "support-chats")
        assert watch is not None
        return [str(watch.data["last"]), *market.subjects()]

    assert look() == ["{'c': ''}", "chat message 1 of chat c"]
    messages[1]["data"] = ["hello"]
    assert look() == ["{'c': '2'}"]


# -- proof and workers


def test_the_proof_is_red_while_an_entry_cannot_be_read_and_green_again_after(market: Market) -> None:
    market.says(BAD)
    market.sync(BAD)
    market.clock.advance(timedelta(hours=1))
    assert market.prove().green is True
    market.lists(BAD, status=None)
    found = {(finding.check, finding.id) for finding in market.prove().findings}
    assert found == {("odd_entry", f"posting {BAD}")}
    market.poll()
    market.lists(BAD)
    assert "odd_entry" in {finding.check for finding in market.prove().findings}, "its case is open"
    market.clock.advance(timedelta(minutes=20))
    market.poll()
    market.sync(BAD)
    market.poll()
    assert market.prove().green is True


def test_the_proof_counts_what_was_kept_without_a_field(market: Market) -> None:
    market.lists(BAD, substatus={})
    assert market.prove().counts["odd_fields"] == 1


def test_a_worker_opens_a_case_and_closes_it_when_the_same_entry_is_read_again(market: Market) -> None:
    def read(*entries: Any) -> None:
        answer = {"result": list(entries)}
        with keeping(a.SELLER, store=market.store, clock=market.clock):
            scripted(answer).carriages.postings("5")

    read({"posting_number": GOOD, "status": {}}, {"posting_number": THIRD})
    assert market.subjects() == [f"posting of a carriage {GOOD}"]
    read({"posting_number": THIRD})
    assert market.subjects() == [f"posting of a carriage {GOOD}"], "another carriage says nothing of it"
    read({"posting_number": GOOD})
    assert market.subjects() == []


def test_what_a_worker_found_is_kept_though_its_work_failed(market: Market) -> None:
    def work() -> None:
        with keeping(a.SELLER, store=market.store, clock=market.clock):
            scripted({"result": ["odd"]}).carriages.postings("5")
            raise ActionNotOfferedError("not now")

    with pytest.raises(ActionNotOfferedError):
        work()
    assert len(market.cases()) == 1
