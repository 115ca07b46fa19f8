"""Kinds of pointers: what a seller's values are found by. The values are stored; they never change."""

from typing import Final

BADGE: Final = "badge"
"""A person of the shop, by the sha256 of their badge's code."""
CARRIAGE: Final = "carriage"
"""A carriage of ours, by the marketplace's id of it."""
CARRIAGE_DAY: Final = "carriage_day"
"""The carriage that is still open to changes, by its delivery method and day."""
CASE: Final = "case"
"""An open case, by its matter."""
CLAIM: Final = "claim"
"""An open claim, by its matter."""
CLAIM_MESSAGE: Final = "claim-message"
"""The claim or the case that a chat message led to, by message and posting."""
EXCHANGE: Final = "exchange"
"""The return that a posting replaces, by the posting's number."""
EVERY_SHOP: Final = "*"
"""Stands where a seller does in a pointer that all shops of the deployment, which is one owner's, share."""
EXEMPLAR: Final = "exemplar"
"""Seller and posting (`<seller>/<number>`), by a code of one of its pieces: mark, IMEI, UIN; shared by every shop."""
ITEM: Final = "item"
"""A SKU, by a barcode of its product card."""
LABEL: Final = "label"
"""A posting, by a code on its label."""
PART: Final = "part"
"""The first part of a split that was read, by the posting that was split, while that is not known."""
RETURN: Final = "return"
"""A return, by a code of its goods."""
TRACKING: Final = "tracking"
"""A posting, by its present tracking number."""
FORMER_TRACKING: Final = "former_tracking"
"""A posting, by a tracking number that it had; it stays its own for ever."""


def scope(seller: str, kind: str) -> str:
    """Under whom a pointer of this kind stands: the seller, or every shop."""
    return EVERY_SHOP if kind == EXEMPLAR else seller
