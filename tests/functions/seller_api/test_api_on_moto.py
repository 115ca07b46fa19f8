"""One posting through the real handler and wiring, on DynamoDB and S3 in process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.seller_api import wiring
from functions.seller_api.handler import handler
from shipby.adapters.aws import clients
from shipby.adapters.dynamodb import DynamoDBStore
from shipby.adapters.dynamodb.client import dynamodb_client
from shipby.adapters.dynamodb.table import table_definition
from shipby.application.ports.writes import AppendEvents, SaveDetail, SavePosting, SavePrintJob, SaveSettings
from shipby.domain.events import posting_ref
from shipby.domain.labels.prints import PrintState
from tests.functions.seller_api.api_support import Reply, http_event, read_reply
from tests.support import builders as a

OWNER = {"seller": a.SELLER, "role": "owner", "key_id": "k1"}
PATH = f"/v1/postings/{a.NUMBER}"
CACHES = (wiring.parts, dynamodb_client, clients.s3)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDBStore]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        "TABLE_NAME": "shipby-api",
        "DOCUMENT_BUCKET": "shipby-api-documents",
        "WEBHOOK_PARAMETERS": "/shipby/test",
        "POWERTOOLS_SERVICE_NAME": "seller-api",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        for cache in CACHES:
            cache.cache_clear()
        boto3.client("dynamodb").create_table(**table_definition("shipby-api"))
        yield DynamoDBStore(table_name="shipby-api")
    for cache in CACHES:
        cache.cache_clear()


def call(method: str, path: str, body: Any = None, query: dict[str, str] | None = None, **headers: str) -> Reply:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    text = None if body is None else json.dumps(body)
    event = http_event(method, path, body=text, query=query, headers=sent, context=OWNER)
    return read_reply(handler(event, None), method, path)


def test_a_posting_is_found_worked_shipped_and_printed(store: DynamoDBStore) -> None:
    posting, job = a.posting(), a.print_job()
    store.commit([SaveSettings(a.settings())])
    store.commit(
        [
            SavePosting(posting),
            SaveDetail(a.SELLER, a.detail(requirements={})),
            AppendEvents(a.SELLER, posting_ref(a.NUMBER), 1, (a.event(),)),
        ]
    )
    store.commit([SavePrintJob(job)])
    store.commit([SavePrintJob(replace(job, version=2, state=PrintState.READY, key="prints/x.pdf"))])

    [item] = call("GET", "/v1/postings").body["items"]
    shown = call("GET", PATH)
    confirmed = call("POST", f"{PATH}/confirm", {"reason": "checked"}, Idempotency_Key="c-1", If_Match='"1"')
    repeated = call("POST", f"{PATH}/confirm", {"reason": "checked"}, Idempotency_Key="c-1", If_Match='"1"')
    stale = call("POST", f"{PATH}/pick", If_Match='"1"')
    mismatch = call("POST", f"{PATH}/pick", Idempotency_Key="c-1")
    shipped = call("POST", f"{PATH}/ship")
    settings = call("GET", "/v1/settings")

    assert item["posting_number"] == a.NUMBER
    assert shown.body["available_actions"] == ["cancel", "ship"]
    assert (confirmed.status, confirmed.headers["ETag"]) == (200, '"2"')
    assert repeated == confirmed
    assert (stale.status, mismatch.status) == (412, 422)
    assert call("GET", shipped.headers["Location"]).body == shipped.body
    assert [event["type"] for event in call("GET", f"{PATH}/events").body["items"]] == [
        "posting.received",
        "posting.confirmed",
        "intent.created",
    ]
    assert "X-Amz-Expires=300" in call("GET", "/v1/labels/job-1").body["link"]
    assert call("PUT", "/v1/settings", settings.body, If_Match=settings.headers["ETag"]).headers["ETag"] == '"2"'
    assert call("GET", "/v1/postings", query={"cursor": "x"}).status == 400
    assert call("GET", "/v1/health").body["status"] == "ok"


def test_numbers_that_no_table_holds_are_refused_before_it_is_asked(store: DynamoDBStore) -> None:
    detail = a.detail(requirements={})
    store.commit([SavePosting(a.posting()), SaveDetail(a.SELLER, detail)])

    assert call("POST", f"{PATH}/cancel", {"reason_id": 10**50}).fields == ["reason_id"]
    assert call("GET", f"{PATH}/events", query={"after_version": "99999999"}).fields == ["after_version"]
    assert call("GET", f"{PATH}/events", query={"after_version": "99999998"}).body["items"] == []
    assert call("GET", "/v1/postings/" + "x" * 3000).status == 400


def test_a_table_that_is_missing_is_an_error_of_ours_without_details(store: DynamoDBStore) -> None:
    boto3.client("dynamodb").delete_table(TableName="shipby-api")

    reply = call("GET", PATH)

    assert (reply.status, reply.code) == (500, "internal_error")
    assert "shipby-api" not in json.dumps(reply.body)
