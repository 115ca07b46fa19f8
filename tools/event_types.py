"""Writes docs/event-types.md: every type of event that is published, from the code that publishes them.

python -m tools.event_types [--check]
"""

from __future__ import annotations

import argparse
import ast
import inspect
import sys

from shipby.domain.events import EventType
from shipby.domain.webhooks.catalogue import PUBLIC
from tools.repository import ROOT

PAGE = ROOT / "docs" / "event-types.md"
_HEAD = """# Types of events

Made by `python -m tools.event_types`; never edited by hand. [Webhooks](webhooks.md) and the EventBridge bus
bring them; their JSON Schema is `GET /v1/event-types`. The version is that of `data`:
within one, fields are added and none is taken away.

| type | version | says |
|---|---:|---|
"""


def _sayings() -> dict[str, str]:
    """What the enumeration says below a type, by the type."""
    (body,) = ast.parse(inspect.getsource(EventType)).body
    found: dict[str, str] = {}
    last = ""
    for statement in body.body if isinstance(body, ast.ClassDef) else ():
        match statement:
            case ast.Assign(value=ast.Constant(value=str(kind))):
                last = kind
            case ast.Expr(value=ast.Constant(value=str(text))) if last:
                found[last] = " ".join(text.split())
    return found


def page() -> str:
    said = _sayings()
    rows = [f"| `{kind}` | {version} | {said.get(kind, '')} |" for kind, version in sorted(PUBLIC.items())]
    return _HEAD + "\n".join(rows) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether the page is what the code says")
    text = page()
    if parser.parse_args().check:
        return int(PAGE.read_text("utf-8") != text)
    PAGE.write_text(text, encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
