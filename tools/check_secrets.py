"""Runs detect-secrets over the repository and compares with .secrets.baseline, by file and secret, whatever the line.

A finding that is none gets `pragma: allowlist secret` beside it with the reason, or is accepted into the baseline with
`make secrets` after review.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tools.repository import ROOT, files

BASELINE = ROOT / ".secrets.baseline"
# Lock files are hashes by nature; the baseline holds hashes of what it accepts.
_SKIPPED = ("requirements.txt", ".secrets.baseline")


def scan() -> dict[str, Any]:
    """The report of detect-secrets on all files that could hold a secret."""
    paths = [path for path in files() if not path.endswith(_SKIPPED) and not path.startswith("requirements/")]
    command = [".venv-gates/bin/detect-secrets", "scan", "--no-verify", *paths]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _findings(report: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(path, entry["hashed_secret"]): entry for path, entries in report["results"].items() for entry in entries}


def main(accept: bool) -> int:
    """Compare, or with `accept` write the baseline; 1 if there is a finding that nobody accepted."""
    report = scan()
    if accept:
        del report["generated_at"]
        for entries in report["results"].values():
            for entry in entries:
                entry.pop("line_number", None)
        BASELINE.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", "utf-8")
        print(f"{BASELINE.name}: {len(_findings(report))} findings accepted")
        return 0
    accepted = _findings(json.loads(BASELINE.read_text("utf-8")))
    new = {key: entry for key, entry in _findings(report).items() if key not in accepted}
    for (path, _), entry in sorted(new.items()):
        print(f"{path}:{entry['line_number']}: looks like a secret ({entry['type']})")
    if new:
        print("Take the secret out and change it where it is used; or, if it is none, run `make secrets` after review.")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main("--accept" in sys.argv[1:]))
