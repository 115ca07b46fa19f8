"""From `/v1/posting/fbs/restrictions` to `DropOffLimits`: grams, centimetres, roubles."""

from __future__ import annotations

from decimal import Decimal

from shipby.adapters.ozon.assumptions import NO_RESTRICTION
from shipby.adapters.ozon.reading.answers import Node, unreadable
from shipby.domain.validation.limits import DropOffLimits


def limits_of(node: Node) -> DropOffLimits:
    """Raises UnreadableAnswerError, naming the field, if one is not what the API description says."""
    return DropOffLimits(
        least_grams=_whole(node, "min_posting_weight"),
        most_grams=_whole(node, "max_posting_weight"),
        sides_cm=tuple(_whole(node, side) for side in ("length", "width", "height")),
        least_roubles=_whole(node, "min_posting_price"),
        most_roubles=_whole(node, "max_posting_price"),
    )


def _whole(node: Node, key: str) -> int:
    """Numbers by the schema, which does not say whether they are whole: a part of one more is no room for one more."""
    value: Decimal = node.decimal(key)
    if value < NO_RESTRICTION:
        raise unreadable(node.at(key), "a limit")
    return int(value)
