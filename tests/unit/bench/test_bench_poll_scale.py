"""What the bench of poll and proof computes with: a small run is green, changes nothing, and days add up."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bench import poll_scale
from bench.parts.listing import PAGE, Life, lived
from bench.poll_scale import NOW, Bench, Cost, Pieces, day, waited
from shipby.application.polling.list_parts import EVERY, MANY
from tests.support import builders as a


@pytest.fixture(scope="module")
def life() -> Life:
    return lived()


def test_the_shops_postings_are_read_by_the_store_as_the_list_shows_them(life: Life) -> None:
    bench = Bench(life, 3)
    numbers = [facts.number for facts in bench.market.postings(since=NOW - timedelta(days=14), to=NOW).items]
    assert len(set(numbers)) == 42
    store = bench.tools.store
    assert all(store.posting(a.SELLER, number) for number in numbers)
    days = [(NOW - timedelta(days=back)).date() for back in range(16)]
    kept = [number for one in days for number in store.received_on(a.SELLER, one, limit=2).items]
    assert set(kept) <= set(numbers)


def test_a_small_run_finds_nothing_and_reads_less_the_second_time(life: Life) -> None:
    bench = Bench(life, 2)
    cold, warm = bench.lists(whole=True), bench.lists(whole=True)
    assert cold.calls > 0
    assert warm.reads < cold.reads
    whole, changed = bench.proof(None), bench.proof(bench.clock.now() - timedelta(hours=2))
    assert changed.reads < whole.reads
    assert whole.reads >= 28


def test_a_day_is_made_of_its_visits_and_proofs() -> None:
    one = Cost(calls=1, reads=1, requests=1, writes=0, cpu=0.001)
    pieces = Pieces(one, one, one, one, one)
    few, many = day(1, pieces, ran=True), day(MANY, pieces, ran=False)
    assert (few.poll.calls, few.proof.calls) == (poll_scale.VISITS, poll_scale.PROOFS)
    assert (many.poll.calls, many.proof.calls) == (poll_scale.VISITS, poll_scale.PROOFS)
    dear = replace(pieces, cold=one.times(100), whole=one.times(100))
    assert day(MANY, dear, ran=True).proof.calls == 100 + poll_scale.PROOFS - 1
    assert day(1, dear, ran=True).proof.calls == 100 * poll_scale.PROOFS
    assert day(MANY, dear, ran=True).poll.calls == pytest.approx(poll_scale.VISITS + 99 * poll_scale.VERIFIED)
    assert one.dollars == pytest.approx(1e-6 * 0.125 + (0.2 + 0.004 + 0.001 * 1769 / 512) * 0.5 * 0.0000133334)


def test_twenty_thousand_orders_a_day_of_one_seller_are_gone_through_within_their_periods(life: Life) -> None:
    """By count: 4 ms a request to the table and the marketplace's 50 calls a second; the work grows with the orders."""
    daily, seller = 8, 20_000
    bench = Bench(life, daily)
    cold, warm = bench.lists(whole=True), bench.lists(whole=True)
    whole = bench.proof(None)
    pages = seller * poll_scale.WINDOW / PAGE

    def grown(work: Cost) -> float:
        requests = work.requests * seller / daily
        return waited(Cost(calls=pages + work.calls, requests=requests))

    assert grown(cold) <= EVERY.total_seconds(), "all lists, each entry held against the store"
    assert grown(warm) <= EVERY.total_seconds() / 10, "all lists, as they are read in most hours"
    assert grown(whole) <= timedelta(days=1).total_seconds() / 10, "everything proven, once a day"
