"""Fixtures: a deployment on moto with the real handlers, and the simulated marketplace."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
from moto import mock_aws
from moto.moto_api._internal.models import moto_api_backend

from functions.deadline_sweep import wiring as sweep_wiring
from functions.deadline_sweep import worker_wiring as alarm_wiring
from functions.label_generation import wiring as label_wiring
from functions.marketplace_poll import wiring as poll_wiring
from functions.notifications import wiring as notice_wiring
from functions.order_webhook import wiring as webhook_wiring
from functions.posting_sync import wiring as sync_wiring
from functions.refunds import wiring as refunds_wiring
from functions.stream_router import wiring as router_wiring
from functions.tracking import wiring as tracking_wiring
from functions.webhooks import wiring as hooks_wiring
from shipby import observability
from shipby.adapters.aws import clients
from shipby.adapters.dynamodb.client import dynamodb_client
from shipby_local.simulator import Simulator, SimulatorSettings
from tests.functions.shop_support import REGION, SELLER, Shop, make_queues, make_table

WIRINGS = (
    sweep_wiring,
    alarm_wiring,
    label_wiring,
    poll_wiring,
    notice_wiring,
    webhook_wiring,
    sync_wiring,
    refunds_wiring,
    router_wiring,
    tracking_wiring,
    hooks_wiring,
)
RATES = (
    (label_wiring, "LABEL_GENERATION_RATE"),
    (poll_wiring, "MARKETPLACE_POLL_RATE"),
    (notice_wiring, "NOTIFICATIONS_RATE"),
    (sync_wiring, "POSTING_SYNC_RATE"),
    (refunds_wiring, "REFUNDS_RATE"),
    (tracking_wiring, "TRACKING_RATE"),
)
"""Each worker's share of the marketplace's requests, and where its wiring has it from."""

CLIENTS = (clients.sqs, clients.events, clients.ssm, clients.s3, dynamodb_client)


def forget_processes() -> None:
    """Make every wiring, the log and the metrics anew, as a new Lambda process would: all read the environment once."""
    for wiring in WIRINGS:
        wiring.parts.cache_clear()
    tracking_wiring.services.cache_clear()
    observability.logger.cache_clear()


@pytest.fixture(scope="module")
def moto_world() -> Iterator[None]:
    """AWS in process. Making clients is slow, so they are kept for a module, while every test gets an empty world."""
    patch = pytest.MonkeyPatch()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
    }.items():
        patch.setenv(name, value)
    # What runs on this machine is real: the marketplace, a seller's messenger.
    with mock_aws(config={"core": {"passthrough": {"urls": [r"http://127\.0\.0\.1.*"]}}}):
        for client in CLIENTS:
            client.cache_clear()
        yield
    for client in CLIENTS:
        client.cache_clear()
    patch.undo()


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A marketplace that is about a thousand times faster than the real one, with one seller."""
    quick = SimulatorSettings(
        engine_interval=0.02,
        ship_delay=0.05,
        registration_delay=0.05,
        label_delay=0.1,
        label_task_delay=0.02,
        rate_limit_per_second=10_000,
    )
    with Simulator(quick) as running:
        running.add_seller(client_id=SELLER, api_key="a-key-of-the-seller")
        yield running


@pytest.fixture
def shop(moto_world: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A deployment without a marketplace; `OZON_BASE_URL` leads nowhere."""
    moto_api_backend.reset()
    urls = make_queues()
    for name, value in {
        "POWERTOOLS_SERVICE_NAME": "shipby-test",
        "POWERTOOLS_METRICS_NAMESPACE": "Shipby",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "TABLE_NAME": "shipby",
        "EVENT_BUS_NAME": "shipby-test",
        "DOCUMENT_BUCKET": "shipby-documents",
        "PARAMETER_PREFIX": "/shipby/test",
        "STAGE": "local",
        "OZON_BASE_URL": "http://127.0.0.1:1",
        "WEBHOOK_PARAMETERS": "/shipby/test",
        "LABEL_DELAY_SECONDS": "3",
        "SWEEP_LOOK_AHEAD_SECONDS": "60",
        **{f"{name.upper()}_QUEUE_URL": url for name, url in urls.items()},
    }.items():
        monkeypatch.setenv(name, value)
    forget_processes()
    make_table("shipby")
    clients.events().create_event_bus(Name="shipby-test")
    clients.s3().create_bucket(Bucket="shipby-documents", CreateBucketConfiguration={"LocationConstraint": REGION})
    log = io.StringIO()
    handler = observability.logger().registered_handler
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(log)
    yield Shop(urls, log)
    handler.setStream(before)
    forget_processes()


@pytest.fixture
def market(shop: Shop, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """The marketplace of the shop's one seller, registered on both sides.

    Its rate limit is off, and so is our pacing below it, which would be most of what these tests wait for.
    """
    for wiring, rate in RATES:
        monkeypatch.setattr(wiring, rate, 10_000.0)
    monkeypatch.setenv("OZON_BASE_URL", simulator.base_url)
    shop.add_seller(api_key="a-key-of-the-seller")
    return simulator
