"""A split without assembly, and the number of boxes.

Invented, as no official example exists: that the parent of a split ends as it does when it is assembled in packages,
that everything has to be in one of the parcels, every refusal's code (those of the assembly), and that a posting of
goods of several boxes is assembled as one box where nobody said how many there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from shipby_local.simulator import words
from shipby_local.simulator.api.call import Call, Method
from shipby_local.simulator.api.shipping import goods_of, shippable
from shipby_local.simulator.errors import invalid
from shipby_local.simulator.model import Posting
from shipby_local.simulator.words import Json


def split(call: Call) -> Json:
    posting = shippable(call, pieces=False)
    parcels = [goods_of(part.parts("products")) for part in call.body.parts("postings")]
    if len(parcels) < 2 or not all(parcels):
        raise invalid("Request validation error: invalid Postings: value must contain at least 2 item(s)")
    have = {line.sku: line.quantity for line in posting.lines}
    total = sum((Counter(parcel) for parcel in parcels), Counter[int]())
    if set(total) - set(have):
        raise invalid("UNKNOWN_PRODUCT_DEFINED")
    if total != Counter(have):
        raise invalid("HAS_INCORRECT_PRODUCT_QUANTITY")
    call.market.note(posting, call.path, postings=[{str(sku): n for sku, n in goods.items()} for goods in parcels])
    parts = call.market.split(posting, parcels)
    return {"parent_posting": _told(posting, have), "postings": [_told(part, _held(part)) for part in parts]}


def set_boxes(call: Call) -> Json:
    posting = call.posting(call.body.text("posting_number"))
    count = call.body.integer("multi_box_qty")
    if posting.integration != words.AGGREGATOR:
        raise invalid("HAS_INCORRECT_TPL_INTEGRATION_TYPE")
    if posting.status != words.AWAITING_PACKAGING or posting.ship_in_process:
        raise invalid("HAS_INCORRECT_STATUS")
    if count < 1:
        raise invalid("Request validation error: invalid MultiBoxQty: value must be greater than 0")
    posting.multi_box_qty = count
    call.market.note(posting, call.path, boxes=count)
    return {"result": {"result": True}}


def _held(posting: Posting) -> dict[int, int]:
    return {line.sku: line.quantity for line in posting.lines}


def _told(posting: Posting, goods: Mapping[int, int]) -> Json:
    products = [{"product_id": sku, "quantity": count} for sku, count in goods.items()]
    return {"posting_number": posting.number, "products": products}


METHODS: dict[str, Method] = {
    "/v1/posting/fbs/split": split,
    "/v3/posting/multiboxqty/set": set_boxes,
}
