"""An odd entry of the marketplace: a case as long as it lasts, and everything beside it goes on."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipby.adapters.ozon import OzonClient, methods
from shipby.application.cancels.sync import sync_cancel_requests
from shipby.application.cases.odd_entries import Listed, OddEntry, keep_odd_entries, keeping, open_odd_cases
from shipby.application.evidence.claim_hints import watch_chats
from shipby.application.intake.sync_posting import Synced, sync_posting
from shipby.application.polling.reconcile import Reconciled, reconcile
from shipby.application.ports.messages import QueueMessage
from shipby.application.ports.writes import SaveSettings
from shipby.application.proof.prove import prove
from shipby.application.proof.report import Proof
from shipby.application.refunds.compare_accruals import compare_accruals
from shipby.application.returns.poll import poll_returns
from shipby.domain.cancels.requests import CancelRequestState
from shipby.domain.cases.case import Case
from shipby.domain.errors import ActionNotOfferedError, InvalidInputError, StoreUnavailableError
from shipby.domain.money import Money
from shipby.domain.postings.posting import RungKind, Scheme
from tests.support import builders as a
from tests.support.fakes import RecordingQueue
from tests.support.memory_store import MemoryStore
from tests.unit.ozon.cases.cancellations import listed as cancel_request
from tests.unit.ozon.cases.odd_lists import scripted
from tests.unit.ozon.stub_marketplace import sample
from tests.unit.ozon.test_ozon_odd_entries import ODD, paths, spoilt
from tests.unit.world_support import World

GOOD, BAD, THIRD = "20000001-0001-1", "20000002-0001-1", "20000003-0001-1"
MINUTES = timedelta(minutes=5)


class Market:
    """A marketplace whose answers a test spoils, its store, and the poll."""

    def __init__(self) -> None:
        self.clock = a.FixedClock()
        self.store = MemoryStore(clock=self.clock)
        self.store.commit([SaveSettings(a.settings(owners={"*": "boss"}))])
        self.answers: dict[str, Any] = {
            methods.POSTING_UNFULFILLED.path: {"postings": [], "has_next": False},
            methods.POSTING_LIST.path: {"postings": [], "has_next": False},
        }
        self.queue = RecordingQueue()

    @property
    def client(self) -> OzonClient:
        return scripted(self.answers, self.clock.now)

    def lists(self, *numbers: str, **changes: Any) -> None:
        """Both lists hold these postings; `changes` are those of BAD."""
        sent = sample("posting_fbs_unfulfilled_list_v4.response")["postings"][0]
        postings = [{**deepcopy(sent), "posting_number": n, **(changes if n == BAD else {})} for n in numbers]
        for method in (methods.POSTING_UNFULFILLED, methods.POSTING_LIST):
            self.answers[method.path] = {"postings": postings, "has_next": False}

    def says(self, number: str, **changes: Any) -> None:
        """What the posting's own read says."""
        result = deepcopy(sample("posting_fbs_get.response")["result"]) | {"posting_number": number, **changes}
        self.answers[methods.POSTING_GET.path] = {"result": result}

    def poll(self) -> list[str]:
        """One round five minutes later; the postings it asks for."""
        self.clock.advance(MINUTES)
        self.queue.messages.clear()
        self.reconcile()
        return [str(message.body["posting"]) for message in self.queue.messages]

    def reconcile(self) -> Reconciled:
        return reconcile(a.SELLER, store=self.store, marketplace=self.client, queue=self.queue, clock=self.clock)

    def sync(self, number: str = BAD) -> Synced:
        self.clock.advance(timedelta(seconds=1))
        return sync_posting(
            a.SELLER, number, hinted_at=None, store=self.store, marketplace=self.client, clock=self.clock
        )

    def prove(self) -> Proof:
        return prove(a.SELLER, store=self.store, marketplace=self.client, clock=self.clock)

    def cases(self) -> list[Case]:
        return open_odd_cases(a.SELLER, store=self.store)

    def subjects(self) -> list[str]:
        return [case.subject for case in self.cases()]


@pytest.fixture
def market() -> Market:
    return Market()


# -- lists of postings


def test_one_case_names_an_entry_that_was_set_aside_for_as_long_as_it_is(market: Market) -> None:
    market.lists(BAD, GOOD, status=None)
    assert set(market.poll()) == {GOOD, BAD}, "its own read may say more than the list does"
    market.says(BAD, status=None)
    market.sync(BAD)
    market.poll()
    market.sync(BAD)
    market.poll()
    (case,) = market.cases()
    assert (case.subject, case.owner, case.version) == (f"posting {BAD}", "boss", 1), "told once, whoever reads it"
    assert all(
        text in case.reason for text in (BAD, a.SELLER, "/v4/posting/fbs/list", "status is not there", "cabinet")
    )
    market.lists(BAD, GOOD)
    market.says(BAD)
    market.sync(BAD)
    market.poll()
    assert market.cases() == []


def test_a_case_waits_for_the_postings_own_read_which_is_asked_for(market: Market) -> None:
    market.says(BAD)
    market.sync(BAD)
    market.lists(BAD, status={})
    market.poll()
    known = market.store.posting(a.SELLER, BAD)
    assert known is not None
    market.lists(BAD, status=known.status, substatus=known.substatus, shipment_date=None)
    market.clock.advance(timedelta(minutes=20))
    assert market.poll() == [BAD]
    assert market.subjects() == [f"posting {BAD}"]
    market.sync(BAD)
    market.poll()
    assert market.subjects() == []


def test_an_entry_without_a_number_is_a_case_too_and_closes_once_it_is_gone(market: Market) -> None:
    market.lists(BAD, GOOD, posting_number=None)
    assert market.poll() == [GOOD]
    assert set(market.subjects()) == {
        "posting without a name in /v4/posting/fbs/list",
        "posting without a name in /v4/posting/fbs/unfulfilled/list",
    }
    market.lists(GOOD)
    market.poll()
    assert market.subjects() == []


def test_a_list_of_odd_entries_is_one_case(market: Market) -> None:
    odd = [OddEntry(kind=Listed.POSTING, id=str(n), method="/v4/x", problem="status is not text") for n in range(21)]
    keep_odd_entries(a.SELLER, odd, store=market.store, now=market.clock.now())
    keep_odd_entries(a.SELLER, odd[:1], store=market.store, now=market.clock.now())
    (case,) = market.cases()
    assert case.subject == "many: posting"
    assert case.reason.startswith("21 entries of /v4/x")
    market.poll()
    assert market.cases() == []


def test_a_list_that_fails_does_not_stop_the_other(market: Market) -> None:
    market.lists(GOOD)
    market.answers[methods.POSTING_UNFULFILLED.path] = {"postings": "none"}
    with pytest.raises(Exception, match=r"unfulfilled/list\.postings is not a list"):
        market.reconcile()
    assert {message.body["posting"] for message in market.queue.messages} == {GOOD}


def test_one_posting_that_the_store_cannot_read_keeps_no_other_from_being_asked_for(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    market.lists(GOOD, BAD, THIRD)
    whole = market.store.posting

    def broken(seller: str, number: str) -> Any:
        if number == BAD:
            raise StoreUnavailableError("a row that nobody can read")
        return whole(seller, number)

    monkeypatch.setattr(market.store, "posting", broken)
    with pytest.raises(StoreUnavailableError):
        market.reconcile()
    assert {message.body["posting"] for message in market.queue.messages} == {GOOD, THIRD}


def test_a_queue_that_refuses_the_first_page_gets_the_second(market: Market) -> None:
    market.lists(GOOD)

    class Moody(RecordingQueue):
        def send(self, messages: Any) -> None:
            wanted: list[QueueMessage] = list(messages)
            if wanted and not self.broken:
                self.broken = True
                raise StoreUnavailableError("the queue is away")
            self.messages.extend(wanted)

    market.queue = Moody()
    market.answers[methods.POSTING_LIST.path]["postings"][0]["posting_number"] = GOOD
    market.answers[methods.POSTING_UNFULFILLED.path] = deepcopy(market.answers[methods.POSTING_LIST.path])
    market.answers[methods.POSTING_UNFULFILLED.path]["postings"][0]["posting_number"] = THIRD
    with pytest.raises(StoreUnavailableError):
        market.reconcile()
    assert [message.body["posting"] for message in market.queue.messages] == [GOOD]


# -- one posting


@pytest.mark.parametrize("price", ["1079.9965", "1 234,50", None, "", {"amount": "10", "currency": ""}])
def test_a_price_that_cannot_be_read_keeps_no_posting_out_and_never_becomes_money(
    market: Market, price: object
) -> None:
    products = sample("posting_fbs_get.response")["result"]["products"]
    market.says(BAD, products=[{**products[0], "price": price}], status="delivered")
    assert market.sync(BAD).outcome == "created"
    detail = market.store.detail(a.SELLER, BAD)
    assert detail is not None
    assert (detail.paid, [line.price for line in detail.lines], detail.odd) == (None, [None], ("prices",))
    assert market.store.money(a.SELLER, BAD) is None
    (case,) = market.cases()
    assert (case.subject, "nothing can be refunded" in case.reason) == (f"posting {BAD}", True)
    assert {finding.check for finding in market.prove().findings} >= {"money", "odd_entry"}

    market.says(BAD, status="delivered")
    market.sync(BAD)
    ledger = market.store.money(a.SELLER, BAD)
    assert ledger is not None
    assert ledger.paid == 153_000
    market.poll()
    assert market.cases() == []


def test_nothing_is_refunded_of_what_nobody_knows_the_price_of() -> None:
    world = World()
    unknown = replace(a.line(), price=None)
    world.arrives(status="delivered", actions=(), scheme=Scheme.RFBS, lines=(unknown,), odd=("prices",))
    world.return_opens()
    with pytest.raises(InvalidInputError, match="is not known yet"):
        world.decide()
    assert world.market.calls["act_on_return"] == 0


def test_clocks_are_kept_where_the_tariff_or_another_date_is_odd(market: Market) -> None:
    market.says(BAD, tariffication_steps=[{"tariff_deadline_at": None}], fact_delivery_date="soon")
    market.sync(BAD)
    posting, detail = market.store.posting(a.SELLER, BAD), market.store.detail(a.SELLER, BAD)
    assert posting is not None
    assert detail is not None
    assert detail.odd == ("delivered_at", "tariff_steps")
    assert posting.cut_off == datetime(2026, 3, 31, 9, tzinfo=UTC)
    assert posting.next_alarm is not None
    assert market.cases() == [], "nobody has to do anything about it"


def test_what_was_known_stays_where_a_later_read_is_odd(market: Market) -> None:
    market.says(BAD)
    market.sync(BAD)
    before, detail = market.store.posting(a.SELLER, BAD), market.store.detail(a.SELLER, BAD)
    assert before is not None
    assert detail is not None
    assert any(rung.price for rung in before.rungs if rung.kind is RungKind.TARIFF_STEP)
    products = sample("posting_fbs_get.response")["result"]["products"]
    market.says(
        BAD, tariffication_steps=[{}], products=[{**products[0], "price": "x"}], substatus={}, available_actions="ship"
    )
    market.sync(BAD)
    after, now = market.store.posting(a.SELLER, BAD), market.store.detail(a.SELLER, BAD)
    assert after is not None
    assert now is not None
    assert (after.rungs, now.tariff_steps, now.lines, now.substatus) == (
        before.rungs,
        detail.tariff_steps,
        detail.lines,
        detail.substatus,
    )
    assert now.actions == (), "what is not surely offered is not taken"
    assert now.paid == Money(153_000, "RUB")
    assert market.cases() == []


def test_products_that_cannot_be_read_take_no_money_and_ask_for_a_person(market: Market) -> None:
    market.says(BAD)
    market.sync(BAD)
    products = sample("posting_fbs_get.response")["result"]["products"]
    market.says(BAD, products=[{**products[0], "quantity": "many"}])
    market.sync(BAD)
    ledger, detail = market.store.money(a.SELLER, BAD), market.store.detail(a.SELLER, BAD)
    assert ledger is not None
    assert detail is not None
    assert (ledger.refunded, [line.quantity for line in detail.lines], detail.odd) == (0, [1], ("lines",))
    assert market.subjects() == [f"posting {BAD}"]


def test_pieces_are_gone_only_where_it_is_known_that_they_did_not_move(market: Market) -> None:
    products = sample("posting_fbs_get.response")["result"]["products"]
    market.says(BAD, products=[{**products[0], "quantity": 2}])
    market.sync(BAD)
    market.says(BAD, related_postings=[])
    market.sync(BAD)
    ledger = market.store.money(a.SELLER, BAD)
    assert ledger is not None
    assert ledger.refunded == 0
    market.says(BAD)
    market.sync(BAD)
    booked = market.store.money(a.SELLER, BAD)
    assert booked is not None
    assert booked.refunded == 153_000


@pytest.mark.parametrize("change", [{"status": None}, {"shipment_date": "soon"}])
def test_a_posting_that_cannot_be_read_keeps_what_is_known_and_its_clocks(market: Market, change: Any) -> None:
    market.says(BAD)
    market.sync(BAD)
    before = market.store.posting(a.SELLER, BAD)
    market.says(BAD, **change)
    assert market.sync(BAD).outcome == "set_aside"
    assert market.store.posting(a.SELLER, BAD) == before
    assert market.sync(BAD).outcome == "set_aside"
    (case,) = market.cases()
    assert (case.subject, case.version) == (f"posting {BAD}", 1)
    market.lists(BAD)
    market.poll()
    assert market.subjects() == [f"posting {BAD}"], "its list is readable, its own read was not yet"
    market.says(BAD)
    market.sync(BAD)
    market.poll()
    assert market.cases() == []


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_one_field_holds_the_posting_is_stored_or_a_case(data: st.DataObject) -> None:
    market = Market()
    entry = deepcopy(sample("posting_fbs_get.response")["result"]) | {"posting_number": BAD}
    places = [path for path in paths(entry) if path not in ((), ("posting_number",))]
    spoilt(entry, data.draw(st.sampled_from(places)), deepcopy(data.draw(st.sampled_from(ODD))))
    odd = {"result": entry}
    market.answers[methods.POSTING_GET.path] = odd
    outcomes = [market.sync(BAD).outcome]
    stored = market.store.posting(a.SELLER, BAD)
    assert (stored is None) == (outcomes[0] == "set_aside") == bool(stored is None and market.subjects())
    # After a read that made sense, and back again.
    market.says(BAD)
    market.sync(BAD)
    market.answers[methods.POSTING_GET.path] = odd
    market.sync(BAD)
    ledger = market.store.money(a.SELLER, BAD)
    assert ledger is not None
    assert ledger.paid > 0
    counts = market.prove().counts
    assert counts["our_postings"] + counts["outside_window"] == 1


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
