"""Cancelling some items of a posting: once, settled by its lines, paid back by the marketplace."""

from datetime import timedelta
from typing import Any

import pytest

from shipby.domain.errors import ActionNotOfferedError, CancelGuardError, InvalidInputError
from shipby.domain.intents import NEEDS_PERSON, IntentAction, IntentState
from shipby.domain.refunds.ledger import EntryKind, ExecutedBy
from tests.support import builders as a
from tests.support.fake_marketplace import Fault
from tests.unit.rating.index_support import index_is, look
from tests.unit.world_support import World

SKU, OTHER = "149123456", "77"
OFFERED = ("cancel", "product_cancel", "ship")


@pytest.fixture
def world() -> World:
    world = World()
    lines = (a.line(), a.line(sku=OTHER, quantity=1, price=a.rub("10.01")))
    world.arrives(actions=OFFERED, lines=lines)
    return world


def ask(world: World, items: dict[str, int], **more: Any) -> str:
    request = {"reason_id": 352, "message": "out of stock", "items": items, **more.pop("request", {})}
    return world.ask(IntentAction.CANCEL_ITEMS, request=request, **more)


def test_a_part_is_cancelled_once_and_the_marketplaces_refund_is_booked_on_its_line(world: World) -> None:
    identifier = ask(world, {SKU: 1})
    assert world.intent(identifier).request["before"] == {SKU: 2}
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    world.settle(identifier)
    assert world.market.books.items_cancelled[a.NUMBER] == [{SKU: 1}]
    ledger = world.ledger()
    assert (ledger.refunded, ledger.lines[SKU].refunded, ledger.lines[OTHER].refunded) == (12_500, 12_500, 0)
    [entry] = ledger.entries.values()
    assert (entry.kind, entry.executed_by) == (EntryKind.OBSERVED, ExecutedBy.MARKETPLACE)
    assert not {"money", "intent_missing"} & world.red()


def test_what_the_marketplace_takes_away_by_itself_is_booked_as_well_and_the_rest_at_the_end(world: World) -> None:
    world.market.change(a.NUMBER, lines=(a.line(quantity=2),))
    world.read()
    assert world.ledger().refunded == 1_001
    world.read()
    assert world.ledger().refunded == 1_001
    world.market.cancel_by(a.NUMBER, "client")
    world.read()
    assert world.ledger().refunded == world.ledger().paid == 26_001


def test_pieces_that_moved_into_another_posting_are_not_paid_back(world: World) -> None:
    world.market.change(a.NUMBER, lines=(a.line(quantity=1),), related_numbers=("24219509-0020-3",))
    world.read()
    assert world.ledger().refunded == 0


def test_all_items_together_are_a_cancel_of_the_posting(world: World) -> None:
    identifier = ask(world, {SKU: 2, OTHER: 1})
    intent = world.intent(identifier)
    assert (intent.action, intent.request) == (IntentAction.CANCEL, {"reason_id": 352, "message": "out of stock"})
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert world.market.books.cancelled[a.NUMBER] == 1


@pytest.mark.parametrize(
    ("items", "message", "fields"),
    [
        ({SKU: 3}, "x", [f"items/{SKU}"]),
        ({SKU: 0}, "x", [f"items/{SKU}"]),
        ({SKU: -1}, "x", [f"items/{SKU}"]),
        ({"5": 1}, "x", ["items/5"]),
        ({}, "x", ["items"]),
        ({SKU: 1}, " ", ["message"]),
    ],
)
def test_what_the_posting_does_not_hold_is_refused(
    world: World, items: dict[str, int], message: str, fields: list[str]
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        ask(world, items, request={"message": message})
    assert [name for name, _ in caught.value.errors] == fields
    assert world.posting().open_intents == ()


def test_it_is_only_asked_where_it_is_offered_and_never_beside_another_cancel(world: World) -> None:
    ask(world, {SKU: 1})
    for again in ({SKU: 1}, {SKU: 2, OTHER: 1}):
        with pytest.raises(ActionNotOfferedError, match="open"):
            ask(world, again)
    with pytest.raises(ActionNotOfferedError, match="open"):
        world.ask(IntentAction.CANCEL)
    other = "24219509-0021-1"
    world.arrives(other, actions=("cancel", "ship"))
    with pytest.raises(ActionNotOfferedError, match="cancel_items"):
        ask(world, {SKU: 1}, number=other)


def test_a_timeout_after_success_is_settled_by_the_lines_and_never_sent_again(world: World) -> None:
    identifier = ask(world, {SKU: 1})
    world.market.fail("cancel_items", Fault.TIMEOUT_AFTER)
    assert world.settle(identifier).intent.state is IntentState.UNKNOWN
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
    assert world.market.calls["cancel_items"] == 1


def test_a_timeout_without_effect_stays_unknown(world: World) -> None:
    identifier = ask(world, {SKU: 1})
    world.market.fail("cancel_items", Fault.TIMEOUT_BEFORE)
    for _ in range(3):
        assert world.settle(identifier).intent.state is IntentState.UNKNOWN
    assert world.market.calls["cancel_items"] == 1


def test_quantities_that_changed_meanwhile_stop_it_before_it_is_sent(world: World) -> None:
    identifier = ask(world, {SKU: 1})
    world.market.change(a.NUMBER, lines=(a.line(quantity=1),))
    settled = world.settle(identifier)
    assert (settled.called, settled.intent.state) == (False, IntentState.REJECTED)


def test_other_quantities_after_it_was_sent_prove_nothing(world: World) -> None:
    identifier = ask(world, {SKU: 1, OTHER: 1})
    world.market.fail("cancel_items", Fault.TIMEOUT_BEFORE)
    world.settle(identifier)
    world.market.change(a.NUMBER, lines=(a.line(quantity=1), a.line(sku=OTHER, quantity=1)))
    assert world.settle(identifier).intent.state is IntentState.UNKNOWN


def test_a_posting_cancelled_as_a_whole_meanwhile_ends_it(world: World) -> None:
    identifier = ask(world, {SKU: 1})
    world.market.fail("cancel_items", Fault.TIMEOUT_BEFORE)
    world.settle(identifier)
    world.market.cancel_by(a.NUMBER, "client")
    assert world.settle(identifier).intent.state is IntentState.REJECTED


def test_the_guard_of_the_error_index_counts_a_cancel_of_items_as_a_cancel(world: World) -> None:
    others = [f"24219509-0030-{n}" for n in range(3)]
    for other in others:
        world.arrives(other, actions=OFFERED)
    index_is(world, "1.25", 1)  # two more cancels stay in the best band
    look(world)
    for other in others[:2]:
        ask(world, {SKU: 1}, number=other)
    with pytest.raises(CancelGuardError):
        ask(world, {SKU: 1}, number=others[2])
    ask(world, {SKU: 1}, number=others[2], accept_forecast=True)


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_AFTER, Fault.TIMEOUT_BEFORE])
@pytest.mark.parametrize("whole", [True, False])
def test_pieces_that_a_split_moved_prove_nothing_of_a_cancel_that_was_sent(
    world: World, fault: Fault, whole: bool
) -> None:
    """Moved or cancelled: the quantities look the same, and a posting that a split ended lists nothing."""
    identifier = ask(world, {SKU: 1})
    world.market.fail("cancel_items", fault)
    world.settle(identifier)
    child = "24219509-0020-3"
    ended = {"status": "cancelled_from_split_pending", "actions": ()} if whole else {}
    moved = {"lines": (a.line(quantity=1), a.line(sku=OTHER, quantity=1, price=a.rub("10.01")))}
    world.market.change(a.NUMBER, related_numbers=(child,), **(ended or moved))
    for _ in range(2):
        assert world.settle(identifier).intent.state is IntentState.UNKNOWN
    world.clock.advance(timedelta(minutes=16))
    world.settle(identifier)
    assert NEEDS_PERSON in world.intent(identifier).read_back
    assert world.settle(identifier).intent.state is IntentState.UNKNOWN


def test_a_part_of_a_split_order_has_its_own_items_cancelled_as_any_posting(world: World) -> None:
    world.market.change(a.NUMBER, related_numbers=("24219509-0020-3",))
    world.read()
    identifier = ask(world, {SKU: 1})
    world.market.fail("cancel_items", Fault.TIMEOUT_AFTER)
    world.settle(identifier)
    assert world.settle(identifier).intent.state is IntentState.CONFIRMED
