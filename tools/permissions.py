"""Prints the table of permissions to docs/permissions.md: every operation of the API against every role.

With --check it writes nothing and ends with 1 if what is committed is not what the code says.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

from functions.seller_api.operations import Operation
from functions.seller_api.routes import AREAS
from shipby.domain.sellers.keys import Role

DOCUMENT = Path(__file__).resolve().parent.parent / "docs/permissions.md"
HEAD = """# Who may do what

Made by `.venv/bin/python -m tools.permissions` from `functions/seller_api/permissions.py`, the one place where it is
decided; a test asks the API for every cell. Without `x` the answer is 403 `forbidden`. A person acts as their role is
at the call, whatever they call with; at a shared bench as a packer at most. Beyond the table: a manager keeps no owners
and no managers (403 `not_allowed`), and whoever works in some warehouses only acts in these ([people](people.md)).
"""


def rendered() -> str:
    """The document as it is committed."""
    names = " | ".join(Role)
    lines = [HEAD, f"| operation | address | {names} |", f"|---|---|{'---|' * len(Role)}"]
    for area in AREAS:
        operations: tuple[Operation, ...] = import_module(f"functions.seller_api.routes.{area}").OPERATIONS
        for each in operations:
            cells = " | ".join("public" if not each.roles else "x" if role in each.roles else "" for role in Role)
            lines.append(f"| `{each.id}` | `{each.method} {each.path}` | {cells} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    check = parser.parse_args().check
    if DOCUMENT.exists() and DOCUMENT.read_text(encoding="utf-8") == rendered():
        return 0
    if check:
        print("docs/permissions.md is not what the code says: run .venv/bin/python -m tools.permissions")
        return 1
    DOCUMENT.write_text(rendered(), encoding="utf-8")
    print("wrote docs/permissions.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
