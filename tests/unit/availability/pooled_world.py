"""Two shops on one pool, and their two marketplaces."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from shipby.application.alarms.ringing import ring
from shipby.application.alarms.route_events import Routed, route_event
from shipby.application.availability.telling import Step, tell_offers
from shipby.application.availability.wishes import OwnWarehouses, Pooled, wish_free
from shipby.application.ports.availability.market import OwnWarehouse
from shipby.application.ports.writes import SaveSettings
from shipby.domain.alarm import AlarmRef
from shipby.domain.availability.offers import Offer
from shipby.domain.availability.places import Place
from shipby.domain.cases.case import Case
from shipby.domain.cases.watches import STOCK_TELLING
from shipby.domain.events import watch_ref
from shipby.domain.sellers.settings import Automation, SellerSettings
from tests.support import builders as a
from tests.support.fake_marketplace import FakeMarketplace
from tests.support.memory_store import MemoryStore

FIRST, SECOND = "shop-a", "shop-b"
SKU, POOL = "MUG-1", "main"
HERE, THERE = Place("11", SKU), Place("21", SKU)


@dataclass
class FakeFree:
    """What is free by SKU; `kits` names the kits that an SKU is in."""

    numbers: dict[str, int] = field(default_factory=dict)
    sells: dict[str, tuple[str, ...]] = field(default_factory=lambda: {FIRST: ("11",), SECOND: ("21",)})
    kits: dict[str, tuple[str, ...]] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    elsewhere: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def shops(self, owner: str, pool: str) -> Mapping[str, Sequence[str]]:
        return self.sells

    def named(self, shop: str) -> Sequence[str]:
        return (*self.elsewhere.get(shop, ()), *(house for house in self.sells.get(shop, ()) if house != "*"))

    def with_kits(self, owner: str, pool: str, sku: str) -> Sequence[str]:
        return (sku, *self.kits.get(sku, ()))

    def free(self, owner: str, pool: str, skus: Sequence[str]) -> Mapping[str, int]:
        return {sku: self.numbers[sku] for sku in skus if sku in self.numbers}

    def reserved(self, owner: str, pool: str, skus: Sequence[str]) -> Mapping[str, int]:
        return {sku: self.held.get(sku, 0) for sku in skus if not any(sku in kits for kits in self.kits.values())}

    def pools_of(self, shop: str) -> Sequence[tuple[str, str]]:
        return [(FIRST, POOL)] if shop in self.sells else []

    def skus(self, owner: str, pool: str) -> Sequence[str]:
        return sorted(self.numbers)


class Shops:
    """Everything a test moves. Its clock stands still until it is advanced."""

    def __init__(self) -> None:
        self.clock = a.FixedClock()
        self.store = MemoryStore(clock=self.clock)
        self.markets = {shop: FakeMarketplace(self.clock) for shop in (FIRST, SECOND)}
        self.free = FakeFree()
        for shop, house in ((FIRST, "11"), (SECOND, "21")):
            self.store.commit([SaveSettings(a.settings(seller=shop, version=1, tell_stock=Automation.ON))])
            self.markets[shop].stocks.own = (OwnWarehouse(id=house, status="created"),)
        self.pooled = Pooled(
            stock=self.free, warehouses=OwnWarehouses(lambda shop: self.markets[shop].stocks, self.clock)
        )

    def policy(self, shop: str = FIRST, **changes: Any) -> SellerSettings:
        current = self.store.settings(shop)
        assert current is not None
        settings = replace(current, version=current.version + 1, **changes)
        self.store.commit([SaveSettings(settings)])
        return settings

    def has(self, free: int, sku: str = SKU, *, again: bool = False) -> int:
        """The pool has so many; every shop is to say so."""
        self.free.numbers[sku] = free
        return wish_free(FIRST, POOL, sku, pooled=self.pooled, store=self.store, clock=self.clock, again=again)

    def tell(self, shop: str = FIRST) -> Step:
        return tell_offers(shop, store=self.store, stocks=self.markets[shop].stocks, clock=self.clock)

    def offer(self, place: Place = HERE, shop: str = FIRST) -> Offer:
        return self.store.offers_at(shop, [place])[place]

    def shown(self, place: Place = HERE, shop: str = FIRST) -> int | None:
        return self.markets[shop].stocks.book.get(place)

    def wait(self, seconds: float = 31) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    def cases(self, shop: str = FIRST) -> list[Case]:
        found = [self.store.case(shop, one) for one in self.store.cases_in(shop).items]
        return [case for case in found if case is not None]

    def messages(self, shop: str = FIRST, after: int = 0) -> list[Routed]:
        """What the shop's watch has had sent, newest last."""
        stored = self.store.events(shop, watch_ref(STOCK_TELLING), after_version=after)
        return [routed for event in stored for routed in route_event(event, label_delay_seconds=0)]

    def ring(self, shop: str = FIRST) -> None:
        """Wait for the watch's alarm and let it ring."""
        watch = self.store.watch(shop, STOCK_TELLING)
        assert watch is not None
        assert watch.next_alarm is not None
        self.clock.time = max(self.clock.time, watch.next_alarm.due)
        alarm = AlarmRef(seller=shop, ref=watch_ref(STOCK_TELLING), intent_id="", due=watch.next_alarm.due)
        assert ring(alarm, store=self.store, clock=self.clock).outcome == "fired"

    def run(self, shop: str = FIRST, until: Callable[[], bool] | None = None) -> float:
        """Let messages and time pass until the shop has told everything. Seconds that took."""
        started = self.clock.now()
        for _ in range(200):
            step = self.tell(shop)
            if (until and until()) or step.next_at is None:
                break
            self.clock.time = max(self.clock.now(), step.next_at)
        return (self.clock.now() - started).total_seconds()
