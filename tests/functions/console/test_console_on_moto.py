"""A packer's shift through the real handler and wiring, on DynamoDB and S3 in process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.console import wiring
from functions.console.handler import handler
from shipby.adapters.aws import clients
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.dynamodb import DynamoDBStore
from shipby.adapters.dynamodb.client import dynamodb_client
from shipby.adapters.dynamodb.table import table_definition
from shipby.application.labels.ids import LABEL_ID
from shipby.application.people.attempts import MOST_REFUSED
from shipby.application.people.console_door import make_link
from shipby.application.ports.writes import SaveAccess, SaveDocument, SaveSettings
from shipby.domain.labels.documents import DocumentState
from shipby.domain.postings.posting import Stage
from shipby.domain.sellers.keys import Role
from shipby.domain.sellers.settings import SellerSettings
from tests.functions.console.console_support import SECRETS, Browser, add_people, person_id
from tests.support import builders as a
from tests.support.fakes import MemoryDocuments

CACHES = (wiring.parts, dynamodb_client, clients.s3)
BUCKET = "shipby-console-documents"
PDF = b"%PDF-1.7 a label"


class RealBrowser(Browser):
    """A browser whose requests go through the handler of the function."""

    def __post_init__(self) -> None:
        self._console: Any = lambda event: handler(event, None)


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[RealBrowser]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",  # pragma: allowlist secret - nothing is called with it
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        "TABLE_NAME": "shipby-console",
        "DOCUMENT_BUCKET": BUCKET,
        "POWERTOOLS_SERVICE_NAME": "console",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        for cache in CACHES:
            cache.cache_clear()
        boto3.client("dynamodb").create_table(**table_definition("shipby-console"))
        where: Mapping[str, Any] = {"LocationConstraint": "eu-central-1"}
        boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)  # type: ignore[arg-type]  # it is one
        store = DynamoDBStore(table_name="shipby-console")
        add_people(store)
        yield RealBrowser(store, a.FixedClock(datetime.now(UTC)), papers=MemoryDocuments())
    for cache in CACHES:
        cache.cache_clear()


def test_a_packer_packs_prints_and_closes_and_an_owner_reads_who_it_was(browser: RealBrowser) -> None:
    now = browser.clock.now()
    posting = a.posting(stage=Stage.PICKED, shipment_date=now + timedelta(hours=3), assembled_at=now)
    detail = a.detail(requirements={}, lines=(a.line(quantity=1),), shipment_date=now + timedelta(hours=3))
    browser.has(SaveSettings(SellerSettings(seller=a.SELLER, version=1, language="en")))
    browser.has_posting(posting, detail)
    browser.has(SaveDocument(a.document(id=LABEL_ID, state=DocumentState.READY, key="labels/1.pdf", pages=1)))
    boto3.client("s3").put_object(Bucket=BUCKET, Key="labels/1.pdf", Body=PDF)
    packer = browser.signed_in(Role.PACKER)
    csrf = packer.get("/console/bench").csrf

    def scan(code: str, number: str) -> str:
        form = {"csrf": csrf, "once": f"{code}{number}", "code": code, "number": number, "quantity": "1"}
        return packer.post("/console/bench/scan", form, x_bench="1").text

    assert "Everything is in: stick the label on" in scan("149123456", "")
    assert packer.get(f"/console/labels/{a.NUMBER}.pdf").raw == PDF
    assert "is closed. Next!" in scan(a.NUMBER, a.NUMBER)
    story = browser.signed_in().get(f"/console/orders/{a.NUMBER}").text
    assert "Пётр Ким" in story
    assert "Everything is in the parcel" in story
    assert f"{a.NUMBER}" not in browser.signed_in().get("/console/orders?stage=picked").text


def test_a_link_signs_in_once_and_a_session_that_is_closed_opens_nothing(browser: RealBrowser) -> None:
    link = make_link(a.SELLER, person_id(Role.OWNER), store=browser.store, clock=SystemClock())
    first, second = replace(browser, cookies={}), replace(browser, cookies={})

    answers = [each.post("/console/login", {"once": link}).status for each in (first, second)]
    page = first.get("/console")
    thief = replace(first, cookies=dict(first.cookies))
    first.post("/console/logout", {"csrf": page.csrf})

    assert (answers, page.status, thief.get("/console").status) == ([303, 401], 200, 303)


def test_wrong_keys_are_counted_by_all_processes_together(browser: RealBrowser) -> None:
    for _ in range(MOST_REFUSED):
        browser.post("/console/login", {"key": "wrong"})
        wiring.parts.cache_clear()  # another process
    link = make_link(a.SELLER, person_id(Role.OWNER), store=browser.store, clock=SystemClock())
    assert browser.post("/console/login", {"once": link}).status == 429
    items = boto3.client("dynamodb").scan(TableName="shipby-console")["Items"]
    (counted,) = [item for item in items if item["PK"]["S"].startswith("CONSOLE#FAILED#")]
    assert int(counted["ttl"]["N"]) > datetime.now(UTC).timestamp()
    assert browser.source not in str(counted), "an address is kept as its hash alone"


def test_who_was_removed_signs_in_no_more(browser: RealBrowser) -> None:
    person = browser.store.person(a.SELLER, person_id(Role.PACKER))
    assert person is not None
    browser.has(SaveAccess(replace(person, version=2, removed_at=browser.clock.now())))
    assert browser.post("/console/login", {"key": SECRETS[Role.PACKER]}).status == 401
