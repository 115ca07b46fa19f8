"""Dataclasses whose methods were compiled at the build are the same in every way."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shipby import kept_methods

ROOT = Path(__file__).resolve().parents[3]
SOURCE = """
from dataclasses import dataclass, field

@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    name: str
    parts: tuple[int, ...] = ()
    note: dict[str, int] = field(default_factory=dict, compare=False)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package that has kept_methods of ours and one dataclass."""
    home = tmp_path / "shipby"
    home.mkdir()
    for name in ("__init__.py", "kept_methods.py"):
        shutil.copy(ROOT / "layers/common/src/shipby" / name, home / name)
    (home / "things.py").write_text(SOURCE, "utf-8")
    return tmp_path


def _run(package: Path, code: str) -> str:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{package}:{ROOT}"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


_KEEP = "import pathlib; from tools.compile_packages import keep_methods as k; print(k(pathlib.Path({!r})))"
_USE = """
import dataclasses as d
import sys
texts = []
def audit(name, arguments):
    if name == "compile" and arguments[1] == "<string>": texts.append(arguments[0])
sys.addaudithook(audit)
from shipby.things import Thing
one = Thing(name="a", parts=(1, 2))
print(one, one == Thing(name="a", parts=(1, 2)), hash(one) == hash(Thing(name="a", parts=(1, 2))))
print([field.name for field in d.fields(Thing)], d.replace(one, name="b"), d.is_dataclass(Thing), Thing.__slots__)
try:
    one.name = "c"
except d.FrozenInstanceError as error:
    print("frozen", error)
try:
    Thing()
except TypeError as error:
    print(error)
print("COMPILED", len(texts))
"""


def test_kept_methods_are_used_and_the_class_is_the_same(package: Path) -> None:
    before, count = _run(package, _USE).rsplit("COMPILED", 1)
    assert int(count) > 0
    assert int(_run(package, _KEEP.format(str(package)))) > 0
    after, count = _run(package, _USE).rsplit("COMPILED", 1)
    assert int(count) == 0
    assert after == before


def test_a_class_that_has_changed_since_is_compiled_anew(package: Path) -> None:
    _run(package, _KEEP.format(str(package)))
    changed = SOURCE.replace("parts: tuple[int, ...] = ()", "parts: tuple[int, ...] = (7,)\n    more: int = 5")
    (package / "shipby/things.py").write_text(changed, "utf-8")
    code = "from shipby.things import Thing; print(Thing(name='a'))"
    assert _run(package, code) == "Thing(name='a', parts=(7,), more=5, note={})\n"


def test_methods_that_another_python_compiled_are_left_alone(package: Path) -> None:
    _run(package, _KEEP.format(str(package)))
    file = package / "shipby" / kept_methods.NAME
    file.write_bytes(file.read_bytes().replace(kept_methods.version(), b"x" * len(kept_methods.version())))
    output, count = _run(package, _USE).rsplit("COMPILED", 1)
    assert int(count) > 0
    assert "Thing(name='a', parts=(1, 2), note={}) True True" in output


@pytest.fixture
def as_before() -> Iterator[None]:
    yield
    vars(dataclasses).pop("exec", None)


@pytest.mark.usefixtures("as_before")
def test_two_texts_of_one_checksum_are_never_taken_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipby.kept_methods.zlib.crc32", lambda _: 1)
    kept_methods.install(kept_methods.pack({"value = 1": compile("value = 1", "<string>", "exec")}))
    names: dict[str, object] = {}
    vars(dataclasses)["exec"]("value = 2", names)
    assert names["value"] == 2
