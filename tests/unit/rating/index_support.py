"""An account with an error index, and a look at what is kept of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

from shipby.application.cases.watch_account import AccountState, watch_account
from shipby.domain.cases.watch import Watch
from shipby.domain.events import StoredEvent, watch_ref
from shipby.domain.postings.posting import Cancellation
from shipby.domain.rating.standing import ErrorIndex, IndexedPosting, IndexErrorKind
from tests.support import builders as a
from tests.unit.world_support import World

SELLERS_CANCEL = Cancellation(
    reason_id=352, reason="Товар закончился", type="seller", after_ship=False, affects_rating=True
)


def error(number: str, days_ago: int = 5, **more: Any) -> IndexedPosting:
    """A posting that counts in the index."""
    base: dict[str, Any] = {
        "number": number,
        "kind": IndexErrorKind.SELLER_CANCELLATION,
        "at": a.NOW - timedelta(days=days_ago),
        "charge": a.rub("10.00"),
        "charge_percent": Decimal(5),
        "product_price": a.rub("200.00"),
        "scheme": "FBS",
        "grace": False,
    }
    return IndexedPosting(**{**base, **more})


def index_is(world: World, value: str, errors: int = 0, *more: IndexedPosting) -> None:
    """The marketplace tells this index of the 14 days before today, with so many errors of five days ago."""
    today = world.clock.now().date()
    world.market.index = ErrorIndex(
        period_from=today - timedelta(days=14),
        period_to=today - timedelta(days=1),
        index=Decimal(value),
        costs=a.rub("30.00"),
    )
    world.market.index_book = [*(error(f"e-{n}") for n in range(errors)), *more]


def look(world: World) -> AccountState:
    return watch_account(a.SELLER, store=world.store, marketplace=world.market, clock=world.clock)


def later(world: World, **length: float) -> AccountState:
    world.clock.advance(timedelta(**length))
    return look(world)


def watch(world: World, identifier: str = "error-index") -> Watch:
    found = world.store.watch(a.SELLER, identifier)
    assert found is not None
    return found


def asked(world: World) -> list[str]:
    """The cancels that the index does not show yet."""
    return list(cast("dict[str, str]", watch(world).data["asked"]))


def history(world: World, identifier: str = "error-index") -> list[StoredEvent]:
    """The events of a watch; no version is without one."""
    events = world.store.events(a.SELLER, watch_ref(identifier))
    assert [stored.version for stored in events] == list(range(1, watch(world, identifier).version + 1))
    return events


def types(world: World, identifier: str = "error-index") -> list[str]:
    return [str(stored.event.type) for stored in history(world, identifier)]
