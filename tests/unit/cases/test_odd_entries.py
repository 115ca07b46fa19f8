"""An odd entry of the marketplace: a case as long as it lasts, and everything beside it goes on."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipby.adapters.ozon import methods
from shipby.application.cases.odd_entries import Listed, OddEntry, keep_odd_entries
from shipby.application.ports.messages import QueueMessage
from shipby.domain.errors import InvalidInputError, StoreUnavailableError
from shipby.domain.money import Money
from shipby.domain.postings.posting import RungKind, Scheme
from tests.support import builders as a
from tests.support.fakes import RecordingQueue
from tests.unit.cases.odd_support import BAD, GOOD, THIRD, Market
from tests.unit.ozon.stub_marketplace import sample
from tests.unit.ozon.test_ozon_odd_entries import ODD, paths, spoilt
from tests.unit.world_support import World


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
