"""A buyer wants to cancel: found by polling, with a clock, a suggestion, and the link to the posting."""

from datetime import timedelta

import pytest

from shipby.application.alarms.route_events import Destination, route_event
from shipby.application.cases.opening import find_open_case
from shipby.domain.cancels.requests import CancelRequestState, DecidedBy
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.matter import Matter
from shipby.domain.errors import MarketplaceUnavailableError
from shipby.domain.events import EventType
from shipby.domain.postings.posting import RungKind, Stage
from shipby.domain.sellers.settings import Automation
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.unit.cancels.cancel_request_support import ID, REF, UNTIL, Plea


@pytest.fixture
def world() -> Plea:
    world = Plea()
    world.policy(auto_cancel_request=Automation.OFF)
    return world


def test_a_request_is_found_with_its_clock_its_posting_and_a_suggestion(world: Plea) -> None:
    world.asks()
    assert world.poll().waiting == 1
    plea = world.plea()
    assert (plea.version, plea.posting_number, plea.state) == (1, a.NUMBER, CancelRequestState.ON_APPROVAL)
    assert (plea.linked, plea.auto_approve_at, plea.initiator) == (True, UNTIL, "CLIENT")
    assert (plea.suggestion, plea.policy_version) == ("approve", 2)
    assert plea.facts == {
        "initiator": "CLIENT",
        "stage": "received",
        "status": "awaiting_packaging",
        "packed": False,
        "handed_over": False,
        "tracking_number": False,
        "basis": "not_packed",
    }
    assert plea.next_alarm == a.alarm(UNTIL - timedelta(hours=3), RungKind.CANCEL_REQUEST_REMIND)
    assert world.told() == [EventType.CANCEL_REQUEST_OPENED]
    assert world.last(EventType.CANCEL_REQUEST_OPENED).data["auto_approve_at"] == UNTIL.isoformat()


def test_the_same_read_again_writes_nothing(world: Plea) -> None:
    world.asks()
    world.poll()
    world.clock.advance(timedelta(minutes=5))
    world.poll()
    assert world.plea().version == 1


def test_every_page_of_the_list_is_read(world: Plea) -> None:
    for index in range(5):
        world.market.cancellations.opens(str(90 + index), f"n-{index}", until=UNTIL)
    assert world.poll().waiting == 5
    assert [world.store.cancel_request(a.SELLER, str(90 + index)) is None for index in range(5)] == [False] * 5


def test_the_suggestion_follows_the_parcel(world: Plea) -> None:
    world.asks()
    world.poll()
    world.parcel(stage=Stage.PACKED, packed_at=a.NOW)
    world.poll()
    assert (world.plea().suggestion, world.plea().facts["basis"]) == ("", "packed")
    world.parcel(stage=Stage.HANDED_OVER, handed_over_at=a.NOW)
    world.poll()
    assert (world.plea().suggestion, world.plea().facts["basis"]) == ("reject", "under_way")
    assert world.told() == [EventType.CANCEL_REQUEST_OPENED, *[EventType.CANCEL_REQUEST_CHANGED] * 2]


def test_a_request_without_a_posting_is_a_case_until_the_posting_comes(world: Plea) -> None:
    world.market.cancellations.opens(ID, a.NUMBER, until=UNTIL)
    world.poll()
    world.poll()
    matter = Matter(seller=a.SELLER, kind=CaseKind.CANCEL_REQUEST, subject=ID)
    assert (world.plea().linked, world.plea().suggestion) == (False, "")
    assert find_open_case(world.store, matter) is not None
    world.arrives()
    world.poll()
    assert (world.plea().linked, world.plea().suggestion) == (True, "approve")
    assert find_open_case(world.store, matter) is None


def test_a_case_ends_with_its_request(world: Plea) -> None:
    world.market.cancellations.opens(ID, a.NUMBER, until=UNTIL)
    world.poll()
    world.market.cancellations.withdraw(ID)
    world.poll()
    matter = Matter(seller=a.SELLER, kind=CaseKind.CANCEL_REQUEST, subject=ID)
    assert find_open_case(world.store, matter) is None


def test_opening_asks_for_a_fresh_read_of_the_posting_and_tells_people(world: Plea) -> None:
    world.asks()
    world.poll()
    [stored] = world.history(REF)
    routed = {one.destination: one.message.body for one in route_event(stored, label_delay_seconds=0)}
    assert set(routed) == {Destination.SYNC, Destination.NOTIFY}
    assert (routed[Destination.SYNC]["posting"], routed[Destination.SYNC]["cancel_request"]) == (a.NUMBER, ID)


def test_it_is_reminded_before_its_time_and_told_when_the_time_is_over(world: Plea) -> None:
    world.asks()
    world.poll()
    assert world.ring_plea().outcome == "fired"
    assert world.plea().next_alarm == a.alarm(UNTIL, RungKind.CANCEL_REQUEST_BY)
    assert world.ring_plea().outcome == "fired"
    assert world.told()[1:] == [EventType.CANCEL_REQUEST_REMINDED, EventType.CANCEL_REQUEST_OVERDUE]
    assert world.plea().next_alarm is None
    [*_, overdue] = world.history(REF)
    [sync] = [one.message for one in route_event(overdue, label_delay_seconds=0) if one.destination is Destination.SYNC]
    assert (sync.body["cancel_request"], sync.delay_seconds) == (ID, 60)
    world.poll()
    assert world.plea().next_alarm is None


def test_a_moved_time_rings_at_the_new_one(world: Plea) -> None:
    world.asks()
    world.poll()
    world.market.cancellations.opens(ID, a.NUMBER, until=UNTIL + timedelta(days=1))
    world.poll()
    assert world.plea().next_alarm == a.alarm(UNTIL + timedelta(hours=21), RungKind.CANCEL_REQUEST_REMIND)


def test_a_request_without_a_time_has_no_alarm(world: Plea) -> None:
    world.asks(until=None)
    world.poll()
    assert world.plea().next_alarm is None


@pytest.mark.parametrize(
    ("wait", "state", "by"),
    [
        (timedelta(hours=1), CancelRequestState.APPROVED, DecidedBy.ELSEWHERE),
        (timedelta(hours=1), CancelRequestState.REJECTED, DecidedBy.ELSEWHERE),
        (timedelta(hours=48), CancelRequestState.APPROVED, DecidedBy.CLOCK),
    ],
)
def test_what_others_decided_closes_it_and_says_who(
    world: Plea, wait: timedelta, state: CancelRequestState, by: DecidedBy
) -> None:
    world.asks()
    world.poll()
    world.clock.advance(wait)
    world.market.cancellations.decide(ID, state)
    assert world.poll().ended == 1
    plea = world.plea()
    assert (plea.state, plea.decided_by, plea.open, plea.next_alarm) == (state, by, False, None)
    assert world.last(EventType.CANCEL_REQUEST_CLOSED).data["by"] == by
    assert world.poll().ended == 0


def test_an_approved_request_has_its_posting_read_and_the_marketplaces_refund_observed(world: Plea) -> None:
    world.asks()
    world.poll()
    world.market.cancellations.decide(ID, CancelRequestState.APPROVED)
    world.poll()
    [*_, closed] = world.history(REF)
    [sync] = [one for one in route_event(closed, label_delay_seconds=0) if one.destination is Destination.SYNC]
    assert sync.message.body["posting"] == a.NUMBER
    world.sync()
    assert world.posting().stage is Stage.CANCELLED
    [entry] = world.ledger().entries.values()
    assert (entry.minor, entry.executed_by) == (25_000, "marketplace")


def test_a_request_that_vanishes_was_withdrawn_and_opens_again_if_it_comes_back(world: Plea) -> None:
    world.asks()
    world.poll()
    world.market.cancellations.withdraw(ID)
    world.clock.advance(timedelta(minutes=5))
    world.poll()
    assert (world.plea().open, world.plea().decided_by) == (False, DecidedBy.WITHDRAWN)
    world.market.cancellations.opens(ID, a.NUMBER, until=UNTIL)
    world.clock.advance(timedelta(minutes=5))
    world.poll()
    assert (world.plea().open, world.plea().decided_by) == (True, "")
    assert world.plea().next_alarm is not None
    assert world.told()[-1] is EventType.CANCEL_REQUEST_OPENED


def test_a_list_that_cannot_be_read_closes_nothing(world: Plea) -> None:
    world.asks()
    world.poll()
    world.market.cancellations.decide(ID, CancelRequestState.APPROVED)
    world.market.fail("cancellations.of_postings", Fault.UNAVAILABLE)
    with pytest.raises(MarketplaceUnavailableError):
        world.poll()
    assert world.plea().open


def test_an_older_read_changes_nothing(world: Plea) -> None:
    world.asks()
    world.clock.advance(timedelta(minutes=1))
    world.poll()
    world.market.cancellations.decide(ID, CancelRequestState.REJECTED)
    world.clock.advance(timedelta(minutes=-1))
    world.poll()
    assert world.plea().open
