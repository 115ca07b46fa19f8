"""`shipby pilot` as a seller runs it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from shipby_local import cli
from shipby_local.simulator import Simulator
from shipby_local.simulator.faults import FaultBook
from shipby_local.stack.errors import StackError
from tests.pilot.pilot_support import Shop, changing, postings_of, settings


@pytest.fixture(scope="module")
def running() -> Iterator[Shop]:
    with Simulator(settings()) as simulator:
        yield Shop(simulator)


@pytest.fixture
def run(running: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Runs the command with the read-only key, into a fresh folder."""
    monkeypatch.setenv("OZON_CLIENT_ID", running.seller.client_id)
    monkeypatch.setenv("OZON_API_KEY", running.seller.read_only_key)
    monkeypatch.setattr("shipby.adapters.ozon.pacing.Pacer.wait", lambda _: None)

    def pilot(*arguments: str, of: str = running.simulator.base_url) -> Result:
        return CliRunner().invoke(cli.app, ["pilot", "--base-url", of, "--out", str(tmp_path / "report"), *arguments])

    return pilot


def told(tmp_path: Path) -> dict[str, Any]:
    return dict(json.loads((tmp_path / "report" / "shipby-pilot.json").read_text(encoding="utf-8")))


def test_it_writes_a_report_for_people_and_one_for_programs(run: Any, tmp_path: Path) -> None:
    result = run("--days", "30")
    assert result.exit_code == 0, result.output
    assert "read it before you send it" in result.stdout
    markdown = (tmp_path / "report" / "shipby-pilot.md").read_text(encoding="utf-8")
    assert markdown.startswith("# What the marketplace does differently")
    assert told(tmp_path)["marketplace"] == "127.0.0.1"


def test_a_hidden_word_is_told_on_the_screen_when_asked_for_and_shown_when_let_through(
    run: Any, running: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(FaultBook, "spoil", changing(running))

    def far_away(method: str, answer: dict[str, Any]) -> None:
        for posting in postings_of(method, answer):
            posting["status"] = "awaiting_zeppelin"

    running.changes.append(far_away)
    try:
        silent, open_hearted = run(), run("--hidden")
        assert "zeppelin" not in silent.stdout
        assert "zeppelin" in open_hearted.stdout
        assert "zeppelin" not in json.dumps(told(tmp_path))
        assert run("--word", "zeppelin").exit_code == 0
        assert "awaiting_zeppelin" in json.dumps(told(tmp_path))
    finally:
        running.changes.clear()


def test_a_label_file_is_read_on_this_machine(run: Any, running: Shop, tmp_path: Path) -> None:
    [task, *_] = running.client.create_label_tasks([running.fbs[1]])
    running.later(60)
    file = tmp_path / "label.pdf"
    file.write_bytes(running.client.download(running.client.label_task(task.id).file_url))
    result = run("--label", str(file))
    assert result.exit_code == 0, result.output
    [label] = [one for one in told(tmp_path)["assumptions"] if one["of"] == "label"]
    assert label["verdict"] == "holds"
    assert "lower_barcode on 1" in label["says"]


@pytest.mark.parametrize("content", [b"", b"<html>", b"%PDF-1.7 broken"])
def test_a_label_file_that_is_none_is_refused_before_anything_is_asked(
    run: Any, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "label.pdf"
    file.write_bytes(content)
    result = run("--label", str(file))
    assert isinstance(result.exception, StackError)
    assert "label.pdf" in str(result.exception)
    assert not (tmp_path / "report").exists()


def test_a_wrong_key_writes_no_report_and_says_what_to_check(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OZON_API_KEY", "wrong")
    result = run()
    assert isinstance(result.exception, StackError)
    assert "Check OZON_CLIENT_ID and OZON_API_KEY" in str(result.exception)
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("per_second", ["0", "6", "50"])
def test_it_cannot_be_told_to_hurry(run: Any, per_second: str) -> None:
    assert run("--per-second", per_second).exit_code == 2


def test_a_folder_that_cannot_be_written_is_told(run: Any, tmp_path: Path) -> None:
    (tmp_path / "report").write_text("a file", encoding="utf-8")
    result = run()
    assert isinstance(result.exception, StackError)
    assert "cannot be written" in str(result.exception)
