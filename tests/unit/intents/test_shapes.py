"""Splits, partial assembly and boxes: sent once, settled by reading the posting and what came out of it."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from shipby.application.intents.ship_posting import ShipWish, ship_posting
from shipby.application.postings.queries import get_posting
from shipby.domain.deadlines.workflow import Command
from shipby.domain.errors import ActionNotOfferedError, DutyNeededError, InvalidInputError
from shipby.domain.events import posting_ref
from shipby.domain.intents import NEEDS_PERSON, IntentAction, IntentState
from shipby.domain.postings.lines import quantities
from shipby.domain.postings.posting import Stage
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.unit.world_support import World, forget

TEA, CUP = "1", "2"
OFFERED = ("cancel", "product_cancel", "ship")
PARTS = ("24219509-0020-3", "24219509-0020-4")


@pytest.fixture
def world() -> World:
    world = World()
    lines = (a.line(sku=TEA, quantity=3, price=a.rub("50.00")), a.line(sku=CUP, quantity=1, price=a.rub("60.00")))
    world.arrives(actions=OFFERED, lines=lines)
    world.clock.advance(timedelta(minutes=1))
    return world


def split(world: World, *parcels: dict[str, int], **more: Any) -> str:
    wanted = list(parcels) or [{TEA: 2}, {TEA: 1, CUP: 1}]
    return world.ask(IntentAction.SPLIT, request={"parcels": wanted}, **more)


def part(world: World, products: dict[str, int] | None = None, **more: Any) -> str:
    return world.ask(IntentAction.SHIP_PART, request={"products": products or {TEA: 2}}, **more)


def boxes(world: World, count: int, **more: Any) -> str:
    return world.ask(IntentAction.SET_BOXES, request={"boxes": count}, **more)


def held(world: World) -> dict[str, dict[str, int]]:
    """Posting -> what it holds, as it is stored here."""
    numbers = (a.NUMBER, *PARTS)
    found = {number: world.store.detail(a.SELLER, number) for number in numbers}
    return {
        number: quantities(detail)
        for number, detail in found.items()
        if detail is not None and detail.status != "cancelled_from_split_pending"
    }


# Splits --------------------------------------------------------------------------------------------------------------


def test_a_split_makes_a_posting_of_each_parcel_and_the_parts_are_here_at_once(world: World) -> None:
    world.do(Command.CONFIRM)
    identifier = split(world)
    assert world.intent(identifier).request["before"] == {TEA: 3, CUP: 1}
    settled = world.settle(identifier).intent
    assert (settled.state, settled.read_back["into"]) == (IntentState.CONFIRMED, ["24219509-0020-3", "24219509-0020-4"])
    assert held(world) == {PARTS[0]: {TEA: 2}, PARTS[1]: {TEA: 1, CUP: 1}}
    for number in PARTS:
        child = world.posting(number)
        assert (child.stage, child.parent_number, child.status) == (Stage.CONFIRMED, a.NUMBER, "awaiting_packaging")
        assert child.next_alarm is not None
    assert [world.ledger(number).paid for number in (a.NUMBER, *PARTS)] == [0, 10_000, 11_000]
    assert "money" not in world.red()


def test_a_parent_that_stays_with_one_parcel_is_a_split_too(world: World) -> None:
    world.market.shapes.keeps = True
    identifier = split(world)
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert held(world) == {a.NUMBER: {TEA: 2}, PARTS[0]: {TEA: 1, CUP: 1}}


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("ask", [split, part])
def test_a_lost_answer_never_splits_twice(world: World, keeps: bool, ask: Any) -> None:
    world.market.shapes.keeps = keeps
    identifier = ask(world)
    action = world.intent(identifier).action
    world.market.fail(action, Fault.TIMEOUT_AFTER)
    assert world.settle(identifier).intent.state is IntentState.UNKNOWN
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert world.market.calls[action] == 1
    world.settle(identifier)
    assert world.market.calls[action] == 1


@pytest.mark.parametrize("ask", [split, part])
def test_a_call_without_effect_stays_unknown_until_a_person_is_told(world: World, ask: Any) -> None:
    identifier = ask(world)
    action = world.intent(identifier).action
    world.market.fail(action, Fault.TIMEOUT_BEFORE)
    for _ in range(3):
        assert world.settle(identifier).intent.state is IntentState.UNKNOWN
    assert world.market.calls[action] == 1
    world.clock.advance(timedelta(days=3))
    assert NEEDS_PERSON in world.settle(identifier).intent.read_back


@pytest.mark.parametrize(
    ("parcels", "fields"),
    [
        ([{TEA: 3, CUP: 1}], ["parcels"]),
        ([{TEA: 2}, {CUP: 1}], [f"parcels/{TEA}"]),
        ([{TEA: 3}, {TEA: 1, CUP: 1}], [f"parcels/{TEA}"]),
        ([{TEA: 3}, {CUP: 1, "9": 1}], ["parcels/9"]),
        ([{TEA: 3, CUP: 1}, {}], ["parcels/1"]),
        ([{TEA: 4}, {TEA: -1, CUP: 1}], ["parcels/1"]),
        ([{TEA: 3}, {CUP: 1}, {CUP: 0}], ["parcels/2"]),
    ],
)
def test_every_piece_stands_in_exactly_one_parcel(
    world: World, parcels: list[dict[str, int]], fields: list[str]
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        world.ask(IntentAction.SPLIT, request={"parcels": parcels})
    assert [name for name, _ in caught.value.errors] == fields
    assert world.posting().open_intents == ()


def test_goods_that_changed_meanwhile_stop_it_before_it_is_sent(world: World) -> None:
    identifier = split(world)
    world.market.change(a.NUMBER, lines=(a.line(sku=TEA, quantity=3, price=a.rub("50.00")),))
    settled = world.settle(identifier).intent
    assert settled.state is IntentState.REJECTED
    assert "other goods" in settled.outcome
    assert world.market.calls["split"] == 0


def test_a_split_of_somebody_else_is_not_taken_for_ours(world: World) -> None:
    identifier = split(world)
    world.market.shapes.split(a.NUMBER, [{TEA: 3}, {CUP: 1}])
    assert world.settle(identifier).intent.state is IntentState.REJECTED
    assert world.market.calls["split"] == 1
    world.read(PARTS[0])
    assert world.posting(PARTS[0]).parent_number == a.NUMBER


@pytest.mark.parametrize("action", [IntentAction.SPLIT, IntentAction.SHIP_PART])
def test_one_of_them_at_a_time_and_never_beside_what_counts_on_the_goods(world: World, action: IntentAction) -> None:
    (split if action is IntentAction.SPLIT else part)(world)
    for again in (split, part, lambda w: boxes(w, 2), lambda w: w.ask(IntentAction.SHIP)):
        with pytest.raises(ActionNotOfferedError, match=f"open {action}"):
            again(world)
    items = {"reason_id": 352, "message": "x", "items": {TEA: 1}}
    with pytest.raises(ActionNotOfferedError, match=f"open {action}"):
        world.ask(IntentAction.CANCEL_ITEMS, request=items)
    assert world.ask(IntentAction.CANCEL), "a buyer's cancel waits for nothing"


@pytest.mark.parametrize("first", [IntentAction.SHIP, IntentAction.CANCEL])
def test_nothing_is_split_that_is_being_shipped_or_cancelled(world: World, first: IntentAction) -> None:
    world.ask(first)
    for ask in (split, part):
        with pytest.raises(ActionNotOfferedError, match=f"open {first}"):
            ask(world)


def test_what_cannot_be_assembled_any_more_cannot_be_split(world: World) -> None:
    world.market.change(a.NUMBER, status="awaiting_deliver", actions=("cancel",))
    world.read()
    for ask in (split, part, lambda w: boxes(w, 2)):
        with pytest.raises(ActionNotOfferedError, match="does not offer"):
            ask(world)


# A part --------------------------------------------------------------------------------------------------------------


def test_a_part_is_assembled_and_the_rest_stays_to_be_done(world: World) -> None:
    world.do(Command.CONFIRM)
    identifier = part(world)
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert held(world) == {a.NUMBER: {TEA: 1, CUP: 1}, PARTS[0]: {TEA: 2}}
    child, rest = world.posting(PARTS[0]), world.posting()
    assert (child.stage, child.status, child.assembled_at is not None) == (Stage.CONFIRMED, "awaiting_deliver", True)
    assert (rest.stage, rest.status, rest.open_intents) == (Stage.CONFIRMED, "awaiting_packaging", ())
    assert (world.ledger(PARTS[0]).paid, world.ledger().paid) == (10_000, 11_000)
    again = part(world, {CUP: 1})
    assert world.settle(again).intent.state is IntentState.CONFIRMED
    assert held(world) == {a.NUMBER: {TEA: 1}, PARTS[0]: {TEA: 2}, PARTS[1]: {CUP: 1}}


def test_all_of_it_is_an_ordinary_assembly(world: World) -> None:
    identifier = part(world, {TEA: 3, CUP: 1})
    intent = world.intent(identifier)
    assert (intent.action, intent.request) == (IntentAction.SHIP, {"packages": [{TEA: 3, CUP: 1}]})
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert world.market.books.shipped[a.NUMBER] == 1


@pytest.mark.parametrize(
    ("products", "fields"),
    [({TEA: 4}, [f"products/{TEA}"]), ({"9": 1}, ["products/9"]), ({CUP: 0}, [f"products/{CUP}"])],
)
def test_a_part_holds_what_the_posting_holds(world: World, products: dict[str, int], fields: list[str]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        part(world, products)
    assert [name for name, _ in caught.value.errors] == fields


def test_a_cancel_in_between_does_not_hide_the_part(world: World) -> None:
    identifier = part(world)
    world.market.fail("ship_part", Fault.TIMEOUT_AFTER)
    assert world.settle(identifier).intent.state is IntentState.UNKNOWN
    world.market.change(a.NUMBER, lines=(a.line(sku=CUP, quantity=1, price=a.rub("60.00")),))
    world.clock.advance(timedelta(minutes=1))
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert world.ledger(PARTS[0]).paid == 10_000


def test_a_rest_that_was_cancelled_does_not_hide_the_part_either(world: World) -> None:
    identifier = part(world)
    world.market.fail("ship_part", Fault.TIMEOUT_AFTER)
    world.settle(identifier)
    world.market.cancel_by(a.NUMBER, "client")
    world.clock.advance(timedelta(minutes=1))
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert world.posting(PARTS[0]).stage is not Stage.CANCELLED


def test_quantities_alone_prove_nothing(world: World) -> None:
    identifier = part(world)
    world.market.fail("ship_part", Fault.TIMEOUT_BEFORE)
    world.settle(identifier)
    rest = (a.line(sku=TEA, quantity=1, price=a.rub("50.00")), a.line(sku=CUP, quantity=1, price=a.rub("60.00")))
    world.market.change(a.NUMBER, lines=rest)
    world.clock.advance(timedelta(minutes=1))
    assert world.settle(identifier).intent.state is IntentState.UNKNOWN, "the pieces may have been cancelled"


def test_a_part_whose_assembly_failed_is_there_and_is_shipped_by_itself(world: World) -> None:
    identifier = part(world)
    world.market.fail("ship_part", Fault.TIMEOUT_AFTER)
    world.settle(identifier)
    failed = {"status": "awaiting_packaging", "substatus": "ship_failed", "actions": OFFERED}
    world.market.change(PARTS[0], **failed)
    world.clock.advance(timedelta(minutes=1))
    settled = world.settle(identifier).intent
    assert settled.state is IntentState.CONFIRMED
    assert "ship it again" in settled.outcome
    wish = ShipWish(seller=a.SELLER, number=PARTS[0], actor="key:k1", reason="it was packed already")
    assert ship_posting(wish, forget, store=world.store, clock=world.clock).status == 202


@pytest.mark.parametrize("order", list(permutations((a.NUMBER, *PARTS))))
@pytest.mark.parametrize("keeps", [True, False])
def test_whoever_is_read_first_every_piece_is_in_one_parcel_and_the_money_is_there_once(
    world: World, keeps: bool, order: tuple[str, ...]
) -> None:
    world.market.shapes.keeps = keeps
    identifier = split(world, {TEA: 1}, {TEA: 1}, {TEA: 1, CUP: 1}) if keeps else split(world)
    world.market.fail("split", Fault.TIMEOUT_AFTER)
    world.settle(identifier)
    for number in order:
        world.clock.advance(timedelta(seconds=5))
        world.read(number)
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    total: dict[str, int] = {}
    for goods in held(world).values():
        for sku, count in goods.items():
            total[sku] = total.get(sku, 0) + count
    assert total == {TEA: 3, CUP: 1}
    assert sum(world.ledger(number).paid for number in (a.NUMBER, *PARTS)) == 21_000


# Boxes ---------------------------------------------------------------------------------------------------------------


def test_boxes_are_told_before_such_a_posting_ships(world: World) -> None:
    world.market.change(a.NUMBER, multibox=True)
    world.read()
    with pytest.raises(DutyNeededError, match="several boxes") as caught:
        world.ask(IntentAction.SHIP)
    assert caught.value.code == "boxes_needed"
    with pytest.raises(DutyNeededError):
        part(world)
    for command in (Command.CONFIRM, Command.PICK):
        world.do(command)
    with pytest.raises(DutyNeededError, match="several boxes"):
        world.do(Command.PACK)
    identifier = boxes(world, 3)
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    found = world.store.detail(a.SELLER, a.NUMBER)
    assert found is not None
    assert (found.boxes, world.posting().boxes) == (3, 3)
    assert world.ask(IntentAction.SHIP, request={"packages": [{TEA: 3, CUP: 1}]})


def test_one_box_is_told_too_although_that_is_what_is_shown_before(world: World) -> None:
    world.market.change(a.NUMBER, multibox=True)
    world.read()
    identifier = boxes(world, 1)
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert world.market.calls["set_boxes"] == 1
    assert world.posting().boxes == 1
    assert world.ask(IntentAction.SHIP, request={"packages": [{TEA: 3, CUP: 1}]})


def test_a_number_that_is_shown_already_is_not_told_again(world: World) -> None:
    world.market.change(a.NUMBER, multibox=True, boxes=4)
    world.read()
    assert world.settle(boxes(world, 4)).intent.state is IntentState.CONFIRMED
    assert world.market.calls["set_boxes"] == 0
    world.ask(IntentAction.SHIP, request={"packages": [{TEA: 3, CUP: 1}]})


def test_a_lost_answer_about_boxes_is_settled_by_the_number(world: World) -> None:
    identifier = boxes(world, 2)
    world.market.fail("set_boxes", Fault.TIMEOUT_AFTER)
    assert world.settle(identifier).intent.state is IntentState.UNKNOWN
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert world.market.calls["set_boxes"] == 1


def test_the_parts_of_a_posting_are_packed_in_boxes_of_their_own(world: World) -> None:
    world.settle(boxes(world, 2))
    world.settle(split(world))
    assert [world.posting(number).boxes for number in PARTS] == [0, 0]


def test_the_family_is_shown_and_the_history_goes_on(world: World) -> None:
    world.do(Command.CONFIRM)
    identifier = part(world)
    world.settle(identifier)
    received = world.history(posting_ref(PARTS[0]))[0].event
    assert received.data["parent"] == a.NUMBER
    assert world.posting(PARTS[0]).received_at == world.posting().received_at
    told = get_posting(a.SELLER, PARTS[0], store=world.store)["family"]
    assert isinstance(told, dict)
    assert [each["posting_number"] for each in told["postings"]] == [a.NUMBER, PARTS[0]]
