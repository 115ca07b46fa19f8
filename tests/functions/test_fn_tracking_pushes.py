"""Pushes of the tracking service: stored before they are answered, and a log line for each that is refused."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from bench.write_units import Meter
from functions.tracking import handler as tracking
from shipby.adapters.dynamodb import DynamoDBStore
from shipby.adapters.dynamodb.table import table_definition
from shipby.application.ports.writes import ClaimPointer, SaveIntent, SavePosting
from shipby.application.settling.settle import Settled
from shipby.application.tracking.following.follow import keep_scans
from shipby.domain import pointers
from shipby.domain.carriers.s10 import s10
from shipby.domain.intents import IntentAction, IntentState
from shipby.domain.tracking.scans import Scan, ScanStatus
from shipby_local.simulator.seventeentrack.account import SeventeenTrackSimulator
from tests.functions.shop_support import SELLER, LambdaContext, Shop, event
from tests.support import builders as a

NUMBER, KEY = s10("RB", 1, "CN"), "key-of-the-tracking-account"
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def account() -> SeventeenTrackSimulator:
    account = SeventeenTrackSimulator(key=KEY)
    account.happens(NUMBER, NOW - timedelta(days=1), "InTransit_PickedUp", "принято")
    return account


@pytest.fixture
def known(shop: Shop) -> Shop:
    shop.add_seller()
    shop.put_parameter(SELLER, "17track", {"api_key": KEY})
    shop.store.commit([ClaimPointer(SELLER, pointers.TRACKING, NUMBER, a.NUMBER)])
    return shop


def send(raw: bytes, sign: str, seller: str = SELLER, *, binary: bool = False) -> Any:
    made = event("http_push")
    made["pathParameters"] = {"seller": seller}
    made["headers"] = {**made["headers"], "Sign": sign}
    made["body"] = base64.b64encode(raw).decode() if binary else raw.decode()
    made["isBase64Encoded"] = binary
    return tracking.handler(made, LambdaContext())


def lines(shop: Shop) -> list[tuple[str, str]]:
    return [(line["level"], line["push"]) for line in shop.logged() if "push" in line]


@pytest.mark.parametrize("binary", [False, True])
def test_a_push_is_stored_before_it_is_answered(known: Shop, account: SeventeenTrackSimulator, binary: bool) -> None:
    answer = send(*account.push(NUMBER), binary=binary)
    assert answer["statusCode"] == 200
    [scan] = known.store.scans(SELLER, NUMBER).items
    assert (scan.status, scan.words, scan.source) == (ScanStatus.ACCEPTED, "принято", "17track")
    assert lines(known) == [("INFO", "stored")]


def test_forged_and_repeated_ones_have_a_log_line_that_holds_nothing_of_them(
    known: Shop, account: SeventeenTrackSimulator
) -> None:
    raw, sign = account.push(NUMBER)
    assert send(raw, "0" * 64)["statusCode"] == 404
    assert send(raw, sign, "700777")["statusCode"] == 404
    assert send(raw, "0" * 64)["body"] == send(raw, sign, "700777")["body"], "a stranger learns nothing"
    assert send(raw, sign)["statusCode"] == 200
    assert send(raw, sign)["statusCode"] == 200, "the service may not have got the first answer"
    assert lines(known) == [("WARNING", "forged")] * 4 + [("INFO", "stored"), ("WARNING", "repeated")]
    assert NUMBER not in known.log.getvalue()
    assert KEY not in known.log.getvalue()


def test_a_seller_without_an_account_gets_none(shop: Shop, account: SeventeenTrackSimulator) -> None:
    shop.add_seller()
    assert send(*account.push(NUMBER))["statusCode"] == 404


def test_what_is_not_stored_is_sent_again(
    known: Shop, account: SeventeenTrackSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shipby.domain.errors import StoreUnavailableError

    def down(*_: object) -> None:
        raise StoreUnavailableError("throttled")

    monkeypatch.setattr(DynamoDBStore, "commit", down)
    assert send(*account.push(NUMBER))["statusCode"] == 503
    assert lines(known) == [("WARNING", "not_stored")]


def test_a_number_that_was_set_is_registered_and_a_service_that_is_gone_is_asked_again(
    known: Shop, account: SeventeenTrackSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    posting = a.posting(seller=SELLER, integration="non_integrated", tracking_number=NUMBER)
    intent = a.intent(
        seller=SELLER, posting_number=posting.number, action=IntentAction.SET_TRACKING, state=IntentState.CONFIRMED
    )
    known.store.commit([SavePosting(posting), SaveIntent(intent)])
    account.registered.clear()
    account.start()
    monkeypatch.setenv("TRACKING_SERVICE_URL", account.url)
    account.fail.append(503)
    settled: dict[str, Settled | Exception] = {intent.id: Settled(intent), "other": ValueError("not settled")}
    assert list(tracking._follow(SELLER, settled)) == [intent.id]
    assert tracking._follow(SELLER, settled) == {}
    assert list(account.registered) == [NUMBER]
    account.stop()


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Meter]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(**table_definition("scans"))
        yield Meter(client, "scans")


def test_a_tracking_event_costs_at_most_four_write_units_and_a_repeated_one_none(meter: Meter) -> None:
    store = DynamoDBStore(meter, "scans")  # type: ignore[arg-type]  # metered
    store.commit([ClaimPointer(SELLER, pointers.TRACKING, NUMBER, a.NUMBER)])
    longest = [
        Scan(
            at=NOW - timedelta(hours=index),
            status=ScanStatus.IN_TRANSIT,
            words="离" * 200,
            place="深" * 100,
            source="17track",
            eta=NOW,
        )
        for index in range(60)
    ]
    before = meter.units.total()
    assert keep_scans(SELLER, NUMBER, longest[:1], store=store, now=NOW) == 1
    assert 0 < meter.units.total() - before <= 4
    before = meter.units.total()
    assert keep_scans(SELLER, NUMBER, longest, store=store, now=NOW) == 59
    assert meter.units.total() - before <= 4 * 59
    before = meter.units.total()
    assert keep_scans(SELLER, NUMBER, longest, store=store, now=NOW) == 0
    assert meter.units.total() == before
