"""An exchange goes to the buyer who returns the goods, as far as anybody can know who that is."""

from __future__ import annotations

from typing import Any

import pytest

from shipby.application.returns.exchange import Exchange, exchange_return
from shipby.domain.errors import ActionNotOfferedError
from shipby.domain.returns.policy import ReturnPolicy
from tests.support import builders as a
from tests.unit.returns.return_support import ON_APPROVAL
from tests.unit.world_support import World, forget

OTHER = "99219509-0001-1"


def exchange(world: World, number: str = OTHER) -> Any:
    wish = Exchange(seller=a.SELLER, return_id=a.RETURN_ID, actor="key:k1", number=number)
    return exchange_return(wish, forget, store=world.store, clock=world.clock).body


def bought(address: str, **more: Any) -> World:
    world = World()
    world.arrives(status="delivered", actions=(), address=address, **more)
    world.return_opens(actions=ON_APPROVAL)
    world.policy(return_policies=(ReturnPolicy(product_type="*", exchange=True),))
    return world


@pytest.mark.parametrize(
    ("first", "second", "good"),
    [("a1b2", "a1b2", True), ("a1b2", "c3d4", False), ("", "c3d4", True), ("a1b2", "-", True), ("-", "-", True)],
)
def test_a_posting_of_another_order_goes_to_the_same_address(first: str, second: str, good: bool) -> None:
    world = bought(first, order_number="24219509-0020")
    world.arrives(OTHER, address=second, order_number="99219509-0001")
    if good:
        exchange(world)
        return
    before = (world.store.return_case(a.SELLER, a.RETURN_ID), world.posting(OTHER))
    with pytest.raises(ActionNotOfferedError, match="another address"):
        exchange(world)
    assert (world.store.return_case(a.SELLER, a.RETURN_ID), world.posting(OTHER)) == before, "nothing was kept"


def test_of_the_same_order_it_is_the_same_buyer_wherever_it_goes() -> None:
    world = bought("a1b2", order_number="24219509-0020")
    world.arrives(OTHER, address="c3d4", order_number="24219509-0020")
    exchange(world)


def test_a_cancelled_posting_goes_to_nobody() -> None:
    world = bought("a1b2")
    world.arrives(OTHER, address="a1b2", order_number="99219509-0001", status="cancelled", actions=())
    with pytest.raises(ActionNotOfferedError, match="cancelled"):
        exchange(world)
