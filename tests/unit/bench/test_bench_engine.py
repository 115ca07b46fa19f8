"""The in-process DynamoDB of the benches stores all of a transaction or nothing, and pages as DynamoDB does."""

from collections.abc import Iterator
from typing import Any

import pytest

from bench.parts.capacity import read_units
from bench.parts.engine import Engine, RefusedError


def put(sk: str, *, condition: str = "", **attributes: Any) -> dict[str, Any]:
    item = {"PK": {"S": "p"}, "SK": {"S": sk}, **attributes}
    return {"Put": {"Item": item} | ({"ConditionExpression": condition} if condition else {})}


def transact(engine: Engine, *entries: dict[str, Any], token: str = "") -> None:
    engine.call("TransactWriteItems", {"TransactItems": list(entries), "ClientRequestToken": token})


def pages(engine: Engine, **arguments: Any) -> Iterator[list[str]]:
    body: dict[str, Any] = {
        "KeyConditionExpression": "#p = :p",
        "ExpressionAttributeValues": {":p": {"S": "p"}},
        **arguments,
    }
    while True:
        answer = engine.call("Query", body)
        yield [item["SK"]["S"] for item in answer["Items"]]
        if "LastEvaluatedKey" not in answer:
            return
        body["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def test_one_failed_condition_leaves_nothing_of_the_transaction() -> None:
    engine = Engine()
    transact(engine, put("a"))
    with pytest.raises(RefusedError) as refused:
        transact(engine, put("b"), put("a", condition="attribute_not_exists(PK)"))
    assert [reason["Code"] for reason in refused.value.body["CancellationReasons"]] == [
        "None",
        "ConditionalCheckFailed",
    ]
    assert list(engine.items) == [("p", "a")]


def test_a_repeated_token_is_answered_without_writing_again() -> None:
    engine = Engine()
    first = put("a", condition="attribute_not_exists(PK)")
    transact(engine, first, token="t")
    transact(engine, first, token="t")
    with pytest.raises(RefusedError, match="IdempotentParameterMismatch"):
        transact(engine, put("b"), token="t")
    assert list(engine.items) == [("p", "a")]


def test_an_index_follows_its_item() -> None:
    engine = Engine()
    of_index = {
        "IndexName": "alarms",
        "KeyConditionExpression": "#a = :a AND #s < :s",
        "ExpressionAttributeValues": {":a": {"S": "ALARM#0"}, ":s": {"S": "5"}},
    }
    transact(engine, put("a", AK={"S": "ALARM#0"}, AS={"S": "3"}, hidden={"S": "x"}))
    (found,) = engine.call("Query", of_index)["Items"]
    assert found == {"PK": {"S": "p"}, "SK": {"S": "a"}, "AK": {"S": "ALARM#0"}, "AS": {"S": "3"}}
    transact(engine, put("a", AK={"S": "ALARM#0"}, AS={"S": "7"}))
    assert engine.call("Query", of_index)["Items"] == []
    engine.drop("p")
    assert engine.items == {}


def test_a_page_ends_at_its_limit_and_says_so_even_if_nothing_follows() -> None:
    engine = Engine()
    transact(engine, *(put(sk) for sk in "abcd"))
    assert list(pages(engine, Limit=2)) == [["a", "b"], ["c", "d"], []]
    assert list(pages(engine, Limit=3)) == [["a", "b", "c"], ["d"]]


def test_a_page_ends_with_the_item_that_fills_one_megabyte() -> None:
    engine = Engine()
    for sk in "abcde":
        transact(engine, put(sk, body={"S": "x" * 300_000}))
    assert list(pages(engine)) == [["a", "b", "c", "d"], ["e"]]


@pytest.mark.parametrize(
    ("size", "consistent", "units"), [(0, False, 0.5), (1, True, 1), (4096, True, 1), (4097, True, 2), (4097, False, 1)]
)
def test_a_request_is_billed_by_the_sum_of_its_items(size: int, consistent: bool, units: float) -> None:
    assert read_units(size, consistent=consistent) == units
