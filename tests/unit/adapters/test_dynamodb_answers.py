"""Reads are taken as DynamoDB sends them, and are what botocore would have made of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from moto import mock_aws

from bench.parts.wire import Wire
from shipby.adapters.aws import clients
from shipby.adapters.dynamodb.client import dynamodb_client
from shipby.adapters.dynamodb.table import table_definition

EVERY_TYPE: dict[str, Any] = {
    "text": {"S": 'чашка "B" {"BS": 1}'},
    "empty": {"S": ""},
    "number": {"N": "1772449200000000"},
    "yes": {"BOOL": True},
    "nothing": {"NULL": True},
    "list": {"L": [{"S": "a"}, {"L": []}, {"M": {}}]},
    "map": {"M": {"inner": {"L": [{"N": "1"}]}, "B": {"S": "named as a type"}}},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2"]},
}
BINARY: tuple[dict[str, Any], ...] = (
    {"bytes": {"B": b"\x00\xff"}},
    {"several": {"BS": [b"\x00", b"\xff"]}},
    {"deep": {"M": {"list": {"L": [{"B": b"x"}]}}}},
)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    clients.dynamodb.cache_clear()
    yield
    clients.dynamodb.cache_clear()


def rows() -> Iterator[dict[str, Any]]:
    for number, attributes in enumerate(({}, EVERY_TYPE, *BINARY)):
        yield {"PK": {"S": "p"}, "SK": {"S": str(number)}, **attributes}


def reads(client: Any) -> Iterator[dict[str, Any]]:
    yield client.get_item(TableName="t", Key={"PK": {"S": "p"}, "SK": {"S": "none"}})
    for number in range(2 + len(BINARY)):
        yield client.get_item(TableName="t", Key={"PK": {"S": "p"}, "SK": {"S": str(number)}})
    for limit in (1, 2, 9):
        yield client.query(
            TableName="t",
            KeyConditionExpression="PK = :p",
            ExpressionAttributeValues={":p": {"S": "p"}},
            Limit=limit,
            ReturnConsumedCapacity="TOTAL",
        )
    for numbers in ("01", "14"):
        keys = [{"PK": {"S": "p"}, "SK": {"S": number}} for number in numbers]
        yield client.batch_get_item(RequestItems={"t": {"Keys": keys}})


def test_every_type_is_read_as_botocore_reads_it(aws: None) -> None:
    with mock_aws():
        plain = boto3.client("dynamodb")
        plain.create_table(**table_definition("t"))
        for row in rows():
            plain.put_item(TableName="t", Item=row)
        ours, theirs = list(reads(dynamodb_client())), list(reads(plain))
    for answer in (*ours, *theirs):
        told = answer.pop("ResponseMetadata")
        assert told["HTTPStatusCode"] == 200
        assert told["RequestId"]
    assert ours == theirs


def answering(status: int, body: bytes) -> Callable[..., AWSResponse]:
    import io

    class Raw(io.BytesIO):
        def stream(self, *_: object, **__: object) -> Any:
            yield self.read()

    def answer(request: Any, **_: object) -> AWSResponse:
        headers = HTTPHeaders()
        headers["x-amzn-requestid"] = "r1"
        return AWSResponse(request.url, status, headers, Raw(body))

    return answer


def asked(client: Any, status: int, body: bytes) -> Any:
    """What a read of an answer gives: the answer, or the error as (code, message)."""
    client.meta.events.register("before-send", answering(status, body))
    try:
        answer = client.get_item(TableName="t", Key={"PK": {"S": "p"}, "SK": {"S": "s"}})
    except ClientError as error:
        return error.response["Error"]
    answer.pop("ResponseMetadata")
    return answer


def test_nothing_of_an_item_is_walked_through(aws: None) -> None:
    body = json.dumps({"Item": {"a": {"OF-TOMORROW": "1"}}}).encode()
    assert asked(dynamodb_client(), 200, body) == json.loads(body)
    assert asked(boto3.client("dynamodb"), 200, body) != json.loads(body)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b'{"__type":"com.amazonaws.dynamodb.v20120810#ValidationException","message":"no"}'),
        (413, b"<html>too large</html>"),
        (200, b""),
        (200, b"not JSON"),
        (200, b"[1]"),
        (200, b"{}"),
    ],
)
def test_what_is_no_answer_of_a_read_is_left_to_botocore(aws: None, status: int, body: bytes) -> None:
    def outcome(client: Any) -> Any:
        try:
            return asked(client, status, body)
        except Exception as error:
            return type(error), str(error)

    assert outcome(dynamodb_client()) == outcome(boto3.client("dynamodb"))


def test_an_answer_that_was_damaged_on_its_way_is_asked_for_again(aws: None) -> None:
    served: list[str] = []
    client: Any = dynamodb_client()

    def serve(operation: str, _: Any) -> dict[str, Any]:
        served.append(operation)
        return {"Item": {"a": {"S": "sound"}}}

    wire = Wire(serve)

    def damaged_once(request: Any, **more: Any) -> AWSResponse:
        response = wire(request, **more)
        if len(served) == 1:
            response.headers["x-amz-crc32"] = "1"
        return response

    client.meta.events.register("before-send", damaged_once)
    answer = client.get_item(TableName="t", Key={"PK": {"S": "p"}, "SK": {"S": "s"}})
    assert answer["Item"] == {"a": {"S": "sound"}}
    assert served == ["GetItem", "GetItem"]
