"""Workers share one unpacked copy of what is the same code."""

from __future__ import annotations

import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shipby_local.stack.emulation.private_code import FOLDER, SharedZip


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def archive(path: Path, text: str) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("python/shipby/thing.py", text)
    return path


def unpack(path: Path, into: Path) -> Path:
    into.mkdir()
    with SharedZip(path) as file:
        file.extractall(str(into))
    return into / "python" / "shipby" / "thing.py"


def test_the_same_code_is_unpacked_once_and_other_code_apart(temporary: Path) -> None:
    one = unpack(archive(temporary / "a.zip", "A = 1"), temporary / "one")
    two = unpack(temporary / "a.zip", temporary / "two")
    other = unpack(archive(temporary / "b.zip", "A = 2"), temporary / "three")
    assert one.resolve() == two.resolve() != other.resolve()
    assert (one.read_text(), other.read_text()) == ("A = 1", "A = 2")
    assert len(list((temporary / FOLDER).iterdir())) == 2


def test_workers_that_start_at_one_moment_get_it_whole(temporary: Path) -> None:
    path = archive(temporary / "a.zip", "A = 1\n" * 50_000)
    with ThreadPoolExecutor(8) as pool:
        files = list(pool.map(lambda number: unpack(path, temporary / f"worker{number}"), range(16)))
    assert {file.read_text() for file in files} == {"A = 1\n" * 50_000}
    assert len(list((temporary / FOLDER).iterdir())) == 1


def test_what_cannot_be_unpacked_whole_is_shared_with_nobody(temporary: Path) -> None:
    path = archive(temporary / "a.zip", "A = 1" * 1000)
    whole = path.read_bytes()
    at = whole.index(b"A = 1")
    path.write_bytes(whole[:at] + b"B" + whole[at + 1 :])
    with pytest.raises(zipfile.BadZipFile):
        unpack(path, temporary / "one")
    assert list((temporary / FOLDER).iterdir()) == []
