"""Writes the OpenAPI document of the sellers' API: docs/openapi.json to read, and the copy the function serves.

With --check it writes nothing and ends with 1 if a committed document is not what the code says.
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
TARGETS = (ROOT / "docs" / "openapi.json", DOCUMENT)


def rendered() -> str:
    """The document as it is committed: readable differences, one line break at the end."""
    return json.dumps(openapi(OPERATIONS), ensure_ascii=False, indent=2) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    check = parser.parse_args().check
    text = rendered()
    stale = [path for path in TARGETS if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is not what the code says: run .venv/bin/python tools/openapi.py")
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
