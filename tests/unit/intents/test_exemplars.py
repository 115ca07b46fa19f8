"""Data of single pieces: entered, told the marketplace, checked by it; and what refuses to pack or ship without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from shipby.application.intents.enter_exemplars import Entry, enter_exemplars, get_exemplars
from shipby.application.ports.writes import SaveProductCard
from shipby.application.shared.idempotency import Answer
from shipby.domain import pointers
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import (
    ActionNotOfferedError,
    AlreadyExistsError,
    CannotShipError,
    DutyNeededError,
    InvalidInputError,
)
from shipby.domain.events import EventType
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.packing.cards import Exemplar, ProductCard
from shipby.domain.packing.marks import GS, Mark
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.unit.world_support import World, forget

SKU, OTHER = "149123456", "24219509-0020-9"
PROOF = f"91EE06{GS}92VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4="
FIRST, SECOND = (Mark("04607143560598", serial, PROOF) for serial in ("FGXEAGA5a1GA(", "FGXEAGA5a1GA)"))
MARKED: dict[str, Any] = {"requirements": {"mandatory_mark": (SKU,)}}


@pytest.fixture
def world() -> World:
    found = World()
    found.arrives(**MARKED)
    return found


def enter(world: World, *pieces: Exemplar, number: str = a.NUMBER, sku: str = SKU, **more: Any) -> Mapping[str, Any]:
    entry = Entry(seller=a.SELLER, number=number, actor="key:k1", pieces={sku: pieces}, **more)
    answer: Answer = enter_exemplars(entry, forget, store=world.store, clock=world.clock)
    return answer.body


def marks(*codes: Mark) -> tuple[Exemplar, ...]:
    return tuple(Exemplar(mark=each.code) for each in codes)


def verdict(world: World, intent: str) -> IntentState:
    """Carried out, and read once more: the answer to the call says nothing about the check."""
    world.settle(intent)
    return world.settle(intent).intent.state


def owner(world: World, mark: Mark) -> str | None:
    found = world.store.find(pointers.EVERY_SHOP, pointers.EXEMPLAR, mark.identity)
    return found and found.removeprefix(f"{a.SELLER}/")


def packing(world: World) -> None:
    for command in (Command.CONFIRM, Command.PICK):
        world.do(command)


def test_packing_and_shipping_without_the_marks_is_refused_with_a_code_of_its_own(world: World) -> None:
    packing(world)
    for refused in (lambda: world.do(Command.PACK), lambda: world.ask(IntentAction.SHIP)):
        with pytest.raises(DutyNeededError, match="mandatory_mark for SKU 149123456") as error:
            refused()
        assert error.value.code == "mark_needed"
        assert error.value.offered == (f"/v1/postings/{a.NUMBER}/exemplars",)


@pytest.mark.parametrize(
    ("duty", "code", "entered"),
    [
        ("imei", "imei_needed", Exemplar(imei=("490154203237518",))),
        ("jw_uin", "uin_needed", Exemplar(uin="0123456789012345")),
        ("weight", "weight_needed", Exemplar(weight="1.25")),
    ],
)
def test_every_duty_of_the_bench_has_its_code_until_it_is_entered(duty: str, code: str, entered: Exemplar) -> None:
    world = World()
    world.arrives(requirements={duty: (SKU,)}, lines=(a.line(quantity=1),))
    packing(world)
    with pytest.raises(DutyNeededError) as error:
        world.do(Command.PACK)
    assert error.value.code == code
    enter(world, entered)
    world.do(Command.PACK)


@pytest.mark.parametrize(
    ("duty", "code", "entered"),
    [
        ("gtd", "gtd_needed", Exemplar(gtd="10702030/151022/3311111")),
        ("gtd", "gtd_needed", Exemplar(gtd_absent=True)),
        ("rnpt", "rnpt_needed", Exemplar(rnpt="10702030/151022/3311111/1")),
        ("country", "country_needed", None),
        ("dna", "exemplars_needed", None),
    ],
)
def test_every_duty_of_the_office_stops_the_work_before_it_begins(
    duty: str, code: str, entered: Exemplar | None
) -> None:
    world = World()
    world.arrives(requirements={duty: (SKU,)}, lines=(a.line(quantity=1),))
    with pytest.raises(CannotShipError, match=code):
        world.do(Command.CONFIRM)
    if entered is not None:
        enter(world, entered)
        packing(world)
        world.do(Command.PACK)


def test_each_piece_wants_its_own(world: World) -> None:
    view = enter(world, *marks(FIRST))

    assert view["missing"] == [{"sku": SKU, "piece": 2, "duty": "mandatory_mark", "code": "mark_needed"}]
    assert view["intent"] is None
    assert world.posting().open_intents == ()


def test_entries_are_told_the_marketplace_and_shipping_waits_until_it_has_accepted_them(world: World) -> None:
    world.market.exemplars.state = "processing"
    raw = Exemplar(mark=FIRST.code.replace(GS, ""))
    view = enter(world, raw, *marks(SECOND))
    assert view["missing"] == []
    assert [one["mark"] for one in view["products"][0]["exemplars"]] == [FIRST.code, SECOND.code]

    settled = world.settle(view["intent"])
    assert settled.intent.state is IntentState.UNKNOWN
    with pytest.raises(DutyNeededError, match="has to accept"):
        world.ask(IntentAction.SHIP)

    world.market.exemplars.state = "passed"
    assert world.settle(view["intent"]).intent.state is IntentState.CONFIRMED
    assert get_exemplars(a.SELLER, a.NUMBER, store=world.store)["accepted"] is True
    assert world.settle(world.ask(IntentAction.SHIP)).intent.state is IntentState.CONFIRMED
    assert [one.mark for one in world.market.exemplars.held[a.NUMBER][SKU].values()] == [FIRST.code, SECOND.code]


def test_a_refusal_shows_the_raw_codes_and_other_entries_may_follow(world: World) -> None:
    world.market.exemplars.refused = {SECOND.code: "SOME_RAW_CODE"}
    view = enter(world, *marks(FIRST, SECOND))

    assert verdict(world, view["intent"]) is IntentState.REJECTED
    shown = get_exemplars(a.SELLER, a.NUMBER, store=world.store)
    assert "SKU 149123456 piece 2 mandatory_mark: SOME_RAW_CODE" in str(shown["problem"])
    assert shown["accepted"] is False
    with pytest.raises(DutyNeededError, match="SOME_RAW_CODE"):
        world.ask(IntentAction.SHIP)

    third = replace(SECOND, serial="zzzzzzzzzzzzz")
    assert world.settle(enter(world, *marks(FIRST, third))["intent"]).intent.state is IntentState.CONFIRMED
    assert owner(world, SECOND) is None


def test_a_check_that_did_not_end_in_time_says_to_try_again_and_the_same_entries_may_follow(
    world: World,
) -> None:
    world.market.exemplars.state = "failed"
    first = enter(world, *marks(FIRST, SECOND))["intent"]
    assert verdict(world, first) is IntentState.REJECTED
    assert "send the same entries again" in str(get_exemplars(a.SELLER, a.NUMBER, store=world.store)["problem"])

    world.market.exemplars.state = "passed"
    again = enter(world, *marks(FIRST, SECOND))["intent"]
    assert again != first
    assert world.settle(again).intent.state is IntentState.CONFIRMED


def test_what_the_validation_refuses_is_never_set(world: World) -> None:
    world.market.exemplars.invalid = ("SKU 149123456 piece 1 mandatory_mark: RAW",)
    settled = world.settle(enter(world, *marks(FIRST, SECOND))["intent"])

    assert settled.intent.state is IntentState.REJECTED
    assert "RAW" in settled.intent.outcome
    assert world.market.calls["exemplars.set"] == 0


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER])
def test_a_call_without_an_answer_is_settled_by_reading_and_sent_once(world: World, fault: Fault) -> None:
    world.market.fail("exemplars.set", fault)
    intent = enter(world, *marks(FIRST, SECOND))["intent"]
    world.settle(intent)
    settled = world.settle(intent)

    expected = IntentState.CONFIRMED if fault is Fault.TIMEOUT_AFTER else IntentState.UNKNOWN
    assert settled.intent.state is expected
    assert world.market.calls["exemplars.set"] == 1


def test_old_verdicts_say_nothing_about_new_entries(world: World) -> None:
    world.market.exemplars.refused = {SECOND.code: "OLD"}
    assert verdict(world, enter(world, *marks(FIRST, SECOND))["intent"]) is IntentState.REJECTED
    third = replace(SECOND, serial="zzzzzzzzzzzzz")
    world.market.fail("exemplars.set", Fault.TIMEOUT_BEFORE)
    intent = enter(world, *marks(FIRST, third))["intent"]
    world.settle(intent)

    assert world.settle(intent).intent.state is IntentState.UNKNOWN


def test_one_code_belongs_to_one_posting_and_is_free_again_when_that_is_cancelled(world: World) -> None:
    world.arrives(OTHER, **MARKED)
    world.settle(enter(world, *marks(FIRST, SECOND))["intent"])
    version = world.posting(OTHER).version
    with pytest.raises(AlreadyExistsError, match=f"mark_used.*{a.NUMBER}"):
        enter(world, *marks(SECOND), number=OTHER)
    assert world.posting(OTHER).version == version
    assert world.store.exemplar_sheet(a.SELLER, OTHER) is None

    world.market.cancel_by(a.NUMBER, "client")
    world.read()
    assert owner(world, SECOND) is None
    enter(world, *marks(SECOND), number=OTHER)
    assert owner(world, SECOND) == OTHER


def test_marks_that_differ_in_case_alone_are_two_marks(world: World) -> None:
    lower = replace(FIRST, serial=FIRST.serial.lower())
    assert enter(world, *marks(FIRST, lower))["missing"] == []


def test_what_is_taken_out_is_free_again(world: World) -> None:
    enter(world, *marks(FIRST))
    enter(world, *marks(SECOND))

    assert (owner(world, FIRST), owner(world, SECOND)) == (None, a.NUMBER)


def test_wrong_entries_are_named_and_nothing_is_stored(world: World) -> None:
    card = ProductCard(seller=a.SELLER, sku=SKU, version=1, barcodes=("4601234567893",))
    world.store.commit([SaveProductCard(card)])
    version = world.posting().version
    cases = {
        FIRST.code: "wrong_goods",
        "4607143560598": "barcode",
        FIRST.code[:40]: "cut_off",
        "TEA-CUP": "not_a_mark",
    }
    for typed, why in cases.items():
        with pytest.raises(InvalidInputError) as error:
            enter(world, Exemplar(mark=typed))
        [(where, told)] = error.value.errors
        assert where == f"products/{SKU}/exemplars/0/mark"
        assert told.startswith(f"{why}: ")
    assert world.posting().version == version
    assert world.store.exemplar_sheet(a.SELLER, a.NUMBER) is None


def test_one_code_for_two_pieces_too_many_pieces_and_other_goods_are_refused(world: World) -> None:
    with pytest.raises(InvalidInputError) as twice:
        enter(world, *marks(FIRST, FIRST))
    assert "used_twice" in twice.value.errors[0][1]
    with pytest.raises(InvalidInputError) as many:
        enter(world, *marks(FIRST, SECOND), Exemplar())
    assert many.value.errors == ((f"products/{SKU}", "3 pieces entered, 2 in the posting"),)
    with pytest.raises(InvalidInputError):
        enter(world, *marks(FIRST), sku="1")
    for wrong in (
        Exemplar(imei=("490154203237519",)),
        Exemplar(weight="-1"),
        Exemplar(weight="NaN"),
        Exemplar(gtd="1", gtd_absent=True),
    ):
        with pytest.raises(InvalidInputError):
            enter(world, wrong)


def test_while_a_call_is_under_way_nothing_else_is_entered(world: World) -> None:
    enter(world, *marks(FIRST, SECOND))
    with pytest.raises(ActionNotOfferedError, match="under way"):
        enter(world, *marks(SECOND))


def test_after_assembly_entries_are_set_and_updated(world: World) -> None:
    world.settle(enter(world, *marks(FIRST, SECOND))["intent"])
    world.settle(world.ask(IntentAction.SHIP))
    world.market.change(a.NUMBER, actions=("cancel", "update_cis"))
    world.read()
    third = replace(SECOND, serial="zzzzzzzzzzzzz")

    assert world.settle(enter(world, *marks(FIRST, third))["intent"]).intent.state is IntentState.CONFIRMED
    assert world.market.exemplars.updated == [a.NUMBER]


def test_the_change_of_many_codes_at_once_is_refused_before_it_meets_the_limit_of_a_transaction() -> None:
    world = World()
    world.arrives(requirements={"imei": (SKU,)}, lines=(a.line(quantity=90),))
    many = [Mark(FIRST.gtin, f"{place:013d}", PROOF) for place in range(100)]
    with pytest.raises(InvalidInputError, match="nothing was stored"):
        enter(world, *marks(*many[:81]))
    enter(world, *marks(*many[:50]))
    with pytest.raises(InvalidInputError, match="take some out first"):
        enter(world, *marks(*many[50:]))
    enter(world, *marks(*many[:10]))
    enter(world, *marks(*many[50:]))
    assert (owner(world, many[0]), owner(world, many[99])) == (None, a.NUMBER)


def test_the_history_tells_who_entered_and_holds_no_code(world: World) -> None:
    enter(world, *marks(FIRST, SECOND))
    [told] = [each for stored in world.history() if (each := stored.event).type is EventType.EXEMPLARS_ENTERED]

    assert (told.actor, dict(told.data)) == ("key:k1", {"pieces": 2, "codes": 2, "missing": 0})


def test_a_posting_of_which_nothing_is_wanted_has_no_row_and_no_pointer() -> None:
    world = World()
    world.arrives()
    packing(world)
    world.do(Command.PACK)

    assert world.store.exemplar_sheet(a.SELLER, a.NUMBER) is None


# Splits --------------------------------------------------------------------------------------------------------------


def test_what_was_entered_goes_with_the_goods_and_each_code_is_of_one_posting(world: World) -> None:
    enter(world, *marks(FIRST, SECOND))
    verdict(world, world.posting().open_intents[0])
    intent = world.ask(IntentAction.SPLIT, request={"parcels": [{SKU: 1}, {SKU: 1}]})
    world.settle(intent)
    parts = ("24219509-0020-3", "24219509-0020-4")
    assert [owner(world, mark) for mark in (FIRST, SECOND)] == list(parts)
    for number, mark in zip(parts, (FIRST, SECOND), strict=True):
        sheet = world.store.exemplar_sheet(a.SELLER, number)
        assert sheet is not None
        assert (sheet.pieces, sheet.accepted) == ({SKU: marks(mark)}, False)
        with pytest.raises(DutyNeededError, match="send it once more"):
            world.ask(IntentAction.SHIP, number, request={"packages": [{SKU: 1}]})
        enter(world, *marks(mark), number=number)
        assert verdict(world, world.posting(number).open_intents[0]) is IntentState.CONFIRMED
        world.ask(IntentAction.SHIP, number, request={"packages": [{SKU: 1}]})
    left = world.store.exemplar_sheet(a.SELLER, a.NUMBER)
    assert left is not None
    assert left.pieces == {}


def test_a_part_takes_the_first_pieces_here_and_at_the_marketplace(world: World) -> None:
    enter(world, *marks(FIRST, SECOND))
    verdict(world, world.posting().open_intents[0])
    intent = world.ask(IntentAction.SHIP_PART, request={"products": {SKU: 1}})
    assert world.settle(intent).intent.state is IntentState.CONFIRMED
    assert world.market.shapes.taken == [(a.NUMBER, {SKU: (f"{SKU}0",)})]
    assert (owner(world, FIRST), owner(world, SECOND)) == ("24219509-0020-3", a.NUMBER)


def test_a_part_is_not_assembled_without_what_is_wanted_of_its_pieces(world: World) -> None:
    with pytest.raises(DutyNeededError):
        world.ask(IntentAction.SHIP_PART, request={"products": {SKU: 1}})


def test_nothing_is_entered_while_the_goods_are_being_split(world: World) -> None:
    world.ask(IntentAction.SPLIT, request={"parcels": [{SKU: 1}, {SKU: 1}]})
    with pytest.raises(ActionNotOfferedError, match="under way"):
        enter(world, *marks(FIRST))
