"""Are the lock files fresh, hashed and free of addresses? Needs no network.

Fresh means, cheaply: every requirement of an `.in` file is pinned in its `.txt` to a version it allows, and what ships
is pinned to versions that the tests run with.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
FUNCTIONS_WITH_OWN_NEEDS = ("console", "label_generation", "notifications", "seller_api")
SHIPPED = {"runtime": ROOT / "layers/common/src/requirements.txt"} | {
    name: ROOT / "functions" / name / "requirements.txt" for name in FUNCTIONS_WITH_OWN_NEEDS
}
"""Locks that stand where SAM wants them, with the versions that `dev` tests with: what is tested is what ships."""

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?P<marker>\s*;[^\\]*)?(?P<rest>.*)$")
_ADDRESS = re.compile(r"https?://|file:|git\+|--(extra-)?index-url|--find-links|^-e\b")


def wanted(path: Path) -> Iterator[Requirement]:
    """The requirements of an `.in` file and of the files it includes by `-r`."""
    for raw in path.read_text("utf-8").splitlines():
        line = raw.split("#", 1)[0].strip()
        if line.startswith("-r "):
            yield from wanted(path.parent / line.removeprefix("-r ").strip())
        elif line and not line.startswith("-"):
            yield Requirement(line)


def read_lock(path: Path, problems: list[str]) -> dict[str, set[str]]:
    """Pinned versions by package; what is wrong with the file's own lines is added to `problems`."""
    pins: dict[str, set[str]] = {}
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")]
    for entry in "\n".join(lines).replace("\\\n", " ").splitlines():
        if not entry.strip():
            continue
        match = _PIN.match(entry)
        if not match:
            problems.append(f"{path.name}: not a pinned requirement: {entry.strip()[:80]}")
            continue
        if "--hash=sha256:" not in entry:
            problems.append(f"{path.name}: {match['name']} has no hash")
        if _ADDRESS.search(entry):
            problems.append(f"{path.name}: {match['name']} names a download address")
        pins.setdefault(canonicalize_name(match["name"]), set()).add(match["version"])
    return pins


def problems() -> list[str]:
    """Everything that is wrong, as sentences."""
    found: list[str] = []
    locks: dict[str, dict[str, set[str]]] = {}
    for source in sorted(LOCKS.glob("*.in")):
        lock = SHIPPED.get(source.stem, source.with_suffix(".txt"))
        place = lock.relative_to(ROOT)
        if not lock.exists():
            found.append(f"{place} is missing")
            continue
        locks[source.stem] = read_lock(lock, found)
        for requirement in wanted(source):
            versions = locks[source.stem].get(canonicalize_name(requirement.name), set())
            if not versions:
                found.append(f"{place}: {requirement.name} of {source.name} is not locked")
            elif not any(requirement.specifier.contains(version, prereleases=True) for version in versions):
                found.append(f"{place}: {requirement.name} {', '.join(versions)} is not {requirement.specifier}")
    for name in SHIPPED:
        for package, versions in locks.get(name, {}).items():
            tested = locks.get("dev", {}).get(package, set())
            place = SHIPPED[name].relative_to(ROOT)
            if not versions & tested:
                found.append(
                    f"{place} ships {package} {', '.join(versions)}, dev.txt tests {', '.join(tested) or 'none'}"
                )
    return found


def main() -> int:
    """Print the problems; 1 if there are any."""
    found = problems()
    for problem in found:
        print(problem)
    if found:
        print("Run `make lock`.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
