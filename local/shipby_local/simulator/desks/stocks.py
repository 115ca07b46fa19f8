"""Stock of sellers' own warehouses: set by calls, reserved by postings, taken by hand-overs.

Invented, as nothing is published about it: that a cancelled posting's pieces can be sold again at once, that a number
which is set keeps what is reserved beside it, and that an oversold warehouse shows 0 free pieces. A seller who never
set a stock has none here, and sells all the same.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from shipby_local.simulator import words
from shipby_local.simulator.desks.stock_model import Hold, Product, Stock, pair_key
from shipby_local.simulator.model import Posting, SellerAccount
from shipby_local.simulator.pushes.planning import Outbox
from shipby_local.simulator.world import World

AGAIN_AFTER = timedelta(seconds=30)
"""Between two numbers of one pair. official."""
BELOW = 1_000_000
"""official, STOCK_TOO_BIG."""


class StockDesk:
    """The only code that changes stock."""

    def __init__(self, world: World, outbox: Outbox) -> None:
        self._world = world
        self._outbox = outbox

    def product(self, client_id: str, offer_id: str, sku: int = 0, refused_as: str = "") -> Product:
        """Makes an article, or changes it."""
        world = self._world
        known = world.products.get(f"{client_id}:{offer_id}")
        made = known or Product(client_id, offer_id, sku, world.next_id("product", 313_455_276))
        made.sku, made.refused_as = sku or made.sku, refused_as
        return world.products.put(made)

    def find(self, client_id: str, offer_id: str, product_id: int) -> Product | None:
        """A seller's article by its own id, else by the marketplace's."""
        products = self._world.products
        if offer_id:
            return products.get(f"{client_id}:{offer_id}")
        return next((p for p in products.all() if (p.client_id, p.product_id) == (client_id, product_id)), None)

    def refusal(self, seller: SellerAccount, product: Product | None, warehouse_id: int, amount: int) -> str:
        """The code that setting a pair ends with; "" if it can be set. Published codes only."""
        if product is None:
            return "offer_id_not_found"
        if warehouse_id not in seller.warehouse_ids:
            return "WAREHOUSE_NOT_FOUND"
        if amount >= BELOW:
            return "STOCK_TOO_BIG"
        if product.refused_as:
            return product.refused_as
        stock = self._world.stocks.get(pair_key(seller.client_id, warehouse_id, product.offer_id))
        again = stock is not None and stock.set_at is not None and self._world.now() - stock.set_at < AGAIN_AFTER
        return "TOO_MANY_REQUESTS" if again else ""

    def set(self, product: Product, warehouse_id: int, amount: int) -> Stock:
        """What is for sale from now on; what is reserved stays beside it."""
        stock = self._stock(product, warehouse_id)
        stock.present, stock.set_at = amount + stock.reserved, self._world.now()
        return self._told(stock)

    def drift(self, product: Product, warehouse_id: int, present: int) -> Stock:
        """Somebody changes the number in the cabinet: no limit of calls applies."""
        stock = self._stock(product, warehouse_id)
        stock.present = present
        return self._told(stock)

    def follow(self, posting: Posting) -> None:
        """Reserves for a posting what it still wants, lets go of what it does not, takes out what has left."""
        hold = self._world.stock_holds.get(posting.number)
        offers = {line.offer_id for line in posting.lines} | set(hold.pieces if hold is not None else ())
        stocks = {offer_id: stock for offer_id in sorted(offers) if (stock := self._pair(posting, offer_id))}
        if not stocks or (hold is not None and hold.left):
            return
        left = posting.handed_over_at is not None
        if hold is None and (left or posting.status in words.TERMINAL):
            self._world.stock_holds.put(Hold(posting.number, left=True))
            return
        held = hold.pieces if hold is not None else {}
        wanted: Counter[str] = Counter()
        if posting.status not in (words.CANCELLED, words.SPLIT):
            for line in posting.lines:
                wanted[line.offer_id] += line.quantity
        for offer_id, stock in stocks.items():
            change = wanted[offer_id] - held.get(offer_id, 0)
            takes = wanted[offer_id] if left else 0
            stock.reserved += change - takes
            stock.present -= takes
            if change or takes:
                self._told(stock)
        pieces = {offer_id: count for offer_id, count in wanted.items() if offer_id in stocks}
        self._world.stock_holds.put(Hold(posting.number, pieces, left))

    def _pair(self, posting: Posting, offer_id: str) -> Stock | None:
        return self._world.stocks.get(pair_key(posting.client_id, posting.warehouse_id, offer_id))

    def _stock(self, product: Product, warehouse_id: int) -> Stock:
        """The pair; a new one counts what waits to leave already."""
        world, client_id, offer_id = self._world, product.client_id, product.offer_id
        known = world.stocks.get(pair_key(client_id, warehouse_id, offer_id))
        if known is not None:
            return known
        made = Stock(client_id, warehouse_id, offer_id, product.sku, product.product_id, world.now())
        world.stocks.put(made)
        for posting in world.postings.all():
            if (posting.client_id, posting.warehouse_id) == (client_id, warehouse_id) and posting.history:
                self.follow(posting)
        return made

    def _told(self, stock: Stock) -> Stock:
        stock.updated_at = self._world.now()
        self._world.stocks.put(stock)
        self._outbox.stock_changed(stock)
        return stock
