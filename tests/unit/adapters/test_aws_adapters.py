"""Queues, bus, files and secrets against moto, in process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError, ReadTimeoutError
from botocore.stub import ANY, Stubber
from moto import mock_aws

from shipby.adapters.aws import clients
from shipby.adapters.aws.batches import batches
from shipby.adapters.aws.bus import EventBridgeBus
from shipby.adapters.aws.clock import SystemClock
from shipby.adapters.aws.documents import S3DocumentStore
from shipby.adapters.aws.marketplaces import SsmMarketplaces
from shipby.adapters.aws.parameters import SellerParameters
from shipby.adapters.aws.queue import SqsWorkQueue
from shipby.application.ports.clock import Clock
from shipby.application.ports.files import DocumentStore
from shipby.application.ports.marketplace import Marketplaces
from shipby.application.ports.messages import EventBus, QueueMessage, WorkQueue
from shipby.domain.errors import (
    CredentialsRejectedError,
    InvalidInputError,
    NotFoundError,
    StoreUnavailableError,
)
from shipby.domain.events import Event, EventType, StoredEvent, posting_ref

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
KEY = {"client_id": "700001", "api_key": "CANARY-KEY"}
API = "https://api-seller.ozon.ru"


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for make in (clients.sqs, clients.events, clients.ssm, clients.s3):
        make.cache_clear()
    with mock_aws():
        yield
    for make in (clients.sqs, clients.events, clients.ssm, clients.s3):
        make.cache_clear()


def message(number: int, **changes: Any) -> QueueMessage:
    return QueueMessage(**({"body": {"posting": str(number)}, "group": "shop1"} | changes))


def stored(number: int, **data: Any) -> StoredEvent:
    event = Event(type=EventType.LABEL_READY, at=NOW, actor="system:label_generation", reason="", data=data)
    return StoredEvent(seller="shop1", ref=posting_ref(f"1-{number}"), version=3, index=0, event=event)


def test_the_adapters_are_the_ports() -> None:
    ports: tuple[type[Clock], type[WorkQueue], type[EventBus], type[DocumentStore], type[Marketplaces]]
    ports = (SystemClock, SqsWorkQueue, EventBridgeBus, S3DocumentStore, SsmMarketplaces)
    assert len(ports) == 5


def test_the_clock_is_aware_and_in_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_calls_are_checked_before_they_are_sent_in_tests_and_by_aws_alone_in_production(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wrong_call() -> None:
        url: Any = "https://sqs.eu-central-1.amazonaws.com/1/none"
        clients.sqs().receive_message(QueueUrl=url, MaxNumberOfMessages=cast("int", "1"))

    with pytest.raises(ParamValidationError):
        wrong_call()
    shipped = "from shipby.adapters.aws import clients; print(clients.CHECK_REQUESTS)"
    assert subprocess.run([sys.executable, "-c", shipped], capture_output=True, check=True).stdout == b"False\n"
    monkeypatch.setattr(clients, "CHECK_REQUESTS", False)
    clients.sqs.cache_clear()
    with pytest.raises(ClientError):
        wrong_call()


def test_clients_are_made_once_with_short_time_limits() -> None:
    assert clients.sqs() is clients.sqs()
    config: Any = clients.sqs().meta.config  # its type names none of its attributes
    assert (config.connect_timeout, config.read_timeout, config.tcp_keepalive) == (1, 3, True)
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}


# -- queue


@pytest.fixture
def queue_url() -> str:
    return boto3.client("sqs").create_queue(QueueName="sync")["QueueUrl"]


def received(url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        answer = boto3.client("sqs").receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        )
        if not answer.get("Messages"):
            return found
        found += [dict(one) for one in answer["Messages"]]


def test_all_messages_arrive_however_many(queue_url: str) -> None:
    SqsWorkQueue(queue_url).send(message(i) for i in range(23))
    bodies = [json.loads(one["Body"]) for one in received(queue_url)]
    assert sorted(int(body["posting"]) for body in bodies) == list(range(23))


def test_no_messages_are_no_call() -> None:
    SqsWorkQueue("http://127.0.0.1:1/no-such-queue").send([])


def test_a_message_carries_its_group_and_its_delay() -> None:
    client = boto3.client("sqs")
    with Stubber(client) as stub:
        stub.add_response(
            "send_message_batch",
            {"Successful": [], "Failed": []},
            {
                "QueueUrl": "u",
                "Entries": [
                    {"Id": "0", "MessageBody": '{"a":1,"b":2}', "DelaySeconds": 900, "MessageGroupId": "shop1"}
                ],
            },
        )
        SqsWorkQueue("u", client=client).send([message(1, body={"b": 2, "a": 1}, delay_seconds=900)])
        stub.assert_no_pending_responses()


def test_what_the_queue_refuses_is_sent_again_and_then_raised() -> None:
    client = boto3.client("sqs")
    refused = {"Id": "1", "Code": "InternalError", "SenderFault": False}
    with Stubber(client) as stub:
        stub.add_response(
            "send_message_batch", {"Successful": [], "Failed": [refused]}, {"QueueUrl": ANY, "Entries": ANY}
        )
        only_one = {"QueueUrl": "u", "Entries": [ANY]}
        stub.add_response("send_message_batch", {"Successful": [], "Failed": []}, only_one)
        SqsWorkQueue("u", client=client).send([message(0), message(1)])
        stub.assert_no_pending_responses()
        refused = refused | {"Id": "0"}
        for _ in range(3):
            stub.add_response("send_message_batch", {"Successful": [], "Failed": [refused]}, only_one)
        with pytest.raises(StoreUnavailableError, match="InternalError"):
            SqsWorkQueue("u", client=client).send([message(1)])


def test_a_queue_that_does_not_answer_is_a_retryable_error() -> None:
    with pytest.raises(StoreUnavailableError):
        SqsWorkQueue("https://sqs.eu-central-1.amazonaws.com/1/none").send([message(1)])


@pytest.mark.parametrize("delay", [-1, 901])
def test_an_impossible_delay_is_invalid(delay: int) -> None:
    with pytest.raises(InvalidInputError):
        SqsWorkQueue("u").send([message(1, delay_seconds=delay)])


def test_a_message_beyond_the_limit_is_invalid_and_large_ones_are_split(queue_url: str) -> None:
    with pytest.raises(InvalidInputError):
        SqsWorkQueue(queue_url).send([message(1, body={"x": "y" * 300_000})])
    SqsWorkQueue(queue_url).send([message(i, body={"x": "y" * 100_000}) for i in range(5)])
    assert len(received(queue_url)) == 5


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [([], []), ([1, 2, 3], [[1, 2, 3]]), ([6, 6, 3], [[6], [6, 3]]), ([1] * 7, [[1] * 5, [1] * 2]), ([20], [[20]])],
)
def test_batches_keep_to_count_and_size(sizes: list[int], expected: list[list[int]]) -> None:
    assert list(batches(sizes, lambda one: one, count=5, total=10)) == expected


# -- bus


def test_events_reach_integrators_rules() -> None:
    events, sqs = boto3.client("events"), boto3.client("sqs")
    url = sqs.create_queue(QueueName="erp")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.create_event_bus(Name="shipby")
    events.put_rule(Name="all", EventBusName="shipby", EventPattern='{"source": ["shipby"]}')
    events.put_targets(Rule="all", EventBusName="shipby", Targets=[{"Id": "1", "Arn": arn}])
    EventBridgeBus("shipby").publish([stored(i, pages=i, name="Кроссовки") for i in range(12)])
    copies = [json.loads(one["Body"]) for one in received(url)]
    assert len(copies) == 12
    copy = next(one for one in copies if one["detail"]["aggregate_id"] == "1-7")
    assert (copy["detail-type"], copy["source"]) == ("label.ready", "shipby")
    assert copy["detail"] == {
        "id": "POSTING/1-7/3/0",
        "seller": "shop1",
        "kind": "POSTING",
        "aggregate_id": "1-7",
        "version": 3,
        "index": 0,
        "type_version": 1,
        "at": "2026-10-01T12:00:00+00:00",
        "actor": "system:label_generation",
        "reason": "",
        "data": {"pages": 7, "name": "Кроссовки"},
    }


REFUSED = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow"}


@pytest.mark.parametrize(
    ("answers", "refused"),
    [
        ([{"EventId": "1"}, REFUSED, {"EventId": "3"}], ["1-2"]),
        ([REFUSED, {"EventId": "2"}, REFUSED], ["1-1", "1-3"]),
        ([{"EventId": "1"}], ["1-2", "1-3"]),
    ],
)
def test_the_bus_names_each_event_that_it_refused_and_tries_it_once(
    answers: list[dict[str, str]], refused: list[str]
) -> None:
    client = boto3.client("events")
    with Stubber(client) as stub:
        answer = {"FailedEntryCount": len(refused), "Entries": answers}
        stub.add_response("put_events", answer, {"Entries": [ANY, ANY, ANY]})
        found = EventBridgeBus("shipby", client=client).publish([stored(1), stored(2), stored(3)])
        stub.assert_no_pending_responses()
    assert [one.ref.id for one in found] == refused


def test_a_call_that_the_bus_refuses_is_refused_whole_and_the_next_one_is_tried() -> None:
    client = boto3.client("events")
    with Stubber(client) as stub:
        stub.add_client_error("put_events", "ValidationException")
        stub.add_response("put_events", {"FailedEntryCount": 0, "Entries": [{"EventId": "11"}]}, {"Entries": [ANY]})
        found = EventBridgeBus("shipby", client=client).publish([stored(number) for number in range(11)])
        stub.assert_no_pending_responses()
    assert [one.ref.id for one in found] == [f"1-{number}" for number in range(10)]


def test_after_a_call_without_an_answer_nothing_more_waits_for_the_bus() -> None:
    asked: list[int] = []

    class Silent:
        def put_events(self, **call: Any) -> Any:
            asked.append(len(call["Entries"]))
            raise ReadTimeoutError(endpoint_url="events")

    found = EventBridgeBus("shipby", client=Silent()).publish(  # type: ignore[arg-type]  # only what is called
        [stored(number) for number in range(25)]
    )
    assert len(found) == 25
    assert asked == [10]


# -- documents


@pytest.fixture
def documents() -> S3DocumentStore:
    boto3.client("s3").create_bucket(Bucket="labels", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return S3DocumentStore("labels")


def test_a_file_comes_back_as_it_was_and_lies_encrypted(documents: S3DocumentStore) -> None:
    documents.put("a/b.pdf", b"%PDF-", content_type="application/pdf")
    assert documents.get("a/b.pdf") == b"%PDF-"
    head = boto3.client("s3").head_object(Bucket="labels", Key="a/b.pdf")
    assert (head["ContentType"], head["ServerSideEncryption"]) == ("application/pdf", "AES256")


def test_a_file_that_is_not_there(documents: S3DocumentStore) -> None:
    with pytest.raises(NotFoundError, match=r"a/b\.pdf"):
        documents.get("a/b.pdf")


def test_a_bucket_that_is_not_there_is_a_retryable_error() -> None:
    store = S3DocumentStore("nowhere")
    with pytest.raises(StoreUnavailableError):
        store.put("a", b"", content_type="x")
    with pytest.raises(StoreUnavailableError):
        store.get("a")


def test_a_link_is_signed_and_dies(documents: S3DocumentStore) -> None:
    query = parse_qs(urlsplit(documents.link("a/b.pdf", seconds=300)).query)
    assert query["X-Amz-Expires"] == ["300"]
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]


def test_a_link_names_the_host_of_its_region() -> None:
    # The global host redirects for hours after a bucket is made, and a signed link does not survive that.
    link = S3DocumentStore("labels").link("a/b.pdf", seconds=300)
    assert urlsplit(link).hostname == "labels.s3.eu-central-1.amazonaws.com"


@pytest.mark.parametrize("seconds", [0, -1, 604_801])
def test_a_link_without_a_sensible_life_is_invalid(documents: S3DocumentStore, seconds: int) -> None:
    with pytest.raises(InvalidInputError):
        documents.link("a", seconds=seconds)


# -- secrets


class Counted:
    """An SSM client that counts its calls."""

    def __init__(self, error: Exception | None = None) -> None:
        self.calls = 0
        self._error = error

    def get_parameter(self, **arguments: Any) -> Any:
        self.calls += 1
        if self._error:
            raise self._error
        return boto3.client("ssm").get_parameter(**arguments)


def put(name: str, value: object, *, raw: bool = False) -> None:
    text = value if raw and isinstance(value, str) else json.dumps(value)
    boto3.client("ssm").put_parameter(
        Name=f"/shipby/prod/sellers/{name}", Value=text, Type="SecureString", Overwrite=True
    )


def parameters(counted: Any, monotonic: Callable[[], float] = lambda: 0.0) -> SellerParameters:
    return SellerParameters("/shipby/prod", client=counted, monotonic=monotonic)


def test_a_parameter_is_decrypted_and_kept_for_five_minutes() -> None:
    put("shop1/ozon", KEY)
    ssm, time = Counted(), [0.0]
    secrets = parameters(ssm, lambda: time[0])
    assert secrets.json("shop1", "ozon") == KEY
    put("shop1/ozon", {"client_id": "2"})
    time[0] = 299.9
    assert secrets.json("shop1", "ozon") == KEY
    assert ssm.calls == 1
    time[0] = 300.0
    assert secrets.json("shop1", "ozon") == {"client_id": "2"}
    assert ssm.calls == 2


def test_a_missing_parameter_is_remembered_for_five_minutes_too() -> None:
    ssm, time = Counted(), [0.0]
    secrets = parameters(ssm, lambda: time[0])
    assert (secrets.json("shop1", "channels"), secrets.json("shop1", "channels"), ssm.calls) == (None, None, 1)
    put("shop1/channels", [])
    time[0] = 300.0
    assert secrets.json("shop1", "channels") == []


@pytest.mark.parametrize("seller", ["", "../shop2", "shop1/ozon", "a b", "x" * 65, "магазин"])
def test_a_sellers_name_cannot_reach_other_parameters(seller: str) -> None:
    ssm = Counted()
    with pytest.raises(InvalidInputError):
        parameters(ssm).json(seller, "ozon")
    with pytest.raises(CredentialsRejectedError):
        SsmMarketplaces("/shipby/prod", API, parameters=parameters(ssm)).of(seller)
    assert ssm.calls == 0


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow"}}, "GetParameter"),
        EndpointConnectionError(endpoint_url="https://ssm"),
    ],
)
def test_ssm_that_does_not_answer_is_a_retryable_error(error: Exception) -> None:
    with pytest.raises(StoreUnavailableError):
        parameters(Counted(error)).json("shop1", "ozon")


def test_a_seller_has_one_client_until_the_key_changes() -> None:
    put("shop1/ozon", KEY)
    put("shop2/ozon", KEY | {"client_id": 700002})
    time = [0.0]
    secrets = parameters(None, lambda: time[0])
    marketplaces = SsmMarketplaces("/shipby/prod", API, parameters=secrets)
    first = marketplaces.of("shop1")
    assert marketplaces.of("shop1") is first
    assert marketplaces.of("shop2") is not first
    put("shop1/ozon", KEY | {"api_key": "new"})
    assert marketplaces.of("shop1") is first
    time[0] = 300.0
    assert marketplaces.of("shop1") is not first


@pytest.mark.parametrize(
    "value",
    ["CANARY", '"CANARY"', "[]", "{}", '{"client_id": "1", "api_key": ""}', '{"client_id": [], "api_key": "k"}'],
)
def test_a_key_that_is_unusable_is_rejected_and_not_shown(value: str) -> None:
    put("shop1/ozon", value, raw=True)
    with pytest.raises(CredentialsRejectedError) as caught:
        SsmMarketplaces("/shipby/prod", API).of("shop1")
    assert "CANARY" not in str(caught.value)
    assert "shop1" in str(caught.value)


def test_a_seller_without_a_key_is_rejected() -> None:
    with pytest.raises(CredentialsRejectedError, match="nobody"):
        SsmMarketplaces("/shipby/prod", API).of("nobody")
