"""What shops say is for sale."""

import functools

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.keys import Key
from shipby.adapters.dynamodb.rows.kind import Kind
from shipby.adapters.dynamodb.values import Item, item_to_wire
from shipby.domain.availability.offers import Offer
from shipby.domain.availability.places import Place


@functools.cache
def offers() -> Kind[Offer]:
    return Kind("OFFER", Record(Offer))


def offer_item(offer: Offer) -> Item:
    return offers().item(keys.offer(offer.seller, offer.place), offer)


def untold_item(key: Key) -> Item:
    """Nothing but its place."""
    return item_to_wire({"PK": key.pk, "SK": key.sk, "schema": 1})


def place_of(item: Item) -> Place:
    """The place that the key of an offer, or of its mark, names."""
    warehouse, _, article = item["SK"]["S"].removeprefix(keys.OFFER_PREFIX).partition("#")
    return Place(warehouse, article)
