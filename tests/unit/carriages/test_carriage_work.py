"""Closing the day in the label worker: every step, and every answer that never came."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shipby.application.carriages.closing_the_day import (
    cancel_carriage,
)
from shipby.application.carriages.rows import day_name
from shipby.application.ports.writes import ClaimPointer, SaveCarriage
from shipby.domain import pointers
from shipby.domain.carriages import (
    COMPARE_AFTER,
    SETTLE_AFTER,
    CarriageState,
)
from shipby.domain.errors import (
    CredentialsRejectedError,
    InvalidInputError,
    MarketplaceUnavailableError,
    RateLimitedError,
)
from shipby.domain.events import EventType
from shipby.domain.postings.posting import Stage
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.unit.carriages.carriage_support import DAY_TEXT, METHOD, NUMBERS, Ramp
from tests.unit.world_support import forget


@pytest.fixture
def ramp() -> Ramp:
    return Ramp()


def test_a_carriage_goes_from_the_wish_to_its_papers(ramp: Ramp) -> None:
    identifier = ramp.asks()
    assert ramp.work(identifier) == "carriage_open"
    made = ramp.row(identifier)
    assert (made.state, made.numbers, made.marketplace_id) == (CarriageState.OPEN, NUMBERS, "9001")
    assert ramp.work(identifier) == "carriage_open"
    assert ramp.row(identifier).version == made.version  # nothing to do writes nothing
    ramp.scans(identifier, *NUMBERS)
    ramp.approve(identifier)
    assert ramp.work(identifier) == "carriage_documented"
    done = ramp.row(identifier)
    assert done.state is CarriageState.DOCUMENTED
    assert done.barcode == "%303%9001"
    assert sorted(done.documents) == ["act", "barcode"]
    assert all(key.startswith(f"carriages/{a.SELLER}/{identifier}/") for key in done.documents.values())
    assert ramp.documents.files[done.documents["act"]].startswith(b"%PDF-")
    assert done.next_alarm is not None
    assert done.approved_at is not None
    assert done.next_alarm.due == done.approved_at + COMPARE_AFTER
    assert ramp.books.approvals == ["9001"]
    assert [ramp.world.posting(n).stage for n in NUMBERS] == [Stage.HANDED_OVER] * 3


def test_nothing_is_approved_unless_somebody_asks(ramp: Ramp) -> None:
    identifier = ramp.asks()
    for _ in range(5):
        ramp.work(identifier)
        ramp.clock.advance(timedelta(hours=3))
    assert ramp.books.approvals == []
    assert ramp.row(identifier).state is CarriageState.OPEN


def test_it_is_made_to_hold_exactly_what_was_asked_for(ramp: Ramp) -> None:
    identifier = ramp.asks("n-1", "n-3")
    ramp.work(identifier)
    assert ramp.row(identifier).numbers == ("n-1", "n-3")
    assert ramp.books.books["9001"].postings == ["n-1", "n-3"]


def test_a_refused_posting_is_named_and_not_asked_for_again(ramp: Ramp) -> None:
    ramp.books.refuses["n-2"] = "POSTING_NOT_READY"
    identifier = ramp.asks("n-1", "n-2")
    assert ramp.work(identifier) == "carriage_open"
    assert (ramp.row(identifier).numbers, dict(ramp.row(identifier).refused)) == (
        ("n-1",),
        {"n-2": "POSTING_NOT_READY"},
    )
    ramp.work(identifier)
    assert ramp.market.calls["carriages.set_postings"] == 1


def test_where_postings_cannot_be_set_it_stays_as_made_and_a_person_is_told(ramp: Ramp) -> None:
    ramp.market.fail("carriages.set_postings", Fault.REFUSE)
    identifier = ramp.asks("n-1")
    assert ramp.work(identifier) == "carriage_open"
    row = ramp.row(identifier)
    assert (row.numbers, row.state) == (NUMBERS, CarriageState.OPEN)
    assert EventType.CARRIAGE_FAILED in ramp.kinds(identifier)
    assert "refused" in row.problem


def test_one_that_was_begun_in_the_cabinet_is_taken_over(ramp: Ramp) -> None:
    ramp.books.put(METHOD, DAY_TEXT, "n-1")
    identifier = ramp.asks()
    ramp.work(identifier)
    assert ramp.row(identifier).numbers == ("n-1",)
    assert ramp.market.calls["carriages.create"] == 0


def test_one_that_somebody_begins_at_the_same_moment_is_taken_over(ramp: Ramp) -> None:
    ramp.market.fail("carriages.create", Fault.REFUSE)

    def quicker(name: str) -> None:
        if name == "carriages.create":
            ramp.books.put(METHOD, DAY_TEXT, "n-2")

    ramp.market.on_call = quicker
    identifier = ramp.asks()
    assert ramp.work(identifier) == "carriage_open"
    assert ramp.row(identifier).numbers == ("n-2",)


def test_one_that_another_row_holds_is_left_to_it(ramp: Ramp) -> None:
    other = ramp.books.put(METHOD, DAY_TEXT, "n-1")
    ramp.store.commit([ClaimPointer(a.SELLER, pointers.CARRIAGE, other.id, "another")])
    identifier = ramp.asks()
    ramp.work(identifier)
    assert ramp.row(identifier).marketplace_id == "9002"


def test_a_creation_without_an_answer_is_found_by_reading(ramp: Ramp) -> None:
    ramp.market.fail("carriages.create", Fault.TIMEOUT_AFTER)
    identifier = ramp.asks()
    assert ramp.work(identifier) == "carriage_unknown"
    assert ramp.row(identifier).sent == "create"
    ramp.rings(identifier)
    assert ramp.row(identifier).state is CarriageState.OPEN
    assert (len(ramp.books.books), ramp.market.calls["carriages.create"]) == (1, 1)


def test_a_creation_that_never_happened_is_sent_again_only_after_a_while(ramp: Ramp) -> None:
    ramp.market.fail("carriages.create", Fault.TIMEOUT_BEFORE)
    identifier = ramp.asks()
    for _ in range(3):
        assert ramp.work(identifier) == "carriage_unknown"
    assert ramp.market.calls["carriages.create"] == 1
    ramp.clock.advance(SETTLE_AFTER)
    assert ramp.work(identifier) == "carriage_open"
    assert (len(ramp.books.books), ramp.market.calls["carriages.create"]) == (1, 2)


def test_an_alarm_that_rang_too_early_is_set_again(ramp: Ramp) -> None:
    ramp.market.fail("carriages.create", Fault.TIMEOUT_BEFORE)
    identifier = ramp.asks()
    ramp.work(identifier)
    row = ramp.row(identifier)
    ramp.store.commit([SaveCarriage(replace(row, version=row.version + 1, next_alarm=None))])
    assert ramp.work(identifier) == "carriage_unknown"
    assert ramp.row(identifier).next_alarm is not None
    assert ramp.rings(identifier) == "carriage_open"


def test_several_new_carriages_after_a_lost_answer_are_for_a_person(ramp: Ramp) -> None:
    ramp.market.fail("carriages.create", Fault.TIMEOUT_BEFORE)
    identifier = ramp.asks()
    ramp.work(identifier)
    ramp.books.put(METHOD, DAY_TEXT, "n-1")
    ramp.books.put(METHOD, DAY_TEXT, "n-2")
    assert ramp.work(identifier) == "carriage_failed"
    row = ramp.row(identifier)
    assert (row.state, row.open) == (CarriageState.FAILED, False)
    assert "9001, 9002" in row.problem


def test_a_refused_creation_ends_it_and_frees_the_day(ramp: Ramp) -> None:
    ramp.market.fail("carriages.create", Fault.REFUSE)
    identifier = ramp.asks()
    assert ramp.work(identifier) == "carriage_failed"
    assert ramp.store.find(a.SELLER, pointers.CARRIAGE_DAY, day_name(METHOD, DAY_TEXT)) is None
    assert ramp.kinds(identifier)[-1] is EventType.CARRIAGE_FAILED
    ramp.clock.advance(timedelta(seconds=1))
    assert ramp.work(ramp.asks()) == "carriage_open"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.RATE_LIMIT, RateLimitedError),
        (Fault.UNAVAILABLE, MarketplaceUnavailableError),
        (Fault.CREDENTIALS, CredentialsRejectedError),
    ],
)
@pytest.mark.parametrize("call", ["create", "approve"])
def test_what_surely_was_not_sent_is_sent_when_the_message_comes_again(
    ramp: Ramp, call: str, fault: Fault, error: type[Exception]
) -> None:
    identifier = ramp.asks()
    if call == "approve":
        ramp.work(identifier)
        ramp.approve(identifier, accept_difference=True, reason="no scanner")
    ramp.market.fail(f"carriages.{call}", fault)
    with pytest.raises(error):
        ramp.work(identifier)
    assert ramp.row(identifier).sent == ""
    assert ramp.row(identifier).next_alarm is not None  # even if the message is lost
    ramp.work(identifier)
    assert len(ramp.books.books) == 1
    assert ramp.row(identifier).state in (CarriageState.OPEN, CarriageState.DOCUMENTED)


@pytest.mark.parametrize(("fault", "calls"), [(Fault.TIMEOUT_AFTER, 1), (Fault.TIMEOUT_BEFORE, 2)])
def test_an_approval_without_an_answer_is_settled_by_reading(ramp: Ramp, fault: Fault, calls: int) -> None:
    identifier = ramp.asks()
    ramp.work(identifier)
    ramp.approve(identifier, accept_difference=True, reason="no scanner")
    ramp.market.fail("carriages.approve", fault)
    assert ramp.work(identifier) == "carriage_unknown"
    ramp.rings(identifier)
    assert ramp.row(identifier).state is CarriageState.DOCUMENTED
    assert ramp.books.approvals == ["9001"]
    assert ramp.market.calls["carriages.approve"] == calls


@pytest.mark.parametrize(("fault", "calls"), [(Fault.TIMEOUT_AFTER, 1), (Fault.TIMEOUT_BEFORE, 2)])
def test_postings_set_without_an_answer_are_settled_by_reading(ramp: Ramp, fault: Fault, calls: int) -> None:
    ramp.market.fail("carriages.set_postings", fault)
    identifier = ramp.asks("n-2")
    assert ramp.work(identifier) == "carriage_unknown"
    ramp.rings(identifier)
    assert ramp.row(identifier).numbers == ("n-2",)
    assert ramp.market.calls["carriages.set_postings"] == calls


@pytest.mark.parametrize("fault", [None, Fault.TIMEOUT_AFTER, Fault.TIMEOUT_BEFORE])
def test_a_carriage_is_cancelled_once_somebody_asks(ramp: Ramp, fault: Fault | None) -> None:
    identifier = ramp.asks()
    ramp.work(identifier)
    cancel_carriage(a.SELLER, identifier, "wrong day", "key:m", forget, store=ramp.store, clock=ramp.clock)
    if fault:
        ramp.market.fail("carriages.cancel", fault)
        assert ramp.work(identifier) == "carriage_unknown"
        ramp.rings(identifier)
    else:
        assert ramp.work(identifier) == "carriage_done"
    assert (ramp.row(identifier).state, ramp.row(identifier).open) == (CarriageState.CANCELLED, False)
    assert ramp.books.books["9001"].status == "cancelled"
    assert ramp.store.find(a.SELLER, pointers.CARRIAGE_DAY, day_name(METHOD, DAY_TEXT)) is None


def test_a_refused_cancel_leaves_it_open_and_says_why(ramp: Ramp) -> None:
    identifier = ramp.asks()
    ramp.work(identifier)
    cancel_carriage(a.SELLER, identifier, "wrong day", "key:m", forget, store=ramp.store, clock=ramp.clock)
    ramp.market.fail("carriages.cancel", Fault.REFUSE)
    assert ramp.work(identifier) == "carriage_open"
    assert (ramp.row(identifier).state, ramp.row(identifier).asked) == (CarriageState.OPEN, "")
    assert "refused" in ramp.row(identifier).problem


def test_a_wish_that_is_withdrawn_at_once_never_reaches_the_marketplace(ramp: Ramp) -> None:
    identifier = ramp.asks()
    cancel_carriage(a.SELLER, identifier, "typing error", "key:m", forget, store=ramp.store, clock=ramp.clock)
    assert ramp.work(identifier) == "carriage_done"
    assert ramp.books.books == {}


def test_a_carriage_deleted_in_the_cabinet_is_cancelled_here(ramp: Ramp) -> None:
    identifier = ramp.asks()
    ramp.work(identifier)
    ramp.books.books["9001"].status = "cancelled"
    assert ramp.work(identifier) == "carriage_done"
    assert ramp.row(identifier).state is CarriageState.CANCELLED


def test_a_carriage_that_the_marketplace_no_longer_knows_is_cancelled_here(ramp: Ramp) -> None:
    identifier = ramp.asks()
    ramp.work(identifier)
    del ramp.books.books["9001"]
    assert ramp.work(identifier) == "carriage_done"
    assert ramp.row(identifier).state is CarriageState.CANCELLED


def test_a_carriage_closed_in_the_cabinet_goes_on_here(ramp: Ramp) -> None:
    identifier = ramp.asks()
    ramp.work(identifier)
    ramp.books.books["9001"].status = "formed"
    assert ramp.work(identifier) == "carriage_documented"
    assert ramp.market.calls["carriages.approve"] == 0


def test_postings_that_changed_after_the_person_looked_stop_the_approval(ramp: Ramp) -> None:
    identifier = ramp.asks()
    ramp.work(identifier)
    ramp.approve(identifier, accept_difference=True, reason="no scanner")
    ramp.books.books["9001"].postings.remove("n-2")
    assert ramp.work(identifier) == "carriage_open"
    row = ramp.row(identifier)
    assert (ramp.books.approvals, row.asked, row.numbers) == ([], "", ("n-1", "n-3"))
    assert "changed since you looked" in row.problem


def test_an_empty_carriage_is_never_approved(ramp: Ramp) -> None:
    identifier = ramp.asks()
    ramp.work(identifier)
    ramp.books.books["9001"].postings.clear()
    ramp.work(identifier)
    ramp.approve(identifier)
    ramp.work(identifier)
    assert ramp.books.approvals == []
    assert "no posting" in ramp.row(identifier).problem


def test_a_difference_between_scans_and_carriage_wants_a_reason(ramp: Ramp) -> None:
    identifier = ramp.asks()
    ramp.work(identifier)
    ramp.scans(identifier, "n-1")
    with pytest.raises(InvalidInputError) as refused:
        ramp.approve(identifier, accept_difference=True)
    assert [name for name, _ in refused.value.errors] == ["accept_difference", "n-2", "n-3"]
    ramp.approve(identifier, accept_difference=True, reason="two are on the way down")
    ramp.work(identifier)
    assert ramp.books.approvals == ["9001"]


def test_what_was_scanned_becomes_what_leaves(ramp: Ramp) -> None:
    identifier = ramp.asks()
    ramp.work(identifier)
    ramp.scans(identifier, "n-3", "n-1")
    ramp.approve(identifier, use_scans=True)
    assert ramp.work(identifier) == "carriage_documented"
    assert ramp.row(identifier).numbers == ("n-1", "n-3")
    assert ramp.books.approvals == ["9001"]
