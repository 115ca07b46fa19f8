"""Writes what the sellers' API makes of its operations: the OpenAPI document, which it serves, and its addresses.

With --check it writes nothing and ends with 1 if what is committed is not what the code says.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path

from functions.seller_api.document import openapi
from functions.seller_api.routes import AREAS, OPERATIONS
from functions.seller_api.routes.service import DOCUMENT

ROOT = Path(__file__).resolve().parent.parent
ADDRESSES = ROOT / "functions/seller_api/addresses.py"


def rendered() -> str:
    """The document as it is committed: readable differences, one line break at the end."""
    return json.dumps(openapi(OPERATIONS), ensure_ascii=False, indent=2) + "\n"


def addresses() -> str:
    """Every address with its area's module, so that a call loads that module alone."""
    lines = [
        f'    ("{each.method}", "{each.path}", "{area}"),'
        for area in AREAS
        for each in import_module(f"functions.seller_api.routes.{area}").OPERATIONS
    ]
    head = '"""Method, address and area of every operation, in order. Made by tools/openapi.py."""\n\n'
    return head + "ADDRESSES: tuple[tuple[str, str, str], ...] = (\n" + "\n".join(lines) + "\n)\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    check = parser.parse_args().check
    # The addresses first: the document may ask for them.
    made = {ADDRESSES: addresses(), DOCUMENT: rendered()}
    old = [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in old:
        if check:
            print(f"{path.relative_to(ROOT)} is not what the code says: run .venv/bin/python -m tools.openapi")
        else:
            path.write_text(made[path], encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
    return 1 if check and old else 0


if __name__ == "__main__":
    sys.exit(main())
