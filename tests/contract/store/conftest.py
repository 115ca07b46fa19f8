"""The stores under test: in memory, in an SQLite file, on moto, and on the embedded emulator."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from shipby.adapters.dynamodb import DynamoDBStore
from shipby.adapters.dynamodb.keys import Key
from shipby.adapters.dynamodb.table import table_definition
from shipby.adapters.sqlite.database import Database
from shipby.adapters.sqlite.rows import Rows, save
from shipby.adapters.sqlite.store import SQLiteStore
from shipby.application.ports.clock import Clock
from shipby.application.ports.store import Store
from shipby_local.stack import Emulator
from tests.support import builders as a
from tests.support.memory_store import MemoryStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

ENGINES = ("memory", "sqlite", "moto", pytest.param("ministack", marks=pytest.mark.ministack))
"""All implementations that the contract binds."""
SAFE_ENGINES = ("memory", "sqlite", pytest.param("ministack", marks=pytest.mark.ministack))
"""Those with real transactions: moto ignores ClientRequestToken and oversells under threads."""


TABLES = ("sqlite", "moto", pytest.param("ministack", marks=pytest.mark.ministack))
"""Those that keep rows, which another release may have written."""


@dataclass(frozen=True, slots=True)
class File:
    """The rows of an SQLite file."""

    database: Database

    def put(self, item: dict[str, Any]) -> None:
        key = Key(item["PK"]["S"], item["SK"]["S"])
        self.database.write(lambda connection: save(connection, key, item, fresh=False))

    def get(self, key: Key) -> dict[str, Any]:
        return Rows(self.database).get(key) or {}

    def store(self, clock: Clock) -> SQLiteStore:
        return SQLiteStore(self.database, clock=clock)

    def all_items(self) -> list[dict[str, Any]]:
        return [json.loads(body) for (body,) in self.database.read("SELECT body FROM items ORDER BY pk, sk")]


@dataclass(frozen=True, slots=True)
class Table:
    """One table and how to reach it."""

    client: "DynamoDBClient"
    name: str

    def put(self, item: dict[str, Any]) -> None:
        """Write a raw item, as another release may have left it."""
        self.client.put_item(TableName=self.name, Item=item)

    def get(self, key: Key) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get_item(TableName=self.name, Key=key.wire).get("Item", {})
        return found

    def store(self, clock: Clock) -> DynamoDBStore:
        return DynamoDBStore(self.client, self.name, clock=clock)

    def all_items(self) -> list[dict[str, Any]]:
        """Every item, for tests only: the product never scans."""
        found: list[dict[str, Any]] = []
        for page in self.client.get_paginator("scan").paginate(TableName=self.name, ConsistentRead=True):
            found += page["Items"]
        return found


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture(scope="session")
def ministack_client(emulator: Emulator) -> "DynamoDBClient":
    client: DynamoDBClient = emulator.client("dynamodb")
    return client


@pytest.fixture(scope="module")
def moto_client() -> "Iterator[DynamoDBClient]":
    # Not for the whole session: while one mock is on, moto keeps the state of all others alive, in other files too.
    patch = pytest.MonkeyPatch()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
    }.items():
        patch.setenv(name, value)
    # The emulator's own traffic must pass: moto would otherwise answer for every address.
    with mock_aws(config={"core": {"passthrough": {"urls": [r"http://127\.0\.0\.1.*"]}}}):
        yield boto3.client("dynamodb", region_name="us-east-1", config=Config(retries={"total_max_attempts": 1}))
    patch.undo()


@pytest.fixture(scope="session")
def lasting_tables() -> dict[str, Table]:
    return {}


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "shipby.db", flush=False)
    yield database
    database.close()


@pytest.fixture
def tables(request: pytest.FixtureRequest, lasting_tables: dict[str, Table]) -> Iterator[Callable[[str], Any]]:
    """The table of an engine. The emulator's is shared, and tests keep apart by seller; moto, whose every transaction
    copies all tables, gets a new one for each test."""
    made: dict[str, Table] = {}

    def of(engine: str) -> Table | File:
        if engine == "sqlite":
            return File(request.getfixturevalue("sqlite_file"))
        known = lasting_tables if engine == "ministack" else made
        if engine not in known:
            client: DynamoDBClient = request.getfixturevalue(f"{engine}_client")
            name = f"shipby-{uuid.uuid4().hex[:8]}"
            client.create_table(**table_definition(name))
            known[engine] = Table(client, name)
        return known[engine]

    yield of
    for table in made.values():
        table.client.delete_table(TableName=table.name)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def clock() -> a.FixedClock:
    return a.FixedClock()


@pytest.fixture
def seller() -> str:
    """A seller that no other test uses."""
    return f"s{uuid.uuid4().hex[:10]}"


@pytest.fixture
def make_store(engine: str, tables: Callable[[str], Table], request: pytest.FixtureRequest) -> Callable[[Clock], Store]:
    def make(clock: Clock) -> Store:
        if engine == "memory":
            return MemoryStore(clock=clock)
        if engine == "sqlite":
            return SQLiteStore(request.getfixturevalue("sqlite_file"), clock=clock)
        table = tables(engine)
        return DynamoDBStore(table.client, table.name, clock=clock)

    return make


@pytest.fixture
def store(make_store: Callable[[Clock], Store], clock: a.FixedClock) -> Store:
    return make_store(clock)
