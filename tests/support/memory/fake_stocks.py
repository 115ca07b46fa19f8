"""Stock at the marketplace in memory, with its 30 seconds between two numbers of a pair."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from shipby.adapters.ozon.stocks import stock_refusal
from shipby.application.ports.availability.market import OfferedStock, OwnWarehouse, Told
from shipby.application.ports.clock import Clock
from shipby.application.ports.pages import Page
from shipby.domain.availability.places import Place

TOO_SOON = timedelta(seconds=30)


class FakeStocks:
    """`book` is what is for sale, `reserved` what buyers have ordered; a place without a book entry is no refusal.

    `codes` refuses places, `silent` leaves them out of the answer although they were taken.
    """

    def __init__(self, begin: Callable[[str], Any], act: Callable[[str, Callable[[], Any]], Any], clock: Clock) -> None:
        self._begin, self._act, self._clock = begin, act, clock
        self.book: dict[Place, int] = {}
        self.reserved: dict[Place, int] = {}
        self.codes: dict[Place, str] = {}
        self.silent: set[Place] = set()
        self.own: tuple[OwnWarehouse, ...] = ()
        self.told: list[dict[Place, int]] = []
        """Each call with all its pairs."""
        self._at: dict[Place, datetime] = {}
        self.too_soon = 0

    def tell(self, amounts: Mapping[Place, int]) -> Sequence[Told]:
        def effect() -> Sequence[Told]:
            self.told.append(dict(amounts))
            return [self._tell(place, stock) for place, stock in amounts.items()]

        found: Sequence[Told] = self._act("stocks.tell", effect)
        return found

    def _tell(self, place: Place, stock: int) -> Told:
        now = self._clock.now()
        code = self.codes.get(place, "")
        if not code and place in self._at and now - self._at[place] < TOO_SOON:
            self.too_soon += 1
            code = "TOO_MANY_REQUESTS"
        if code:
            return Told(place=place, refusal=stock_refusal(code), code=code, text=code)
        self._at[place] = now
        self.book[place] = stock
        return Told(place=place, unknown=place in self.silent)

    def of_offers(self, offers: Sequence[str], *, cursor: str = "") -> Page[OfferedStock]:
        self._begin("stocks.of_offers")
        found = tuple(
            OfferedStock(
                place=place,
                present=stock + self.reserved.get(place, 0),
                reserved=self.reserved.get(place, 0),
                free=stock,
            )
            for place, stock in sorted(self.book.items())
            if place.offer in offers
        )
        return Page(found, None)

    def warehouses(self) -> Sequence[OwnWarehouse]:
        self._begin("stocks.warehouses")
        return self.own
