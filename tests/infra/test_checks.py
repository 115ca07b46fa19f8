"""The repository's own checks can fail: each is shown something bad."""

from __future__ import annotations

import importlib.util
import json
import os
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.sam_template import template
from tools import audit, check, check_addresses, check_build, check_locks, compile_packages

PIP_AUDIT_VULNERABLE = {
    "dependencies": [
        {
            "name": "jinja2",
            "version": "2.4.1",
            "vulns": [{"id": "PYSEC-2014-8", "fix_versions": ["2.7.2"], "aliases": [], "description": ""}],
        }
    ]
}
PIP_AUDIT_CLEAN = {"dependencies": [{"name": "jinja2", "version": "2.4.1", "vulns": []}]}
PIP_AUDIT_SKIPPED = {"dependencies": [{"name": "apprise", "skip_reason": "Dependency not found on PyPI"}]}


def _pip_audit_answers(monkeypatch: pytest.MonkeyPatch, *answers: object) -> None:
    """`pip-audit` answers these, in turn; text stands for an answer that is no report."""
    waiting = list(answers)

    def run(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        answer = waiting.pop(0)
        if isinstance(answer, str):
            return subprocess.CompletedProcess(command, 1, stdout="", stderr=answer)
        return subprocess.CompletedProcess(command, 0, stdout=json.dumps(answer), stderr="")

    monkeypatch.setattr(subprocess, "run", run)


def test_the_audit_is_clean_when_the_probe_is_known_and_nothing_is_known_against_our_packages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _pip_audit_answers(monkeypatch, PIP_AUDIT_VULNERABLE, PIP_AUDIT_CLEAN)
    assert audit.main() == 0
    assert capsys.readouterr().out == "clean\n"


def test_the_audit_fails_and_names_the_package_when_something_is_known(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _pip_audit_answers(monkeypatch, PIP_AUDIT_VULNERABLE, PIP_AUDIT_VULNERABLE)
    assert audit.main() == 1
    assert "jinja2 2.4.1: PYSEC-2014-8 (fixed in 2.7.2)" in capsys.readouterr().out


@pytest.mark.parametrize(
    "answers",
    [(PIP_AUDIT_CLEAN,), ("connection refused",), (PIP_AUDIT_VULNERABLE, PIP_AUDIT_SKIPPED)],
    ids=["index without data", "no network", "packages without an answer"],
)
def test_the_audit_says_not_checked_when_it_could_not_find_out(
    answers: tuple[object, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _pip_audit_answers(monkeypatch, *answers)
    assert audit.main() == check.NOT_CHECKED
    assert "NOT CHECKED" in capsys.readouterr().out


LAYER = "layers/common/src/requirements.txt"


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the real lock files, to be damaged."""
    shutil.copytree(check_locks.LOCKS, tmp_path / "requirements")
    for name, copy in list(check_locks.SHIPPED.items()):
        moved = tmp_path / copy.relative_to(check_locks.ROOT)
        moved.parent.mkdir(parents=True)
        shutil.copy(copy, moved)
        monkeypatch.setitem(check_locks.SHIPPED, name, moved)
    monkeypatch.setattr(check_locks, "ROOT", tmp_path)
    monkeypatch.setattr(check_locks, "LOCKS", tmp_path / "requirements")
    return tmp_path


def test_the_lock_files_are_fresh(locks: Path) -> None:
    assert check_locks.problems() == []


@pytest.mark.parametrize(
    ("name", "old", "new", "complaint"),
    [
        ("runtime.in", "pydantic>=2.14,<3", "pydantic>=99", "is not >=99"),
        ("runtime.in", "pydantic>=2.14,<3", "left-pad", "left-pad of runtime.in is not locked"),
        (LAYER, "boto3==1.43.106", "boto3==1.43.105", "ships boto3 1.43.105, dev.txt tests 1.43.106"),
        (LAYER, "--hash=sha256:", "--nohash=", "has no hash"),
        (LAYER, "boto3==1.43.106", "boto3 @ https://example.org/boto3.whl", "not a pinned requirement"),
        ("functions/notifications/requirements.txt", "apprise==", "apprise==99", "ships apprise 99"),
    ],
)
def test_a_stale_or_damaged_lock_is_reported(locks: Path, name: str, old: str, new: str, complaint: str) -> None:
    path = locks / (name if "/" in name else f"requirements/{name}")
    content = path.read_text("utf-8")
    assert old in content
    path.write_text(content.replace(old, new), "utf-8")
    assert complaint in "\n".join(check_locks.problems())


@pytest.mark.parametrize(
    "line",
    [
        b"--extra-index-url https://mirror.example.org/pypi/simple/",
        b"--find-links wheels",
        b"x @ https://files." + b"pythonhosted.org/packages/x.whl",
        b"cache = '/" + b"home/somebody/cache'",
        b"/" + b"root/.cache",
    ],
)
def test_download_addresses_and_folders_of_a_machine_are_found(line: bytes) -> None:
    assert [what for what, pattern in check_addresses.FORBIDDEN.items() if pattern.search(line)]


@pytest.mark.parametrize("line", [b"/var/task", b"https://api-seller.ozon.ru", b"see docs/notes", b"~/.aws"])
def test_ordinary_addresses_and_paths_are_let_be(line: bytes) -> None:
    assert not [what for what, pattern in check_addresses.FORBIDDEN.items() if pattern.search(line)]


BUILT = """
Resources:
  Layer:
    Type: AWS::Serverless::LayerVersion
    Properties: { ContentUri: Layer }
  Hook:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: Hook, Handler: functions.hook.handler.handler, Role: !GetAtt HookRole.Arn }
"""


_BOTO3 = {
    "METADATA": "Metadata-Version: 2.1\nName: boto3\nVersion: 1.0\n",
    "RECORD": "boto3/__init__.py,,\nboto3-1.0.dist-info/METADATA,,\n",
}
_BILL = {
    "components": [{"bom-ref": name} for name in ("Layer", "Hook", "pkg:pypi/boto3@1.0")],
    "dependencies": [{"ref": "Layer", "dependsOn": ["pkg:pypi/boto3@1.0"]}, {"ref": "Hook"}],
}


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build of one layer and one function, as it should be, for the runtime that runs this test."""
    (tmp_path / "template.yaml").write_text(BUILT, "utf-8")
    for path in ("Layer/python/shipby/__init__.py", "Layer/python/boto3/__init__.py", "Hook/functions/hook/handler.py"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("ready = True\n", "utf-8")
    (tmp_path / "Layer/python/shipby/kept_methods.bin").touch()
    monkeypatch.setattr(check_build, "MAGIC", importlib.util.MAGIC_NUMBER)
    monkeypatch.setattr(check_build, "TAG", sys.implementation.cache_tag)
    monkeypatch.setattr(compile_packages, "RUNTIME", sys.version_info[:2])
    assert compile_packages.main(tmp_path) == 0
    for name in ("boto3-1.0.dist-info/METADATA", "boto3-1.0.dist-info/RECORD"):
        (tmp_path / "Layer/python" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "Layer/python" / name).write_text(_BOTO3[name.rpartition("/")[2]], "utf-8")
    (tmp_path / check_build.NAME).write_text(json.dumps(_BILL), "utf-8")
    return tmp_path


def test_a_good_build_passes(build: Path) -> None:
    assert check_build.main(build) == 0


def test_a_handler_that_lambda_would_not_find_is_reported(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (build / "Hook/functions/hook/handler.py").rename(build / "Hook/handler.py")
    assert check_build.main(build) == 1
    assert "Hook: functions/hook/handler.py is not in its package" in capsys.readouterr().err


def test_a_library_for_another_processor_is_reported(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x86_64 = b"\x7fELF" + bytes(14) + (62).to_bytes(2, "little")
    (build / "Layer/python/boto3/fast.cpython-313-x86_64-linux-gnu.so").write_bytes(x86_64)
    assert check_build.main(build) == 1
    assert "another processor than arm64" in capsys.readouterr().err


def test_a_package_over_the_limit_is_reported(
    build: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_build, "LIMIT_MB", 1.0)
    (build / "Layer/python/boto3/big.bin").write_bytes(bytes(1_100_000))
    assert check_build.main(build) == 1
    assert "the limit is 1 MB" in capsys.readouterr().err


_HANDLER = "Hook/functions/hook/handler.py"
_COMPILED = f"Hook/functions/hook/__pycache__/handler.{sys.implementation.cache_tag}.pyc"


@pytest.mark.parametrize("spoil", ["missing", "checked", "by time", "another source", "another runtime"])
def test_a_file_that_the_runtime_would_compile_at_every_cold_start_is_reported(
    build: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    modes = {
        "checked": py_compile.PycInvalidationMode.CHECKED_HASH,
        "by time": py_compile.PycInvalidationMode.TIMESTAMP,
    }
    if spoil == "missing":
        (build / _COMPILED).unlink()
    elif spoil == "another source":
        (build / _HANDLER).write_text("ready = False\n", "utf-8")
    elif spoil == "another runtime":
        monkeypatch.setattr(check_build, "MAGIC", b"\x00\x00\r\n")
    else:
        py_compile.compile(str(build / _HANDLER), invalidation_mode=modes[spoil])
    assert check_build.main(build) == 1
    assert "Hook: 1 files are not compiled for the runtime, functions/hook/handler.py" in capsys.readouterr().err


def test_a_compiled_file_names_its_place_on_lambda_and_is_the_same_wherever_and_whenever_it_was_built(
    build: Path,
) -> None:
    before = (build / _COMPILED).read_bytes()
    assert b"/var/task/functions/hook/handler.py" in before
    assert str(build).encode() not in before
    os.utime(build / _HANDLER, (0, 0))
    assert compile_packages.main(build) == 0
    assert (build / _COMPILED).read_bytes() == before


def test_a_layer_without_the_kept_methods_of_its_dataclasses_is_reported(
    build: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (build / "Layer/python/shipby/kept_methods.bin").unlink()
    assert check_build.main(build) == 1
    assert "Layer: the methods of its dataclasses are not kept" in capsys.readouterr().err


def test_packages_are_compiled_by_the_deployed_runtime_only_and_as_the_template_names_it(
    build: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    assert "python" + ".".join(map(str, compile_packages.RUNTIME)) == template()["Globals"]["Function"]["Runtime"]
    monkeypatch.setattr(compile_packages, "RUNTIME", (3, 1))
    assert compile_packages.main(build) == 1
    assert "the packages run on 3.1" in capsys.readouterr().err


def _gate(name: str, code: int) -> check.Gate:
    return check.Gate(name, (sys.executable, "-c", f"print('said by {name}'); raise SystemExit({code})"))


def test_one_failing_gate_fails_the_check_and_all_others_still_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "GATES", (_gate("bad", 1), _gate("good", 0), _gate("unknown", check.NOT_CHECKED)))
    assert check.main([]) == 1
    output = capsys.readouterr().out
    assert "== bad: FAILED" in output
    assert "== good: ok" in output
    assert "== unknown: NOT CHECKED" in output
    assert "said by bad" in output


def test_what_could_not_be_checked_is_loud_but_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "GATES", (_gate("good", 0), _gate("unknown", check.NOT_CHECKED)))
    assert check.main([]) == 0
    assert "NOT CHECKED  unknown" in capsys.readouterr().out


def test_a_gate_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main(["ruf"]) == 2
    assert "No such gate: ruf" in capsys.readouterr().out
