"""`python -m tools.fonts` makes the label fonts, and only from the files it knows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.unit.labels.label_reading import FONTS


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    root = FONTS.parents[2]
    return subprocess.run(
        [sys.executable, "-m", "tools.fonts", *arguments], cwd=root, capture_output=True, text=True, check=False
    )


def test_it_refuses_a_font_file_it_does_not_know(tmp_path: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in FONTS.iterdir()}
    for name in (
        "400Regular/NotoSans_400Regular.ttf",
        "700Bold/NotoSans_700Bold.ttf",
        "400Regular/NotoSansSC_400Regular.ttf",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"another font")

    found = _run(str(tmp_path), str(tmp_path))

    assert found.returncode == 1
    assert "NotoSans_400Regular.ttf: sha256 is" in found.stdout
    assert {path.name: path.stat().st_mtime_ns for path in FONTS.iterdir()} == before


def test_it_says_how_it_is_used() -> None:
    found = _run()

    assert found.returncode == 2
    assert "Usage: python -m tools.fonts" in found.stdout
