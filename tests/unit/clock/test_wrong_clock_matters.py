"""Returns, wishes to cancel, calls, digests, paces and caches after a clock that was wrong."""

from datetime import timedelta

import pytest

from shipby.application.alarms.mend_alarms import mend_alarms
from shipby.application.cases.watch_account import watch_account
from shipby.application.evidence.claim_hints import CHATS, watch_chats
from shipby.application.evidence.claims import open_claim
from shipby.application.ports.writes import AppendEvents, SaveCase, SaveIntent, SaveWatch, Write
from shipby.application.proof.audit_open_orders import REPORT as AUDIT
from shipby.application.proof.audit_open_orders import audit_is_due, audit_open_orders
from shipby.application.rating.index_figures import WATCH as INDEX
from shipby.application.returns.poll import poll_returns
from shipby.domain.cases.case import CaseKind
from shipby.domain.cases.matter import Matter, next_reminder, opened
from shipby.domain.cases.watch import Watch
from shipby.domain.cases.watches import digest_id
from shipby.domain.events import EventType, case_ref, return_ref
from shipby.domain.evidence.claims import Asked, ClaimKind
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.postings.posting import RungKind, Stage
from shipby.domain.proof.open_orders import Rule
from shipby.domain.returns.return_case import ReturnSource, ReturnStage
from shipby.domain.sellers.settings import Automation, Recipient
from tests.support import builders as a
from tests.support.fakes import RecordingQueue
from tests.unit.cancels.cancel_request_support import Plea
from tests.unit.clock.wrong_clock_support import DAY, MINUTE, STEPS, audited, clock_findings, off_by
from tests.unit.world_support import World, forget


@pytest.fixture
def world() -> World:
    return World()


# Returns


@pytest.mark.parametrize("step", STEPS)
def test_a_return_read_by_a_wrong_clock_takes_the_next_right_read(world: World, step: timedelta) -> None:
    world.return_opens()
    by, alarm = world.case().decide_by, world.case().next_alarm
    with off_by(world, step):
        world.market.change_return(a.RETURN_ID, quantity=1, state="checked")
        world.read_return()
    world.clock.advance(MINUTE)
    world.market.change_return(a.RETURN_ID, reason="spoiled")
    case = world.read_return()
    assert (case.reason, case.synced_at, case.decide_by) == ("spoiled", world.clock.now(), by)
    assert case.next_alarm == alarm
    assert not clock_findings(world)


def test_a_return_whose_time_lies_ahead_is_a_finding_until_it_is_read_again(world: World) -> None:
    world.return_opens()
    with off_by(world, DAY):
        world.market.change_return(a.RETURN_ID, state="checked")
        world.read_return()
    assert [finding.id for finding in clock_findings(world)] == [a.RETURN_ID]
    world.clock.advance(MINUTE)
    world.read_return()
    assert not clock_findings(world)


def test_a_decision_asked_for_by_a_wrong_clock_is_due_no_day_later(world: World) -> None:
    world.arrives(status="delivered", actions=())
    with off_by(world, DAY):
        world.return_opens(opened_at=None)
    world.clock.advance(MINUTE)
    case = world.read_return()
    assert case.decide_by == world.clock.now() + DAY
    assert case.next_alarm is not None
    assert case.next_alarm.due < case.decide_by


def test_a_decision_whose_end_rang_before_its_time_rings_again(world: World) -> None:
    world.return_opens()
    by = world.case().decide_by
    with off_by(world, 2 * DAY):
        while world.case().next_alarm is not None:
            world.ring_next(return_ref(a.RETURN_ID))
    assert world.case().next_alarm is None
    world.clock.advance(MINUTE)
    case = world.read_return()
    assert (case.decide_by, case.stage) == (by, ReturnStage.OPENED)
    assert case.next_alarm is not None


# Wishes to cancel


@pytest.fixture
def plea() -> Plea:
    plea = Plea()
    plea.policy(auto_cancel_request=Automation.OFF)
    plea.asks()
    return plea


@pytest.mark.parametrize("step", STEPS)
def test_a_wish_to_cancel_read_by_a_wrong_clock_takes_the_next_right_read(plea: Plea, step: timedelta) -> None:
    plea.poll()
    alarm = plea.plea().next_alarm
    with off_by(plea, step):
        plea.parcel(stage=Stage.PACKED, packed_at=a.NOW)
        plea.poll()
    plea.clock.advance(MINUTE)
    plea.poll()
    assert (plea.plea().suggestion, plea.plea().next_alarm) == ("", alarm)
    assert plea.plea().synced_at <= plea.clock.now()
    plea.parcel(stage=Stage.HANDED_OVER, handed_over_at=a.NOW)
    plea.poll()
    assert (plea.plea().suggestion, plea.plea().synced_at) == ("reject", plea.clock.now())


def test_a_reminder_that_a_wrong_clock_left_out_is_set_again(plea: Plea) -> None:
    with off_by(plea, DAY * 3):
        plea.poll()
    plea.clock.advance(MINUTE)
    plea.poll()
    alarm = plea.plea().next_alarm
    assert alarm is not None
    assert alarm.kind is RungKind.CANCEL_REQUEST_REMIND


# Calls, paces, digests


def test_a_call_asked_for_by_a_wrong_clock_is_a_finding_and_is_picked_up_within_the_hour(world: World) -> None:
    world.arrives()
    with off_by(world, DAY):
        identifier = world.ask(IntentAction.SHIP)
    assert identifier in {finding.id for finding in clock_findings(world)}
    assert Rule.CLOCK in audited(world)
    assert mend_alarms(a.SELLER, store=world.store, clock=world.clock) == 1
    assert EventType.INTENT_CHECK_DUE in world.types()
    due = world.intent(identifier).next_alarm
    assert due is not None
    assert due.due < world.clock.now() + timedelta(hours=1)
    assert mend_alarms(a.SELLER, store=world.store, clock=world.clock) == 0
    world.settle(identifier)
    assert world.state(identifier) is IntentState.CONFIRMED


def test_a_call_without_an_answer_whose_asking_lies_ahead_is_shown_to_a_person(world: World) -> None:
    world.arrives()
    with off_by(world, DAY):
        identifier = world.ask(IntentAction.SHIP)
    sent = world.intent(identifier).move(IntentState.SENT, at=world.clock.now())
    world.write(SaveIntent(sent))
    world.settle(identifier)
    assert EventType.INTENT_NEEDS_PERSON in world.types()


def test_a_digest_armed_by_a_wrong_clock_is_told_now(world: World) -> None:
    world.policy(recipients=(Recipient(name="olga", channels=("mail",)),))
    ahead = world.clock.now() + DAY
    alarm = a.alarm(ahead + 10 * MINUTE, RungKind.DIGEST_DUE)
    name = digest_id("olga")
    world.write(SaveWatch(Watch(seller=a.SELLER, id=name, version=1, checked_at=ahead, next_alarm=alarm)))
    assert mend_alarms(a.SELLER, store=world.store, clock=world.clock) == 1
    watch = world.store.watch(a.SELLER, name)
    assert watch is not None
    assert watch.next_alarm == a.alarm(world.clock.now(), RungKind.DIGEST_DUE)
    assert mend_alarms(a.SELLER, store=world.store, clock=world.clock) == 0


def test_a_case_opened_by_a_wrong_clock_is_told_again_within_a_day(world: World) -> None:
    with off_by(world, DAY):
        world.write(*_new_case(world))
    assert mend_alarms(a.SELLER, store=world.store, clock=world.clock) == 1
    case = world.store.case(a.SELLER, "case-1")
    assert case is not None
    assert case.next_alarm == next_reminder(world.clock.now())
    assert mend_alarms(a.SELLER, store=world.store, clock=world.clock) == 0


def _new_case(world: World) -> list[Write]:
    matter = Matter(seller=a.SELLER, kind=CaseKind.CLAIM, subject="chat message 1")
    case, event = opened(matter, identifier="case-1", reason="look", owner="", at=world.clock.now(), actor="key:k1")
    return [SaveCase(case), AppendEvents(a.SELLER, case_ref(case.id), 1, (event,))]


@pytest.mark.parametrize("named", [False, True])
def test_a_claim_entered_by_a_wrong_clock_counts_from_now(world: World, named: bool) -> None:
    world.arrives()
    end = world.clock.now() + 3 * DAY if named else None
    with off_by(world, DAY):
        now = world.clock.now()
        kind = next(iter(ClaimKind))
        asked = Asked(seller=a.SELLER, posting_number=a.NUMBER, kind=kind, at=now, source="hand", answer_by=end)
        answer = open_claim(asked, "key:k1", forget, store=world.store, clock=world.clock)
    identifier = str(answer.body["id"])
    before = world.store.claim(a.SELLER, identifier)
    assert before is not None
    assert [finding.id for finding in clock_findings(world)] == [f"claim {identifier}"]
    assert mend_alarms(a.SELLER, store=world.store, clock=world.clock) == 1
    claim = world.store.claim(a.SELLER, identifier)
    assert claim is not None
    assert claim.asked_at == world.clock.now()
    assert claim.answer_by == (end or before.answer_by - DAY)
    assert claim.next_alarm is not None
    assert claim.next_alarm.due < claim.answer_by
    assert not clock_findings(world)
    assert mend_alarms(a.SELLER, store=world.store, clock=world.clock) == 0


def test_the_window_of_returned_goods_is_not_moved_on_by_a_wrong_clock(world: World) -> None:
    def poll() -> None:
        poll_returns(a.SELLER, store=world.store, marketplace=world.market, queue=RecordingQueue(), clock=world.clock)

    with off_by(world, DAY):
        poll()
    world.market.put_goods(
        a.marketplace_return(id="fbs-1", source=ReturnSource.FBS, state="MovingToSeller", changed_at=world.clock.now())
    )
    world.clock.time = (world.clock.now() + DAY).replace(hour=0, minute=1)
    poll()
    assert world.store.return_case(a.SELLER, "fbs-1") is not None


def test_an_audit_of_a_day_to_come_does_not_stand_for_that_day(world: World) -> None:
    with off_by(world, DAY):
        report = audit_open_orders(a.SELLER, store=world.store, clock=world.clock)
        world.store.save_report(a.SELLER, AUDIT, report.at.date(), report.view())
        assert not audit_is_due(a.SELLER, store=world.store, clock=world.clock)
    world.clock.advance(DAY - timedelta(hours=1))
    assert audit_is_due(a.SELLER, store=world.store, clock=world.clock) == (
        world.clock.now().date() == report.at.date()
    )


def test_what_is_watched_of_an_account_is_read_again_after_a_wrong_clock(world: World) -> None:
    with off_by(world, DAY):
        watched(world)
    calls = world.market.calls["error_index"], world.market.calls["key_info"]
    world.clock.advance(MINUTE)
    watched(world)
    assert (world.market.calls["error_index"], world.market.calls["key_info"]) == (calls[0] + 1, calls[1] + 1)
    for name in (INDEX, "marketplace-key"):
        watch = world.store.watch(a.SELLER, name)
        assert watch is not None
        assert watch.checked_at == world.clock.now()


def watched(world: World) -> None:
    watch_account(a.SELLER, store=world.store, marketplace=world.market, clock=world.clock)


def test_chats_are_looked_into_again_after_a_wrong_clock(world: World) -> None:
    def look() -> str:
        return watch_chats(a.SELLER, store=world.store, chats=world.market.chats, clock=world.clock).state

    with off_by(world, DAY):
        assert look() == "read"
    world.clock.advance(MINUTE)
    assert look() == "read"
    assert look() == "not due"
    assert world.store.watch(a.SELLER, CHATS) is not None
