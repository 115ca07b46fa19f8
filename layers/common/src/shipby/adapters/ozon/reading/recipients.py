"""From a posting of /v3/posting/fbs/get to the recipient as printed on a label of the seller's own.

The only module that reads names, addresses and phones. They go to the caller and nowhere else, but for `address_check`:
an unreadable answer is reported by the name of its field, never by its value.
"""

from __future__ import annotations

import hashlib

from shipby.adapters.ozon.assumptions import RECIPIENT_EXTENSION
from shipby.adapters.ozon.reading.answers import Node
from shipby.domain.labels.own_labels import Party
from shipby.domain.postings.posting import NO_ADDRESS


def recipient_of(node: Node) -> Party | None:
    """Who gets the parcel, or None where the marketplace names nobody (it delivers FBS parcels itself).

    Raises MarketplaceUnavailableError, naming the field, if a field is not what the API description says.
    """
    addressee, customer = node.node("addressee"), node.node("customer")
    name = addressee.text("name") or customer.text("name")
    address = _address(customer.node("address"))
    phone = addressee.text("phone") or customer.text("phone")
    if not name and not address:
        return None
    pin = addressee.text("pin")
    # The number is a substitute one: without its extension nobody is reached.
    return Party(name=name, address=address, phone=f"{phone} {RECIPIENT_EXTENSION} {pin}" if phone and pin else phone)


def address_check(node: Node, number: str) -> str:
    """16 bits that tell whether the address of a posting is another one, and from which nobody finds it: one of every
    65,536 addresses has the same. "" where no buyer is named, NO_ADDRESS where no address is.

    Raises MarketplaceUnavailableError, naming the field.
    """
    customer = node.node("customer")
    if not customer.fields:
        return ""
    address = " ".join(_address(customer.node("address")).casefold().split())
    return hashlib.sha256(f"{number}\n{address}".encode()).hexdigest()[:4] if address else NO_ADDRESS


def _address(node: Node) -> str:
    tail = node.text("address_tail")
    # Whether the tail repeats the city is not documented; what it holds already is not printed twice.
    above = [node.text(key) for key in ("zip_code", "country", "region", "city", "district")]
    before = dict.fromkeys(part for part in above if part and part.casefold() not in tail.casefold())
    return ", ".join([*before, *([tail] if tail else [])])
