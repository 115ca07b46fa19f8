"""What the database leaves out of a batch is not taken for missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shipby.adapters.dynamodb import DynamoDBStore
from shipby.adapters.dynamodb.rows import postings as posting_rows
from tests.support import builders as a


class Busy:
    """A client that serves one item of each batch, and the rest when asked for one by one."""

    def __init__(self, items: list[Mapping[str, Any]]) -> None:
        self._items = {(item["PK"]["S"], item["SK"]["S"]): item for item in items}
        self.calls: list[str] = []

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        self.calls.append("batch")
        ((table, asked),) = RequestItems.items()
        assert asked["ConsistentRead"]
        first, *left = asked["Keys"]
        item = self._items.get((first["PK"]["S"], first["SK"]["S"]))
        return {"Responses": {table: [item] if item else []}, "UnprocessedKeys": {table: {"Keys": left}}}

    def get_item(self, *, Key: Mapping[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's names
        self.calls.append("one")
        item = self._items.get((Key["PK"]["S"], Key["SK"]["S"]))
        return {"Item": item} if item else {}


def test_what_a_batch_leaves_out_is_asked_for_again() -> None:
    numbers = [f"{n}-1-1" for n in range(51)]
    client = Busy([posting_rows.posting_item(a.posting(number=number), 4) for number in numbers])
    store = DynamoDBStore(client, "t")  # type: ignore[arg-type]  # only what is called here
    assert list(store.postings_with_details(a.SELLER, numbers)) == numbers
    assert client.calls.count("batch") == 2
