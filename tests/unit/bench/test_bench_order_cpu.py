"""One order through every function of a plain one, and its calls once more."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from bench import order_cpu
from bench.parts.whole_order import Deployment, Ran, one_order
from shipby import observability
from shipby.adapters.aws import clients, documents
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws.marketplaces import SsmMarketplaces


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    from functions.deadline_sweep import wiring as sweep
    from functions.deadline_sweep import worker_wiring as worker
    from functions.label_generation import wiring as labels
    from functions.notifications import wiring as notices
    from functions.order_webhook import handler as webhook
    from functions.order_webhook import wiring as door
    from functions.posting_sync import wiring as sync
    from functions.refunds import wiring as intents
    from functions.seller_api import wiring as api
    from functions.stream_router import wiring as router

    kept = dict(os.environ)
    # The bench replaces these for good; they come back here.
    for module, names in (
        (documents, ("S3DocumentStore",)),
        (labels, ("PdfLabelPapers", "ReportlabPress")),
        (notices, ("AppriseChannels",)),
        (webhook, ("utc_now",)),
        (SystemClock, ("now",)),
        (SsmMarketplaces, ("of",)),
    ):
        for name in names:
            monkeypatch.setattr(module, name, getattr(module, name))
    wirings = (sweep, worker, labels, notices, door, sync, intents, api, router)
    caches = (*(wiring.parts for wiring in wirings), clients.dynamodb, clients.sqs, clients.events)
    logs = (observability.logger,)
    for cache in (*caches, *logs):
        cache.cache_clear()
    yield Deployment()
    for cache in (*caches, *logs):
        cache.cache_clear()
    os.environ.clear()
    os.environ.update(kept)


def test_an_order_goes_through_every_function_and_its_calls_are_made_again(shop: Deployment) -> None:
    one_order(shop, "24000001-0020-1")

    functions = {"order_webhook", "stream_router", "sync", "label", "intent", "notify", "alarm", "deadline_sweep"}
    assert set(shop.ran) == functions | {"seller_api"}
    assert (shop.ran["order_webhook"].invocations, shop.ran["intent"].invocations) == (4, 1)
    asked = {name: len(own.asked) for name, own in shop.ran.items()}
    shop.replay()
    assert {name: own.calls for name, own in shop.ran.items()} == asked
    assert all(own.seconds > 0 and own.bare > 0 for own in shop.ran.values())
    one_order(shop, "24000002-0020-1")
    assert {name: len(own.asked) for name, own in shop.ran.items() if len(own.asked) > asked[name]} == {}


def test_the_ratio_is_of_all_functions_together() -> None:
    ran = {
        "a": Ran(seconds=3.0, invocations=2, calls=4, bare=2.0),
        "sync": Ran(seconds=1.0, invocations=2, calls=2, bare=1.0),
    }
    assert order_cpu.ratio(ran) == 4 / 3
    assert order_cpu.rows(ran, 2) == [
        ("a", "1", "2", "1500.0 ms", "1000.0 ms", "1.50"),
        ("posting_sync", "1", "1", "500.0 ms", "500.0 ms", "1.00"),
        ("**one order**", "**2**", "**3**", "**2000.0 ms**", "**1500.0 ms**", "**1.33**"),
    ]
