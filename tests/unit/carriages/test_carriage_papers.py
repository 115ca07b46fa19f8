"""After approval: papers, the three-way comparison, closing a whole day."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.carriages.closing_the_day import (
    close_day,
    get_difference,
    set_containers,
)
from shipby.application.ports.writes import SavePosting
from shipby.domain.carriages import (
    COMPARE_EVERY,
    COMPARISONS,
    PATIENCE,
    CarriageState,
    DifferenceKind,
)
from shipby.domain.errors import (
    NotFoundError,
    StageMismatchError,
)
from shipby.domain.events import EventType, carriage_ref
from shipby.domain.postings.posting import Stage
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.unit.carriages.carriage_support import METHOD, NUMBERS, Ramp
from tests.unit.world_support import forget


@pytest.fixture
def ramp() -> Ramp:
    return Ramp()


def test_papers_that_are_not_ready_are_asked_for_again_ever_more_slowly(ramp: Ramp) -> None:
    ramp.books.papers_ready = False
    identifier = ramp.asks()
    ramp.work(identifier)
    ramp.approve(identifier, accept_difference=True, reason="no scanner")
    assert ramp.work(identifier) == "carriage_not_ready"
    assert ramp.work(identifier) == "carriage_waiting"  # the same message again asks nothing
    waits = []
    for _ in range(3):
        alarm = ramp.row(identifier).next_alarm
        assert alarm is not None
        waits.append(alarm.due - ramp.clock.now())
        ramp.rings(identifier)
    assert waits == [timedelta(seconds=30), timedelta(seconds=60), timedelta(seconds=120)]
    ramp.books.papers_ready = True
    assert ramp.rings(identifier) == "carriage_documented"


def test_papers_that_never_come_are_told_and_the_comparison_still_happens(ramp: Ramp) -> None:
    ramp.market.fail("carriages.act", *[Fault.NOT_READY] * 200)
    identifier = ramp.asks()
    ramp.work(identifier)
    ramp.scans(identifier, *NUMBERS)
    ramp.approve(identifier)
    ramp.work(identifier)
    for _ in range(PATIENCE + 6):
        if ramp.row(identifier).compared_at is None:
            ramp.rings(identifier)
    row = ramp.row(identifier)
    assert row.compared_at is not None
    assert row.state is CarriageState.APPROVED
    assert "barcode" in row.documents


def test_cargo_places_bring_their_labels(ramp: Ramp) -> None:
    identifier = ramp.asks()
    ramp.work(identifier)
    set_containers(a.SELLER, identifier, 2, "key:m", forget, store=ramp.store, clock=ramp.clock)
    ramp.scans(identifier, *NUMBERS)
    ramp.approve(identifier)
    ramp.work(identifier)
    assert ramp.books.books["9001"].containers == 2
    assert sorted(ramp.row(identifier).documents) == ["act", "barcode", "container-labels"]
    with pytest.raises(StageMismatchError):
        set_containers(a.SELLER, identifier, 3, "key:m", forget, store=ramp.store, clock=ramp.clock)


def test_after_an_hour_everything_agrees_and_nothing_is_left_to_do(ramp: Ramp) -> None:
    identifier = ramp.closed()
    ramp.moves("delivering", *NUMBERS)
    assert ramp.rings(identifier) == "carriage_agrees"
    row = ramp.row(identifier)
    assert (row.open, row.differences, row.next_alarm) == (False, 0, None)
    assert ramp.case(identifier) is None
    assert ramp.kinds(identifier)[-1] is EventType.CARRIAGE_COMPARED
    assert ramp.work(identifier) == "carriage_done"


def test_a_parcel_that_the_carrier_did_not_scan_opens_a_case_that_closes_by_itself(ramp: Ramp) -> None:
    identifier = ramp.closed()
    ramp.moves("delivering", "n-1", "n-2")
    assert ramp.rings(identifier) == "carriage_differs"
    row, case = ramp.row(identifier), ramp.case(identifier)
    assert (row.open, row.differences) == (True, 1)
    assert case is not None
    assert case.reason.startswith("n-3: in the act and scanned by us, the carrier has not scanned it")
    assert row.next_alarm is not None
    assert row.next_alarm.due == ramp.clock.now() + COMPARE_EVERY
    shown = get_difference(a.SELLER, identifier, store=ramp.store)
    assert [(item["posting_number"], item["kind"]) for item in shown["items"]] == [("n-3", "not_taken")]  # type: ignore[index, union-attr, call-overload]  # JSON
    ramp.moves("delivering", "n-3")
    assert ramp.rings(identifier) == "carriage_agrees"
    assert ramp.case(identifier) is None
    assert not ramp.row(identifier).open


def test_a_difference_that_stays_is_looked_at_for_three_more_days(ramp: Ramp) -> None:
    identifier = ramp.closed()
    ramp.moves("not_accepted", "n-1")
    ramp.moves("delivering", "n-2", "n-3")
    for turn in range(COMPARISONS):
        assert ramp.row(identifier).open, turn
        assert ramp.rings(identifier) == "carriage_differs"
    assert not ramp.row(identifier).open
    assert ramp.case(identifier) is not None  # a person still has to deal with it
    assert "not_accepted" in ramp.case(identifier).reason


def test_a_hand_over_that_an_erp_recorded_counts_as_ours(ramp: Ramp) -> None:
    identifier = ramp.asks()
    ramp.work(identifier)
    posting = ramp.world.posting("n-2")
    handed = replace(posting, version=posting.version + 1, stage=Stage.HANDED_OVER, handed_over_at=ramp.clock.now())
    ramp.store.commit([SavePosting(handed)])
    ramp.scans(identifier, "n-1", "n-3")
    ramp.approve(identifier)
    ramp.work(identifier)
    assert ramp.books.approvals == ["9001"]


def test_the_discrepancy_act_is_kept_where_the_marketplace_makes_one(ramp: Ramp) -> None:
    identifier = ramp.closed()
    ramp.books.books["9001"].status = "closed"
    assert ramp.rings(identifier) == "carriage_differs"
    assert "discrepancy" in ramp.row(identifier).documents


def test_a_carriage_that_is_cancelled_after_its_approval_is_over(ramp: Ramp) -> None:
    identifier = ramp.closed()
    ramp.books.books["9001"].status = "cancelled"
    assert ramp.rings(identifier) == "carriage_cancelled"
    assert (ramp.row(identifier).state, ramp.row(identifier).open) == (CarriageState.CANCELLED, False)
    assert ramp.case(identifier) is None


def test_a_carriage_that_nobody_knows_is_an_error(ramp: Ramp) -> None:
    with pytest.raises(NotFoundError):
        ramp.work("nothing")


def test_closing_the_day_begins_one_carriage_per_delivery_method(ramp: Ramp) -> None:
    ramp.packs("m-1", method="77")
    ramp.packs("x-1", method="")
    answer = close_day(a.SELLER, a.NOW.date(), "key:k", forget, store=ramp.store, clock=ramp.clock)
    begun: Any = answer.body["begun"]
    assert [one["delivery_method_id"] for one in begun] == [METHOD, "77"]
    assert answer.body["without_method"] == ["x-1"]
    for one in begun:
        ramp.work(one["id"])
    assert {ramp.row(one["id"]).numbers for one in begun} == {NUMBERS, ("m-1",)}
    again = close_day(a.SELLER, a.NOW.date(), "key:k", forget, store=ramp.store, clock=ramp.clock)
    assert (again.body["begun"], again.body["open"]) == ([], [one["id"] for one in begun])


def test_every_kind_of_difference_is_told_apart_by_the_worker(ramp: Ramp) -> None:
    ramp.packs("n-4")
    ramp.packs("n-5")
    identifier = ramp.asks("n-1", "n-2", "n-3", "n-4")
    ramp.work(identifier)
    ramp.scans(identifier, "n-1", "n-3", "n-4", "n-5")
    ramp.approve(identifier, accept_difference=True, reason="testing")
    ramp.work(identifier)
    ramp.moves("delivering", "n-2")
    ramp.market.cancel_by("n-3", "client")
    ramp.moves("not_accepted", "n-4")
    ramp.rings(identifier)
    stored = ramp.store.events(a.SELLER, carriage_ref(identifier))[-1].event.data
    kinds: Any = {item["posting"]: item["kind"] for item in stored["differences"]}  # type: ignore[union-attr, index, call-overload]  # JSON
    assert kinds == {
        "n-1": DifferenceKind.NOT_TAKEN,
        "n-2": DifferenceKind.TAKEN_UNSCANNED,
        "n-3": DifferenceKind.CANCELLED,
        "n-4": DifferenceKind.REFUSED,
        "n-5": DifferenceKind.NOT_IN_ACT,
    }
