"""Both lists of returns, the link to the posting, and the clock of each scheme."""

from datetime import timedelta

import pytest

from shipby.application.ports.pages import Page
from shipby.application.returns.poll import PolledReturns
from shipby.application.returns.views import get_options, return_view
from shipby.application.shared.views import time_text
from shipby.domain.errors import (
    CredentialsRejectedError,
    StageMismatchError,
)
from shipby.domain.events import EventType, return_ref
from shipby.domain.postings.posting import RungKind
from shipby.domain.returns.return_case import (
    CABINET_RETURNS,
    MarketplaceReturn,
    OfferedAction,
    ReturnSource,
    ReturnStage,
)
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.support.fakes import RecordingQueue
from tests.unit.returns.return_support import (
    GOODS,
    GOODS_CAME,
    ON_APPROVAL,
    dispose,
    goods,
    later,
    open_cases,
    poll,
    scan,
    step,
)
from tests.unit.world_support import World


@pytest.fixture
def world() -> World:
    return World()


# Both lists


def test_goods_on_their_way_back_become_a_return_with_its_posting_and_no_clock(world: World) -> None:
    world.arrives(status="delivered", actions=())
    goods(world)
    assert poll(world).goods == 1
    case = world.case(GOODS)
    assert (case.source, case.linked, case.decide_by, case.next_alarm) == (ReturnSource.FBS, True, None, None)
    assert (case.quantity, case.barcode, case.kind) == (2, "ii77", "ClientReturn")
    assert world.return_types(GOODS) == [EventType.RETURN_OPENED]
    assert open_cases(world) == []
    later(world, minutes=5)
    poll(world)
    assert world.return_types(GOODS) == [EventType.RETURN_OPENED]


def test_a_round_reads_what_changed_since_the_one_before_and_the_first_of_a_day_everything(world: World) -> None:
    world.arrives(status="delivered", actions=())
    goods(world)
    assert poll(world).goods == 1
    later(world, hours=3)
    assert poll(world).goods == 1  # changed three hours ago, when the round before read it: within its overlap
    later(world, minutes=5)
    assert poll(world).goods == 0
    later(world, days=1)
    assert poll(world).goods == 1


def test_a_round_that_breaks_off_reads_the_same_again(world: World) -> None:
    world.arrives(status="delivered", actions=())
    for number in range(1, 5):
        goods(world, id=f"fbs-{number}", number=str(number), barcode=f"ii{number}")
    poll(world)
    later(world, hours=2)
    poll(world)
    later(world, minutes=30)
    for number in range(1, 5):
        goods(world, id=f"fbs-{number}", number=str(number), barcode=f"ii{number}", state="ReceivedBySeller")
    world.market.fail("goods_returns", Fault.UNAVAILABLE)
    with pytest.raises(Exception, match="Circle"):
        poll(world)
    later(world, hours=2)
    assert poll(world).goods == 4
    assert world.case("fbs-4").state == "ReceivedBySeller"


def test_a_key_that_may_not_read_goods_is_no_failure(world: World) -> None:
    world.market.fail("goods_returns", Fault.CREDENTIALS)
    assert poll(world) == PolledReturns(0, None, 0)
    world.market.fail("returns", Fault.CREDENTIALS)
    with pytest.raises(CredentialsRejectedError):
        poll(world)


def test_a_return_of_an_unknown_posting_is_a_persons_case_until_the_posting_appears(world: World) -> None:
    goods(world)
    queue = RecordingQueue()
    poll(world, queue)
    assert not world.case(GOODS).linked
    assert len(open_cases(world)) == 1
    assert a.NUMBER in open_cases(world)[0]
    assert [message.body["posting"] for message in queue.messages] == [a.NUMBER]
    later(world, hours=3)
    poll(world)
    world.arrives(status="delivered", actions=())
    later(world, minutes=5)
    assert poll(world) == PolledReturns(rfbs=0, goods=0, linked=1)
    assert world.case(GOODS).linked
    assert world.return_types(GOODS)[-1] is EventType.RETURN_LINKED
    assert open_cases(world) == []


def test_a_return_without_any_posting_is_kept_received_and_put_somewhere(world: World) -> None:
    goods(world, posting_number="")
    poll(world)
    poll(world)
    assert "names no posting" in open_cases(world)[0]
    assert world.proof().green
    assert get_options(a.SELLER, GOODS, store=world.store)["suggestion"] is None
    assert scan(world, "ii77")["result"] == "received"
    step(world, "inspect", condition="new")
    dispose(world, "restock")
    assert world.case(GOODS).stage is ReturnStage.CLOSED
    assert open_cases(world) == []


def test_an_rfbs_return_of_an_unknown_posting_is_kept_too(world: World) -> None:
    world.market.open_return(a.marketplace_return(posting_number="1-1-1", actions=ON_APPROVAL))
    poll(world)
    assert not world.case().linked
    assert len(open_cases(world)) == 1


# Clocks


def test_a_request_of_fbs_rings_with_the_way_to_the_cabinet(world: World) -> None:
    world.arrives(status="delivered", actions=())
    goods(world, state="OnSellerApproval")
    poll(world)
    case = world.case(GOODS)
    assert case.decide_by == a.NOW + timedelta(hours=24)
    assert case.in_cabinet
    assert CABINET_RETURNS in open_cases(world)[0]
    options = get_options(a.SELLER, GOODS, store=world.store)
    assert options["suggestion"] == "take_back"
    assert not any(option["available"] for option in options["options"])  # type: ignore[index,union-attr,call-overload]  # JSON
    world.ring_next(return_ref(GOODS))
    world.ring_next(return_ref(GOODS))
    assert world.return_types(GOODS)[-2:] == [EventType.RETURN_REMINDED, EventType.RETURN_OVERDUE]
    assert CABINET_RETURNS in world.history(return_ref(GOODS))[-1].event.reason
    goods(world, state="ApprovedByOzon", opened_at=a.NOW)
    poll(world)
    assert (world.case(GOODS).decide_by, world.case(GOODS).next_alarm) == (None, None)
    assert open_cases(world) == []


def test_goods_that_wait_ring_before_they_are_scrapped_and_are_silent_once_they_are_here(world: World) -> None:
    world.arrives(status="delivered", actions=())
    scrapped = a.NOW + timedelta(days=5)
    goods(world, state="ArrivedAtReturnPlace", scrapped_at=scrapped, storage=a.rub("75.00"), place="Софьино")
    poll(world)
    alarm = world.case(GOODS).next_alarm
    assert alarm == a.alarm(scrapped - timedelta(days=3), RungKind.FETCH_RETURN)
    world.ring_next(return_ref(GOODS))
    told = world.history(return_ref(GOODS))[-1].event
    assert (told.type, told.data["rung"]) == (EventType.RETURN_REMINDED, "fetch_return")
    assert told.data["price"] == {"amount": "75.00", "currency": "RUB"}
    assert world.case(GOODS).next_alarm == a.alarm(scrapped - timedelta(days=1), RungKind.FETCH_RETURN)
    scan(world, "ii77")
    assert world.case(GOODS).next_alarm is None


def test_goods_under_way_of_rfbs_have_no_decision_clock_and_the_next_question_has_its_own(world: World) -> None:
    world.return_opens(actions=ON_APPROVAL)
    assert world.case().decide_by == a.NOW + timedelta(hours=24)
    later(world, hours=25)
    world.market.change_return(a.RETURN_ID, state="AWAITING_GOODS", actions=GOODS_CAME)
    assert (world.read_return().decide_by, world.case().next_alarm) == (None, None)
    later(world, days=6)
    asked = (OfferedAction(id=-10, name="Отклонить после проверки"), OfferedAction(id=1000, name="Вернуть деньги"))
    world.market.change_return(a.RETURN_ID, state="ON_CHECKOUT", actions=asked)
    assert world.read_return().decide_by == world.clock.now() + timedelta(hours=24)


@pytest.mark.parametrize("state", ["MovingToOzon", "ReturnedToOzon"])
def test_goods_that_the_marketplace_keeps_are_not_waited_for_and_its_compensation_is_told(
    world: World, state: str
) -> None:
    world.arrives(status="delivered", actions=())
    goods(world, state="MovingToSeller")
    poll(world)
    assert world.case(GOODS).stage is ReturnStage.OPENED
    later(world, minutes=5)
    goods(world, state=state)
    poll(world)
    case = world.case(GOODS)
    assert (case.stage, case.next_alarm, case.open) == (ReturnStage.CLOSED, None, False)
    with pytest.raises(StageMismatchError):
        dispose(world, "restock")
    later(world, minutes=5)
    since = a.NOW - timedelta(days=3)
    goods(world, state=state, compensation_status="Received", compensation_changed_at=a.NOW, storage_since=since)
    poll(world)
    view = return_view(world.case(GOODS))
    assert (view["compensation_status"], view["storage_since"]) == ("Received", time_text(since))
    assert world.case(GOODS).stage is ReturnStage.CLOSED
    later(world, minutes=5)
    goods(world, state="MovingToSeller")  # taken back by a removal request
    poll(world)
    assert world.case(GOODS).stage is ReturnStage.OPENED


# What no list shows any more


def lists_nothing(world: World) -> None:
    def returns(*, last_id: int = 0) -> Page[MarketplaceReturn]:
        return Page((), None)

    world.market.returns = returns  # type: ignore[method-assign]  # a double of the test


def test_an_open_return_that_is_older_than_the_list_is_read_once_a_day_until_it_ends(world: World) -> None:
    for index, return_id in enumerate(("501", "502", "503"), start=1):
        world.return_opens(return_id, number=f"n-{index}")
    later(world, hours=24 * 95)
    gone = {key: world.market.return_book[key] for key in ("501", "502", "503")}
    lists_nothing(world)
    before = world.market.calls["return_details"]
    poll(world)
    assert world.market.calls["return_details"] == before + len(gone)
    poll(world)
    assert world.market.calls["return_details"] == before + len(gone), "once a day"
    world.market.change_return("503", state="X", actions=())
    later(world, hours=24)
    poll(world)
    assert world.case("503").stage is ReturnStage.CLOSED
    assert world.case("501").open


def test_more_open_returns_than_one_visit_looks_at_are_read_by_the_next_ones(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shipby.application.returns.poll.A_VISIT", 1)
    for return_id in ("501", "502", "503"):
        world.return_opens(return_id, number="n-1")
    later(world, hours=24 * 95)
    lists_nothing(world)
    before = world.market.calls["return_details"]
    for visit in (1, 2, 3, 3):
        poll(world)
        assert world.market.calls["return_details"] == before + visit


def test_goods_that_are_on_their_way_back_for_longer_than_90_days_are_read_every_day(world: World) -> None:
    world.arrives(status="delivered", actions=())
    goods(world)
    assert poll(world).goods == 1
    later(world, hours=24 * 120)
    assert poll(world).goods == 1
    later(world, minutes=5)
    assert poll(world).goods == 0, "once a day"
