"""What belongs to the repository, for the checks that look at every file."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def files() -> list[str]:
    """Paths of all files that are tracked or would be, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    paths = sorted(set(listed.stdout.decode().split("\0")) - {""})
    return [path for path in paths if (ROOT / path).is_file()]
