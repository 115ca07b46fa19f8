"""What the database does of choosing among a board's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shipby.domain.postings.choice import ALL, Choice, Tag
from shipby.domain.postings.goods import has_sku
from shipby.domain.postings.posting import OWN_CARRIER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shipby.adapters.dynamodb.values import Wire

_ONLY_WITH: Mapping[Tag, str] = {
    Tag.LATE: "late",
    Tag.OVERDUE: "overdue",
    Tag.AT_RISK: "at_risk",
    Tag.BLOCKED: "blocked_reason",
    Tag.INTENT_OPEN: "open_intents",
    Tag.SPLIT: "parent_number",
    Tag.ENTRIES_WANTED: "entries_wanted",
}
"""The column that only postings with the tag have."""


def chosen_by(choice: Choice) -> dict[str, Any]:
    """The filter of a listing. It may let more through than is wanted: of SKUs, whose end is looked for."""
    if choice == ALL:
        return {}
    equal = {
        "warehouse_id": choice.warehouse,
        "delivery_method_id": choice.method,
        "scheme": choice.scheme,
        "status": choice.status,
        "integration": OWN_CARRIER if choice.tag is Tag.OWN_CARRIER else "",
    }
    conditions: list[str] = []
    names: dict[str, str] = {}
    values: dict[str, Wire] = {}
    for name, value in equal.items():
        if value:
            conditions.append(f"#{name} = :{name}")
            names[f"#{name}"], values[f":{name}"] = name, {"S": value}
    if choice.sku:
        conditions.append("contains(#goods, :goods)")
        names["#goods"], values[":goods"] = "goods", {"S": has_sku(choice.sku)}
    if choice.late is not None:
        conditions.append(f"{'attribute_exists' if choice.late else 'attribute_not_exists'}(#late)")
        names["#late"] = "late"
    if choice.tag is not None and choice.tag in _ONLY_WITH:
        conditions.append("attribute_exists(#tag)")
        names["#tag"] = _ONLY_WITH[choice.tag]
    if not conditions:
        return {}
    return {"only": " AND ".join(conditions), "only_values": values, "only_names": names}
