"""Labels against the simulated marketplace: asked for together, collected when ready, printed as one PDF."""

from __future__ import annotations

from functions.label_generation.handler import handler
from functions.posting_sync.handler import handler as sync
from shipby.adapters.aws import clients
from shipby.adapters.ozon import OzonClient
from shipby.application.ports.writes import SavePosting
from shipby.application.shared.messages import sync_message
from shipby.domain.events import EventType, posting_ref
from shipby.domain.labels.documents import DocumentState
from shipby_local.simulator import LineSpec, Simulator
from tests.functions.shop_support import SELLER, LambdaContext, Shop, failed_ids, sqs_event
from tests.support import builders as a
from tests.support.waiting import eventually

CONTEXT = LambdaContext(millis=60_000)


def assembled(shop: Shop, market: Simulator, count: int = 2) -> list[str]:
    """Postings that were shipped at the marketplace and are known to be assembled."""
    numbers = [market.add_posting(SELLER, lines=(LineSpec(sku=11 + n),)) for n in range(count)]
    hints = [dict(sync_message(SELLER, number, hinted_at=None, why="test").body) for number in numbers]
    sync(sqs_event(*hints), CONTEXT)
    for n, number in enumerate(numbers):
        _client(market).ship(number, [{str(11 + n): 1}])
    eventually(lambda: all(market.posting(number).status == "awaiting_deliver" for number in numbers))
    sync(sqs_event(*hints), CONTEXT)
    assert all(shop.store.posting(SELLER, number).assembled_at for number in numbers)  # type: ignore[union-attr]  # all are there
    return numbers


def _client(market: Simulator) -> OzonClient:
    return OzonClient(market.base_url, SELLER, "a-key-of-the-seller", requests_per_second=1000)


def fetch(*numbers: str, seller: str = SELLER) -> list[dict[str, str]]:
    return [{"seller": seller, "task": "fetch", "posting": number} for number in numbers]


def labelled(shop: Shop, market: Simulator, count: int = 2) -> list[str]:
    numbers = assembled(shop, market, count)
    handler(sqs_event(*fetch(*numbers)), CONTEXT)

    def done() -> bool:
        shop.deliver("label", handler, millis=60_000)
        return not shop.bodies("label")

    eventually(done)
    return numbers


def test_an_assembled_posting_asks_for_its_label_by_its_event(shop: Shop, market: Simulator) -> None:
    numbers = assembled(shop, market)
    shop.pump()
    assert sorted(body["posting"] for body in shop.bodies("label")) == sorted(numbers)


def test_labels_of_a_batch_are_asked_for_in_one_call_and_each_is_stored_with_what_it_shows(
    shop: Shop, market: Simulator
) -> None:
    numbers = assembled(shop, market)
    assert failed_ids(handler(sqs_event(*fetch(*numbers)), CONTEXT)) == []
    (again,) = shop.bodies("label")
    assert again["task"] == "collect"
    assert sorted(again["postings"]) == sorted(numbers)

    def done() -> bool:
        assert shop.deliver("label", handler, millis=60_000) == []
        return not shop.bodies("label")

    eventually(done)
    for number in numbers:
        document = shop.store.document(SELLER, number, "label")
        assert document is not None
        assert document.state is DocumentState.READY
        assert document.barcodes
        body = clients.s3().get_object(Bucket="shipby-documents", Key=document.key)["Body"].read()
        assert body.startswith(b"%PDF-")
        types = [stored.event.type for stored in shop.store.events(SELLER, posting_ref(number))]
        assert types[-1] is EventType.LABEL_READY


def test_a_label_that_is_not_ready_is_asked_for_again_and_the_others_are_stored(shop: Shop, market: Simulator) -> None:
    numbers = assembled(shop, market)
    market.control("POST", "/_sim/faults", {"kind": "label_never_ready", "posting_number": numbers[0], "times": -1})
    handler(sqs_event(*fetch(*numbers)), CONTEXT)

    def other_is_ready() -> bool:
        shop.deliver("label", handler, millis=60_000)
        posting = shop.store.posting(SELLER, numbers[1])
        return posting is not None and posting.label_ready_at is not None

    eventually(other_is_ready)
    assert shop.bodies("label")

    def given_up() -> bool:
        assert shop.deliver("label", handler, millis=60_000) == []
        document = shop.store.document(SELLER, numbers[0], "label")
        return document is not None and document.state is DocumentState.FAILED

    eventually(given_up)
    assert shop.bodies("label") == []


def test_one_sellers_rejected_key_does_not_stop_anothers_labels(shop: Shop, market: Simulator) -> None:
    (number,) = assembled(shop, market, 1)
    shop.add_seller("700002", api_key="not-the-key-of-this-seller")
    shop.add_seller("700003")
    theirs = a.posting(seller="700002", number="1-0001-1", assembled_at=a.NOW)
    shop.store.commit([SavePosting(theirs)])
    foreign = fetch("1-0001-1", seller="700003")
    collect = {"seller": "700002", "task": "collect", "ids": ["1"], "postings": ["1-0001-1"]}
    assert failed_ids(handler(sqs_event(*foreign, collect, *fetch(number)), CONTEXT)) == ["m0", "m1"]
    assert [body["postings"] for body in shop.bodies("label")] == [[number]]


def test_foreign_messages_fail_alone(shop: Shop, market: Simulator) -> None:
    bad = [
        {"task": "fetch"},
        {"seller": SELLER},
        {"seller": SELLER, "task": "fetch"},
        {"seller": SELLER, "task": "dance"},
        {"seller": SELLER, "task": "collect", "ids": "1", "postings": []},
        {"seller": SELLER, "task": "print", "job": "no-such-job"},
    ]
    assert sorted(failed_ids(handler(sqs_event(*bad, *fetch("1-0001-1")), CONTEXT))) == [f"m{n}" for n in range(6)]
