"""Writes the OpenAPI document of the sellers' API, which the function serves.

With --check it writes nothing and ends with 1 if the committed document is not what the code says.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from functions.seller_api.document import openapi
from functions.seller_api.routes import OPERATIONS
from functions.seller_api.routes.service import DOCUMENT

ROOT = Path(__file__).resolve().parent.parent


def rendered() -> str:
    """The document as it is committed: readable differences, one line break at the end."""
    return json.dumps(openapi(OPERATIONS), ensure_ascii=False, indent=2) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    check = parser.parse_args().check
    text = rendered()
    if DOCUMENT.exists() and DOCUMENT.read_text(encoding="utf-8") == text:
        return 0
    if check:
        print(f"{DOCUMENT.relative_to(ROOT)} is not what the code says: run .venv/bin/python -m tools.openapi")
        return 1
    DOCUMENT.write_text(text, encoding="utf-8")
    print(f"wrote {DOCUMENT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
