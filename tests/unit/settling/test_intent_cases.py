"""An intent that no reading settles becomes a case; one whose row was changed is never sent."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from shipby.application.cases.opening import find_open_case
from shipby.application.ports.writes import SaveIntent
from shipby.application.settling.by_hand import Verdict, settle_by_hand
from shipby.application.settling.settle import settle_together
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.cases.matter import Matter
from shipby.domain.events import EventType, return_ref
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.json_types import Json
from shipby.domain.returns.return_case import COMPENSATE_ACTION
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.unit.world_support import World, forget, money

REF = return_ref(a.RETURN_ID)


@pytest.fixture
def world() -> World:
    world = World()
    world.return_opens(quantity=2)
    return world


def case_of(world: World, identifier: str) -> Case | None:
    return find_open_case(world.store, Matter(seller=a.SELLER, kind=CaseKind.INTENT, subject=identifier))


def lost(world: World) -> str:
    """A refund whose answer never came and of which nothing is visible."""
    identifier = world.decide(COMPENSATE_ACTION, amount=money(4_999), postage=money(100), reason="broken")
    world.market.fail("act_on_return", Fault.TIMEOUT_BEFORE)
    world.settle(identifier)
    assert case_of(world, identifier) is None
    world.clock.advance(timedelta(minutes=16))
    world.settle(identifier)
    return identifier


def test_past_its_limit_it_is_a_case_with_all_that_is_needed_to_decide(world: World) -> None:
    identifier = lost(world)
    case = case_of(world, identifier)
    assert case is not None
    for part in ("49.99 RUB", "1.00 RUB of postage", "key:k1", a.NUMBER, "compensation", "no answer", "/settle"):
        assert part in case.reason
    assert world.return_types().count(EventType.INTENT_NEEDS_PERSON) == 1
    world.settle(identifier)
    world.ring_next(REF, intent_id=identifier)
    assert case_of(world, identifier) == case


def test_a_reading_that_settles_it_later_closes_the_case_with_it(world: World) -> None:
    identifier = lost(world)
    world.market.change_return(a.RETURN_ID, state="COMPENSATED", actions=())
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert case_of(world, identifier) is None


def test_a_persons_verdict_closes_it_too(world: World) -> None:
    identifier = lost(world)
    verdict = Verdict(seller=a.SELLER, intent_id=identifier, happened=False, actor="key:k2", reason="cabinet")
    settle_by_hand(verdict, forget, store=world.store, clock=world.clock)
    page = world.store.cases_in(a.SELLER, open_only=False)
    [closed] = [world.store.case(a.SELLER, each) for each in page.items]
    assert closed is not None
    assert (closed.closed_by, closed.resolution) == ("key:k2", "REJECTED: settled by hand: cabinet")


def test_one_that_the_alarm_gives_up_on_is_a_case_as_well(world: World) -> None:
    identifier = world.decide()
    world.clock.advance(timedelta(hours=1))
    world.ring_next(REF, intent_id=identifier)
    assert case_of(world, identifier) is not None
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert case_of(world, identifier) is None


def tamper(world: World, identifier: str, **request: Json) -> None:
    intent = world.intent(identifier)
    changed: Mapping[str, Json] = {**intent.request, **request}
    world.write(SaveIntent(replace(intent, version=intent.version + 1, request=changed)))


def test_a_row_whose_request_is_not_what_was_asked_for_is_never_sent(world: World) -> None:
    identifier = world.decide(COMPENSATE_ACTION, amount=money(100))
    tamper(world, identifier, compensation={"minor": 20_000, "currency": "RUB"})
    settled = world.settle(identifier)
    assert (settled.called, settled.intent.state) == (False, IntentState.REJECTED)
    assert world.market.calls["act_on_return"] == 0
    assert world.ledger().reserved == 0
    assert case_of(world, identifier) is not None


def test_an_amount_that_is_not_the_requests_is_never_sent_either(world: World) -> None:
    identifier = world.decide(COMPENSATE_ACTION, amount=money(100))
    intent = world.intent(identifier)
    world.write(SaveIntent(replace(intent, version=intent.version + 1, amount=money(20_000))))
    assert not world.settle(identifier).called
    assert world.market.calls["act_on_return"] == 0


def test_tracking_numbers_are_checked_too() -> None:
    world = World()
    world.arrives(status="awaiting_deliver", actions=("set_track_number",))
    identifier = world.ask_tracking("RB123456785CN")
    tamper(world, identifier, tracking_number="RB123456799CN")
    settled = settle_together(a.SELLER, [identifier], store=world.store, marketplace=world.market, clock=world.clock)
    assert world.state(identifier) is IntentState.REJECTED
    assert set(settled) == {identifier}
    assert world.market.calls["set_tracking_numbers"] == 0


def test_a_row_of_an_older_release_has_no_hash_and_is_carried_out() -> None:
    world = World()
    world.arrives()
    identifier = world.ask(IntentAction.CANCEL)
    intent = world.intent(identifier)
    assert intent.request_hash
    world.write(SaveIntent(replace(intent, version=intent.version + 1, request_hash="")))
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
