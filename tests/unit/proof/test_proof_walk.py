"""The proof may be cut short at any point: it goes on where it stood, and says in the end what one walk says."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.adapters.dynamodb import keys
from shipby.application.polling import proof_stints, rounds
from shipby.application.polling.rounds import RoundFailedError, Task, Tools, run_round
from shipby.application.ports.writes import SaveSettings
from shipby.application.proof import prove as proving
from shipby.application.proof.prove import REPORT, go_on
from shipby.application.proof.report import Proof
from shipby.application.proof.walk import GIVEN_UP, RUN, RUN_DAY, WINDOW, Walk, begin, keep, kept
from shipby.domain.errors import MarketplaceUnavailableError
from tests.support import builders as a
from tests.support.fake_marketplace import FakeMarketplace, FakeMarketplaces, Fault
from tests.support.fakes import RecordingQueue
from tests.support.memory_writes import Planned
from tests.unit.world_support import World

NUMBERS = [f"n-{index}" for index in range(7)]


@pytest.fixture
def world() -> World:
    """Seven postings over two days with one that is lost, one unlisted, one altered, and a return without a row."""
    world = World()
    for index, number in enumerate(NUMBERS):
        world.arrives(number, in_process_at=a.NOW - timedelta(hours=5 * index))
    world.arrives("n-delivered", status="delivered", actions=())
    world.return_opens("501", number="n-delivered")
    world.market.put(a.detail(number="n-lost", in_process_at=a.NOW - timedelta(hours=3)))
    world.market.open_return(a.marketplace_return(id="77"))
    del world.market.book["n-3"]
    world.store.put_push(a.push(posting_number="n-4", received_at=a.NOW + timedelta(minutes=1)))
    world.clock.advance(timedelta(hours=3))
    world.market.change("n-5", shipment_date=a.CUT_OFF + timedelta(hours=3))
    return world


class After:
    """Time is up once it was asked so many times."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


def stints(world: World, each: int, *, keeping: bool = True) -> tuple[Proof, int]:
    """A run in stints that are cut short after `each` questions for the time, kept and read back in between."""
    walk: Walk | None = begin(a.SELLER, now=world.clock.now())
    for count in range(1, 200):
        assert walk is not None
        parts: dict[str, Any] = {"store": world.store, "marketplace": world.market, "clock": world.clock}
        if go_on(walk, **parts, time_is_up=After(each)):
            return walk.proof, count
        keep(walk, store=world.store)
        if keeping:
            walk = kept(a.SELLER, store=world.store, now=world.clock.now())
    raise AssertionError("it never ended")


def said(proof: Proof) -> tuple[set[tuple[str, str]], dict[str, int]]:
    return {(one.check, one.id) for one in proof.findings}, dict(proof.counts)


@pytest.mark.parametrize("each", range(1, 12))
def test_wherever_it_is_cut_short_it_says_the_same_in_the_end(world: World, each: int) -> None:
    whole, once = said(world.proof()), stints(world, 10_000)
    assert once[1] == 1
    proof, count = stints(world, each)
    assert count > 1
    assert said(proof) == whole
    assert whole[0] == {
        ("posting_missing", "n-lost"),
        ("posting_unlisted", "n-3"),
        ("cut_off_differs", "n-5"),
        ("return_missing", "77"),
        ("push_unapplied", "n-4"),
    }


def test_nothing_that_was_looked_at_is_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = world.store.posting_story

    def story(seller: str, number: str) -> Any:
        read.append(number)
        return real(seller, number)

    monkeypatch.setattr(world.store, "posting_story", story)
    world.proof()
    once = sorted(read)
    read.clear()
    stints(world, 3)
    assert sorted(read) == once


def test_a_call_that_fails_in_the_middle_costs_only_itself(world: World) -> None:
    expected = said(world.proof())
    walk = begin(a.SELLER, now=world.clock.now())
    parts: dict[str, Any] = {"store": world.store, "marketplace": world.market, "clock": world.clock}
    world.market.fail("returns", Fault.UNAVAILABLE)
    with pytest.raises(MarketplaceUnavailableError):
        go_on(walk, **parts, time_is_up=lambda: False)
    keep(walk, store=world.store)
    calls = world.market.calls["postings"]
    again = kept(a.SELLER, store=world.store, now=world.clock.now())
    assert again is not None
    assert go_on(again, **parts, time_is_up=lambda: False)
    assert world.market.calls["postings"] == calls
    assert said(again.proof) == expected


def test_a_busy_stretch_of_time_is_cut_until_it_can_be_held(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = said(world.proof())
    monkeypatch.setattr(proving, "MOST_LISTED", 2)
    for each in (10_000, 4):
        assert said(stints(world, each)[0]) == expected


def test_what_was_seen_goes_into_several_rows_if_need_be(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = said(world.proof())
    monkeypatch.setattr("shipby.application.proof.walk._SEEN_ROW", 2)
    assert said(stints(world, 3)[0]) == expected
    assert world.store.report(a.SELLER, f"{RUN}-2", RUN_DAY) is not None


def test_a_run_whose_rows_do_not_belong_together_or_that_is_too_old_begins_anew(world: World) -> None:
    walk = begin(a.SELLER, now=world.clock.now())
    parts: dict[str, Any] = {"store": world.store, "marketplace": world.market, "clock": world.clock}
    assert not go_on(walk, **parts, time_is_up=After(5))
    keep(walk, store=world.store)
    now = world.clock.now()
    assert kept(a.SELLER, store=world.store, now=now) is not None
    assert kept(a.SELLER, store=world.store, now=now + GIVEN_UP + timedelta(seconds=1)) is None
    assert kept(a.SELLER, store=world.store, now=now - timedelta(seconds=1)) is None
    world.store.save_report(a.SELLER, f"{RUN}-0", RUN_DAY, {"began": "another", "seen": ""})
    assert kept(a.SELLER, store=world.store, now=now) is None
    assert kept("700002", store=world.store, now=now) is None


def test_two_stints_at_once_do_not_mix_what_they_saw(world: World) -> None:
    """Both go on from the same row; the rows of what was seen end up as the one's, where it stands as the other's."""
    parts: dict[str, Any] = {"store": world.store, "marketplace": world.market, "clock": world.clock}
    walk = begin(a.SELLER, now=world.clock.now())
    assert not go_on(walk, **parts, time_is_up=After(3))
    keep(walk, store=world.store)
    one, other = (kept(a.SELLER, store=world.store, now=world.clock.now()) for _ in range(2))
    assert one is not None
    assert other is not None
    assert not go_on(one, **parts, time_is_up=After(6))
    assert not go_on(other, **parts, time_is_up=After(3))
    keep(one, store=world.store)
    state = world.store.report(a.SELLER, RUN, RUN_DAY)
    keep(other, store=world.store)
    assert state is not None
    assert kept(a.SELLER, store=world.store, now=world.clock.now()) is not None
    world.store.save_report(a.SELLER, RUN, RUN_DAY, state)
    assert kept(a.SELLER, store=world.store, now=world.clock.now()) is None, "begun anew rather than wrong"


# In the rounds of the poll


OTHER = "700002"


class Office:
    """Two sellers, the poll, and a clock that moves with every reading of a posting's story."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = World()
        self.markets = {a.SELLER: self.world.market, OTHER: FakeMarketplace(self.world.clock)}
        self.world.store.commit([SaveSettings(replace(a.settings(), seller=OTHER))])
        for number in NUMBERS:
            self.world.arrives(number)
        self.world.clock.advance(timedelta(hours=3))
        self.read: list[str] = []
        store, real = self.world.store, self.world.store.posting_story
        self.reading = timedelta(0)

        def story(seller: str, number: str) -> Any:
            self.read.append(number)
            self.world.clock.advance(self.reading)
            return real(seller, number)

        monkeypatch.setattr(store, "posting_story", story)
        self.tools = Tools(store, FakeMarketplaces(self.markets), RecordingQueue(), self.world.clock, WINDOW, LOG)

    def visit(self, task: Task | None = None, time_is_up: Callable[[], bool] = lambda: False) -> dict[str, Any]:
        return run_round(task or Task(paced=True), self.tools, time_is_up)

    def report(self, seller: str = a.SELLER) -> dict[str, Any]:
        found = self.world.store.report(seller, REPORT, self.world.clock.now().date())
        assert found is not None
        return dict(found)


LOG = logging.getLogger("poll")


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(monkeypatch)


def test_a_proof_that_takes_longer_than_a_visit_ends_in_a_later_one_and_no_other_seller_waits(office: Office) -> None:
    office.reading = timedelta(seconds=20)
    proven = []
    for _ in range(4):
        summary = office.visit()
        assert OTHER in summary["sellers"], "its lists are read at every visit"
        proven.append(set(summary["proofs"]))
        office.world.clock.advance(rounds.VISIT_EVERY)
    assert OTHER in proven[0], "the other's proof does not wait either"
    assert [a.SELLER in each for each in proven] == [False, False, True, False]
    assert sorted(office.read) == sorted(NUMBERS), "each was read once over all visits"
    assert office.report()["green"] is True
    assert office.report()["counts"]["our_postings"] == len(NUMBERS)


def test_lists_of_all_sellers_come_before_anybodys_proof(office: Office) -> None:
    order: list[str] = []
    for seller, market in office.markets.items():
        market.on_call = lambda call, seller=seller: order.append(f"{seller} {call}")
    office.visit()
    last_list = max(index for index, call in enumerate(order) if call.endswith("unfulfilled"))
    proofs = [index for index, call in enumerate(order) if call.endswith(" postings")][-2:]
    assert min(proofs) > last_list


def test_without_time_left_the_proof_waits_and_the_round_has_not_failed(office: Office) -> None:
    asked = 0

    def time_is_up() -> bool:
        nonlocal asked
        asked += 1
        return asked > 2

    summary = office.visit(time_is_up=time_is_up)
    assert set(summary["sellers"]) == {a.SELLER, OTHER}
    assert summary["proofs"] == {}
    office.world.clock.advance(rounds.VISIT_EVERY)
    assert set(office.visit()["proofs"]) == {a.SELLER, OTHER}


def test_a_proof_by_hand_that_cannot_end_says_so_and_the_visits_go_on_with_it(office: Office) -> None:
    with pytest.raises(RoundFailedError, match="proof"):
        office.visit(Task("proof", a.SELLER), After(4))
    seen = list(office.read)
    assert seen
    assert a.SELLER in office.visit()["proofs"]
    assert sorted(office.read) == sorted(NUMBERS)


def test_in_between_only_what_changed_is_proven_and_everything_once_a_day(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof_stints, "FEW", 2)
    office.visit()
    assert office.report()["whole"] == {
        "began": office.world.clock.now().isoformat(),
        "listed": len(NUMBERS),
        "green": True,
    }
    office.read.clear()
    office.world.clock.advance(timedelta(hours=2))
    office.world.market.change("n-2", status="delivering", actions=())
    office.world.read("n-2")
    office.world.clock.advance(timedelta(hours=1))
    office.visit()
    assert office.read == ["n-2"]
    report = office.report()
    assert (report["green"], report["counts"]["marketplace_postings"], report["counts"]["our_postings"]) == (True, 1, 1)
    assert report["changed_since"] is not None
    assert report["whole"]["listed"] == len(NUMBERS)
    office.read.clear()
    for number in NUMBERS:
        office.world.read(number)
    office.world.clock.advance(proof_stints.WHOLE_EVERY)
    office.visit()
    assert sorted(office.read) == sorted(NUMBERS)


def test_a_change_that_never_arrived_is_red_within_the_hour_and_everything_is_proven_until_it_is_green(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof_stints, "FEW", 2)
    office.visit()
    office.world.clock.advance(timedelta(minutes=50))
    office.world.market.cancel_by("n-6", "client")
    office.world.clock.advance(timedelta(minutes=15))
    office.visit()
    assert [(one["check"], one["id"]) for one in office.report()["findings"]] == [("status_differs", "n-6")]
    office.read.clear()
    office.world.clock.advance(timedelta(minutes=65))
    office.visit()
    assert len(set(office.read)) == len(NUMBERS)
    assert office.report()["green"] is False
    office.world.read("n-6")
    office.world.clock.advance(timedelta(minutes=65))
    office.visit()
    assert office.report()["green"] is True


def test_a_row_that_is_lost_in_between_is_found_by_the_daily_look(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof_stints, "FEW", 2)
    office.visit()
    office.world.store._put(Planned(keys.posting(a.SELLER, "n-1"), None))
    office.world.clock.advance(proof_stints.WHOLE_EVERY)
    office.visit()
    assert ("posting_missing", "n-1") in {(one["check"], one["id"]) for one in office.report()["findings"]}
