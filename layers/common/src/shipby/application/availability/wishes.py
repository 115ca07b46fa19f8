"""What shops are to say: the free number of a pool, for each of its shops and warehouses, in one transaction.

A number that is not told yet is never lost: its place is among the untold ones from the same transaction on, and the
shop's watch rings until none is left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shipby.application.ports.availability.market import Stocks
from shipby.application.ports.availability.pooled import FreeStock
from shipby.application.ports.clock import Clock
from shipby.application.ports.matters import WatchReads
from shipby.application.ports.sellers import SellerReads
from shipby.application.ports.store import Store
from shipby.application.ports.writes import AppendEvents, SaveOffer, SaveWatch, Write
from shipby.application.shared.retry import decide_anew
from shipby.domain import actors
from shipby.domain.availability.offers import Offer, OfferState, Spot, wished
from shipby.domain.availability.places import Place
from shipby.domain.cases.watch import Watch
from shipby.domain.cases.watches import STOCK_TELLING
from shipby.domain.errors import CredentialsRejectedError, ShipbyError
from shipby.domain.events import Event, EventType, watch_ref
from shipby.domain.json_types import Json
from shipby.domain.postings.posting import Alarm, RungKind
from shipby.domain.sellers.settings import Automation

RING_AGAIN = timedelta(minutes=2)
"""If the message that has a shop tell is lost, its watch sends another one."""
_MOST_ITEMS = 90
"""Of a transaction, which may have 100."""
_KNOWN_FOR = timedelta(minutes=10)
ANY = "*"


class OwnWarehouses:
    """The warehouses that shops have at the marketplace, asked for again after some minutes."""

    def __init__(self, stocks_of: Callable[[str], Stocks], clock: Clock) -> None:
        self._stocks_of, self._clock = stocks_of, clock
        self._known: dict[str, tuple[tuple[str, ...], datetime]] = {}

    def __call__(self, shop: str) -> tuple[str, ...]:
        """Their ids. Raises what `Stocks.warehouses` does."""
        now = self._clock.now()
        found = self._known.get(shop)
        if found is None or abs(now - found[1]) > _KNOWN_FOR:
            found = self._known[shop] = tuple(one.id for one in self._stocks_of(shop).warehouses()), now
        return found[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """Where free numbers come from, and which warehouses a shop has."""

    stock: FreeStock
    warehouses: Callable[[str], Sequence[str]]


def wish_free(
    owner: str, pool: str, sku: str, *, pooled: Pooled, store: Store, clock: Clock, again: bool = False
) -> int:
    """Have every shop of a pool say what is free of an SKU and of the kits that it is in. Returns how many offers that
    changes.

    All of them change in one transaction, so that no shop sells on what another one has sold; of a pool with more than
    some forty places it is one for each shop. A shop whose warehouses cannot be read takes no other with it; its key is
    somebody's matter already where that is rejected.
    Raises VersionConflictError, StoreUnavailableError, and at the end what reading a shop's warehouses did.
    """
    skus = tuple(pooled.stock.with_kits(owner, pool, sku))
    troubles: list[ShipbyError] = []
    places = places_of(owner, pool, pooled, troubles)

    def once() -> int:
        free = pooled.stock.free(owner, pool, skus)
        wishes: dict[str, list[tuple[Spot, int]]] = {}
        for shop, houses in places.items():
            if (tells := tells_itself(shop, store)) is None:
                continue
            wishes[shop] = [
                (Spot(seller=shop, place=Place(house, one), owner=owner, pool=pool, tells=tells), free[one])
                for one in skus
                for house in houses
                if one in free
            ]
        return commit_wishes(wishes, store=store, now=clock.now(), again=again)

    changes = decide_anew(once)
    if waits := [trouble for trouble in troubles if not isinstance(trouble, CredentialsRejectedError)]:
        raise waits[0]
    return changes


def places_of(
    owner: str, pool: str, pooled: Pooled, troubles: list[ShipbyError] | None = None
) -> dict[str, tuple[str, ...]]:
    """Shop -> its warehouses that sell from the pool, `*` resolved to what it has and names nowhere.

    With `troubles`, of a shop whose warehouses cannot be read only those that it names are there, and why is put there:
    one shop takes no other with it.
    """
    found: dict[str, tuple[str, ...]] = {}
    for shop, houses in pooled.stock.shops(owner, pool).items():
        named = [house for house in houses if house != ANY]
        try:
            own = pooled.warehouses(shop) if ANY in houses else ()
        except ShipbyError as error:
            if troubles is None:
                raise
            troubles.append(error)
            own = ()
        elsewhere = set(pooled.stock.named(shop)) if own else set()
        named += [house for house in own if house not in elsewhere]
        found[shop] = tuple(dict.fromkeys(named))
    return found


def tells_itself(shop: str, store: SellerReads) -> bool | None:
    """Whether a shop's numbers are told by themselves; False: they are only worked out, None: not even that."""
    settings = store.settings(shop)
    if settings is None or settings.tell_stock is Automation.OFF:
        return None
    return settings.tell_stock is Automation.ON


def commit_wishes(
    wishes: Mapping[str, Sequence[tuple[Spot, int]]], *, store: Store, now: datetime, again: bool = False
) -> int:
    """Write what changes, in one transaction if it fits into one, and wake the shops that have to tell."""
    parts: list[list[Write]] = []
    changes = 0
    for shop, wanted in wishes.items():
        known = store.offers_at(shop, [spot.place for spot, _ in wanted])
        saves: list[SaveOffer] = []
        for spot, free in wanted:
            before = known.get(spot.place)
            after = wished(spot, before, free, at=now, again=again)
            if after is not None:
                saves.append(SaveOffer(after, marks=_marks(before, after)))
        changes += len(saves)
        parts += _parts(shop, saves, store, now)
    if sum(map(_items, parts)) <= _MOST_ITEMS:
        parts = [[write for part in parts for write in part]]
    for part in parts:
        if part:
            store.commit(part)
    return changes


def _parts(shop: str, saves: Sequence[SaveOffer], store: WatchReads, now: datetime) -> list[list[Write]]:
    """A shop's changes, cut so that each fits; the first one wakes it, as each of the others is told with it."""
    found: list[list[Write]] = []
    size = (_MOST_ITEMS - 2) // 2
    for start in range(0, len(saves), size):
        part: list[Write] = list(saves[start : start + size])
        if start == 0 and any(save.offer.state is OfferState.WAITS for save in saves):
            part += waking(shop, store, now=now)
        found.append(part)
    # Woken last: whoever is woken by it finds all of them.
    return found[::-1]


def _items(part: Sequence[Write]) -> int:
    return sum(2 if isinstance(write, SaveOffer) and write.marks else 1 for write in part)


def _marks(before: Offer | None, after: Offer) -> bool:
    waited = before is not None and before.state is OfferState.WAITS
    return waited is not (after.state is OfferState.WAITS)


def waking(shop: str, store: WatchReads, *, now: datetime, due: datetime | None = None) -> list[Write]:
    """What has a shop tell at a time, or at once; its watch rings if nobody does."""
    known = store.watch(shop, STOCK_TELLING)
    at = max(due or now, now)
    watch = Watch(
        seller=shop,
        id=STOCK_TELLING,
        version=known.version + 1 if known else 1,
        checked_at=now,
        state="waits",
        data=known.data if known else {},
        next_alarm=Alarm(due=at + RING_AGAIN, kind=RungKind.LOOK_AGAIN),
    )
    wait = -(-(at - now) // timedelta(seconds=1))
    data: dict[str, Json] = {"in_seconds": wait}
    event = Event(type=EventType.STOCK_UNTOLD, at=now, actor=actors.STOCK, data=data)
    return [SaveWatch(watch), AppendEvents(shop, watch_ref(STOCK_TELLING), watch.version, (event,))]


def resting(shop: str, store: WatchReads, *, now: datetime) -> list[Write]:
    """What lets a shop's watch rest: everything is told. Nothing where it rests already."""
    known = store.watch(shop, STOCK_TELLING)
    if known is None or known.next_alarm is None:
        return []
    watch = replace(known, version=known.version + 1, checked_at=now, state="told", next_alarm=None)
    event = Event(type=EventType.WATCH_CHANGED, at=now, actor=actors.STOCK, data={"state": watch.state})
    return [SaveWatch(watch), AppendEvents(shop, watch_ref(STOCK_TELLING), watch.version, (event,))]
