"""An emulator with a table, killed and looked at."""

from pathlib import Path
from typing import Any

import pytest

from shipby_local.stack import DataFolderBrokenError, Emulator

STREAMED = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


def make_table(emulator: Emulator, name: str = "rows") -> str:
    """A table with a stream; the stream's address."""
    created = emulator.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification=STREAMED,
    )
    return str(created["TableDescription"]["LatestStreamArn"])


def put(emulator: Emulator, name: str, **more: Any) -> None:
    """One row."""
    emulator.client("dynamodb").put_item(TableName="rows", Item={"PK": {"S": name}, **more})


def names(emulator: Emulator) -> list[str]:
    """The keys of all rows."""
    return sorted(row["PK"]["S"] for row in emulator.client("dynamodb").scan(TableName="rows")["Items"])


def stream(emulator: Emulator, arn: str) -> list[dict[str, Any]]:
    """All records of the stream."""
    streams = emulator.client("dynamodbstreams")
    [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    where = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = streams.get_shard_iterator(**where)["ShardIterator"]
    return [record["dynamodb"] for record in streams.get_records(ShardIterator=iterator)["Records"]]


def journal(folder: Path) -> Path:
    """The journal's newest file."""
    return max((folder / "state").glob("journal.*"), key=lambda path: int(path.suffix[1:]))


def killed_with_rows(folder: Path, *rows: str) -> None:
    """A data folder whose emulator was killed right after these rows were acknowledged, each in a record of its own."""
    with Emulator(folder) as emulator:
        make_table(emulator)
        for name in rows:
            put(emulator, name)
        emulator.kill()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of the saved state."""
    return {str(path): path.read_bytes() for path in sorted((folder / "state").rglob("*")) if path.is_file()}


def refused(folder: Path, says: str) -> None:
    """The start is refused in words, and nothing in the folder is another than before."""
    before = contents(folder)
    with pytest.raises(DataFolderBrokenError, match=rf"(?s){says}.*Restore the folder .* from a copy"):
        Emulator(folder).start()
    assert contents(folder) == before
