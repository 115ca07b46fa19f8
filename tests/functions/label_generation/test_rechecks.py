"""A changed rule walks over the open orders by the label worker's own queue."""

from __future__ import annotations

from functions.label_generation.handler import handler
from functions.posting_sync.handler import handler as sync
from shipby.application.ports.writes import SaveSettings
from shipby.application.shared.messages import sync_message
from shipby.domain.sellers.check_rules import Check, CheckRule, Severity
from shipby_local.simulator import LineSpec, Simulator
from tests.functions.shop_support import SELLER, LambdaContext, Shop, failed_ids, sqs_event
from tests.support import builders as a

CONTEXT = LambdaContext(millis=60_000)
NONE = CheckRule(name="none", check=Check.PIECES, most=0, severity=Severity.BLOCKING)


def test_every_open_order_is_held_against_a_new_rule_in_messages_of_its_own(shop: Shop, market: Simulator) -> None:
    numbers = [market.add_posting(SELLER, lines=(LineSpec(sku=11 + n),)) for n in range(2)]
    sync(sqs_event(*(dict(sync_message(SELLER, number, hinted_at=None, why="t").body) for number in numbers)), CONTEXT)
    known = shop.store.settings(SELLER)
    version = known.version if known else 0
    shop.store.commit([SaveSettings(a.settings(seller=SELLER, version=version + 1, check_rules=(NONE,)))])

    answer = handler(sqs_event({"seller": SELLER, "task": "recheck"}), CONTEXT)
    assert failed_ids(answer) == []
    [part] = [body for body in shop.bodies("label") if body.get("task") == "recheck"]
    assert sorted(part["postings"]) == sorted(numbers)
    handler(sqs_event(part), CONTEXT)
    for number in numbers:
        posting = shop.store.posting(SELLER, number)
        assert posting is not None
        assert posting.holds == ("odd_quantity",)
