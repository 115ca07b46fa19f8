"""What is done every so often is done again after a clock stood ahead: its note lies in the future and says nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from shipby.application.alarms.ringing import ring
from shipby.application.cases.watch_account import PUSH_HEALTH, watch_account
from shipby.application.labels.asks import Ask
from shipby.application.ports.marketplace import PushUrlHealth
from shipby.application.ports.writes import SaveIntent, SaveWatch
from shipby.application.rating.index_figures import WATCH as INDEX
from shipby.application.rating.index_figures import standing_of
from shipby.application.rating.watch_index import watch_index
from shipby.application.refunds.compare_accruals import compare_accruals
from shipby.application.returns.poll import poll_returns
from shipby.application.returns.reason_report import refresh_reasons
from shipby.domain.alarm import AlarmRef
from shipby.domain.cases.watch import Watch
from shipby.domain.deadlines.ladder import rewind
from shipby.domain.events import EventType, posting_ref
from shipby.domain.intents import IntentAction
from shipby.domain.labels.documents import DocumentState
from shipby.domain.labels.options import LabelForm
from shipby.domain.postings.posting import RungKind, Stage
from shipby.domain.proof.open_orders import Evidence, Rule, check
from shipby.domain.sellers.settings import SellerSettings
from shipby.domain.skew import CLOCK_SKEW
from tests.support import builders as a
from tests.support.fakes import RecordingQueue
from tests.unit.clock.wrong_clock_support import DAY, MINUTE, off_by
from tests.unit.world_support import World


@pytest.fixture
def world() -> World:
    return World()


def accruals(world: World) -> bool:
    return compare_accruals(a.SELLER, store=world.store, marketplace=world.market, clock=world.clock).ran


def reasons(world: World) -> bool:
    return world.clock.now().date() in refresh_reasons(a.SELLER, store=world.store, clock=world.clock)


@pytest.mark.parametrize("work", [accruals, reasons])
def test_a_pace_is_kept_and_does_not_hang_on_a_wrong_clock(world: World, work: Callable[[World], bool]) -> None:
    assert work(world)
    world.clock.advance(MINUTE)
    assert not work(world)
    with off_by(world, 3 * timedelta(hours=1)):
        refresh_reasons(a.SELLER, store=world.store, clock=world.clock, at_once=True)
        compare_accruals(a.SELLER, store=world.store, marketplace=world.market, clock=world.clock, at_once=True)
    world.clock.advance(MINUTE)
    assert work(world)
    assert not work(world)


@pytest.mark.parametrize(("ahead", "read"), [(-MINUTE, False), (CLOCK_SKEW, False), (CLOCK_SKEW * 2, True)])
def test_the_error_index_is_read_again_where_its_last_reading_lies_ahead(
    world: World, ahead: timedelta, read: bool
) -> None:
    now = world.clock.now()
    world.write(SaveWatch(Watch(seller=a.SELLER, id=INDEX, version=1, checked_at=now + ahead, state="fine")))
    watch_index(a.SELLER, store=world.store, marketplace=world.market, now=now)
    assert (world.market.calls["error_index"] > 0) == read


def test_figures_of_a_day_to_come_are_not_fresh(world: World) -> None:
    watch_index(a.SELLER, store=world.store, marketplace=world.market, now=a.NOW + DAY)
    watch = world.store.watch(a.SELLER, INDEX)
    assert watch is not None
    known = replace(watch, data={**watch.data, "index": "1.0", "shipments": 100, "shipments_most": 100, "errors": 1})
    words = [standing_of(known, SellerSettings(seller=a.SELLER), at).word for at in (a.NOW + DAY, a.NOW)]
    assert words == ["known", "stale"]


def test_an_unhealthy_address_noted_ahead_is_told_again_in_time(world: World) -> None:
    world.market.health = (PushUrlHealth(url="https://shop/ozon/push/x", state="YELLOW", reason="slow"),)
    for step in (DAY, timedelta()):
        with off_by(world, step):
            watch_account(a.SELLER, store=world.store, marketplace=world.market, clock=world.clock)
    watch = world.store.watch(a.SELLER, PUSH_HEALTH)
    assert watch is not None
    assert watch.next_alarm == a.alarm(world.clock.now() + timedelta(hours=6), RungKind.PUSH_UNHEALTHY)


def test_a_closed_return_whose_time_lies_ahead_is_read_again(world: World) -> None:
    world.return_opens()
    with off_by(world, DAY):
        world.market.change_return(a.RETURN_ID, actions=())
        world.read_return()
    assert not world.case().open
    world.clock.advance(MINUTE)
    poll_returns(a.SELLER, store=world.store, marketplace=world.market, queue=RecordingQueue(), clock=world.clock)
    assert world.case().synced_at == world.clock.now()


def test_a_call_whose_asking_lies_ahead_is_shown_to_a_person_where_it_cannot_be_settled(world: World) -> None:
    world.arrives()
    with off_by(world, DAY):
        identifier = world.ask(IntentAction.SHIP)
        alarm = world.alarm_of(posting_ref(a.NUMBER), intent_id=identifier)
    assert isinstance(alarm, AlarmRef)
    intent = world.intent(identifier)
    assert intent.next_alarm is not None
    early = replace(intent, version=2, next_alarm=replace(intent.next_alarm, due=world.clock.now()))
    world.write(SaveIntent(early))
    ring(replace(alarm, due=world.clock.now()), store=world.store, clock=world.clock)
    assert EventType.INTENT_NEEDS_PERSON in world.types()
    reason = next(e.event.reason for e in world.history() if e.event.type is EventType.INTENT_NEEDS_PERSON)
    assert "a time to come" in reason


def asks(asked_at: datetime) -> bool:
    document = a.document(state=DocumentState.WAITING, attempts=1, asked_at=asked_at)
    ask = Ask(seller=a.SELLER, form=next(iter(LabelForm)), now=a.NOW, patience=timedelta(minutes=5))
    return ask.may_ask(document)


def test_a_label_asked_for_at_a_time_to_come_is_asked_for_again() -> None:
    assert not asks(a.NOW - MINUTE)
    assert not asks(a.NOW)
    assert asks(a.NOW + DAY)


def test_an_alarm_that_is_overdue_is_seen_although_the_receipt_is_dated_ahead() -> None:
    rungs = (a.rung(RungKind.REMIND_AT, a.NOW - timedelta(hours=3)),)
    posting = rewind(a.posting(rungs=rungs, stage=Stage.CONFIRMED, received_at=a.NOW + DAY))
    found = check(posting, SellerSettings(seller=a.SELLER), Evidence(intents={}), now=a.NOW)
    assert Rule.NEXT_TIME in {violation.rule for violation in found}
