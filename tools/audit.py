"""Asks for known vulnerabilities of the locked packages: clean, vulnerable, or NOT CHECKED.

An index without vulnerability data answers every question with "none known", and pip-audit then passes. So a version
that is known to be vulnerable is asked about first; if that comes out clean, nothing was checked, and this says so.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tools.check import NOT_CHECKED, ROOT

LOCK = ROOT / "requirements/dev.txt"  # holds everything that ships, too
PROBE = "jinja2==2.4.1"  # CVE-2014-1402, CVE-2016-10745 and others
_SECONDS_PER_REQUEST, _SECONDS = 15, 300


def _audit(requirements: Path, *options: str) -> tuple[list[dict[str, Any]], list[str]] | str:
    """(vulnerable packages, packages that could not be looked up), or why there is no answer at all."""
    command = [".venv-gates/bin/pip-audit", "-r", str(requirements), "--disable-pip", "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", str(_SECONDS_PER_REQUEST), *options]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_SECONDS, check=False)
        report = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return f"pip-audit did not finish within {_SECONDS} s"
    except json.JSONDecodeError:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        return lines[-1] if lines else "pip-audit gave no answer"
    packages = report["dependencies"]
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    return [package for package in packages if package.get("vulns")], skipped


def _not_checked(reason: str) -> int:
    print("*" * 96)
    print(f"NOT CHECKED for known vulnerabilities: {reason}")
    print("*" * 96)
    return NOT_CHECKED


def main() -> int:
    """0 clean, 1 vulnerable, NOT_CHECKED if there is no telling."""
    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder) / "probe.txt"
        probe.write_text(PROBE + "\n", "utf-8")
        answer = _audit(probe, "--no-deps")
    if isinstance(answer, str):
        return _not_checked(answer)
    if not answer[0]:
        return _not_checked(f"the index knows nothing against {PROBE}, so it has no vulnerability data.")
    answer = _audit(LOCK, "--require-hashes")
    if isinstance(answer, str):
        return _not_checked(answer)
    vulnerable, skipped = answer
    for package in vulnerable:
        known = ", ".join(
            f"{each['id']} (fixed in {', '.join(each['fix_versions']) or 'nothing yet'})" for each in package["vulns"]
        )
        print(f"{package['name']} {package['version']}: {known}")
    if vulnerable:
        return 1
    if skipped:
        return _not_checked(f"no answer about {', '.join(skipped)}.")
    print("clean")
    return 0


if __name__ == "__main__":
    sys.exit(main())
