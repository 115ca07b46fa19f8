"""No file may say where packages are downloaded from, nor name a folder of somebody's machine.

Lock files carry versions and hashes; where a package comes from is the user's own configuration.
"""

from __future__ import annotations

import re
import sys

from tools.repository import ROOT, files

FORBIDDEN = {
    "a download address": re.compile(
        rb"https?://[a-z0-9.-]*(pythonhosted\.org|/simple/)|^\s*--?(extra-)?(index-url|find-links|i)[ =]", re.M
    ),
    "a folder of somebody's machine": re.compile(rb"(?<![\w./~])/(root|work|Users|home/[a-z][\w-]*)/[\w.]"),
}
LOCKS_WITH_ADDRESSES = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")


def main() -> int:
    """Print the findings; 1 if there are any."""
    found = []
    for path in files():
        if path.rsplit("/", 1)[-1] in LOCKS_WITH_ADDRESSES:
            found.append(f"{path}: this kind of lock file records download addresses; use requirements/")
        content = (ROOT / path).read_bytes()
        if b"\0" in content[:8000]:
            continue
        for what, pattern in FORBIDDEN.items():
            for match in pattern.finditer(content):
                line = content.count(b"\n", 0, match.start()) + 1
                found.append(f"{path}:{line}: names {what}: {match.group().decode(errors='replace').strip()}")
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
