"""Splits, parts and boxes: a lost answer, a split in the cabinet at the same time, a box that is left behind."""

from __future__ import annotations

from datetime import timedelta

from shipby.domain import pointers
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.labels.documents import DocumentState
from shipby.domain.packing.cards import Exemplar
from shipby.domain.packing.marks import GS, Mark
from tests.simulation.scenes.stage import Scene
from tests.simulation.watch import need
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.unit.intents.test_exemplars import MARKED, enter, marks, verdict
from tests.unit.labels.label_files_support import LabelDesk, own_page
from tests.unit.world_support import World

SKU = "149123456"
_PROOF = f"91EE06{GS}92VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4="
_HALVES = [{SKU: 1}, {SKU: 1}]


def _shop() -> World:
    world = World()
    world.arrives(actions=("cancel", "product_cancel", "ship"))
    return world


def a_split_of_the_cabinet_is_not_ours() -> None:
    """Somebody splits the posting while our split waits to be sent: ours is not called, and not taken for done."""
    world = _shop()
    asked = world.ask(IntentAction.SPLIT, request={"parcels": _HALVES})
    world.market.shapes.split(a.NUMBER, _HALVES)
    state = world.settle(asked).intent.state
    need(state is IntentState.REJECTED, "a split is ours", f"the split of the cabinet ended ours as {state}")
    need(world.market.calls["split"] == 1, "a split is made once", "our split was called beside the cabinet's")


def pieces_that_were_cancelled_are_no_part() -> None:
    """A part whose call had no effect, and pieces that the buyer took back: fewer pieces prove no part."""
    world = _shop()
    asked = world.ask(IntentAction.SHIP_PART, request={"products": {SKU: 1}})
    world.market.fail("ship_part", Fault.TIMEOUT_BEFORE)
    world.settle(asked)
    world.market.change(a.NUMBER, lines=(a.line(quantity=1),))
    world.clock.advance(timedelta(minutes=1))
    state = world.settle(asked).intent.state
    need(state is IntentState.UNKNOWN, "a part is proven by what came out of it", f"it ended as {state}")


def each_mark_goes_with_its_piece() -> None:
    """A posting of two marked pieces is split: each code is of one of the parts, and of nobody else."""
    world = World()
    world.arrives(**MARKED)
    first, second = (Mark("04607143560598", serial * 13, _PROOF) for serial in "ab")
    enter(world, *marks(first, second))
    verdict(world, world.posting().open_intents[0])
    world.settle(world.ask(IntentAction.SPLIT, request={"parcels": _HALVES}))
    held: list[Exemplar] = []
    for number in (a.NUMBER, "24219509-0020-3", "24219509-0020-4"):
        sheet = world.store.exemplar_sheet(a.SELLER, number)
        held += [piece for pieces in (sheet.pieces.values() if sheet else ()) for piece in pieces]
    need(len(held) == len(set(held)) == 2, "a piece is entered once", f"{len(held)} entries of 2 pieces")
    owners = {world.store.find(a.SELLER, pointers.EXEMPLAR, mark.identity) for mark in (first, second)}
    need(a.NUMBER not in owners, "a code is of the posting that holds its piece", "it is of the parent still")


def a_label_without_the_page_of_a_box() -> None:
    """Of three boxes two have a page: nothing of it is the label."""
    desk = LabelDesk()
    (number,) = desk.arrive(1, boxes=3)
    desk.market.sheets[number] = [own_page(number, box=box) for box in (1, 2)]
    desk.run(number)
    state = desk.state(number)
    printable = state in (DocumentState.READY, DocumentState.UNPROVEN)
    need(not printable, "a label has a page for each box", f"two of three pages are {state}")


SCENES: tuple[Scene, ...] = (
    a_split_of_the_cabinet_is_not_ours,
    pieces_that_were_cancelled_are_no_part,
    each_mark_goes_with_its_piece,
    a_label_without_the_page_of_a_box,
)
