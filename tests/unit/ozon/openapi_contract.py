"""The published API description as a judge of requests and answers. It lies beside a developer's checkout only."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

_FILE = Path(__file__).resolve().parents[4] / "shared" / "ozon" / "openapi.json"
CONTRACT_MISSING = "NOT CHECKED: the API description (shared/ozon/openapi.json) is not beside the checkout"


@dataclass(frozen=True)
class Contract:
    document: Any
    closed: Any

    @classmethod
    @cache
    def load(cls) -> Contract | None:
        """None where the description is not at hand."""
        if not _FILE.exists():
            return None
        document = json.loads(_FILE.read_text(encoding="utf-8"))
        return cls(document, _closed(document))

    def problems_of_request(self, path: str, body: object) -> list[str]:
        """Strict: a property that the description does not know is a problem."""
        schema = self.document["paths"][path]["post"].get("requestBody")
        if schema is None:
            return [] if body == {} else ["the method takes no body"]
        if "$ref" in schema:
            schema = self._at(schema["$ref"])
        return self._problems(schema["content"]["application/json"]["schema"], body, strict=True)

    def problems_of_answer(self, path: str, body: object) -> list[str]:
        """Lenient where the description never says `nullable`: null stands for any object, text, time or list."""
        content = self.document["paths"][path]["post"]["responses"]["200"]["content"]
        return self._problems(content["application/json"]["schema"], _without_nulls(body), strict=False)

    def _problems(self, schema: Any, body: object, *, strict: bool) -> list[str]:
        document = self.closed if strict else self.document
        root = {"$ref": schema["$ref"]} if "$ref" in schema else schema
        validator = Draft202012Validator({**root, "components": document["components"]})
        return sorted(f"{error.json_path}: {error.message}" for error in validator.iter_errors(body))

    def _at(self, reference: str) -> Any:
        node = self.document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        return node


def _closed(node: Any) -> Any:
    """The description with every object closed against unknown properties."""
    node = copy.copy(node)
    if isinstance(node, dict):
        node = {key: _closed(value) for key, value in node.items()}
        if isinstance(node.get("properties"), dict) and node.get("type") == "object" and "allOf" not in node:
            node["additionalProperties"] = False
        return node
    return [_closed(one) for one in node] if isinstance(node, list) else node


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value
