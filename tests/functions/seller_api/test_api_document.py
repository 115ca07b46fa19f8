"""The OpenAPI document: fresh, whole, and the same thing that the code does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from functions.seller_api.document import openapi
from functions.seller_api.problems import KINDS
from functions.seller_api.routes import OPERATIONS
from functions.seller_api.routes.service import DOCUMENT
from shipby.domain.sellers.keys import Role
from tests.functions.seller_api.api_support import Caller
from tests.support import builders as a

ROOT = Path(__file__).parents[3]
HINT = "run .venv/bin/python -m tools.openapi and review the difference"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DOCUMENT).read_text("utf-8"))
    return loaded


def every(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from every(child)
    elif isinstance(node, list):
        for child in node:
            yield from every(child)


def test_the_committed_document_is_what_the_code_says(document: dict[str, Any]) -> None:
    assert openapi(OPERATIONS) == document, HINT


def test_the_function_serves_the_committed_document(document: dict[str, Any], api: Caller) -> None:
    assert api.get("/v1/openapi.json").body == document, HINT


def test_the_generator_finds_nothing_to_write() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "openapi.py"), "--check"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), HINT


def test_every_reference_leads_somewhere_and_nothing_is_left_over(document: dict[str, Any]) -> None:
    used = {node["$ref"] for node in every(document) if "$ref" in node}
    offered = {
        f"#/components/{kind}/{name}"
        for kind, members in document["components"].items()
        for name in members
        if kind != "securitySchemes"
    }

    assert used == offered


def test_every_schema_is_a_json_schema(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert schema["type"] in ("object", "string"), name


def test_every_operation_is_described_with_its_problems(document: dict[str, Any]) -> None:
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len(operations) == len(OPERATIONS)
    assert len({operation["operationId"] for operation in operations}) == len(OPERATIONS)
    for operation in operations:
        assert operation["summary"]
        refusals = set(operation["responses"]) - {"200", "202"}
        assert {"400", "500", "503"} <= refusals
        assert ("401" in refusals) == ("security" not in operation)


def test_path_parameters_are_those_of_the_path(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            named = [each["name"] for each in operation.get("parameters", []) if each.get("in") == "path"]
            assert named == re.findall(r"\{(\w+)\}", path)


def test_a_bodys_schema_refuses_what_the_api_refuses(document: dict[str, Any], api: Caller) -> None:
    api.has_posting()
    schema = {"$ref": "#/components/schemas/TrackingBody", "components": document["components"]}
    validator = Draft202012Validator(schema)
    for body in ({}, {"tracking_number": 5, "reason": "r"}, {"tracking_number": "AB123", "reason": "r", "seller": "x"}):
        assert not validator.is_valid(body)
        assert api.put(f"/v1/postings/{a.NUMBER}/tracking-number", body).status == 400
    assert validator.is_valid({"tracking_number": "AB123", "reason": "r"})


def test_the_handbook_names_every_problem_and_every_role() -> None:
    text = (ROOT / "docs" / "api.md").read_text("utf-8")

    assert [code for code in KINDS if f"`{code}`" not in text] == []
    assert [role for role in Role if role not in text] == []
