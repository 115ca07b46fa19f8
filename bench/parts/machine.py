"""The machine a table was measured on: without it a figure means nothing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

_LIBRARIES = ("boto3", "botocore", "ministack", "moto")


def describe(**further: str) -> str:
    """One line: processor, cores, memory, system, Python, libraries, load and the UTC time of the run.

    `further` names what one bench uses beside them, such as a database and its version.
    """
    versions = {"Python": platform.python_version()}
    versions |= {name: importlib.metadata.version(name) for name in _LIBRARIES}
    versions |= further
    parts = [
        _processor(),
        f"{os.cpu_count()} cores",
        f"{_memory_gib():.0f} GiB",
        f"{platform.system()} {platform.release().split('-')[0]}",
        *(f"{name} {version}" for name, version in versions.items()),
        f"load {os.getloadavg()[0]:.1f}",
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    ]
    return "Machine: " + ", ".join(parts) + "."


def _processor() -> str:
    """The model as the system calls it; the bare architecture where it does not say."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


if __name__ == "__main__":
    print(describe())
