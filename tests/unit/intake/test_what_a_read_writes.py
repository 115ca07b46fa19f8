"""Which rows a read of the marketplace writes: what moves at every step stands in the posting's own item."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from shipby.application.ports.writes import SaveDetail, SavePosting, Write
from shipby.domain.postings.posting import MarketplacePosting, offered_actions, offered_text
from tests.support import builders as a
from tests.unit.world_support import World


class Spy:
    """Notes the kinds of all writes."""

    def __init__(self, world: World) -> None:
        self.kinds: list[type[Write]] = []
        real = world.store.commit

        def commit(writes: Sequence[Write], **more: Any) -> None:
            self.kinds += [type(write) for write in writes]
            real(writes, **more)

        world.store.commit = commit  # type: ignore[method-assign]  # a double of the test


@pytest.fixture
def world() -> World:
    world = World()
    world.arrives()
    return world


def detail(world: World) -> MarketplacePosting:
    found = world.store.detail(a.SELLER, a.NUMBER)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "moved",
    [
        {"status": "awaiting_deliver", "actions": ("label_download",)},
        {"status": "delivering", "substatus": "posting_in_carriage", "actions": ()},
        {"substatus": "ship_failed"},
        {"actions": ("cancel", "an_action_of_tomorrow")},
    ],
)
def test_what_moves_at_every_step_is_written_with_the_posting_alone(world: World, moved: dict[str, Any]) -> None:
    spy = Spy(world)
    world.clock.advance(timedelta(minutes=2))
    world.market.change(a.NUMBER, **moved)
    world.read()
    assert SavePosting in spy.kinds
    assert SaveDetail not in spy.kinds
    shown = detail(world)
    assert {name: getattr(shown, name) for name in moved} == moved
    assert shown.read_at == world.posting().synced_at == world.clock.now()
    assert world.red() == set()


@pytest.mark.parametrize(
    "moved",
    [
        {"tracking_number": "80110012345678"},
        {"delivering_date": a.NOW},
        {"requirements": {"products_requiring_gtd": ("149123456",)}},
        {"status": "awaiting_deliver", "barcodes": ("%101%7",)},
    ],
)
def test_anything_else_that_moved_is_written_with_all_facts(world: World, moved: dict[str, Any]) -> None:
    world.clock.advance(timedelta(minutes=2))
    world.market.change(a.NUMBER, status="awaiting_deliver", actions=("label_download",))
    world.read()
    spy = Spy(world)
    world.clock.advance(timedelta(minutes=2))
    world.market.change(a.NUMBER, **moved)
    world.read()
    assert SaveDetail in spy.kinds
    shown = detail(world)
    assert {name: getattr(shown, name) for name in moved} == moved
    assert shown.actions == ("label_download",)


def test_facts_that_say_the_same_write_nothing(world: World) -> None:
    world.clock.advance(timedelta(minutes=2))
    world.market.change(a.NUMBER, status="awaiting_deliver", actions=("label_download",))
    world.read()
    spy = Spy(world)
    world.clock.advance(timedelta(minutes=2))
    world.read()
    assert spy.kinds == []
    assert detail(world).read_at == world.clock.now()


@pytest.mark.parametrize("actions", [(), ("cancel",), ("cancel", "ship", "label_download_big"), ("sh", "new_one")])
def test_offers_are_read_as_they_were_written(actions: tuple[str, ...]) -> None:
    text = offered_text(actions)
    assert text
    assert offered_actions(text) == actions


def test_known_offers_take_few_bytes() -> None:
    known = ("cancel", "ship", "ship_async", "product_cancel", "can_create_chat", "customer_phone_available")
    assert len(offered_text(known)) == 3 * len(known) - 1
