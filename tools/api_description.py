"""Writes what the pilot holds answers against: the answers' shapes of its methods, out of the official description.

`python -m tools.api_description FILE DAY`: FILE is the official OpenAPI document as JSON, DAY the day it was published.
A shape is an object of shapes, a list with one shape, or a text: `text`, `time`, `whole`, `number`, `flag`, `any`, with
`=` and the words that the description names. `words` are all words of its names, codes and paths: what the report may
show of a text.
"""

from __future__ import annotations

import argparse
import json
import re
from datetime import date
from pathlib import Path
from typing import Any, Final

from shipby_local.pilot.allowed import READING
from shipby_local.pilot.description import DESCRIPTION

LATER: Final[dict[str, dict[str, Any]]] = {
    "/v2/posting/fbs/act/get-postings": {"result": [{"scanit": "text", "is_blr_traceable": "flag"}]},
}
"""Fields of the official changelog of September 2026 that the document of August lacks."""
POSTINGS: Final = ("/v4/posting/fbs/unfulfilled/list", "/v4/posting/fbs/list", "/v3/posting/fbs/get")
"""They describe the same thing, and each leaves out codes that the others name."""
EXAMPLES: Final = {"available_actions": ("has_barcode_for_printing", "add_additional_info", "pack")}
"""Codes that only the official examples have."""
NO_CODES: Final = frozenset({"pin"})
"""Its text lists types of delivery, not its own values."""
_BULLET: Final = re.compile(r"`([A-Za-z0-9][A-Za-z0-9_-]{1,59})`")
_NAMES: Final = re.compile(r"^\s*[-–—]\s+.*$", re.MULTILINE)
_SCALARS: Final = {"integer": "whole", "number": "number", "boolean": "flag"}


class Document:
    """The official document."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def answer(self, path: str) -> Any:
        """The shape of what a method answers with 200."""
        content = self._value["paths"][path]["post"]["responses"]["200"]["content"]
        return self._shape(content["application/json"]["schema"], ())

    def words(self) -> list[str]:
        """Every word of names, codes and paths, once, in small letters."""
        found = set(re.findall(r"[A-Za-z0-9]+", " ".join(self._value["paths"])))
        self._collect(self._value, found)
        return sorted({word.lower() for word in found if not word.isdigit()})

    def _collect(self, node: Any, found: set[str]) -> None:
        if isinstance(node, list):
            for one in node:
                self._collect(one, found)
        if not isinstance(node, dict):
            return
        names = list(node["properties"]) if isinstance(node.get("properties"), dict) else []
        codes = node["enum"] if isinstance(node.get("enum"), list) else []
        told = _BULLET.findall(node["description"]) if isinstance(node.get("description"), str) else []
        for text in (*names, *codes, *told):
            found.update(re.findall(r"[A-Za-z0-9]+", str(text)))
        for one in node.values():
            self._collect(one, found)

    def _resolved(self, schema: Any) -> tuple[Any, str]:
        name = ""
        while "$ref" in schema:
            name = schema["$ref"]
            node = self._value
            for part in name.removeprefix("#/").split("/"):
                node = node[part]
            schema = node
        return schema, name

    def _shape(self, schema: Any, above: tuple[str, ...]) -> Any:
        schema, name = self._resolved(schema)
        if name in above:
            return "any"
        inside = (*above, name) if name else above
        for part in schema.get("allOf", []):
            resolved, _ = self._resolved(part)
            schema = {**resolved, **{key: value for key, value in schema.items() if key != "allOf"}}
        if schema.get("properties"):
            return {
                key: "text" if key in NO_CODES else self._shape(value, inside)
                for key, value in schema["properties"].items()
            }
        if schema.get("type") == "array":
            inner = self._shape(schema["items"], inside)
            return [
                _scalar({"type": "string", "description": schema.get("description", "")}) if inner == "text" else inner
            ]
        return _scalar(schema)


def _scalar(schema: Any) -> str:
    kind = schema.get("type")
    if kind in _SCALARS:
        return _SCALARS[kind]
    if kind != "string":
        return "any"
    if schema.get("format") == "date-time":
        return "time"
    if schema.get("format") == "int64":
        return "whole"
    words = [str(one) for one in schema.get("enum", [])] or _told(schema.get("description", ""))
    return f"text={'|'.join(dict.fromkeys(words))}" if words else "text"


def _told(text: str) -> list[str]:
    """The codes that a description lists, each on a line of its own."""
    lines = [_BULLET.findall(line.partition(" — ")[0]) for line in _NAMES.findall(text)]
    found = [word for words in lines for word in words]
    return found if len(found) > 1 else []


def _with(shape: Any, more: Any) -> Any:
    if isinstance(shape, dict) and isinstance(more, dict):
        return shape | {key: _with(shape.get(key), value) for key, value in more.items()}
    if isinstance(shape, list) and isinstance(more, list):
        return [_with(shape[0], more[0])]
    return more


def _unite(answers: dict[str, Any]) -> None:
    """Each code of a posting's field counts for all methods that show postings."""
    shown = [answers[path].get("result") or answers[path]["postings"][0] for path in POSTINGS]
    for name in sorted({name for shape in shown for name in shape}):
        having = [shape for shape in shown if name in shape]
        listed = [shape[name][0] if isinstance(shape[name], list) else shape[name] for shape in having]
        words = list(dict.fromkeys(word for leaf in listed if isinstance(leaf, str) for word in _codes(leaf)))
        words += EXAMPLES.get(name, ())
        for shape, leaf in zip(having, listed, strict=True):
            if words and isinstance(leaf, str):
                united = f"text={'|'.join(words)}"
                shape[name] = [united] if isinstance(shape[name], list) else united


def _codes(leaf: str) -> list[str]:
    return leaf.removeprefix("text=").split("|") if leaf.startswith("text=") else []


def rendered(document: Document, day: date) -> str:
    """The derived description; one method a line, so that differences can be read."""
    lines = []
    answers = {one.path: _with(document.answer(one.path), LATER.get(one.path, {})) for one in READING}
    _unite(answers)
    for path, shape in answers.items():
        lines.append(f"  {json.dumps(path)}: {json.dumps(shape, ensure_ascii=False, separators=(',', ':'))}")
    joined = ",\n".join(lines)
    words = json.dumps(" ".join(document.words()))
    return f'{{"published": "{day}",\n"answers": {{\n{joined}\n}},\n"words": {words}}}\n'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("day", type=date.fromisoformat)
    asked = parser.parse_args()
    document = Document(json.loads(asked.file.read_text(encoding="utf-8")))
    DESCRIPTION.write_text(rendered(document, asked.day), encoding="utf-8")


if __name__ == "__main__":
    main()
