"""Whoever reaches code that reads many items at once may do so: a role that lacks it fails where a shop keeps stock."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.infra.test_template_access import TABLE_ACCESS

ROOT = Path(__file__).resolve().parents[2]
_FLOORS = {"shipby": ROOT / "layers" / "common" / "src", "functions": ROOT}
_STORE = _FLOORS["shipby"] / "shipby" / "adapters" / "dynamodb"
WORKERS = {
    "OrderWebhook": "functions.order_webhook.handler",
    "StreamRouter": "functions.stream_router.handler",
    "Webhooks": "functions.webhooks.handler",
    "PostingSync": "functions.posting_sync.handler",
    "MarketplacePoll": "functions.marketplace_poll.handler",
    "DeadlineSweep": "functions.deadline_sweep.handler",
    "AlarmWorker": "functions.deadline_sweep.worker",
    "LabelGeneration": "functions.label_generation.handler",
    "Refunds": "functions.refunds.handler",
    "Tracking": "functions.tracking.handler",
    "Notifications": "functions.notifications.handler",
}
"""Whose calls nobody makes by hand. The API and the console read many items at once in most of what they do."""


@cache
def batched() -> frozenset[str]:
    """Names of the store's methods that read many items at once, by themselves or through another of its methods."""
    calls: dict[str, set[str]] = {}
    for path in _STORE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                found = {sub.attr for sub in ast.walk(node) if isinstance(sub, ast.Attribute)}
                calls.setdefault(node.name, set()).update(found)
    reached = {"batch_get_item"}
    while more := {name for name, found in calls.items() if found & reached} - reached:
        reached |= more
    return frozenset(name for name in reached if not name.startswith("_")) - {"batch_get_item"}


def _file(module: str) -> Path | None:
    floor = _FLOORS.get(module.partition(".")[0])
    if floor is None:
        return None
    place = floor.joinpath(*module.split("."))
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.exists()), None)


def _for_types_only(tree: ast.AST) -> set[int]:
    guarded = [
        node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    ]
    return {id(below) for node in guarded for below in ast.walk(node)}


def _imported(tree: ast.AST) -> Iterator[str]:
    """What a module imports at its top or when one of its functions runs."""
    skipped = _for_types_only(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and id(node) not in skipped:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


@cache
def _looked_at(module: str) -> tuple[frozenset[str], frozenset[str]]:
    """Modules that it imports, and batched methods that it calls."""
    path = _file(module)
    if path is None:
        return frozenset(), frozenset()
    tree = ast.parse(path.read_text("utf-8"))
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return frozenset(name for name in _imported(tree) if _file(name)), frozenset(used & batched())


def reaches(module: str) -> dict[str, frozenset[str]]:
    """Use cases within reach of a module that read many items at once, with the methods."""
    seen: set[str] = set()
    ahead, found = [module], dict[str, frozenset[str]]()
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            imports, calls = _looked_at(name)
            ahead += imports
            if calls and name.startswith("shipby.application."):
                found[name] = calls
    return found


def test_the_methods_are_found() -> None:
    assert {"stock_items", "postings_with_details", "product_cards_of", "bench_scene"} <= batched()
    assert "posting" not in batched()


def test_every_function_is_looked_at() -> None:
    assert set(TABLE_ACCESS) - set(WORKERS) == {"Authorizer", "SellerApi", "Console"}
    assert [module for module in WORKERS.values() if _file(module) is None] == []


@pytest.mark.parametrize("name", WORKERS)
def test_who_may_come_to_read_many_items_at_once_is_allowed_to(name: str) -> None:
    found = reaches(WORKERS[name])
    allowed = "BatchGetItem" in TABLE_ACCESS[name][0]
    assert allowed or not found, found
