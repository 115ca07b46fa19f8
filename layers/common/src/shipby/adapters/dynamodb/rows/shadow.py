"""What automatic decisions would have been."""

import functools
from datetime import UTC, timedelta

from shipby.adapters.dynamodb import keys
from shipby.adapters.dynamodb.codec import Record
from shipby.adapters.dynamodb.rows.kind import Kind, ttl
from shipby.adapters.dynamodb.values import Item
from shipby.domain.shadow import ShadowDecision

SHADOW_KEPT = timedelta(days=90)


@functools.cache
def shadows() -> Kind[ShadowDecision]:
    return Kind("SHADOW", Record(ShadowDecision))


def shadow_item(decision: ShadowDecision) -> Item:
    day = decision.at.astimezone(UTC).date()
    key = keys.shadow(decision.seller, day, decision.at, decision.id)
    return shadows().item(key, decision, {"ttl": ttl(decision.at + SHADOW_KEPT)})
