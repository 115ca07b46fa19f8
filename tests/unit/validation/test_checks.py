"""Orders are checked as they arrive: a stop has a case with an owner, and its cure closes it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.intents.assemble import assemble_posting
from shipby.application.intents.enter_exemplars import Entry, enter_exemplars, tell_pieces
from shipby.application.intents.ship_posting import ShipWish, ship_posting
from shipby.application.packing.bench_checks import Scan, scan_item
from shipby.application.packing.pick_lists import PickFilter, get_picking
from shipby.application.ports.writes import SaveProductCard
from shipby.application.shared.idempotency import Answer
from shipby.application.validation.allow import Allowance, allow
from shipby.application.validation.views import get_check
from shipby.domain.cases.case import Case, CaseKind
from shipby.domain.cases.held import Became
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import (
    CannotShipError,
    DutyNeededError,
    InvalidInputError,
    NotConfirmedError,
    StageMismatchError,
)
from shipby.domain.events import EventType
from shipby.domain.intents import IntentAction
from shipby.domain.packing.cards import Exemplar, ProductCard
from shipby.domain.postings.posting import RungKind, Stage
from shipby.domain.sellers.check_rules import AutoConfirm, Check, CheckRule, Severity
from shipby.domain.sellers.settings import Automation, Recipient
from tests.support import builders as a
from tests.support.fakes import MemoryDocuments
from tests.unit.world_support import World, forget

SKU = "149123456"
GTD: dict[str, Any] = {"requirements": {"products_requiring_gtd": (SKU,)}}
FEW = CheckRule(name="few", check=Check.QUANTITY, most=1, severity=Severity.BLOCKING)


@pytest.fixture
def world() -> World:
    return World()


def cases(world: World, kind: CaseKind = CaseKind.CANNOT_SHIP) -> list[Case]:
    found = (world.store.case(a.SELLER, identifier) for identifier in world.store.cases_in(a.SELLER).items)
    return [case for case in found if case is not None and case.kind is kind and case.open]


def view(world: World) -> Mapping[str, Any]:
    return get_check(a.SELLER, a.NUMBER, store=world.store, clock=world.clock)


def let_go(world: World, reason: str = "the declaration is on its way") -> Answer:
    wish = Allowance(seller=a.SELLER, number=a.NUMBER, actor="key:boss", reason=reason)
    return allow(wish, forget, store=world.store, clock=world.clock)


def declare(world: World, *pieces: Exemplar) -> None:
    entry = Entry(seller=a.SELLER, number=a.NUMBER, actor="key:k1", pieces={SKU: pieces})
    enter_exemplars(entry, forget, store=world.store, clock=world.clock)


def ship(world: World, reason: str = "") -> Answer:
    wish = ShipWish(seller=a.SELLER, number=a.NUMBER, actor="key:k1", reason=reason)
    return ship_posting(wish, forget, store=world.store, clock=world.clock)


def test_an_order_that_fits_writes_nothing_of_it(world: World) -> None:
    posting = world.arrives()
    assert (posting.holds, posting.checked) == ((), "")
    assert world.types() == [EventType.POSTING_RECEIVED]
    assert view(world)["state"] == "fits"


def test_an_order_that_does_not_fit_is_stopped_before_work_begins_and_has_one_case_with_its_owner(world: World) -> None:
    world.policy(owners={"received": "anna"})
    posting = world.arrives(**GTD)

    assert posting.holds == ("gtd_needed",)
    with pytest.raises(CannotShipError, match="gtd_needed") as error:
        world.do(Command.CONFIRM)
    assert error.value.code == "cannot_ship"
    assert error.value.offered[0] == f"/v1/postings/{a.NUMBER}/check"
    with pytest.raises(DutyNeededError, match="gtd"):
        ship(world, reason="now")
    scan = Scan(seller=a.SELLER, number=a.NUMBER, code=SKU, actor="key:k1")
    with pytest.raises(CannotShipError):
        scan_item(scan, forget, tell=tell_pieces, store=world.store, documents=MemoryDocuments(), clock=world.clock)

    [case] = cases(world)
    assert (case.subject, case.owner) == (a.NUMBER, "anna")
    assert "gtd is missing for 2" in case.reason
    assert f"PUT /v1/postings/{a.NUMBER}/exemplars" in case.reason
    assert f"Before {a.CUT_OFF:%Y-%m-%d %H:%M}" in case.reason
    shown = view(world)
    assert (shown["can_ship"], shown["state"], shown["because"]) == (False, "stopped", ["gtd_needed"])


@pytest.mark.parametrize("done", [(Command.CONFIRM,), (Command.CONFIRM, Command.PICK)])
def test_what_comes_to_not_fit_later_stops_picking_and_packing(world: World, done: tuple[Command, ...]) -> None:
    world.arrives()
    for command in done:
        world.do(command)
    world.policy(check_rules=(FEW,))
    world.clock.advance(timedelta(minutes=1))
    world.market.change(a.NUMBER, substatus="posting_in_carriage")
    world.read()
    with pytest.raises(CannotShipError, match="odd_quantity"):
        world.do(Command.PICK if len(done) == 1 else Command.PACK)


def test_what_is_entered_cures_it_and_closes_its_case_and_what_is_taken_out_stops_it_again(world: World) -> None:
    world.arrives(**GTD)
    declare(world, Exemplar(gtd_absent=True))
    assert world.posting().holds == ("gtd_needed",)
    assert "gtd is missing for 1" in cases(world)[0].reason

    declare(world, Exemplar(gtd_absent=True), Exemplar(gtd="10702030/151022/3311111"))
    assert (world.posting().holds, world.posting().checked, cases(world)) == ((), "", [])
    told = [each.event.data["stops"] for each in world.history() if each.event.type is EventType.POSTING_CHECKED]
    assert told == [["gtd_needed"], ["gtd_needed"], []]
    world.do(Command.CONFIRM)


def test_the_same_read_again_writes_nothing_more(world: World) -> None:
    before = world.arrives(**GTD)
    world.clock.advance(timedelta(minutes=5))
    assert world.read().version == before.version
    assert len(cases(world)) == 1


def test_another_reason_brings_the_case_up_to_date_and_a_cancel_closes_it(world: World) -> None:
    world.policy(check_rules=(FEW,))
    world.arrives(**GTD)
    world.clock.advance(timedelta(minutes=1))
    world.market.change(a.NUMBER, requirements={})
    world.read()
    [case] = cases(world)
    assert world.posting().holds == ("odd_quantity",)
    assert "odd_quantity" in case.reason
    assert "gtd" not in case.reason
    world.clock.advance(timedelta(minutes=1))
    world.market.cancel_by(a.NUMBER, "client")
    world.read()
    assert (cases(world), world.posting().holds) == ([], ())


def test_a_manager_lets_it_go_on_for_exactly_what_does_not_fit_now(world: World) -> None:
    world.policy(check_rules=(FEW,))
    world.arrives()
    with pytest.raises(InvalidInputError, match="reason"):
        let_go(world, "  ")
    answer = let_go(world)
    assert (answer.body["state"], answer.body["can_ship"], cases(world)) == ("allowed", True, [])
    with pytest.raises(StageMismatchError, match="nothing to allow"):
        let_go(world)
    world.do(Command.CONFIRM)

    allowed = next(each.event for each in world.history() if each.event.type is EventType.POSTING_CHECKS_ALLOWED)
    assert (allowed.actor, allowed.data["codes"]) == ("key:boss", ["odd_quantity"])
    world.clock.advance(timedelta(minutes=1))
    world.market.change(a.NUMBER, lines=(a.line(quantity=3),))
    world.read()
    assert world.posting().holds == ("odd_quantity",)
    assert len(cases(world)) == 1


def test_in_shadow_everything_is_told_and_nothing_is_stopped(world: World) -> None:
    world.policy(checks=Automation.SHADOW, check_rules=(FEW,))
    posting = world.arrives()
    assert (posting.holds, cases(world)) == ((), [])
    [event] = [each.event for each in world.history() if each.event.type is EventType.POSTING_CHECKED]
    assert (event.data["stops"], event.data["shadow"]) == (["odd_quantity"], True)
    assert view(world)["state"] == "open"
    world.do(Command.CONFIRM)


def test_off_checks_nothing(world: World) -> None:
    world.policy(checks=Automation.OFF, check_rules=(FEW,))
    world.arrives(**GTD)
    assert (world.posting().checked, world.types(), view(world)["state"]) == ("", [EventType.POSTING_RECEIVED], "off")


def test_a_stopped_order_is_not_assembled_by_itself_and_a_wave_names_it(world: World) -> None:
    world.policy(auto_assemble=Automation.ON)
    world.arrives()
    world.do(Command.CONFIRM)
    world.policy(check_rules=(FEW,))
    world.clock.advance(timedelta(minutes=1))
    world.market.change(a.NUMBER, substatus="posting_in_carriage")
    world.read()
    assert world.posting().holds == ("odd_quantity",)
    assert assemble_posting(a.SELLER, a.NUMBER, store=world.store, clock=world.clock) is Became.NOT_NOW


def test_what_nobody_confirmed_is_shipped_with_a_reason_only(world: World) -> None:
    world.arrives()
    with pytest.raises(NotConfirmedError, match="confirm it first") as error:
        ship(world)
    assert error.value.offered == (f"/v1/postings/{a.NUMBER}/confirm",)
    with pytest.raises(NotConfirmedError):
        ship(world, "   ")
    made = ship(world, "the ERP confirms later")
    intent = world.intent(str(made.body["id"]))
    assert (intent.action, intent.reason) == (IntentAction.SHIP, "the ERP confirms later")


def test_a_card_that_is_there_when_the_order_comes_is_held_against_it(world: World) -> None:
    world.write(SaveProductCard(ProductCard(seller=a.SELLER, sku=SKU, version=1, weight_g=3_000)))
    heavy = CheckRule(name="heavy", check=Check.WEIGHT, most=5_000, severity=Severity.BLOCKING)
    world.policy(check_rules=(heavy,))
    assert world.arrives().holds == ("too_heavy",)
    assert world.arrives("2-2-2", lines=(a.line(quantity=1),)).holds == ()


# Confirming by rule ----------------------------------------------------------------------------------------------


def test_an_order_that_fits_is_confirmed_by_rule_in_the_transaction_that_brings_it(world: World) -> None:
    world.policy(auto_confirm=Automation.ON, auto_confirm_rule=AutoConfirm(most_pieces=2, most_paid=25_000))
    posting = world.arrives()
    assert (posting.stage, posting.version) == (Stage.CONFIRMED, 1)
    assert world.types() == [EventType.POSTING_RECEIVED, EventType.POSTING_CONFIRMED]
    assert world.history()[-1].event.actor == "system:checks"


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        (AutoConfirm(most_pieces=1), {}),
        (AutoConfirm(most_paid=24_999), {}),
        (AutoConfirm(most_paid=1), {"lines": (a.line(price=None),)}),
        (AutoConfirm(warehouses=("other",)), {}),
        (AutoConfirm(), {"lines": ()}),
        (AutoConfirm(), GTD),
        (AutoConfirm(), {"requirements": {"products_requiring_mandatory_mark": (SKU,)}}),
    ],
)
def test_what_is_beyond_the_rule_or_does_not_fit_waits_for_a_person(
    world: World, rule: AutoConfirm, facts: dict[str, Any]
) -> None:
    world.policy(auto_confirm=Automation.ON, auto_confirm_rule=rule)
    assert world.arrives(**facts).stage is Stage.RECEIVED


def test_in_shadow_confirming_is_noted_once_for_the_report(world: World) -> None:
    world.policy(auto_confirm=Automation.SHADOW)
    assert world.arrives().stage is Stage.RECEIVED
    world.clock.advance(timedelta(minutes=1))
    world.market.change(a.NUMBER, substatus="posting_in_carriage")
    world.read()
    [decision] = world.store.shadows_on(a.SELLER, world.clock.now().date()).items
    assert (decision.action, decision.posting_number) == ("confirm", a.NUMBER)


def test_an_order_is_confirmed_by_rule_once_it_is_cured(world: World) -> None:
    world.policy(auto_confirm=Automation.ON)
    assert world.arrives(**GTD).stage is Stage.RECEIVED
    world.clock.advance(timedelta(minutes=1))
    world.market.change(a.NUMBER, requirements={})
    assert world.read().stage is Stage.CONFIRMED


def test_the_kill_switch_leaves_confirming_to_people(world: World) -> None:
    world.policy(auto_confirm=Automation.ON, kill_switch=True)
    assert world.arrives().stage is Stage.RECEIVED


# Nobody confirms -------------------------------------------------------------------------------------------------


def test_a_second_person_hears_that_nobody_confirms(world: World) -> None:
    world.policy(
        escalate_confirm_after=timedelta(minutes=30),
        escalate_confirm_to="boss",
        recipients=(Recipient(name="boss"), Recipient(name="anna")),
    )
    world.arrives()
    due = a.NOW + timedelta(hours=2, minutes=30)
    assert [rung.due for rung in world.posting().rungs if rung.kind is RungKind.ESCALATE_AT] == [due]
    world.ring_next()
    world.ring_next()
    [event] = [each.event for each in world.history() if each.event.type is EventType.POSTING_ESCALATED]
    assert (event.at, event.data["owner"]) == (due, "boss")


def test_what_was_confirmed_in_time_escalates_to_nobody(world: World) -> None:
    world.policy(escalate_confirm_after=timedelta(minutes=30), escalate_confirm_to="")
    world.arrives()
    world.do(Command.CONFIRM)
    world.clock.advance(timedelta(hours=3))
    alarm = world.posting().next_alarm
    assert alarm is not None
    assert alarm.kind not in (RungKind.CONFIRM_BY, RungKind.ESCALATE_AT)


# The buyer is asked ----------------------------------------------------------------------------------------------

ODD = CheckRule(name="few", check=Check.QUANTITY, most=1, severity=Severity.BLOCKING, ask_buyer=True)
CHAT: dict[str, Any] = {"actions": ("can_create_chat", "cancel", "ship")}


@pytest.mark.parametrize(
    ("switch", "facts", "events"),
    [
        (Automation.ON, CHAT, [EventType.POSTING_CHECKED, EventType.BUYER_TELL_DUE]),
        (Automation.SHADOW, CHAT, [EventType.POSTING_CHECKED, EventType.AUTOMATION_SHADOWED]),
        (Automation.OFF, CHAT, [EventType.POSTING_CHECKED]),
        (Automation.ON, {}, [EventType.POSTING_CHECKED]),
    ],
)
def test_the_buyer_is_asked_by_the_switch_and_only_where_a_chat_is_offered(
    world: World, switch: Automation, facts: dict[str, Any], events: list[EventType]
) -> None:
    world.policy(auto_ask_buyer=switch, check_rules=(ODD,))
    world.arrives(**facts)
    assert world.types()[1:] == events


def test_goods_of_a_stopped_order_are_on_no_pick_list(world: World) -> None:
    world.arrives()
    world.arrives("2-2-2", lines=(a.line(quantity=1),))
    for number in (a.NUMBER, "2-2-2"):
        world.do(Command.CONFIRM, number)
    world.policy(check_rules=(FEW,))
    world.clock.advance(timedelta(minutes=1))
    world.market.change(a.NUMBER, substatus="posting_in_carriage")
    world.read()
    walk = get_picking(a.SELLER, PickFilter(), store=world.store, clock=world.clock)
    assert (walk["posting_numbers"], walk["pieces"]) == (["2-2-2"], 1)
