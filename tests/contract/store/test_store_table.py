"""The table that is deployed is the table that is tested, and every way to ask it is written down."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from shipby.adapters.dynamodb import DynamoDBStore
from shipby.adapters.dynamodb.table import table_definition
from shipby.application.ports.store import Store
from shipby.application.ports.webhooks.out import WebhookRows
from tests.support.memory_store import MemoryStore

ROOT = Path(__file__).parents[3]
TEMPLATE = ROOT / "infra" / "template.yaml"
DOCUMENT = ROOT / "docs" / "access-patterns.md"


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short functions, which are left out."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def _table_properties() -> dict[str, Any]:
    if not TEMPLATE.exists():
        pytest.skip(f"NOT CHECKED: {TEMPLATE.relative_to(ROOT)} does not exist, so the deployed table is unknown")
    template = yaml.load(TEMPLATE.read_text("utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    properties: dict[str, Any] = template["Resources"]["Table"]["Properties"]
    return properties


def _comparable(definition: dict[str, Any]) -> dict[str, Any]:
    return {
        "billing": definition["BillingMode"],
        "attributes": {(d["AttributeName"], d["AttributeType"]) for d in definition["AttributeDefinitions"]},
        "keys": definition["KeySchema"],
        "indexes": {
            index["IndexName"]: (
                index["KeySchema"],
                index["Projection"]["ProjectionType"],
                set(index["Projection"].get("NonKeyAttributes", [])),
            )
            for index in definition["GlobalSecondaryIndexes"]
        },
        "stream": definition["StreamSpecification"]["StreamViewType"],
    }


def test_the_template_deploys_the_table_that_the_store_needs() -> None:
    deployed = _table_properties()
    assert _comparable(deployed) == _comparable(table_definition("table"))
    assert deployed["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


def _public_methods(cls: type) -> set[str]:
    return {name for name in dir(cls) if not name.startswith("_")}


def test_both_stores_have_exactly_what_the_port_asks_for() -> None:
    assert _public_methods(DynamoDBStore) == _public_methods(Store)
    assert _public_methods(MemoryStore) == _public_methods(Store)
    checked: Store = MemoryStore()
    assert checked.alarm_shards == 4


def _documented() -> list[list[str]]:
    """Cells of every row of the document's tables, without headings and rules."""
    lines = [line for line in DOCUMENT.read_text("utf-8").splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def _names(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


def test_every_method_of_the_store_is_an_access_pattern_and_every_named_test_exists() -> None:
    rows = _documented()
    documented = {name for row in rows for name in _names(row[0])}
    assert _public_methods(Store) - {"alarm_shards"} <= documented
    assert documented <= _public_methods(Store) | _public_methods(WebhookRows)
    tests = "\n".join(path.read_text("utf-8") for path in Path(__file__).parents[1].rglob("test_*.py"))
    existing = set(re.findall(r"def (test_\w+)\(", tests))
    for row in rows:
        named = _names(row[-1])
        assert named, f"{row[0]} names no test"
        assert set(named) <= existing, f"{row[0]} names tests that do not exist: {set(named) - existing}"


def test_every_write_is_documented() -> None:
    from typing import get_args

    from shipby.application.ports.writes import Write

    text = DOCUMENT.read_text("utf-8")
    missing = [write.__name__ for write in get_args(Write) if f"| {write.__name__} |" not in text]
    assert missing == []
