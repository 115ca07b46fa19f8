"""What a scan at the bench reads: at most three requests, whatever the posting and the shop hold."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from moto import mock_aws

from shipby.adapters.dynamodb import DynamoDBStore
from shipby.adapters.dynamodb.table import table_definition
from shipby.application.ports.writes import AppendEvents, SaveDetail, SaveDocument, SavePosting, SaveProductCard
from shipby.domain.events import posting_ref
from shipby.domain.labels.documents import DocumentState
from shipby.domain.packing.cards import ProductCard
from shipby.domain.packing.marks import GS, Mark
from shipby.domain.postings.posting import Stage
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

PROOF = f"91EE06{GS}92VW/n3g0hYP6kqx1WjVy/fnpKT+i7N3FT8QPUyzzKQT4="
READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"})


def product(place: int) -> ProductCard:
    body = f"0460{place:09d}"
    weighed = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(body))
    return ProductCard(seller=a.SELLER, sku=f"9{place:08d}", version=1, barcodes=(f"{body[1:]}{-weighed % 10}",))


@pytest.mark.parametrize("products", [1, 16])
def test_a_scan_reads_three_times_at_most_whatever_the_posting_holds(products: int) -> None:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-central-1")
        client.create_table(**table_definition("shipby"))
        store = DynamoDBStore(client, "shipby", alarm_shards=2, clock=a.FixedClock())
        cards = [product(place) for place in range(products)]
        lines = tuple(a.line(sku=card.sku, offer_id=card.sku, quantity=1) for card in cards)
        detail = a.detail(lines=lines, requirements={"mandatory_mark": (cards[0].sku,)}, actions=("ship",))
        posting = a.posting(stage=Stage.CONFIRMED)
        written = AppendEvents(a.SELLER, posting_ref(a.NUMBER), posting.version, (a.event(),))
        store.commit([SavePosting(posting), SaveDetail(a.SELLER, detail), written])
        store.commit([SaveProductCard(card) for card in cards])
        store.commit([SaveDocument(a.document(id="label", state=DocumentState.READY, key="k", pages=1))])
        api, counted = Caller(store, a.FixedClock()), list[str]()

        def note(model: Any, **_: Any) -> None:
            counted.append(model.name)

        # Who scans is read once a minute by a process, for the name beside what they did.
        assert api.get(f"/v1/postings/{a.NUMBER}/events").status == 200
        api.post(f"/v1/postings/{a.NUMBER}/scans/reset", {"reason": "begin"}, key="begin")
        client.meta.events.register("before-call.dynamodb.*", note)
        scans = [cards[0].barcodes[0], Mark(f"0{cards[0].barcodes[0]}", "FGXEAGA5a1GA(", PROOF).code]
        for beep, code in enumerate([*scans, *(card.sku for card in cards[1:])]):
            counted.clear()
            reply = api.post(f"/v1/postings/{a.NUMBER}/scans", {"code": code}, key=f"beep-{beep}")
            assert reply.status == 200, reply.body
            assert len([each for each in counted if each in READS]) <= 3, counted
        assert reply.body["stage"] == "packed"
