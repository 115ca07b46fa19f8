"""Shops say what is free: all of a pool in one step, each pair once in 30 seconds, the newest number, and none lost."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from shipby.adapters.dynamodb.operations import operations
from shipby.application.alarms.route_events import Destination
from shipby.application.availability import telling
from shipby.application.ports.writes import SaveOffer, Write
from shipby.domain.availability.offers import OfferState
from shipby.domain.availability.places import STOCK_LIMIT, Place
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.watches import STOCK_TELLING
from shipby.domain.errors import MarketplaceRefusedError, MarketplaceUnavailableError
from shipby.domain.sellers.settings import Automation
from tests.support.fake_marketplace import Fault
from tests.unit.availability.pooled_world import FIRST, HERE, SECOND, SKU, THERE, Shops


@pytest.fixture
def shops() -> Shops:
    return Shops()


def test_a_shortage_is_every_shops_zero_in_one_transaction(shops: Shops, monkeypatch: pytest.MonkeyPatch) -> None:
    shops.has(5)
    for shop in (FIRST, SECOND):
        shops.run(shop)
    shops.wait()
    commits: list[int] = []
    commit = shops.store.commit

    def counted(writes: Sequence[Write]) -> None:
        commits.append(len(writes))
        commit(writes)

    monkeypatch.setattr(shops.store, "commit", counted)
    assert shops.has(0) == 2
    assert len(commits) == 1
    assert (shops.offer().wanted, shops.offer(THERE, SECOND).wanted) == (0, 0)
    for shop, place in ((FIRST, HERE), (SECOND, THERE)):
        assert shops.tell(shop).told == 1
        assert shops.shown(place, shop) == 0


def test_each_shop_is_woken_at_once_by_its_own_message(shops: Shops) -> None:
    shops.has(5)
    for shop in (FIRST, SECOND):
        (routed,) = shops.messages(shop)
        assert routed.destination is Destination.TRACKING
        assert (routed.message.body, routed.message.delay_seconds) == ({"seller": shop, "task": "stock_tell"}, 0)


def test_what_is_told_is_remembered_and_the_same_number_is_not_told_again(shops: Shops) -> None:
    shops.has(5)
    assert shops.tell().state == "told"
    offer = shops.offer()
    assert (offer.state, offer.told, offer.told_at, offer.sending) == (OfferState.TOLD, 5, shops.clock.now(), None)
    shops.wait()
    assert shops.has(5) == 0
    assert shops.tell().told == 0
    assert len(shops.markets[FIRST].stocks.told) == 1
    watch = shops.store.watch(FIRST, STOCK_TELLING)
    assert watch is not None
    assert (watch.state, watch.next_alarm) == ("told", None)


def test_the_newest_number_wins_and_a_pair_is_told_once_in_thirty_seconds(shops: Shops) -> None:
    shops.has(5)
    shops.tell()
    for left in (4, 3, 2):
        shops.has(left)
    step = shops.tell()
    assert (step.told, step.left) == (0, 1)
    assert shops.run() <= 60
    stocks = shops.markets[FIRST].stocks
    assert ([call[HERE] for call in stocks.told], stocks.too_soon) == ([5, 2], 0)
    assert shops.offer().told == 2


def test_what_waits_is_told_by_a_message_of_its_second(shops: Shops) -> None:
    shops.has(5)
    shops.tell()
    shops.has(4)
    shops.wait(10)
    before = shops.store.watch(FIRST, STOCK_TELLING)
    assert before is not None
    shops.tell()
    (routed,) = shops.messages(after=before.version)
    assert routed.message.delay_seconds == 21


def test_a_lost_message_is_sent_again_by_the_alarm_until_all_is_told(shops: Shops) -> None:
    shops.has(5)
    for _ in range(2):
        before = shops.store.watch(FIRST, STOCK_TELLING)
        assert before is not None
        shops.ring()
        (routed,) = shops.messages(after=before.version)
        assert routed.message.body == {"seller": FIRST, "task": "stock_tell"}
    assert shops.tell().told == 1


def test_back_to_the_number_that_is_shown_needs_no_call(shops: Shops) -> None:
    shops.has(5)
    shops.tell()
    shops.has(4)
    shops.has(5)
    assert shops.offer().state is OfferState.TOLD
    assert shops.store.untold_offers(FIRST, limit=5) == []


def test_back_to_a_number_while_another_one_is_under_way_is_told(shops: Shops) -> None:
    shops.has(5)
    shops.tell()
    shops.wait()
    shops.has(4)
    market = shops.markets[FIRST]

    def back(name: str) -> None:
        if name == "stocks.tell":
            shops.has(5)

    market.on_call = back
    shops.tell()
    assert shops.shown() == 4
    market.on_call = None
    shops.run()
    assert (shops.shown(), shops.offer().told) == (5, 5)


def test_a_worker_that_dies_after_its_call_tells_again(shops: Shops, monkeypatch: pytest.MonkeyPatch) -> None:
    shops.has(5)
    with monkeypatch.context() as broken:
        broken.setattr(telling, "_settle", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            shops.tell()
    assert shops.offer().sending == 5
    shops.has(3)
    assert shops.tell().told == 0
    shops.ring()
    assert shops.run() <= 60
    assert (shops.shown(), shops.markets[FIRST].stocks.too_soon) == (3, 0)


def test_of_two_workers_one_tells(shops: Shops) -> None:
    shops.has(5)
    market = shops.markets[FIRST]
    inner: list[int] = []

    def other(name: str) -> None:
        if name == "stocks.tell":
            market.on_call = None
            shops.has(0)
            inner.append(shops.tell().told)

    market.on_call = other
    shops.tell()
    assert inner == [0]
    shops.run()
    # The older number never follows the newer one.
    assert ([call[HERE] for call in market.stocks.told], market.stocks.too_soon) == ([5, 0], 0)


@pytest.mark.parametrize(
    ("code", "wait"),
    [("product_is_not_created", 600), ("PRODUCT_HAS_NOT_BEEN_TAGGED_YET", 600), ("TOO_MANY_REQUESTS", 31)],
)
def test_a_refusal_that_passes_is_waited_out_without_a_case(shops: Shops, code: str, wait: int) -> None:
    stocks = shops.markets[FIRST].stocks
    stocks.codes[HERE] = code
    shops.has(5)
    step = shops.tell()
    assert (step.left, step.next_at) == (1, shops.clock.now() + timedelta(seconds=wait))
    assert (shops.offer().code, shops.cases()) == (code, [])
    stocks.codes.clear()
    shops.wait(wait)
    assert shops.tell().told == 1
    assert (shops.offer().code, shops.offer().tries) == ("", 0)


def test_a_product_that_is_never_finished_is_asked_about_more_and_more_rarely(shops: Shops) -> None:
    shops.markets[FIRST].stocks.codes[HERE] = "product_is_not_created"
    shops.has(5)
    waits = []
    for _ in range(8):
        step = shops.tell()
        assert step.next_at is not None
        waits.append((step.next_at - shops.clock.now()) / timedelta(minutes=1))
        shops.clock.time = step.next_at
    assert waits == [10, 20, 40, 80, 160, 320, 360, 360]


def test_a_refusal_for_good_is_a_case_of_its_pair_and_takes_no_other_with_it(shops: Shops) -> None:
    stocks = shops.markets[FIRST].stocks
    stocks.codes[HERE] = "PRODUCT_IS_ARCHIVED"
    shops.has(5)
    shops.has(7, "CUP-2")
    step = shops.tell()
    assert (step.told, step.refused, step.left) == (1, 1, 0)
    assert shops.shown(Place("11", "CUP-2")) == 7
    (case,) = shops.cases()
    assert (case.kind, case.subject) == (CaseKind.STOCK_UNTOLD, f"{SKU} in warehouse 11")
    assert "PRODUCT_IS_ARCHIVED" in case.reason
    shops.wait()
    assert shops.has(5) == 0
    stocks.codes.clear()
    shops.has(6)
    shops.tell()
    assert (shops.cases(), shops.shown()) == ([], 6)


def test_a_foreign_warehouse_is_one_case_for_all_that_is_in_it(shops: Shops) -> None:
    for sku in ("A", "B", "C"):
        shops.markets[FIRST].stocks.codes[Place("11", sku)] = "WAREHOUSE_NOT_FOUND"
        shops.has(1, sku)
    shops.tell()
    (case,) = shops.cases()
    assert case.subject == "warehouse 11"


def test_an_article_that_a_shop_does_not_sell_is_left_alone_until_it_is_asked_for(shops: Shops) -> None:
    stocks = shops.markets[FIRST].stocks
    stocks.codes[HERE] = "offer_id_not_found"
    shops.has(5)
    shops.tell()
    assert (shops.offer().state, shops.cases()) == (OfferState.ABSENT, [])
    shops.wait()
    shops.has(4)
    assert (shops.tell().left, len(stocks.told)) == (0, 1)
    stocks.codes.clear()
    shops.has(4, again=True)
    shops.tell()
    assert shops.shown() == 4


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_AFTER, Fault.RATE_LIMIT, Fault.UNAVAILABLE, Fault.CREDENTIALS])
def test_whatever_fails_the_number_is_told_in_the_end(shops: Shops, fault: Fault) -> None:
    shops.markets[FIRST].fail("stocks.tell", fault)
    shops.has(5)
    shops.tell()
    assert shops.store.untold_offers(FIRST, limit=5) == [HERE]
    shops.run()
    assert (shops.shown(), shops.offer().told, shops.markets[FIRST].stocks.too_soon) == (5, 5, 0)


def test_one_pair_that_spoils_its_whole_call_is_found(shops: Shops) -> None:
    for at in range(9):
        shops.has(1, f"S{at}")
    spoilt = Place("11", "S4")
    stocks = shops.markets[FIRST].stocks
    tell = stocks.tell

    def strict(amounts):  # type: ignore[no-untyped-def]  # a spy
        if spoilt in amounts:
            raise MarketplaceRefusedError("embedded message failed validation")
        return tell(amounts)

    stocks.tell = strict  # type: ignore[method-assign]  # a spy
    step = shops.tell()
    assert (step.told, step.refused) == (8, 1)
    assert shops.offer(spoilt).state is OfferState.REFUSED


def test_an_answer_that_does_not_say_is_told_again(shops: Shops) -> None:
    stocks = shops.markets[FIRST].stocks
    stocks.silent.add(HERE)
    shops.has(5)
    assert shops.tell().left == 1
    assert shops.offer().told is None
    stocks.silent.clear()
    assert shops.run() <= 60
    assert shops.offer().told == 5


def test_a_hundred_pairs_a_call_zeros_first_and_no_more_than_the_marketplace_takes_in_a_minute(shops: Shops) -> None:
    shops.free.sells = {FIRST: ("11",)}
    for at in range(1105):
        shops.has(at % 2, f"S{at:04d}")
    step = shops.tell()
    stocks = shops.markets[FIRST].stocks
    assert (step.told, step.left) == (1000, 105)
    assert [len(call) for call in stocks.told] == [100] * 10
    assert {stock for call in stocks.told[:5] for stock in call.values()} == {0}
    assert step.next_at == shops.clock.now() + timedelta(seconds=8)
    assert shops.run() <= 8
    assert len(stocks.book) == 1105


def test_kits_follow_what_they_are_made_of(shops: Shops) -> None:
    shops.free.kits = {SKU: ("SET",)}
    shops.free.numbers = {"SET": 2}
    assert shops.has(5) == 4
    shops.tell()
    assert shops.shown(Place("11", "SET")) == 2


def test_any_warehouse_means_those_that_no_pool_names(shops: Shops) -> None:
    shops.free.sells = {FIRST: ("*",)}
    shops.free.elsewhere = {FIRST: ("12",)}
    stocks = shops.markets[FIRST].stocks
    stocks.own = tuple(replace(stocks.own[0], id=one) for one in ("11", "12", "13"))
    shops.has(5)
    shops.tell()
    assert set(stocks.book) == {HERE, Place("13", SKU)}


def test_a_shop_that_does_not_tell_by_itself_only_works_it_out(shops: Shops) -> None:
    shops.policy(tell_stock=Automation.SHADOW)
    shops.has(5)
    assert (shops.offer().state, shops.offer().wanted) == (OfferState.SHADOWED, 5)
    assert (shops.tell().left, shops.messages()) == (0, [])
    shops.tell(SECOND)
    assert shops.shown(THERE, SECOND) == 5
    shops.policy(tell_stock=Automation.ON)
    shops.has(5)
    shops.tell()
    assert shops.shown() == 5


def test_the_kill_switch_holds_numbers_back_and_loses_none(shops: Shops) -> None:
    shops.policy(kill_switch=True)
    shops.has(5)
    assert shops.tell().left == 1
    assert shops.markets[FIRST].stocks.told == []
    shops.policy(kill_switch=False)
    shops.tell()
    assert shops.shown() == 5


@pytest.mark.parametrize(("free", "told"), [(-3, 0), (10**9, STOCK_LIMIT - 1)])
def test_what_no_stock_can_be_is_never_told(shops: Shops, free: int, told: int) -> None:
    shops.has(free)
    shops.tell()
    assert shops.shown() == told


def test_numbers_that_come_while_it_tells_wake_the_shop_anew(shops: Shops) -> None:
    shops.has(5)
    market = shops.markets[FIRST]

    def meanwhile(name: str) -> None:
        market.on_call = None
        shops.has(1, "CUP-2")

    market.on_call = meanwhile
    step = shops.tell()
    assert (step.told, step.left) == (1, 1)
    watch = shops.store.watch(FIRST, STOCK_TELLING)
    assert watch is not None
    assert watch.next_alarm is not None


def test_a_pool_of_more_places_than_one_transaction_holds_is_told_all_the_same(shops: Shops) -> None:
    houses = tuple(str(one) for one in range(100, 220))
    shops.free.sells = {FIRST: houses}
    assert shops.has(3) == 120
    shops.run()
    assert len(shops.markets[FIRST].stocks.book) == 120


def test_an_offer_is_written_only_under_its_version(shops: Shops) -> None:
    shops.has(5)
    stale = shops.offer()
    shops.has(4)
    with pytest.raises(Exception, match="changed by somebody else"):
        shops.store.commit([SaveOffer(replace(stale, version=2))])


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.CREDENTIALS])
def test_a_shop_that_cannot_be_read_takes_no_other_with_it(shops: Shops, fault: Fault) -> None:
    shops.free.sells = {FIRST: ("*",), SECOND: ("21",)}
    shops.markets[FIRST].fail("stocks.warehouses", fault)
    if fault is Fault.UNAVAILABLE:
        with pytest.raises(MarketplaceUnavailableError):
            shops.has(0)
    else:
        assert shops.has(0) == 1
    shops.tell(SECOND)
    assert shops.shown(THERE, SECOND) == 0
    # The message comes again.
    shops.has(0)
    shops.tell()
    assert shops.shown() == 0


def test_a_number_from_its_movement_to_the_marketplaces_yes_is_nine_items(
    shops: Shops, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two write units each. What an order itself pays is the event of its movement, which the ledger writes anyway."""
    shops.free.sells = {FIRST: ("11",)}
    shops.has(5)
    shops.tell()
    shops.wait()
    items: list[int] = []
    commit = shops.store.commit

    def counted(writes: Sequence[Write]) -> None:
        items.append(len(operations(writes, shards=1, now=shops.clock.now())))
        commit(writes)

    monkeypatch.setattr(shops.store, "commit", counted)
    shops.has(4)
    shops.tell()
    assert (shops.shown(), sum(items)) == (4, 9)
    shops.has(4)
    shops.tell()
    assert sum(items) == 9
