"""What shops say is for sale, and how a pool's articles are bought: their rows and the keys of these.

PK                               SK
SELLER#<s>#OFFERS                OFFER#<warehouse>#<article>
SELLER#<s>#UNTOLD                OFFER#<warehouse>#<article>
SELLER#<s>#SUPPLIES#<pool>       TERMS#<sku>
SELLER#<s>#SUPPLY#<pool>/<sku>   EVENT#<version>#<n>
"""

import functools

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.keys import Key
from shipby.adapters.dynamodb.rows.kind import Kind
from shipby.adapters.dynamodb.values import Item, item_to_wire
from shipby.domain.availability.offers import Offer
from shipby.domain.availability.places import Place
from shipby.domain.availability.purchases import SupplyTerms

OFFER_PREFIX = "OFFER#"
TERMS_PREFIX = "TERMS#"


def offers_pk(seller: str) -> str:
    """The partition of what a shop says is for sale."""
    return f"{keys.seller_pk(seller)}#OFFERS"


def untold_pk(seller: str) -> str:
    """The partition of the places whose newest number waits to be told."""
    return f"{keys.seller_pk(seller)}#UNTOLD"


def offer_key(seller: str, place: Place) -> Key:
    return Key(offers_pk(seller), _at(place))


def supplies_pk(owner: str, pool: str) -> str:
    """The partition of how a pool's articles are bought."""
    return f"{keys.seller_pk(owner)}#SUPPLIES#{keys.part_of_key(pool, 'pool')}"


def supply_key(owner: str, pool: str, sku: str) -> Key:
    return Key(supplies_pk(owner, pool), f"{TERMS_PREFIX}{keys.part_of_key(sku, 'SKU')}")


def untold_key(offer: Offer) -> Key:
    return Key(untold_pk(offer.seller), _at(offer.place))


def _at(place: Place) -> str:
    house = keys.part_of_key(place.warehouse, "warehouse id")
    return f"{OFFER_PREFIX}{house}#{keys.part_of_key(place.offer, 'article', last=True)}"


@functools.cache
def offers() -> Kind[Offer]:
    return Kind("OFFER", Record(Offer))


def offer_item(offer: Offer) -> Item:
    return offers().item(offer_key(offer.seller, offer.place), offer)


@functools.cache
def supplies() -> Kind[SupplyTerms]:
    return Kind("SUPPLY", Record(SupplyTerms))


def supply_item(terms: SupplyTerms) -> Item:
    return supplies().item(supply_key(terms.seller, terms.pool, terms.sku), terms)


def untold_item(key: Key) -> Item:
    """Nothing but its place."""
    return item_to_wire({"PK": key.pk, "SK": key.sk, "schema": 1})


def place_of(item: Item) -> Place:
    """The place that the key of an offer, or of its mark, names."""
    warehouse, _, article = item["SK"]["S"].removeprefix(OFFER_PREFIX).partition("#")
    return Place(warehouse, article)
